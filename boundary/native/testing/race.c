/*
 * Races the questions of the filter, for tests: a second thread writes another address, or another descriptor, into the
 * place of the first while the call waits. argv: `address IP PORT` or `descriptor IP PORT`. Prints how many of the
 * connections arrived at the forbidden place itself, as its greeting shows.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static union {
	struct sockaddr any;
	struct sockaddr_in inet;
	struct sockaddr_un local;
} place;
static struct sockaddr_in forbidden;
static volatile int going = 1, swapped_fd = -1;

static void *swap(void *descriptor)
{
	while (going) {
		if (descriptor && swapped_fd >= 0) {
			const int inet = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
			dup2(inet, swapped_fd);
			close(inet);
		}
		memcpy(&place.inet, &forbidden, sizeof forbidden);
		place.inet.sin_family = AF_UNIX;
		place.inet.sin_family = AF_INET;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	int reached = 0;

	if (argc != 4)
		return 2;
	const int descriptor = strcmp(argv[1], "descriptor") == 0;
	forbidden = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[3]))};
	inet_pton(AF_INET, argv[2], &forbidden.sin_addr);
	pthread_create(&thread, NULL, swap, descriptor ? &place : NULL);
	for (int i = 0; i < 40; i++) {
		char greeting[16] = {0};
		const int fd = socket(descriptor ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		swapped_fd = fd;
		const struct timeval patience = {.tv_usec = 2000};
		if (connect(fd, &place.any, descriptor ? sizeof place.local : sizeof place.inet) == 0) {
			setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
			if (recv(fd, greeting, sizeof greeting - 1, 0) > 0 && strncmp(greeting, "forbidden", 9) == 0)
				reached++;
		}
		close(fd);
	}
	going = 0;
	pthread_join(thread, NULL);
	printf("%d\n", reached);
	return 0;
}
