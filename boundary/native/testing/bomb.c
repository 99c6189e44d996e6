/*
 * A fork bomb with an end: every process forks as long as it is let and fewer than argv[1] were made in all. The first one
 * says how many there were when the kernel said no, or that it never did, and ends all of them.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct tally {
	atomic_int made, forking, refused;
};

int main(int argc, char **argv)
{
	const int most = argc > 1 ? atoi(argv[1]) : 0;
	struct tally *tally = mmap(NULL, sizeof *tally, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (tally == MAP_FAILED || setpgid(0, 0))
		return 1;
	const pid_t first = getpid();
	/* Others of the machine go first. */
	if (nice(19) == -1)
		return 1;
	while (!tally->refused && tally->made < most) {
		tally->forking++;
		const pid_t child = fork();
		if (child == 0)
			continue;
		if (child > 0)
			tally->made++;
		else
			tally->refused = 1;
		tally->forking--;
	}
	if (getpid() != first)
		for (;;) pause();
	/* Who is at it still counts. */
	do usleep(100000);
	while (tally->forking || (!tally->refused && tally->made < most));
	printf("%s after %d\n", tally->refused ? "refused" : "never refused", tally->made);
	fflush(stdout);
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	return 0;
}
