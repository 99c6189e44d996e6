/*
 * The boundary's native helper: what Node cannot do itself. One binary; the first argument says what it is to be. It
 * reads no configuration but the records that the supervisor writes for it, and allocates nothing worth mentioning.
 */
#ifndef REEVE_NATIVE_H
#define REEVE_NATIVE_H

/* Ended before the command ran. */
enum { EXIT_NOTHING_RAN = 125 };

/* Says on stderr what failed and why (errno); returns EXIT_NOTHING_RAN. */
int fail(const char *what);

/* No capabilities, no way to new ones (bounding set, ambient set, no_new_privs). 0, or -1 with errno. */
int drop_privileges(void);

/* One descriptor over a stream socket, close-on-exec at the receiver. 0 or the descriptor; -1 with errno. */
int send_descriptor(int socket, int fd);
int receive_descriptor(int socket);

/* Tier 2: the command under the fence alone. */
int confine_main(char **command);

#endif
