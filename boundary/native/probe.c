/* What this machine allows, as lines `name=errno`, 0 where it works. Each is tried in a process of its own. */
#include "jail.h"

#include "fence.h"

#include <errno.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int try_namespaces(void)
{
	const char *step;
	return enter_namespaces(&step);
}

static int try_network(void)
{
	const char *step;
	return enter_namespaces(&step) || open_network(&step) ? -1 : 0;
}

/* Refused where another filter of the tree has a listener already. */
static int try_notifications(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) return -1;
	return filter_install(FENCE_EXEC) < 0 ? -1 : 0;
}

static void report(const char *name, int (*attempt)(void))
{
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) _exit(attempt() == 0 ? 0 : errno & 0xff);
	int status = 0;
	if (child < 0 || waitpid(child, &status, 0) < 0) return;
	printf("%s=%d\n", name, WIFEXITED(status) ? WEXITSTATUS(status) : EINTR);
}

int probe(void)
{
	report("user_namespaces", try_namespaces);
	report("network_namespace", try_network);
	report("notifications", try_notifications);
	printf("landlock=%d\n", landlock_abi());
	return 0;
}
