/* SPDX-License-Identifier: MIT */
/* What the filter must say, written down by hand: one row a call. */
#include <criterion/criterion.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>

#include "base/def.h"
#include "base/file.h"
#include "kernel/filter.h"
#include "support/verdict.h"

#define NONE UINT64_C(0xffffffff) /* -1 as a 32-bit id */

struct row {
	const char *call;
	/* In base; base threads; base threads memfd affinity. */
	const char *verdicts;
	uint64_t args[N_ARGS];
};

static const struct row rows[] = {
	/* what programs live on */
	{"read", "AAA", {0}},
	{"execve", "AAA", {0}},
	{"execveat", "AAA", {0}},
	{"openat", "AAA", {0}},
	{"openat2", "AAA", {0}},
	{"getppid", "AAA", {0}},
	{"kill", "AAA", {1, 9}},
	{"inotify_init1", "AAA", {0}},
	{"rseq", "AAA", {0}},
	{"statx", "AAA", {0}},
	{"close_range", "AAA", {3, NONE}},
	{"sched_getaffinity", "AAA", {0}},

	/* namespaces: SIGCHLD; fork; posix_spawn; threads; each CLONE_NEW */
	{"clone", "AAA", {17}},
	{"clone", "AAA", {0x01200011}},
	{"clone", "AAA", {0x4111}},
	{"clone", "EAA", {0x3d0f00}},
	{"clone", "EAA", {0x10000}},
	{"clone", "EEE", {0x20000 | 17}},
	{"clone", "EEE", {0x02000000 | 17}},
	{"clone", "EEE", {0x04000000 | 17}},
	{"clone", "EEE", {0x08000000 | 17}},
	{"clone", "EEE", {0x10000000 | 17}},
	{"clone", "EEE", {0x20000000 | 17}},
	{"clone", "EEE", {0x40000000 | 17}},
	{"clone", "EEE", {0x10000000 | 0x3d0f00}},
	{"clone", "EEE", {0x7e020000}},
	{"clone", "EEE", {0x8000 | 17}},
	{"clone3", "NNN", {0}},
	{"unshare", "EEE", {0x10000000}},
	{"unshare", "EEE", {0x400}},
	{"setns", "EEE", {3, 0}},

	/* mounts, by both doors */
	{"mount", "EEE", {0}},
	{"umount2", "EEE", {0}},
	{"pivot_root", "EEE", {0}},
	{"chroot", "EEE", {0}},
	{"open_tree", "EEE", {0}},
	{"move_mount", "EEE", {0}},
	{"fsopen", "EEE", {0}},
	{"fsconfig", "EEE", {0}},
	{"fsmount", "EEE", {0}},
	{"fspick", "EEE", {0}},
	{"mount_setattr", "EEE", {0}},

	/* the kernel's wide surface */
	{"bpf", "EEE", {0}},
	{"perf_event_open", "EEE", {0}},
	{"userfaultfd", "EEE", {0}},
	{"userfaultfd", "EEE", {1}},
	{"io_uring_setup", "EEE", {0}},
	{"io_uring_enter", "EEE", {0}},
	{"io_uring_register", "EEE", {0}},
	{"io_setup", "EEE", {0}},
	{"add_key", "EEE", {0}},
	{"request_key", "EEE", {0}},
	{"keyctl", "EEE", {0}},
	{"kexec_load", "EEE", {0}},
	{"kexec_file_load", "EEE", {0}},
	{"init_module", "EEE", {0}},
	{"finit_module", "EEE", {0}},
	{"delete_module", "EEE", {0}},
	{"acct", "EEE", {0}},
	{"swapon", "EEE", {0}},
	{"swapoff", "EEE", {0}},
	{"reboot", "EEE", {0}},
	{"quotactl", "EEE", {0}},
	{"quotactl_fd", "EEE", {0}},
	{"syslog", "EEE", {0}},
	{"name_to_handle_at", "EEE", {0}},
	{"open_by_handle_at", "EEE", {0}},
	{"fanotify_init", "EEE", {0}},
	{"fanotify_mark", "EEE", {0}},
	{"lookup_dcookie", "EEE", {0}},
	{"nfsservctl", "EEE", {0}},
	{"memfd_secret", "EEE", {0}},
	{"remap_file_pages", "EEE", {0}},
	{"vmsplice", "EEE", {0}},
	{"move_pages", "EEE", {0}},
	{"migrate_pages", "EEE", {0}},
	{"mbind", "EEE", {0}},
	{"set_mempolicy", "EEE", {0}},
	{"settimeofday", "EEE", {0}},
	{"clock_settime", "EEE", {0}},
	{"adjtimex", "EEE", {0}},
	{"clock_adjtime", "EEE", {0}},
	{"sethostname", "EEE", {0}},
	{"setdomainname", "EEE", {0}},
	{"vhangup", "EEE", {0}},
	{"sync", "EEE", {0}},
	{"setgroups", "EEE", {0}},
#ifdef __x86_64__
	{"iopl", "EEE", {3}},
	{"ioperm", "EEE", {0}},
	{"modify_ldt", "EEE", {0}},
	{"uselib", "EEE", {0}},
#endif

	/* other processes, and pid 1 */
	{"ptrace", "EEE", {16, 1}},
	{"ptrace", "EEE", {0}},
	{"process_vm_readv", "EEE", {0}},
	{"process_vm_writev", "EEE", {0}},
	{"process_madvise", "EEE", {0}},
	{"process_mrelease", "EEE", {0}},
	{"pidfd_open", "AAA", {1}},
	{"pidfd_getfd", "EEE", {0}},
	{"kcmp", "EEE", {0}},
	{"prlimit64", "AAA", {0, 7, 0x7fff12345678}},
	{"prlimit64", "AAA", {42, 7, 0x7fff12345678}},
	{"prlimit64", "AAA", {1, 7, 0}},
	{"prlimit64", "EEE", {1, 7, 0x7fff12345678}},
	{"prlimit64", "EEE", {1, 7, 0x7fff00000000}},
	{"prlimit64", "EEE", {1, 7, 0x12345678}},
	{"sched_setscheduler", "AAA", {0}},
	{"sched_setscheduler", "EEE", {1}},
	{"sched_setparam", "EEE", {1}},
	{"sched_setattr", "EEE", {1}},
	{"sched_setaffinity", "EEA", {0}},
	{"sched_setaffinity", "EEE", {1}},
	{"setpriority", "AAA", {0, 0, 10}},
	{"setpriority", "AAA", {1, 0, 10}},
	{"setpriority", "EEE", {0, 1, 10}},
	{"setpriority", "EEE", {1, 1, 10}},
	{"setpriority", "EEE", {2, 0, 10}},
	{"setpriority", "EEE", {2, 1000, 10}},
	{"ioprio_set", "EEE", {1, 0}},

	/* ids */
	{"setuid", "AAA", {1000}},
	{"setuid", "AAA", {NONE}},
	{"setuid", "EEE", {0}},
	{"setuid", "EEE", {1001}},
	{"setgid", "EEE", {0}},
	{"setfsuid", "EEE", {0}},
	{"setreuid", "AAA", {NONE, 1000}},
	{"setreuid", "EEE", {0, NONE}},
	{"setreuid", "EEE", {1000, 0}},
	{"setresuid", "AAA", {1000, 1000, 1000}},
	{"setresuid", "AAA", {NONE, NONE, NONE}},
	{"setresuid", "EEE", {1000, 0, 1000}},
	{"setresgid", "EEE", {NONE, NONE, 0}},
	{"chown", "AAA", {0, 1000, NONE}},
	{"chown", "EEE", {0, 0, 0}},
	{"chown", "EEE", {0, NONE, 0}},
	{"lchown", "EEE", {0, 1, NONE}},
	{"fchown", "EEE", {0, NONE, 33}},
	{"fchownat", "AAA", {0, 0, NONE, 1000}},
	{"fchownat", "EEE", {0, 0, 0, 1000}},

	/* sockets: UNIX, INET, INET6 */
	{"socket", "AAA", {1, 1, 0}},
	{"socket", "AAA", {1, 2 | 02004000, 0}},
	{"socket", "AAA", {1, 5, 0}},
	{"socket", "AAA", {2, 1, 0}},
	{"socket", "AAA", {2, 1 | 02004000, 6}},
	{"socket", "AAA", {2, 2, 17}},
	{"socket", "AAA", {10, 1 | 02000000, 0}},
	{"socket", "AAA", {10, 2 | 04000, 17}},
	/* raw, packet, sequenced; ICMP, SCTP, UDP-Lite, DCCP, MPTCP, L2TP */
	{"socket", "EEE", {2, 3, 0}},
	{"socket", "EEE", {2, 3, 6}},
	{"socket", "EEE", {10, 3, 58}},
	{"socket", "EEE", {2, 10, 0x300}},
	{"socket", "EEE", {2, 5, 132}},
	{"socket", "EEE", {2, 2, 1}},
	{"socket", "EEE", {10, 2, 58}},
	{"socket", "EEE", {2, 1, 132}},
	{"socket", "EEE", {2, 2, 136}},
	{"socket", "EEE", {2, 6, 33}},
	{"socket", "EEE", {2, 1, 262}},
	{"socket", "EEE", {2, 2, 115}},
	{"socket", "EEE", {10, 1, 262}},
	{"socket", "EEE", {2, 1 | 0x40, 0}},
	/* netlink: route; audit, netfilter, xfrm */
	{"socket", "AAA", {16, 3 | 02000000, 0}},
	{"socket", "AAA", {16, 2, 0}},
	{"socket", "EEE", {16, 1, 0}},
	{"socket", "EEE", {16, 3, 9}},
	{"socket", "EEE", {16, 3, 12}},
	{"socket", "EEE", {16, 3, 6}},
	{"socket", "EEE", {16, 3, 16}},
	/* unspec, packet, key, vsock, alg, xdp, rds, tipc, bluetooth, can,
         * qipcrtr, smc, kcm */
	{"socket", "EEE", {0, 1, 0}},
	{"socket", "EEE", {17, 3, 0}},
	{"socket", "EEE", {15, 3, 2}},
	{"socket", "EEE", {40, 1, 0}},
	{"socket", "EEE", {38, 5, 0}},
	{"socket", "EEE", {44, 3, 0}},
	{"socket", "EEE", {21, 5, 0}},
	{"socket", "EEE", {30, 1, 0}},
	{"socket", "EEE", {31, 3, 0}},
	{"socket", "EEE", {29, 3, 1}},
	{"socket", "EEE", {42, 2, 0}},
	{"socket", "EEE", {43, 1, 0}},
	{"socket", "EEE", {41, 2, 0}},
	{"socketpair", "AAA", {1, 1, 0}},
	{"socketpair", "EEE", {40, 1, 0}},
	{"socketpair", "EEE", {30, 1, 0}},
	{"setsockopt", "AAA", {3, 1, 2}},
	{"setsockopt", "AAA", {3, 6, 1}},
	{"setsockopt", "EEE", {3, 6, 31}},
	{"setsockopt", "AAA", {3, 0, 31}},

	/* ioctl: TCGETS, TIOCGWINSZ, FIONREAD, FIOCLEX, SIOCGIFCONF, FICLONE */
	{"ioctl", "AAA", {0, 0x5401}},
	{"ioctl", "AAA", {0, 0x5413}},
	{"ioctl", "AAA", {0, 0x541b}},
	{"ioctl", "AAA", {0, 0x5451}},
	{"ioctl", "AAA", {0, 0x8912}},
	{"ioctl", "AAA", {0, 0x40049409}},
	/* TIOCSTI, TIOCLINUX, TIOCCONS, TIOCSETD, TIOCSSERIAL, KDSKBMODE */
	{"ioctl", "EEE", {0, 0x5412}},
	{"ioctl", "EEE", {0, 0x541c}},
	{"ioctl", "EEE", {0, 0x541d}},
	{"ioctl", "EEE", {0, 0x5423}},
	{"ioctl", "EEE", {0, 0x541f}},
	{"ioctl", "EEE", {0, 0x4b45}},
	/* SIOCSIFFLAGS, SIOCETHTOOL, SIOCSIFNAME, FIFREEZE, FS_IOC_SETFLAGS,
         * FIDEDUPERANGE, NS_GET_USERNS, the listener's own, an unknown one */
	{"ioctl", "EEE", {0, 0x8914}},
	{"ioctl", "EEE", {0, 0x8946}},
	{"ioctl", "EEE", {0, 0x8923}},
	{"ioctl", "EEE", {0, 0xc0045877}},
	{"ioctl", "EEE", {0, 0x40086602}},
	{"ioctl", "EEE", {0, 0xc0189436}},
	{"ioctl", "EEE", {0, 0xb701}},
	{"ioctl", "EEE", {0, 0xc0502100}},
	{"ioctl", "EEE", {0, 0}},

	/* fcntl: F_DUPFD, F_SETLK, F_OFD_SETLK, pipe sizes; F_SETLEASE,
         * F_NOTIFY, F_SET_RW_HINT */
	{"fcntl", "AAA", {0, 0}},
	{"fcntl", "AAA", {0, 6}},
	{"fcntl", "AAA", {0, 37}},
	{"fcntl", "AAA", {0, 1030, 3}},
	{"fcntl", "AAA", {0, 1032}},
	{"fcntl", "AAA", {0, 1031, 4096}},
	{"fcntl", "AAA", {0, 1031, 65536}},
	{"fcntl", "EEE", {0, 1031, 65537}},
	{"fcntl", "EEE", {0, 1031, 1 << 20}},
	{"fcntl", "EEE", {0, 1024}},
	{"fcntl", "EEE", {0, 1026}},
	{"fcntl", "EEE", {0, 1036}},

	/* prctl: names, dumpable; mm, securebits, ambient caps, KSM, core
         * scheduling, dispatch of calls, ptracer */
	{"prctl", "AAA", {15}},
	{"prctl", "AAA", {4, 0}},
	{"prctl", "AAA", {38, 1}},
	{"prctl", "AAA", {22, 2}},
	{"prctl", "AAA", {0x53564d41}},
	{"prctl", "EEE", {35}},
	{"prctl", "EEE", {28}},
	{"prctl", "EEE", {47, 2}},
	{"prctl", "EEE", {67, 1}},
	{"prctl", "EEE", {62}},
	{"prctl", "EEE", {59}},
	{"prctl", "EEE", {0x59616d61}},
	{"prctl", "EEE", {8, 1}},

	/* one's own filter: plain, TSYNC; a listener, logging, unknown flags */
	{"seccomp", "AAA", {1, 0}},
	{"seccomp", "AAA", {1, 1}},
	{"seccomp", "AAA", {0, 0}},
	{"seccomp", "AAA", {2, 0}},
	{"seccomp", "EEE", {1, 8}},
	{"seccomp", "EEE", {1, 9}},
	{"seccomp", "EEE", {1, 2}},
	{"seccomp", "EEE", {1, 32}},
	{"seccomp", "EEE", {4, 0}},
	{"landlock_create_ruleset", "AAA", {0}},
	{"landlock_restrict_self", "AAA", {0}},

	{"personality", "AAA", {0}},
	{"personality", "AAA", {8}},
	{"personality", "AAA", {0x20000}},
	{"personality", "AAA", {0x20008}},
	{"personality", "AAA", {NONE}},
	{"personality", "EEE", {0x40000}},
	{"personality", "EEE", {0x400000}},
	{"personality", "EEE", {1}},

	/* memory */
	{"mmap", "AAA", {0, 4096, 3, 0x22}},
	{"mmap", "EEE", {0, 4096, 3, 0x40022}},
	{"madvise", "AAA", {0, 4096, 4}},
	{"madvise", "EEE", {0, 4096, 12}},
	{"memfd_create", "EEA", {0, 1}},
	{"memfd_create", "EEE", {0, 4}},
	{"shmget", "EEA", {0, 4096, 01600}},
	{"shmget", "EEE", {0, 4096, 05600}},
	{"semget", "EEA", {0}},
	{"msgget", "EEA", {0}},
	{"mq_open", "EEA", {0}},
	{"membarrier", "EAA", {0}},

	/* nodes: plain file, FIFO, socket; character, block, with 0:0 too */
	{"mknodat", "AAA", {0, 0, 0644}},
	{"mknodat", "AAA", {0, 0, 0100644}},
	{"mknodat", "AAA", {0, 0, 010644}},
	{"mknodat", "AAA", {0, 0, 0140644}},
	{"mknodat", "EEE", {0, 0, 020644, 0}},
	{"mknodat", "EEE", {0, 0, 060644, 0x800}},
	{"mknodat", "EEE", {0, 0, 040755}},
#ifdef __x86_64__
	{"mknod", "AAA", {0, 010644}},
	{"mknod", "EEE", {0, 020644}},
#endif
};

