/* Connections that the supervisor makes in place of a process of the sandbox. */
#include "frame.h"

#include "fence.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* A socket that answers late is given up. */
enum { WAIT_MS = 2000 };

static long proc_number(pid_t pid, const char *file, const char *key, int base)
{
	char path[64], line[256];
	long value = -1;

	snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
	FILE *f = fopen(path, "re");
	while (f && value < 0 && fgets(line, sizeof line, f))
		if (strncmp(line, key, strlen(key)) == 0)
			value = strtol(line + strlen(key), NULL, base);
	if (f)
		fclose(f);
	return value;
}

bool is_descendant(pid_t pid)
{
	for (int depth = 0; pid > 1 && depth < 4096; depth++) {
		if (pid == getpid())
			return true;
		pid = (pid_t)proc_number(pid, "status", "PPid:", 10);
	}
	return false;
}

/* Connects as the supervisor said; a socket that answers late is given up rather than holding the others. */
static int connect_as(int fd, const struct reply *r)
{
	const struct sockaddr *to = (const struct sockaddr *)r->address;
	struct pollfd ready = {.fd = fd, .events = POLLOUT};
	socklen_t size = sizeof(int);
	int error = 0;

	if (r->source && to->sa_family == AF_INET) {
		const struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr = {htonl(r->source)}};
		if (bind(fd, (const struct sockaddr *)&from, sizeof from))
			return errno;
	} else if (r->source && to->sa_family == AF_INET6) {
		struct sockaddr_in6 from = {.sin6_family = AF_INET6, .sin6_addr.s6_addr = {[10] = 0xff, [11] = 0xff}};
		const uint32_t source = htonl(r->source);
		memcpy(from.sin6_addr.s6_addr + 12, &source, 4);
		if (bind(fd, (const struct sockaddr *)&from, sizeof from))
			return errno;
	}
	if (connect(fd, to, r->length) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return errno;
	if (poll(&ready, 1, WAIT_MS) != 1)
		return ETIMEDOUT;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) ? errno : error;
}

/* An AF_UNIX peer must be of the sandbox, wherever its name lies: it is asked for after the connect, before any byte. */
static bool is_outside(int fd, const struct reply *r)
{
	struct ucred peer;
	socklen_t size = sizeof peer;

	if (((const struct sockaddr *)r->address)->sa_family != AF_UNIX)
		return false;
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) || !is_descendant(peer.pid);
}

/*
 * Puts a socket of ours in the place of the process's own. The process's socket is never connected by itself: what
 * its memory or its descriptor says after the question has no effect.
 */
int replace(int listener, const struct reply *r)
{
	static const int kinds[] = {SOCK_STREAM, SOCK_SEQPACKET};
	const int family = ((const struct sockaddr *)r->address)->sa_family;
	char path[64];
	const long flags = (snprintf(path, sizeof path, "fdinfo/%d", r->fd), proc_number((pid_t)r->thread, path, "flags:", 8));
	int error = EPROTOTYPE, fd = -1;

	if (flags < 0)
		return EBADF;
	for (unsigned i = 0; i < (family == AF_UNIX ? 2u : 1u) && error == EPROTOTYPE; i++) {
		if (fd >= 0)
			close(fd);
		fd = socket(family, kinds[i] | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		error = fd < 0 ? errno : connect_as(fd, r);
	}
	if (!error && is_outside(fd, r))
		error = EACCES;
	if (!error && !(flags & O_NONBLOCK) && fcntl(fd, F_SETFL, 0))
		error = errno;
	struct seccomp_notif_addfd put_in = {
		.id = r->id,
		.flags = SECCOMP_ADDFD_FLAG_SETFD,
		.srcfd = (uint32_t)fd,
		.newfd = (uint32_t)r->fd,
		.newfd_flags = flags & O_CLOEXEC ? O_CLOEXEC : 0,
	};
	if (!error && ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &put_in) < 0)
		error = errno;
	if (fd >= 0)
		close(fd);
	return error;
}
