/*
 * What is said to the supervisor. A notification is one frame (little endian): u32 size of what follows, u64 id, u32
 * thread, u32 call, i32 directory, i32 second directory, u32 flags, u32 count, then `count` texts of u32 length and bytes.
 * There is one frame at a time. An answer is one `struct reply`.
 */
#ifndef REEVE_FRAME_H
#define REEVE_FRAME_H

#include "calls.h"

#include <linux/seccomp.h>
#include <stdbool.h>
#include <sys/types.h>

/* In the flags: a text was cut off; the place of a write looks shut. */
enum { SHORTENED = 1u << 31, SHUT = 1u << 30, TEXT_MAX = 4096 };

struct head {
	uint32_t size;
	uint64_t id;
	uint32_t thread, call;
	int32_t directory, second;
	uint32_t flags, count;
} __attribute__((packed));

struct reply {
	uint64_t id;
	uint32_t action;
	int32_t error; /* positive errno of a refusal */
	uint32_t thread;
	int32_t fd;
	uint32_t source; /* IPv4 address, host order, that the new socket comes from; 0: any */
	uint32_t length;
	uint8_t address[128];
} __attribute__((packed));

struct head *head(void);
void begin(uint64_t id, pid_t thread, enum call call);
/* The whole of a stopped call; false where its memory cannot be read. */
bool describe(const struct seccomp_notif *n);
/* The text with that number, copied and ended with a NUL; `into` has TEXT_MAX + 1 bytes. False: it has a NUL in it. */
bool text_of(uint32_t number, char *into);
bool send_frame(int control);

/* Puts a connected socket of ours in the place of the process's own. 0, or an errno. */
int replace(int listener, const struct reply *r);

#endif
