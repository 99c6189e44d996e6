/*
 * Carries notifications to the supervisor and its answers back; decides nothing. What it reads from a stopped process is
 * bounded, and read again by nobody: for connections the supervisor's answer names what is to be connected, and the
 * process gets that socket, whatever it writes into its memory meanwhile. For programs and deletions the kernel reads
 * the arguments once more; a program that races there is held by the file fence and the network, not by this.
 */
#include "fence.h"

#include "frame.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NOTIF_SET_FLAGS _IOW('!', 4, uint64_t)
#define NOTIF_SYNC_WAKE_UP 1ul

enum action { ACTION_CONTINUE, ACTION_REFUSE, ACTION_CONNECT };

/* A program that deletes the whole machine is refused as often as there are files: after so many a second they are only counted. */
enum { TOLD_MAX = 100, WINDOW_MS = 1000 };
static struct {
	int64_t ends;
	uint32_t told, untold;
	pid_t thread;
} window;

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

static bool is_to_be_told(pid_t thread)
{
	if (now_ms() >= window.ends && window.untold == 0) {
		window.ends = now_ms() + WINDOW_MS;
		window.told = 0;
	}
	if (window.told++ < TOLD_MAX)
		return true;
	window.untold++;
	window.thread = thread;
	return false;
}

static bool tell_untold(int control)
{
	if (window.untold == 0)
		return true;
	begin(0, window.thread, CALL_UNTOLD);
	head()->flags = window.untold;
	window.untold = 0;
	return send_frame(control);
}

/*
 * Whether a call about a path need not be asked about, and goes on: it is no deletion that somebody decides, and the place
 * is one that can be written. Most end here.
 */
static bool goes_on(const struct fence *fence)
{
	const enum call call = head()->call;
	const bool deletes = call == CALL_UNLINK || call == CALL_RMDIR || call == CALL_RENAME;
	char path[TEXT_MAX + 1];
	bool shut = false;

	if (!deletes && call != CALL_OPEN && call != CALL_MAKE && call != CALL_CHANGE)
		return false;
	/* Opened to be read by a call whose flags the filter does not see. */
	if (call == CALL_OPEN && !(head()->flags & (O_ACCMODE | O_CREAT | O_TRUNC)))
		return true;
	for (uint32_t i = 0; i < head()->count && fence->flags & FENCE_WRITE; i++)
		shut |= text_of(i, path) && is_shut(fence, (pid_t)head()->thread, i ? head()->second : head()->directory, path, call == CALL_OPEN || call == CALL_CHANGE);
	shut = shut && is_to_be_told((pid_t)head()->thread);
	if (shut)
		head()->flags |= SHUT;
	return !shut && !(deletes && fence->flags & FENCE_DELETE);
}

static void settle(int listener, uint64_t id, int error, uint32_t flags)
{
	struct seccomp_notif_resp response = {.id = id, .error = -error, .flags = flags};
	/* ENOENT: it was killed meanwhile. */
	(void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

static bool carry_answer(int listener, int control, const struct reply *r)
{
	if (r->action != ACTION_CONNECT) {
		const bool goes_on = r->action == ACTION_CONTINUE;
		settle(listener, r->id, goes_on ? 0 : r->error, goes_on ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0);
		return true;
	}
	const int error = r->length > sizeof r->address ? EINVAL : replace(listener, r);
	settle(listener, r->id, error, 0);
	begin(r->id, (pid_t)r->thread, CALL_CONNECTED);
	head()->directory = error;
	return send_frame(control);
}

static bool take_notification(const struct fence *fence, int listener, int control, struct seccomp_notif *n, size_t size)
{
	memset(n, 0, size);
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, n))
		return errno == ENOENT || errno == EINTR || errno == EAGAIN;
	const bool told = describe(n);
	if (told && goes_on(fence)) {
		settle(listener, n->id, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
		return true;
	}
	/* What was read is its own only if it still waits: a number may have gone to another process. */
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &n->id))
		return true;
	if (!told) {
		settle(listener, n->id, EFAULT, 0);
		return true;
	}
	return send_frame(control);
}

int notify_started(int control, pid_t pid)
{
	begin(0, pid, CALL_STARTED);
	return send_frame(control) ? 0 : -1;
}

int notify_loop(const struct fence *fence, int listener, int control, int ended)
{
	struct seccomp_notif_sizes sizes;
	struct reply r;
	size_t have = 0;

	if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes))
		return -1;
	const size_t size = sizes.seccomp_notif > sizeof(struct seccomp_notif) ? sizes.seccomp_notif : sizeof(struct seccomp_notif);
	struct seccomp_notif *n = calloc(1, size);
	/* The program that asks and this one take turns on one processor; kernels before 6.6 do not know it. */
	(void)ioctl(listener, NOTIF_SET_FLAGS, NOTIF_SYNC_WAKE_UP);
	for (int outcome = n ? 1 : -1;;) {
		struct pollfd wait[3] = {{listener, POLLIN, 0}, {control, POLLIN, 0}, {ended, POLLIN, 0}};
		if (outcome == 1 && poll(wait, 3, window.untold ? WINDOW_MS : -1) < 0 && errno != EINTR)
			outcome = -1;
		if (window.untold && (outcome != 1 || now_ms() >= window.ends || wait[2].revents || wait[0].revents & POLLHUP) && !tell_untold(control))
			outcome = -1;
		if (outcome == 1 && wait[1].revents) {
			const ssize_t got = recv(control, (uint8_t *)&r + have, sizeof r - have, MSG_DONTWAIT);
			if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
				outcome = -1;
			have += got > 0 ? (size_t)got : 0;
			if (have == sizeof r && (have = 0, !carry_answer(listener, control, &r)))
				outcome = -1;
		}
		if (outcome == 1 && wait[0].revents & POLLIN && !take_notification(fence, listener, control, n, size))
			outcome = -1;
		else if (outcome == 1 && ((wait[0].revents & (POLLHUP | POLLERR) && !(wait[0].revents & POLLIN)) || wait[2].revents))
			outcome = 0;
		if (outcome != 1) {
			free(n);
			return outcome;
		}
	}
}
