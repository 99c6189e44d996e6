/*
 * Starts a program in ways that a shell does not, for tests. argv: how, then the program and its words.
 *
 *   memfd    a copy of the program in memory, by its descriptor and an empty path
 *   self     the same, by /proc/self/fd
 *   vfork    from a child that has the parent's memory
 *   thread   from a thread that is not the first
 *   swap     while another thread writes other words into the place of the command line; the last word is what it writes
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
static char **command;
static char shared[64];
static volatile int going = 1;

static int copy(const char *path)
{
	char bytes[65536];
	const int from = open(path, O_RDONLY | O_CLOEXEC), to = memfd_create("copy", 0);
	for (ssize_t n; (n = read(from, bytes, sizeof bytes)) > 0;)
		if (write(to, bytes, (size_t)n) != n)
			return -1;
	return to;
}

static void *start(void *nothing)
{
	execv(command[0], command);
	printf("%s\n", strerror(errno));
	exit(1);
	return nothing;
}

static void *swap(void *words)
{
	char first[64];
	snprintf(first, sizeof first, "%s", shared);
	while (going) {
		strcpy(shared, words);
		strcpy(shared, first);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	char path[64];
	pthread_t thread;

	if (argc < 3)
		return 2;
	command = argv + 2;
	setvbuf(stdout, NULL, _IONBF, 0);
	if (strcmp(argv[1], "memfd") == 0) {
		syscall(SYS_execveat, copy(command[0]), "", command, environ, AT_EMPTY_PATH);
	} else if (strcmp(argv[1], "self") == 0) {
		snprintf(path, sizeof path, "/proc/self/fd/%d", copy(command[0]));
		execv(path, command);
	} else if (strcmp(argv[1], "vfork") == 0) {
		if (vfork() == 0) {
			execv(command[0], command);
			_exit(errno);
		}
		int status;
		wait(&status);
		errno = WEXITSTATUS(status);
		if (errno == 0)
			return 0;
	} else if (strcmp(argv[1], "thread") == 0) {
		pthread_create(&thread, NULL, start, NULL);
		pthread_join(thread, NULL);
	} else {
		/* As often as one likes: what it may gain is one start that the rule would have denied. */
		snprintf(shared, sizeof shared, "%s", argv[argc - 2]);
		char *words[] = {command[0], shared, NULL};
		pthread_create(&thread, NULL, swap, argv[argc - 1]);
		for (int i = 0; i < 20; i++) {
			if (fork() == 0) {
				execv(command[0], words);
				_exit(1);
			}
			wait(NULL);
		}
		going = 0;
		pthread_join(thread, NULL);
		return 0;
	}
	printf("%s\n", strerror(errno));
	return 1;
}
