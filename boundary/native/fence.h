/*
 * What holds the sandboxed command from within: a system-call filter, Landlock, and the notifications by which the
 * supervisor decides what the filter holds up. Nothing here decides by policy. The supervisor writes the record that
 * `fence_read` reads; what lies in it is trusted, what a process of the sandbox shows is not.
 */
#ifndef REEVE_FENCE_H
#define REEVE_FENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Flags of the record; the same numbers stand in boundary/src/jail/fence-record.ts. */
enum fence_flag {
	FENCE_EXEC = 1 << 0,      /* programs that are started are asked about */
	FENCE_DELETE = 1 << 1,    /* deletions and renames are asked about */
	FENCE_CONNECT = 1 << 2,   /* connections are asked about; no other way out is left */
	FENCE_DATAGRAM = 1 << 3,  /* UDP sockets may be made: only where a network namespace holds them */
	FENCE_LANDLOCK = 1 << 4,  /* the rules of the record are put into force */
	FENCE_NO_TCP = 1 << 5,    /* Landlock refuses every TCP connect of the sandbox itself */
	FENCE_SCOPE = 1 << 6,     /* no signals and no abstract sockets beyond the sandbox, where the kernel knows that */
	FENCE_TELL = 1 << 7,      /* what the filter refuses is told */
	FENCE_WRITE = 1 << 8,     /* writes that the view of the files will refuse are told */
	FENCE_ASKS = FENCE_EXEC | FENCE_DELETE | FENCE_CONNECT | FENCE_TELL | FENCE_WRITE,
};

enum { FENCE_RULES_MAX = 4096, FENCE_BYTES_MAX = 1 << 20 };

struct fence_rule {
	uint64_t rights;
	const char *path;
};

struct fence {
	uint32_t flags;
	uint32_t count;
	struct fence_rule rules[FENCE_RULES_MAX];
};

/* The record from `fd`: magic, flags, count (u32 each), then by rule u64 rights, u32 length, the path and a NUL. -1: malformed. */
int fence_read(int fd, struct fence *fence);

/* The version of Landlock that the kernel has; 0 where it has none. */
int landlock_abi(void);
/* Puts the rules and scopes of the fence on this process and all that it starts. 0, or -1 with errno. */
int landlock_restrict(const struct fence *fence);

/*
 * Puts the filter on this process and all that it starts. Returns the descriptor of the notifications (close-on-exec),
 * -2 where the fence asks for none, -1 with errno on failure. The caller has set no_new_privs.
 */
int filter_install(uint32_t flags);

/* Tells the supervisor the number of the command's first process. 0, or -1. */
int notify_started(int control, pid_t pid);
/*
 * Carries notifications of `listener` to the supervisor over `control` and its answers back, until `ended` (a pidfd, or
 * -1) is readable, the last process under the filter is gone, or the supervisor is: then 0, 0 and -1. Whoever calls it
 * closes the listener then, by which everything that still waits is refused.
 */
int notify_loop(const struct fence *fence, int listener, int control, int ended);

/* Whether a write to a path, as `thread` names it, may be refused by the view of the files, and is to be asked about. */
bool is_shut(const struct fence *fence, pid_t thread, int directory, const char *path, bool follows);

/* Whether `pid` is this process or one of its descendants. */
bool is_descendant(pid_t pid);

#endif
