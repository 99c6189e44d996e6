/*
 * The system-call filter. One table by name, so that both architectures come from it: the compiler knows the numbers.
 * Everything is allowed but what stands here; calls of another architecture (i386, x32) end the process.
 *
 * Arguments are compared by their low 32 bits, because the kernel itself takes these ones as `int`: a value with high
 * bits set is the same request to it, and must be to us.
 */
#include "fence.h"

#include "calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#define X32_BIT 0x40000000u
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "the filter knows x86-64 and arm64"
#endif

#define FLAG_WAIT_KILLABLE (1ul << 5)
#define NAMESPACES (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)
#define TIME_NAMESPACE 0x80u /* in unshare only: clone has its exit signal there */
#define TIOCLINUX_NUMBER 0x541Cu
#define FASTOPEN 0x20000000u
#define WRITING (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)

struct program {
	struct sock_filter code[640];
	unsigned short length;
	bool too_long;
	/* What is refused is told first; the supervisor's answer is always that refusal. */
	bool tells;
};

static void emit(struct program *p, uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
	if (p->length == sizeof p->code / sizeof *p->code) {
		p->too_long = true;
		return;
	}
	p->code[p->length++] = (struct sock_filter){.code = code, .jt = yes, .jf = no, .k = k};
}

static void append(struct program *p, const struct program *part)
{
	for (unsigned i = 0; i < part->length; i++)
		emit(p, part->code[i].code, part->code[i].k, part->code[i].jt, part->code[i].jf);
}

static void load(struct program *p, size_t offset) { emit(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0); }
static void load_argument(struct program *p, int n) { load(p, offsetof(struct seccomp_data, args) + 8u * (unsigned)n); }
static void answer(struct program *p, uint32_t verdict) { emit(p, BPF_RET | BPF_K, verdict, 0, 0); }
static void unless_equal_skip(struct program *p, uint32_t k, uint8_t skip) { emit(p, BPF_JMP | BPF_JEQ | BPF_K, k, 0, skip); }
static void unless_any_bit_skip(struct program *p, uint32_t k, uint8_t skip) { emit(p, BPF_JMP | BPF_JSET | BPF_K, k, 0, skip); }

static void always(struct program *p, int number, uint32_t verdict)
{
	unless_equal_skip(p, (uint32_t)number, 1);
	answer(p, verdict);
}

static uint32_t refusal(const struct program *p, int error) { return p->tells ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_ERRNO | (uint32_t)error; }
static void refuse(struct program *p, int error) { answer(p, refusal(p, error)); }

static void refuse_each(struct program *p, const struct named_call *calls, size_t count)
{
	for (size_t i = 0; i < count; i++)
		always(p, calls[i].number, refusal(p, EPERM));
}

static void hold_each(struct program *p, const struct path_call *calls, size_t count)
{
	for (size_t i = 0; i < count; i++)
		always(p, calls[i].number, SECCOMP_RET_USER_NOTIF);
}

static void on_bits(struct program *p, int number, int argument, uint32_t bits, uint32_t verdict)
{
	unless_equal_skip(p, (uint32_t)number, 4);
	load_argument(p, argument);
	unless_any_bit_skip(p, bits, 1);
	answer(p, verdict);
	answer(p, SECCOMP_RET_ALLOW);
}

/* Whoever can write to the terminal's input types into the shell that started the boundary. */
static void terminal(struct program *p)
{
	unless_equal_skip(p, SYS_ioctl, 6);
	load_argument(p, 1);
	unless_equal_skip(p, TIOCSTI, 1);
	refuse(p, EPERM);
	unless_equal_skip(p, TIOCLINUX_NUMBER, 1);
	refuse(p, EPERM);
	answer(p, SECCOMP_RET_ALLOW);
}

/* Asking for the personality is harmless, and so is the ordinary one; others weaken the layout of memory. */
static void personalities(struct program *p)
{
	unless_equal_skip(p, SYS_personality, 6);
	load_argument(p, 0);
	unless_equal_skip(p, 0, 1);
	answer(p, SECCOMP_RET_ALLOW);
	unless_equal_skip(p, 0xffffffffu, 1);
	answer(p, SECCOMP_RET_ALLOW);
	refuse(p, EPERM);
}

/* Limits of another process: its processor time could be set to nothing, which ends it. */
static void limits(struct program *p)
{
	unless_equal_skip(p, SYS_prlimit64, 4);
	load_argument(p, 0);
	unless_equal_skip(p, 0, 1);
	answer(p, SECCOMP_RET_ALLOW);
	refuse(p, EPERM);
}

/* Allows when argument 1 is a socket of `kind` whose argument 2 is one of the two protocols; else falls through. */
static void allow_socket(struct program *p, int kind, uint32_t first, uint32_t second)
{
	load_argument(p, 1);
	emit(p, BPF_ALU | BPF_AND | BPF_K, 0xf, 0, 0);
	unless_equal_skip(p, (uint32_t)kind, 5);
	load_argument(p, 2);
	unless_equal_skip(p, first, 1);
	answer(p, SECCOMP_RET_ALLOW);
	unless_equal_skip(p, second, 1);
	answer(p, SECCOMP_RET_ALLOW);
}

