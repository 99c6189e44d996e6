/*
 * The jail of tier 1, in two stages:
 *
 *   outer  user and network namespace around everything; sockets that capture every connection, handed to the
 *          supervisor; then bubblewrap, which makes the view of the files and the other namespaces.
 *   inner  the first process inside (pid 1): gives up every privilege for good, starts the command, passes signals in
 *          and says how it ended.
 *
 * The supervisor, the outer and the inner stage are joined by the descriptors below. When any of the three dies, the
 * other two and the command die too, and the sockets close: nothing that is left could reach anything.
 */
#ifndef REEVE_JAIL_H
#define REEVE_JAIL_H

#include <stddef.h>

enum {
	FD_CHANNEL = 3, /* Node's channel: sockets and lines of JSON to the supervisor, signals from it. */
	FD_FENCE = 4,   /* The record of the fence, written by the supervisor, read inside to its end. */
	FD_FRAMES = 5,  /* Questions of notify.c to the supervisor and its answers. */
	FD_SELF = 6,    /* This program, to be executed again where its path is not mounted. */
	FD_CONTROL = 7, /* Between outer and inner: struct note. */
	FD_SOCKETS = 8, /* Questions of the supervisor about connections, and their answers (sockets.c). */
};

/* One message between the stages, whole or not at all. */
struct note {
	char kind; /* 'r' ready, 'l' a seccomp listener comes along, and the flags of its fence, 's' stopped, 'c' exit code, 'k' killed by a signal,
								'f' failed at `step` with errno `value`; inwards 'g': pass on the signal `value`. */
	int value;
	char step[24];
};

/* argv: the ports to listen on where not every port can be captured, those of the loopback addresses that are captured
	too ("3000,4000" or ""), the file by which a group of limited processes is joined or "", then bubblewrap's command line. */
int outer(char **argv);
/* argv: the command. */
int inner(char **argv);
int probe(void);

/* handoff.c: speaks as a Node child with a channel would. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void hand_over(int fd, const char *type, const char *about);

/* notes.c */
void send_note(char kind, int value, const char *step, int fd);
/* 1 with a note, 0 when the other side is gone. `fd` gets a descriptor that came along or -1, `pid` the sender. */
int receive_note(struct note *note, int *fd, int *pid);

/* network.c: in the namespaces of the caller. Each returns 0, or -1 with errno and the step that failed. */
int enter_namespaces(const char **step);
int open_network(const char **step);
/* Every port by nftables; where it is missing, the given ports only. Hands the listeners over. */
int capture_connections(const char *ports, const char *loopback, const char **step);

/* sockets.c: 0, or -1 where the kernel has no such index. */
int open_socket_index(void);
/* Answers one question; 0 when nobody asks any more. */
int tell_socket(void);

/* Writes all of `text` to a file that is there. */
int write_file(const char *path, const char *text);

#endif
