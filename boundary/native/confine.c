/*
 * The jail of tier 2, where namespaces are refused: the command under Landlock and the filter, this process beside it.
 * Descriptor 3 has the fence's record, 4 is the socket to the supervisor.
 *
 * This process adopts what the command leaves behind, so that every process of the sandbox is its descendant, and ends
 * all of them when the command has ended or the supervisor is gone. It ends as the command did.
 */
#include "native.h"

#include "fence.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RECORD_FD = 3, CONTROL_FD = 4, HANDOVER_FD = 5 };

int fail(const char *what)
{
	fprintf(stderr, "reeve boundary: %s: %s\n", what, strerror(errno));
	return EXIT_NOTHING_RAN;
}

int drop_privileges(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {{0}};

	/* Without the right to shrink the bounding set there is nothing to gain from it either: no_new_privs is set below. */
	for (int capability = 0; capability < 64; capability++)
		if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) && errno != EPERM && errno != EINVAL)
			return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) && errno != EINVAL)
		return -1;
	return (int)syscall(SYS_capset, &header, none);
}

int send_descriptor(int socket, int fd)
{
	char byte = 0, space[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec data = {&byte, 1};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
	return sendmsg(socket, &message, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

int receive_descriptor(int socket)
{
	char byte, space[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec data = {&byte, 1};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
	int fd = -1;

	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != 1)
		return -1;
	const struct cmsghdr *c = CMSG_FIRSTHDR(&message);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(c), sizeof fd);
	return fd;
}

static struct fence fence;

static int inside(int handover, char **command)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
		return fail("the command could not be tied to its guard");
	if (dup2(handover, HANDOVER_FD) < 0 || syscall(SYS_close_range, HANDOVER_FD + 1, ~0u, 0))
		return fail("descriptors could not be closed");
	close(RECORD_FD);
	close(CONTROL_FD);
	fcntl(HANDOVER_FD, F_SETFD, FD_CLOEXEC);
	if (drop_privileges())
		return fail("rights could not be given up");
	if (landlock_restrict(&fence))
		return fail("Landlock could not be put into force");
	const int listener = filter_install(fence.flags);
	if (listener == -1)
		return fail("the system-call filter could not be put into force");
	if (listener >= 0 && send_descriptor(HANDOVER_FD, listener))
		return fail("the notifications could not be handed over");
	if (listener >= 0)
		close(listener);
	close(HANDOVER_FD);
	execvp(command[0], command);
	const int missing = errno == ENOENT;
	fprintf(stderr, "reeve boundary: %s: %s\n", command[0], strerror(errno));
	return missing ? 127 : 126;
}

/* The number of a child of this process, or 0. Orphans of the sandbox have become children. */
static pid_t some_child(void)
{
	siginfo_t info = {0};
	int pid = 0;

	if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid)
		return info.si_pid;
	FILE *children = fopen("/proc/thread-self/children", "re");
	if (children && fscanf(children, "%d", &pid) != 1)
		pid = 0;
	if (children)
		fclose(children);
	return pid;
}

static void end_all(void)
{
	for (pid_t child; (child = some_child()) > 0;) {
		kill(child, SIGKILL);
		while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
			;
	}
}

static int end_like(int status)
{
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	const int signal_number = WTERMSIG(status);
	struct rlimit no_core = {0, 0};
	setrlimit(RLIMIT_CORE, &no_core);
	signal(signal_number, SIG_DFL);
	raise(signal_number);
	return 128 + signal_number;
}

int confine_main(char **command)
{
	int pair[2], status = 0;

	if (fence_read(RECORD_FD, &fence))
		return fail("the record of the fence is malformed");
	close(RECORD_FD);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return fail("the guard could not start");
	const pid_t child = fork();
	if (child < 0)
		return fail("the command could not be started");
	if (child == 0)
		_exit(inside(pair[1], command));
	close(pair[1]);
	/* The command and this process have one user: neither its memory nor its descriptors are to be had. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	const int ended = (int)syscall(SYS_pidfd_open, child, 0);
	const int listener = receive_descriptor(pair[0]);
	close(pair[0]);
	const bool unheld = listener < 0 && fence.flags & FENCE_ASKS;
	if (ended < 0 || unheld || notify_started(CONTROL_FD, child) < 0 || notify_loop(&fence, listener, CONTROL_FD, ended) < 0)
		kill(child, SIGKILL);
	if (listener >= 0)
		close(listener);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	end_all();
	return end_like(status);
}
