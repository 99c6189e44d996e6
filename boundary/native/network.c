/*
 * A network of its own with nothing in it but the loopback device, to which every address there is belongs ("AnyIP"):
 * a connection to anywhere arrives at our own listeners, which can be asked where it wanted to go.
 */
#include "jail.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Addresses for documentation and for discarding, on a port that nobody serves: the listeners are in nobody's way. */
#define CAPTURE_PORT 1
#define CAPTURE_V4 "192.0.2.1"
#define CAPTURE_V6 "100::1"
/* boundary/src/dns/names.ts has the pools. */
#define OWN_V4 "198.18.0.1"
#define OWN_V6 "fd5a:72e3:766e:1::1"

/*
 * What is not for the sandbox itself goes to the listeners. There is no UDP but on the loopback addresses: it is refused
 * at once, so that clients of QUIC turn to TCP.
 */
static const char capture_rules[] =
		"table inet reeve {\n"
		" set gateway {\n"
		"  type inet_service;\n"
		" }\n"
		" chain capture {\n"
		"  type filter hook prerouting priority mangle; policy accept;\n"
		"  ip daddr 127.0.0.0/8 tcp dport @gateway tproxy ip to " CAPTURE_V4 ":1 accept\n"
		"  ip6 daddr ::1 tcp dport @gateway tproxy ip6 to [" CAPTURE_V6 "]:1 accept\n"
		"  ip daddr 127.0.0.0/8 accept\n"
		"  ip6 daddr ::1 accept\n"
		"  meta nfproto ipv4 meta l4proto tcp tproxy ip to " CAPTURE_V4 ":1 accept\n"
		"  meta nfproto ipv6 meta l4proto tcp tproxy ip6 to [" CAPTURE_V6 "]:1 accept\n"
		" }\n"
		" chain leave {\n"
		"  type filter hook output priority filter; policy accept;\n"
		"  ip daddr 127.0.0.0/8 accept\n"
		"  ip6 daddr ::1 accept\n"
		"  meta l4proto udp reject\n"
		"  meta l4proto != tcp drop\n"
		" }\n"
		"}\n";

int write_file(const char *path, const char *text)
{
	int file = open(path, O_WRONLY | O_CLOEXEC);
	if (file < 0) return -1;
	ssize_t written = write(file, text, strlen(text));
	close(file);
	return written == (ssize_t)strlen(text) ? 0 : -1;
}

/* The user keeps its own numbers inside, and nobody else exists there. */
int enter_namespaces(const char **step)
{
	char users[64], groups[64];
	snprintf(users, sizeof users, "%u %u 1", geteuid(), geteuid());
	snprintf(groups, sizeof groups, "%u %u 1", getegid(), getegid());
	*step = "user namespace";
	if (unshare(CLONE_NEWUSER)) return -1;
	*step = "user mapping";
	if (write_file("/proc/self/setgroups", "deny") || write_file("/proc/self/uid_map", users) ||
			write_file("/proc/self/gid_map", groups))
		return -1;
	*step = "network namespace";
	return unshare(CLONE_NEWNET);
}

/* Sends one request to the kernel's network configuration and takes its answer. */
static int ask_kernel(const void *request, size_t length)
{
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char rest[256];
	} answer;
	int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (netlink < 0 || send(netlink, request, length, 0) < 0) return -1;
	ssize_t got = recv(netlink, &answer, sizeof answer, 0);
	close(netlink);
	if (got < (ssize_t)NLMSG_LENGTH(sizeof answer.error)) return -1;
	errno = -answer.error.error;
	return answer.error.error ? -1 : 0;
}

static int route_everything_here(int family)
{
	struct {
		struct nlmsghdr header;
		struct rtmsg route;
		struct rtattr device;
		int index;
	} request = {
		.header = {.nlmsg_len = sizeof request, .nlmsg_type = RTM_NEWROUTE, .nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_ACK},
		.route = {.rtm_family = (unsigned char)family, .rtm_table = RT_TABLE_LOCAL, .rtm_type = RTN_LOCAL, .rtm_scope = RT_SCOPE_HOST, .rtm_protocol = RTPROT_BOOT},
		.device = {.rta_len = RTA_LENGTH(sizeof(int)), .rta_type = RTA_OIF},
		.index = (int)if_nametoindex("lo"),
	};
	return ask_kernel(&request, sizeof request);
}

/*
 * An address that is not of the loopback network. Without one, resolvers hold that the machine has no network and do not
 * ask for addresses of the kind (AI_ADDRCONFIG). Of the pool of names, whose first addresses are nobody's.
 */
static int have_address(int family, const char *address)
{
	struct {
		struct nlmsghdr header;
		struct ifaddrmsg about;
		struct rtattr local;
		unsigned char bytes[16];
	} request = {
		.header = {.nlmsg_type = RTM_NEWADDR, .nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_ACK},
		.about = {.ifa_family = (unsigned char)family, .ifa_flags = IFA_F_NODAD, .ifa_index = if_nametoindex("lo")},
		.local = {.rta_type = IFA_LOCAL},
	};
	const unsigned size = family == AF_INET ? 4 : 16;

	request.about.ifa_prefixlen = (unsigned char)(size * 8);
	request.local.rta_len = (unsigned short)RTA_LENGTH(size);
	request.header.nlmsg_len = (unsigned)(offsetof(__typeof__(request), bytes) + size);
	inet_pton(family, address, request.bytes);
	return ask_kernel(&request, request.header.nlmsg_len);
}