/*
 * Sockets that may be made: AF_UNIX, TCP, route queries, and UDP where a namespace holds it. MPTCP, SCTP, raw, packet,
 * vsock and everything else is refused: nothing else would see what they carry. Where connections are asked about,
 * AF_UNIX datagrams are refused too, because they reach any address without a connect.
 */
static void sockets(struct program *p, uint32_t flags)
{
	struct program web = {.tells = p->tells}, local = web, made = web;

	if (flags & FENCE_CONNECT) {
		load_argument(&local, 1);
		emit(&local, BPF_ALU | BPF_AND | BPF_K, 0xf, 0, 0);
		unless_equal_skip(&local, SOCK_DGRAM, 1);
		refuse(&local, EACCES);
	}
	answer(&local, SECCOMP_RET_ALLOW);
	unless_equal_skip(p, SYS_socketpair, (uint8_t)local.length);
	append(p, &local);

	allow_socket(&web, SOCK_STREAM, 0, IPPROTO_TCP);
	if (flags & FENCE_DATAGRAM)
		allow_socket(&web, SOCK_DGRAM, 0, IPPROTO_UDP);
	load_argument(&made, 0);
	unless_equal_skip(&made, AF_UNIX, (uint8_t)local.length);
	append(&made, &local);
	unless_equal_skip(&made, AF_NETLINK, 4);
	load_argument(&made, 2);
	unless_equal_skip(&made, NETLINK_ROUTE, 1);
	answer(&made, SECCOMP_RET_ALLOW);
	refuse(&made, EACCES);
	emit(&made, BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 1, 0);
	unless_equal_skip(&made, AF_INET6, (uint8_t)web.length);
	append(&made, &web);
	refuse(&made, EACCES);
	unless_equal_skip(p, SYS_socket, (uint8_t)made.length);
	append(p, &made);
}

/* Of files that are opened, those that are to be written are held up. The commonest call there is: it comes first. */
static void openings(struct program *p)
{
	on_bits(p, SYS_openat, 2, WRITING, SECCOMP_RET_USER_NOTIF);
#ifdef SYS_open
	on_bits(p, SYS_open, 1, WRITING, SECCOMP_RET_USER_NOTIF);
#endif
}

static void build(struct program *p, uint32_t flags)
{
	/* A call of another architecture ends its process; where it is told, the supervisor does that. */
	const uint32_t foreign = p->tells ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_KILL_PROCESS;

	load(p, offsetof(struct seccomp_data, arch));
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
	answer(p, foreign);
	load(p, offsetof(struct seccomp_data, nr));
#ifdef X32_BIT
	emit(p, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
	answer(p, foreign);
#endif
	if (flags & FENCE_WRITE)
		openings(p);
	refuse_each(p, refused, refused_count);
	if (flags & FENCE_CONNECT)
		refuse_each(p, shared, shared_count);
	/* Its flags lie in memory, where a filter cannot look; C libraries go back to clone. */
	always(p, SYS_clone3, SECCOMP_RET_ERRNO | ENOSYS);
	on_bits(p, SYS_clone, 0, NAMESPACES, refusal(p, EPERM));
	on_bits(p, SYS_unshare, 0, NAMESPACES | TIME_NAMESPACE, refusal(p, EPERM));
	on_bits(p, SYS_sendto, 3, FASTOPEN, refusal(p, EACCES));
	on_bits(p, SYS_sendmsg, 2, FASTOPEN, refusal(p, EACCES));
	on_bits(p, SYS_sendmmsg, 3, FASTOPEN, refusal(p, EACCES));
	terminal(p);
	personalities(p);
	limits(p);
	sockets(p, flags);
	if (flags & FENCE_EXEC) {
		always(p, SYS_execve, SECCOMP_RET_USER_NOTIF);
		always(p, SYS_execveat, SECCOMP_RET_USER_NOTIF);
	}
	if (flags & (FENCE_DELETE | FENCE_WRITE))
		hold_each(p, deletions, deletion_count);
	if (flags & FENCE_WRITE)
		hold_each(p, writes, write_count);
	if (flags & FENCE_CONNECT)
		always(p, SYS_connect, SECCOMP_RET_USER_NOTIF);
	answer(p, SECCOMP_RET_ALLOW);
}

int filter_install(uint32_t flags)
{
	struct program p = {.tells = flags & FENCE_TELL};
	const bool asks = flags & FENCE_ASKS;

	build(&p, flags);
	if (p.too_long) {
		errno = E2BIG;
		return -1;
	}
	struct sock_fprog program = {.len = p.length, .filter = p.code};
	if (!asks)
		return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) ? -1 : -2;
	/* Killable waiting keeps a signal from repeating a call that is being decided; kernels before 5.19 do not know it. */
	long fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER | FLAG_WAIT_KILLABLE, &program);
	if (fd < 0 && errno == EINVAL)
		fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	return (int)fd;
}
