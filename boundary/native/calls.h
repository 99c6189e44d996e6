/*
 * The system calls that the filter does not simply let pass, by name: what it refuses, and what it holds up because of
 * a path. Filter and notifications read the same tables.
 */
#ifndef REEVE_CALLS_H
#define REEVE_CALLS_H

#include <stddef.h>
#include <stdint.h>

/* The kinds of notifications; boundary/src/notify/frames.ts has the same order. */
enum call {
	CALL_EXEC = 1,
	CALL_UNLINK,
	CALL_RMDIR,
	CALL_RENAME,
	CALL_CONNECT,
	CALL_CONNECTED,
	CALL_STARTED,
	CALL_REFUSED,
	CALL_OPEN,
	CALL_MAKE,
	CALL_CHANGE,
	CALL_UNTOLD,
};

struct named_call {
	int number;
	const char *name;
};

/* A call that names files; of each the number of the argument, or NONE. */
enum { NONE = -1 };
struct path_call {
	int number;
	enum call call;
	int8_t directory, path, second_directory, second_path;
};

extern const struct named_call refused[], shared[];
extern const size_t refused_count, shared_count;
extern const struct path_call deletions[], writes[];
extern const size_t deletion_count, write_count;

/* The name of a call that the filter refuses; NULL for every other. */
const char *refused_name(uint32_t architecture, int number);
/* NULL where the call is about no path. */
const struct path_call *path_call(int number);

#endif
