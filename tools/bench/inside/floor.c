/* SPDX-License-Identifier: MIT */
/*
 * floor PROGRAM [ARG...]: runs it in seven new namespaces, and does nothing
 * else: no id map, no root, no mount, no limit, no filter, no stream of its
 * own, and no copy of its memory. Linked statically. What a sandbox takes
 * below this is the kernel's.
 */
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static int run(void *argument)
{
	char **argv = argument;

	(void)execv(argv[0], argv);
	_exit(127);
}

int main(int argc, char **argv)
{
	static _Alignas(16) char stack[64 * 1024];
	int status;
	pid_t pid;

	if (argc < 2)
		return 125;
	pid = clone(run, stack + sizeof(stack),
	            CLONE_VM | CLONE_VFORK | CLONE_NEWUSER | CLONE_NEWPID |
	                    CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
	                    CLONE_NEWNS | CLONE_NEWCGROUP | SIGCHLD,
	            argv + 1);
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		return 125;
	return WEXITSTATUS(status);
}
