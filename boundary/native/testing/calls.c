/*
 * Makes system calls as a program in the sandbox could, for tests: each argument is `number,a,b,c,d,e,f` and comes to
 * one line, the result or `-errno`. `@` stands for 256 zero bytes. `i386` and `x32` call as those architectures do.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static char zeros[256];

static long call(char *text)
{
	long a[7] = {0};
	char *word, *rest = text;

	for (int i = 0; i < 7 && (word = strsep(&rest, ",")); i++)
		a[i] = *word == '@' ? (long)zeros : (long)strtoull(word, NULL, 0);
	const long result = syscall(a[0], a[1], a[2], a[3], a[4], a[5], a[6]);
	return result < 0 ? -errno : result;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
#ifdef __x86_64__
		if (strcmp(argv[i], "i386") == 0) {
			long result;
			__asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory");
			printf("%ld\n", result);
			continue;
		}
		if (strcmp(argv[i], "x32") == 0) {
			printf("%ld\n", syscall(0x40000000L | SYS_getpid));
			continue;
		}
#endif
		printf("%ld\n", call(argv[i]));
		fflush(stdout);
	}
	return 0;
}