static char verdict(const struct row *row, size_t program, uint64_t garbage)
{
	uint64_t args[N_ARGS];

	for (size_t i = 0; i < N_ARGS; i++)
		args[i] = row->args[i] | garbage;
	return program_verdict(
		&programs[program], FILTER_ARCH,
		(uint32_t)seccomp_syscall_resolve_name(row->call), args);
}

static void check_row(const struct row *row, uint64_t garbage)
{
	cr_assert_geq(seccomp_syscall_resolve_name(row->call), 0, "%s",
	              row->call);
	for (size_t i = 0; row->verdicts[i]; i++) {
		char is = verdict(row, i, garbage);

		cr_expect_eq(is, row->verdicts[i],
		             "%s(%#lx, %#lx, %#lx) in program %zu: %c, not %c",
		             row->call, row->args[0], row->args[1],
		             row->args[2], i, is, row->verdicts[i]);
	}
}

/* Each row gets its verdict. */
Test(filter_rows, verdicts)
{
	cr_assert_eq(programs_compile(NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_row(&rows[i], 0);
}

/* The upper halves of int arguments, which the kernel does not read, change
 * no verdict. prlimit64 has a pointer that the filter does read. */
Test(filter_rows, upper_halves_do_not_matter)
{
	cr_assert_eq(programs_compile(NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!strcmp(rows[i].call, "prlimit64"))
			continue;
		check_row(&rows[i], UINT64_C(1) << 32);
		check_row(&rows[i], UINT64_C(1) << 40);
		check_row(&rows[i], UINT64_C(0xffffffff) << 32);
	}
}