static int is_missing(void) { return errno == EAFNOSUPPORT || errno == EOPNOTSUPP || errno == EACCES; }

int open_network(const char **step)
{
	*step = "loopback device";
	int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq loopback = {.ifr_name = "lo"};
	loopback.ifr_flags = IFF_UP | IFF_RUNNING;
	if (control < 0 || ioctl(control, SIOCSIFFLAGS, &loopback)) return -1;
	close(control);
	*step = "route";
	if (have_address(AF_INET, OWN_V4) || route_everything_here(AF_INET)) return -1;
	/* A kernel without IPv6 has no addresses that could be missed. */
	return (have_address(AF_INET6, OWN_V6) || route_everything_here(AF_INET6)) && !is_missing() ? -1 : 0;
}

/* The programs that configure the network must have the right to; they are not root, so it is handed on by name. */
static void keep_network_rights(void)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct sets[2];
	if (syscall(SYS_capget, &header, sets)) return;
	sets[0].inheritable |= 1u << CAP_NET_ADMIN;
	if (syscall(SYS_capset, &header, sets)) return;
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_ADMIN, 0, 0);
}

/* The ports are our supervisor's words; what would not fit into the pipe is more than it ever says. */
static int load_capture_rules(const char *loopback)
{
	int rules[2];
	if (pipe2(rules, O_CLOEXEC)) return -1;
	if (write(rules[1], capture_rules, sizeof capture_rules - 1) < 0) return -1;
	if (*loopback && dprintf(rules[1], "add element inet reeve gateway { %s }\n", loopback) < 0) return -1;
	close(rules[1]);
	pid_t child = fork();
	if (child == 0) {
		keep_network_rights();
		dup2(rules[0], 0);
		int nowhere = open("/dev/null", O_WRONLY);
		dup2(nowhere, 1);
		dup2(nowhere, 2);
		char *const environment[] = {NULL};
		char *const arguments[] = {"nft", "-f", "-", NULL};
		execve("/usr/sbin/nft", arguments, environment);
		execve("/sbin/nft", arguments, environment);
		_exit(127);
	}
	close(rules[0]);
	int status;
	if (child < 0 || waitpid(child, &status, 0) < 0) return -1;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

static int listening(int family, const char *address, int port, int transparent)
{
	int one = 1;
	int listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener < 0) return -1;
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((unsigned short)port)};
	int is_v4 = family == AF_INET;
	inet_pton(family, address, is_v4 ? (void *)&v4.sin_addr : (void *)&v6.sin6_addr);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (!is_v4) setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
	if (transparent && setsockopt(listener, is_v4 ? SOL_IP : SOL_IPV6, is_v4 ? IP_TRANSPARENT : IPV6_TRANSPARENT, &one,
																sizeof one))
		return -1;
	if (bind(listener, is_v4 ? (void *)&v4 : (void *)&v6, is_v4 ? sizeof v4 : sizeof v6)) return -1;
	return listen(listener, 511) ? -1 : listener;
}

static int hand_over_listener(int family, const char *address, int port, int transparent, const char *about)
{
	int listener = listening(family, address, port, transparent);
	if (listener < 0) return family == AF_INET6 && errno == EAFNOSUPPORT ? 0 : -1;
	hand_over(listener, "net.Server", about);
	return 0;
}

static int open_names(const char **step)
{
	*step = "name server";
	int names = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(53), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	if (names < 0 || bind(names, (struct sockaddr *)&here, sizeof here)) return -1;
	hand_over(names, "dgram.Socket", "names");
	return hand_over_listener(AF_INET, "127.0.0.1", 53, 0, "names");
}

static int listen_on_each(const char *ports)
{
	for (char *rest = (char *)ports; *rest; rest += *rest == ',') {
		int port = (int)strtol(rest, &rest, 10);
		if (hand_over_listener(AF_INET, "0.0.0.0", port, 0, "some") || hand_over_listener(AF_INET6, "::", port, 0, "some"))
			return -1;
	}
	return 0;
}

int capture_connections(const char *ports, const char *loopback, const char **step)
{
	if (open_names(step)) return -1;
	*step = "listeners";
	if (load_capture_rules(loopback) == 0)
		return hand_over_listener(AF_INET, CAPTURE_V4, CAPTURE_PORT, 1, "every") ||
									 hand_over_listener(AF_INET6, CAPTURE_V6, CAPTURE_PORT, 1, "every")
							 ? -1
							 : 0;
	if (listen_on_each(ports)) return -1;
	/* One of these may be among those. */
	return listen_on_each(loopback) && errno != EADDRINUSE ? -1 : 0;
}
