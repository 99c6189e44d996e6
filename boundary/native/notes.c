#include "jail.h"

#include "native.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union ancillary {
	char bytes[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
	struct cmsghdr align;
};

void send_note(char kind, int value, const char *step, int fd)
{
	struct note note = {.kind = kind, .value = value};
	if (step) strncpy(note.step, step, sizeof note.step - 1);
	struct iovec part = {&note, sizeof note};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	union ancillary control = {0};
	if (fd >= 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE(sizeof fd);
		struct cmsghdr *header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(header), &fd, sizeof fd);
	}
	/* The other side is gone when this fails, and then so is everything. */
	if (sendmsg(FD_CONTROL, &message, MSG_NOSIGNAL) < 0) _exit(EXIT_NOTHING_RAN);
}

int receive_note(struct note *note, int *fd, int *pid)
{
	struct iovec part = {note, sizeof *note};
	union ancillary control = {0};
	struct msghdr message = {
			.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
	ssize_t got;
	do got = recvmsg(FD_CONTROL, &message, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got != sizeof *note) return 0;
	note->step[sizeof note->step - 1] = 0;
  *fd = *pid = -1;
	for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
		if (header->cmsg_level != SOL_SOCKET) continue;
		if (header->cmsg_type == SCM_RIGHTS) memcpy(fd, CMSG_DATA(header), sizeof *fd);
		if (header->cmsg_type == SCM_CREDENTIALS) *pid = ((struct ucred *)CMSG_DATA(header))->pid;
	}
	return 1;
}
