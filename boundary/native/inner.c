/*
 * The first process inside. It is the parent of whatever lost its own, so it reaps; it stays outside of the restrictions
 * that it puts on the command, so the command can neither signal nor look at it.
 */
#include "jail.h"

#include "fence.h"
#include "native.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

static struct fence fence;

/*
 * A fork bomb stays in the sandbox: the kernel counts by user namespace, so others of the same user are not counted. Root
 * outside is not held to it, nor is it inside: for that one `outer` joins a group that has the limit.
 */
enum { PROCESSES_MAX = 4096 };

static void limit_processes(void)
{
	struct rlimit now, limit = {PROCESSES_MAX, PROCESSES_MAX};

	if (getrlimit(RLIMIT_NPROC, &now) == 0 && now.rlim_max < PROCESSES_MAX) return;
	setrlimit(RLIMIT_NPROC, &limit);
}

static void fail_at(const char *step)
{
	send_note('f', errno, step, -1);
	_exit(EXIT_NOTHING_RAN);
}

/* Does not return. As with `env`: 127 where there is no such program, 126 where it cannot be run. */
static void become_command(char **command, const sigset_t *signals)
{
	for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
	sigprocmask(SIG_SETMASK, signals, NULL);
	close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	limit_processes();
	if (landlock_restrict(&fence)) fail_at("Landlock");
	int listener = filter_install(fence.flags);
	if (listener == -1) fail_at("system-call filter");
	if (listener >= 0) send_note('l', (int)fence.flags, NULL, listener);
	execvp(command[0], command);
	int reason = errno;
	dprintf(2, "boundary: %s: %s\n", command[0], strerror(reason));
	_exit(reason == ENOENT ? 127 : 126);
}

static void start_command(char **command, const sigset_t *signals, pid_t *child)
{
	*child = fork();
	if (*child < 0) fail_at("fork");
	if (*child == 0) become_command(command, signals);
}

/* Everything that ended or stopped; the command's own end is the end of all. */
static void reap(pid_t child)
{
	int status;
	pid_t who;
	while ((who = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
		if (who != child) continue;
		if (WIFSTOPPED(status)) {
			send_note('s', WSTOPSIG(status), NULL, -1);
			continue;
		}
		send_note(WIFEXITED(status) ? 'c' : 'k', WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), NULL, -1);
		_exit(0);
	}
}

static void watch(pid_t child, int children)
{
	struct pollfd ends[] = {{.fd = FD_CONTROL, .events = POLLIN}, {.fd = children, .events = POLLIN}};
	for (;;) {
		if (poll(ends, 2, -1) < 0 && errno != EINTR) _exit(EXIT_NOTHING_RAN);
		if (ends[1].revents) {
			struct signalfd_siginfo which;
			while (read(children, &which, sizeof which) > 0) continue;
			reap(child);
		}
		if (ends[0].revents) {
			struct note note;
			int fd, pid;
			if (!receive_note(&note, &fd, &pid)) _exit(EXIT_NOTHING_RAN);
			if (note.kind == 'g') kill(child, note.value);
		}
	}
}

int inner(char **argv)
{
	sigset_t before, watched;
	pid_t child;
	close(FD_SELF);
	fcntl(FD_CONTROL, F_SETFD, FD_CLOEXEC);
	if (fence_read(FD_FENCE, &fence)) fail_at("the record of the fence");
	close(FD_FENCE);
	if (drop_privileges()) fail_at("capabilities");
	sigemptyset(&watched);
	sigaddset(&watched, SIGCHLD);
	sigprocmask(SIG_BLOCK, &watched, &before);
	int children = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
	if (children < 0) fail_at("signals");
	send_note('r', 0, NULL, -1);
	start_command(argv, &before, &child);
	watch(child, children);
	return EXIT_NOTHING_RAN;
}
