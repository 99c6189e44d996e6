/*
 * A socket is handed to Node by the messages that Node itself sends between processes: a line of JSON with the
 * descriptor beside it, answered by an acknowledgement. The form is internal to Node (lib/internal/child_process.js,
 * v26); a test holds that the pinned Node still takes it.
 */
#include "jail.h"

#include "native.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void write_line(const char *line, size_t length, int fd)
{
	char control[CMSG_SPACE(sizeof fd)] = {0};
	struct iovec part = {(void *)line, length};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	if (fd >= 0) {
		message.msg_control = control;
		message.msg_controllen = sizeof control;
		struct cmsghdr *header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(header), &fd, sizeof fd);
	}
	if (sendmsg(FD_CHANNEL, &message, MSG_NOSIGNAL) != (ssize_t)length) _exit(EXIT_NOTHING_RAN);
}

void say(const char *format, ...)
{
	char line[512];
	va_list values;
	va_start(values, format);
	int length = vsnprintf(line, sizeof line, format, values);
	va_end(values);
	if (length > 0 && (size_t)length < sizeof line) write_line(line, (size_t)length, -1);
}

/* Node takes the next descriptor only after it has acknowledged this one. Nothing else is said to us meanwhile. */
static void await_acknowledgement(void)
{
	char said[256];
	size_t length = 0;
	do {
		ssize_t got = read(FD_CHANNEL, said + length, sizeof said - 1 - length);
		if (got <= 0) _exit(EXIT_NOTHING_RAN);
		length += (size_t)got;
		said[length] = 0;
	} while (!strchr(said, '\n'));
	if (!strstr(said, "NODE_HANDLE_ACK")) _exit(EXIT_NOTHING_RAN);
}

void hand_over(int fd, const char *type, const char *about)
{
	char line[256];
	int length = snprintf(line, sizeof line, "{\"cmd\":\"NODE_HANDLE\",\"type\":\"%s\",\"dgramType\":\"udp4\",\"msg\":{\"socket\":\"%s\"}}\n",
												type, about);
	write_line(line, (size_t)length, fd);
	await_acknowledgement();
	close(fd);
}
