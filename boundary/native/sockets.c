/*
 * Which socket a connection of the sandbox is. The kernel finds it by its index in microseconds; its tables in /proc take
 * it milliseconds, because they show one network's part of a table that is as large as the machine.
 *
 * A question is the family and the four numbers of a connection, as the kernel wants them; its answer is the number that
 * /proc shows of the socket, or 0. Answers come in the order of the questions.
 */
#include "jail.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* boundary/src/jail/socket-numbers.ts writes it: the ports and addresses in the order of the network. */
struct question {
	uint32_t family;
	uint16_t source_port, destination_port;
	uint32_t source[4], destination[4];
};

static int netlink = -1;

int open_socket_index(void)
{
	netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	return netlink < 0 ? -1 : 0;
}

static uint32_t number_of(const struct question *asked)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 about;
	} request = {
		.header = {.nlmsg_len = sizeof request, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST},
		.about = {.sdiag_family = asked->family == 6 ? AF_INET6 : AF_INET,
							.sdiag_protocol = IPPROTO_TCP,
							.idiag_states = ~0u,
							.id = {.idiag_sport = asked->source_port,
										 .idiag_dport = asked->destination_port,
										 .idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE}}},
	};
	struct {
		struct nlmsghdr header;
		struct inet_diag_msg about;
		char rest[1024];
	} answer;
	memcpy(request.about.id.idiag_src, asked->source, sizeof asked->source);
	memcpy(request.about.id.idiag_dst, asked->destination, sizeof asked->destination);
	if (netlink < 0 || send(netlink, &request, sizeof request, 0) < 0) return 0;
	ssize_t got = recv(netlink, &answer, sizeof answer, 0);
	if (got < (ssize_t)NLMSG_LENGTH(sizeof answer.about) || answer.header.nlmsg_type != SOCK_DIAG_BY_FAMILY) return 0;
	return answer.about.idiag_inode;
}

int tell_socket(void)
{
	struct question asked;
	if (recv(FD_SOCKETS, &asked, sizeof asked, MSG_WAITALL) != sizeof asked) return 0;
	uint32_t number = number_of(&asked);
	return send(FD_SOCKETS, &number, sizeof number, MSG_NOSIGNAL) == sizeof number;
}
