#include "native.h"

#include "fence.h"
#include "jail.h"

#include <stdio.h>
#include <string.h>

static int usage(void)
{
	fputs("this program is started by `reeve boundary`\n", stderr);
	return EXIT_NOTHING_RAN;
}

int main(int argc, char **argv)
{
	if (argc >= 3 && strcmp(argv[1], "confine") == 0)
		return confine_main(argv + 2);
	if (argc >= 6 && strcmp(argv[1], "outer") == 0)
		return outer(argv + 2);
	if (argc >= 3 && strcmp(argv[1], "inner") == 0)
		return inner(argv + 2);
	if (argc == 2 && strcmp(argv[1], "probe") == 0)
		return probe();
	if (argc == 2 && strcmp(argv[1], "landlock") == 0)
		return printf("%d\n", landlock_abi()) < 0;
	return usage();
}
