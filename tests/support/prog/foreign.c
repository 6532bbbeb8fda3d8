/* SPDX-License-Identifier: MIT */
/* Makes a system call of another architecture, "i386" or "x32", and says so if
 * it lives on. Exits 77 where this processor has none to make. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
#ifdef __x86_64__
	long number = 20; /* getpid of i386 */

	puts("before");
	fflush(stdout);
	if (argc > 1 && strcmp(argv[1], "x32") == 0)
		(void)syscall(0x40000000 | 39);
	else
		__asm__ volatile("int $0x80" : "+a"(number) : : "memory");
	puts("after");
	return 0;
#else
	(void)argc;
	(void)argv;
	return 77;
#endif
}
