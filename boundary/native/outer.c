#include "jail.h"

#include "fence.h"
#include "native.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int failed_at(const char *step)
{
	say("{\"failed\":\"%s\",\"errno\":%d}\n", step, errno);
	return EXIT_NOTHING_RAN;
}

/* What the terminal sends to all of its job is for the command alone; the stages around it stay. bubblewrap inherits. */
static void ignore_terminal(void)
{
	const int ignored[] = {SIGINT, SIGQUIT, SIGHUP, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU, SIGPIPE, SIGUSR1, SIGUSR2};
	for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) signal(ignored[i], SIG_IGN);
}

static int prepare_descriptors(void)
{
	int self = open("/proc/self/exe", O_RDONLY), pair[2], one = 1;
	if (self < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) return -1;
	/* Above all that have a meaning, so that none is closed by taking its place. */
	int ours = fcntl(pair[0], F_DUPFD_CLOEXEC, 16), theirs = fcntl(pair[1], F_DUPFD_CLOEXEC, 16);
	int program = fcntl(self, F_DUPFD_CLOEXEC, 16);
	if (ours < 0 || theirs < 0 || program < 0 || dup2(program, FD_SELF) < 0 || dup2(ours, FD_CONTROL) < 0) return -1;
	close_range(FD_SOCKETS + 1, 15, 0);
	close(ours);
	close(program);
	fcntl(FD_CHANNEL, F_SETFD, FD_CLOEXEC);
	fcntl(FD_FRAMES, F_SETFD, FD_CLOEXEC);
	fcntl(FD_SOCKETS, F_SETFD, FD_CLOEXEC);
	fcntl(FD_SOCKETS, F_SETFL, fcntl(FD_SOCKETS, F_GETFL) & ~O_NONBLOCK);
	fcntl(FD_CHANNEL, F_SETFL, fcntl(FD_CHANNEL, F_GETFL) & ~O_NONBLOCK);
	if (setsockopt(FD_CONTROL, SOL_SOCKET, SO_PASSCRED, &one, sizeof one)) return -1;
	return theirs;
}

static pid_t start_view(int theirs, char **arguments)
{
	pid_t child = fork();
	if (child != 0) return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(theirs, FD_CONTROL);
	execvp(arguments[0], arguments);
	send_note('f', errno, arguments[0], -1);
	_exit(EXIT_NOTHING_RAN);
}

/* A line `{"signal":15}` of the supervisor. Other lines have no meaning here. */
static int pass_signal_in(void)
{
	char line[256];
	ssize_t got = read(FD_CHANNEL, line, sizeof line - 1);
	if (got <= 0) return 0;
	line[got] = 0;
	for (char *at = line; (at = strstr(at, "{\"signal\":")); at++) {
		int number = atoi(at + 10);
		if (number > 0 && number < NSIG) send_note('g', number, NULL, -1);
	}
	return 1;
}

/*
 * What the filter holds up is carried to the supervisor by a process of its own, which ends with the sandbox. Without
 * it, everything that is held up is refused.
 */
static int answer_notifications(int listener, int flags)
{
	static struct fence fence;
	fence.flags = (uint32_t)flags;
	pid_t child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(FD_CHANNEL);
		close(FD_CONTROL);
		close(FD_SOCKETS);
		_exit(notify_loop(&fence, listener, FD_FRAMES, -1) ? EXIT_NOTHING_RAN : 0);
	}
	close(listener);
	return child > 0;
}

/* Says what came from inside; 0 once the command has ended. */
static int pass_note_out(void)
{
	struct note note;
	int fd, pid;
	if (!receive_note(&note, &fd, &pid)) return 0;
	switch (note.kind) {
		case 'r':
			say("{\"ready\":%d}\n", pid);
			return 1;
		case 'l':
			return answer_notifications(fd, note.value);
		case 's':
			say("{\"stopped\":%d}\n", note.value);
			return 1;
		case 'c':
			say("{\"code\":%d}\n", note.value);
			return 0;
		case 'k':
			say("{\"killed\":%d}\n", note.value);
			return 0;
		default:
			errno = note.value;
			failed_at(note.step);
			return 0;
	}
}

static void relay(void)
{
	struct pollfd ends[] = {{.fd = FD_CHANNEL, .events = POLLIN},
													{.fd = FD_CONTROL, .events = POLLIN},
													{.fd = FD_SOCKETS, .events = POLLIN}};
	for (;;) {
		if (poll(ends, 3, -1) < 0 && errno != EINTR) return;
		/* Nobody asks once the supervisor is gone, and then the channel says so too. */
		if (ends[2].revents && !tell_socket()) ends[2].fd = -1;
		if (ends[1].revents && !pass_note_out()) return;
		if (ends[0].revents && !pass_signal_in()) return;
	}
}

int outer(char **argv)
{
	const char *step = "descriptors";
	unsetenv("NODE_CHANNEL_FD");
	unsetenv("NODE_CHANNEL_SERIALIZATION_MODE");
	ignore_terminal();
	int theirs = prepare_descriptors();
	if (theirs < 0) return failed_at(step);
	/* While it is still root's to say. */
	if (*argv[2] && write_file(argv[2], "0")) return failed_at("group of processes");
	pid_t supervisor = getppid();
	if (enter_namespaces(&step) || open_network(&step)) return failed_at(step);
	/* Not before: entering a user namespace may forget it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != supervisor) return EXIT_NOTHING_RAN;
	/* Without the index there are the tables. */
	open_socket_index();
	if (capture_connections(argv[0], argv[1], &step)) return failed_at(step);
	pid_t view = start_view(theirs, argv + 3);
	if (view < 0) return failed_at("fork");
	close(theirs);
	close(FD_FENCE);
	close(FD_SELF);
	relay();
	/* Whatever ended first: with bubblewrap goes the first process inside, and with that one all of them. */
	kill(view, SIGKILL);
	waitpid(view, NULL, 0);
	return 0;
}
