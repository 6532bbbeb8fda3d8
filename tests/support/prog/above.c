/* SPDX-License-Identifier: MIT */
/*
 * above [-e ERRNO | -k | -w] [-l] CALL... -- PROG [ARG...]
 *
 * Runs PROG under a system call filter, as a container would, that refuses the
 * calls: with an errno (EPERM), by death (-k), or by never answering (-w). With
 * -l a process that outlives no one holds a listener on the filter.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

struct word {
	const char *name;
	unsigned value;
};

#define CALL(name)                \
	{                         \
#name, SYS_##name \
	}
static const struct word calls[] = {
	CALL(clone3),      CALL(pidfd_send_signal),
	CALL(fsopen),      CALL(open_tree),
	CALL(move_mount),  CALL(mount_setattr),
	CALL(pivot_root),  CALL(umount2),
	CALL(seccomp),     CALL(perf_event_open),
	CALL(openat2),     CALL(landlock_create_ruleset),
	CALL(sethostname), CALL(getppid),
};

static const struct word errnos[] = {
	{"EPERM", EPERM}, {"ENOSYS", ENOSYS}, {"ENOENT", ENOENT}};

static unsigned find(const struct word *words, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(words[i].name, name) == 0)
			return words[i].value;
	fprintf(stderr, "above: \"%s\" is not known\n", name);
	exit(99);
}

#define FIND(words, name) find(words, sizeof(words) / sizeof(*(words)), name)

/* A process with our descriptors, of nobody's waiting, that dies with us. */
static void hold_descriptors(void)
{
	pid_t self = getpid();

	if (syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		while (getppid() == self)
			pause();
		_exit(0);
	}
}

int main(int argc, char **argv)
{
	struct sock_filter code[64] = {BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
	struct sock_fprog program = {1, code};
	unsigned action = SECCOMP_RET_ERRNO | EPERM, flags = 0;
	int option;

	while ((option = getopt(argc, argv, "+e:kwl")) >= 0) {
		if (option == 'e')
			action = SECCOMP_RET_ERRNO | FIND(errnos, optarg);
		if (option == 'k')
			action = SECCOMP_RET_KILL_PROCESS;
		if (option == 'w')
			action = SECCOMP_RET_USER_NOTIF;
		if (option == 'w' || option == 'l')
			flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
	}
	for (; optind < argc && strcmp(argv[optind], "--") != 0; optind++) {
		code[program.len++] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, FIND(calls, argv[optind]), 0,
			1);
		code[program.len++] =
			(struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action);
	}
	code[program.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
	                                                   SECCOMP_RET_ALLOW);
	if (flags)
		hold_descriptors();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program) <
	            0) {
		perror("above: seccomp");
		return 99;
	}
	execvp(argv[optind + 1], argv + optind + 1);
	perror("above: exec");
	return 99;
}
