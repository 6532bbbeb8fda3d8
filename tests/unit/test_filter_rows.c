/* SPDX-License-Identifier: MIT */
/* What the filter must say, written down by hand: one row a call. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>

#include "base/def.h"
#include "base/file.h"
#include "kernel/filter.h"
#include "support/verdict.h"

#define NONE  UINT64_C(0xffffffff) /* -1 as a 32-bit id */
#define CALLS 512

struct row {
	const char *call;
	/* In base; with threads; with unix and setid; with memfd and
	 * affinity. */
	const char *verdicts;
	uint64_t args[N_ARGS];
};

static const struct row rows[] = {
	/* what programs live on */
	{"read", "AAAA", {0}},
	{"execve", "AAAA", {0}},
	{"execveat", "AAAA", {0}},
	{"openat", "AAAA", {0}},
	{"openat2", "NNNN", {0}},
	{"openat", "AAAA", {0, 0, O_RDWR, 0}},
	{"openat", "AAAA", {0, 0, O_RDWR | O_CREAT, 0644}},
	/* without O_CREAT the mode is whatever the register held */
	{"openat", "AAAA", {0, 0, O_RDWR, 06755}},
	{"openat", "EEAA", {0, 0, O_RDWR | O_CREAT, 04755}},
	{"openat", "EEAA", {0, 0, O_RDWR | O_TMPFILE, 02755}},
	{"openat", "EEEE", {0, 0, O_RDWR | O_DIRECT, 0}},
	{"open", "AAAA", {0, O_RDWR | O_CREAT, 0644}},
	{"open", "EEAA", {0, O_RDWR | O_CREAT, 06755}},
	{"open", "EEEE", {0, O_WRONLY | O_DIRECT, 0}},
	{"creat", "AAAA", {0, 0644}},
	{"creat", "EEAA", {0, 04755}},
	{"chmod", "AAAA", {0, 01777}},
	{"chmod", "EEAA", {0, 04755}},
	{"fchmod", "EEAA", {0, 02755}},
	{"fchmodat", "AAAA", {0, 0, 0755}},
	{"fchmodat", "EEAA", {0, 0, 06755}},
	{"mknod", "EEEE", {0, 0104755}},
	{"renameat2", "AAAA", {0, 0, 0, 0, 1}},
	{"renameat2", "EEEE", {0, 0, 0, 0, 4}},
	{"pipe2", "AAAA", {0, O_CLOEXEC | O_NONBLOCK}},
	{"pipe2", "EEEE", {0, O_DIRECT}},
	{"fcntl", "AAAA", {1, F_SETFL, O_NONBLOCK}},
	{"fcntl", "EEEE", {1, F_SETFL, O_DIRECT}},
	{"getppid", "AAAA", {0}},
	{"kill", "AAAA", {1, 9}},
	{"inotify_init1", "AAAA", {0}},
	{"rseq", "AAAA", {0}},
	{"statx", "AAAA", {0}},
	{"setxattr", "AAAA", {0, 0, 0, 2047}},
	{"setxattr", "EEEE", {0, 0, 0, 2048}},
	{"lsetxattr", "EEEE", {0, 0, 0, 65536}},
	{"fsetxattr", "AAAA", {0, 0, 0, 0}},
	{"fsetxattr", "EEEE", {0, 0, 0, 0x80000000}},
	{"close_range", "AAAA", {3, NONE}},
	{"sched_getaffinity", "AAAA", {0}},

	/* namespaces: SIGCHLD; fork; posix_spawn; threads; each CLONE_NEW */
	{"clone", "AAAA", {17}},
	{"clone", "AAAA", {0x01200011}},
	{"clone", "AAAA", {0x4111}},
	{"clone", "EAAA", {0x3d0f00}},
	{"clone", "EAAA", {0x10000}},
	{"clone", "EEEE", {0x20000 | 17}},
	{"clone", "EEEE", {0x02000000 | 17}},
	{"clone", "EEEE", {0x04000000 | 17}},
	{"clone", "EEEE", {0x08000000 | 17}},
	{"clone", "EEEE", {0x10000000 | 17}},
	{"clone", "EEEE", {0x20000000 | 17}},
	{"clone", "EEEE", {0x40000000 | 17}},
	{"clone", "EEEE", {0x10000000 | 0x3d0f00}},
	{"clone", "EEEE", {0x7e020000}},
	{"clone", "EEEE", {0x8000 | 17}},
	{"clone3", "NNNN", {0}},
	{"unshare", "EEEE", {0x10000000}},
	{"unshare", "EEEE", {0x400}},
	{"setns", "EEEE", {3, 0}},

	/* mounts, by both doors */
	{"mount", "EEEE", {0}},
	{"umount2", "EEEE", {0}},
	{"pivot_root", "EEEE", {0}},
	{"chroot", "EEEE", {0}},
	{"open_tree", "EEEE", {0}},
	{"move_mount", "EEEE", {0}},
	{"fsopen", "EEEE", {0}},
	{"fsconfig", "EEEE", {0}},
	{"fsmount", "EEEE", {0}},
	{"fspick", "EEEE", {0}},
	{"mount_setattr", "EEEE", {0}},

	/* the kernel's wide surface */
	{"bpf", "EEEE", {0}},
	{"perf_event_open", "EEEE", {0}},
	{"userfaultfd", "EEEE", {0}},
	{"userfaultfd", "EEEE", {1}},
	{"io_uring_setup", "EEEE", {0}},
	{"io_uring_enter", "EEEE", {0}},
	{"io_uring_register", "EEEE", {0}},
	{"io_setup", "EEEE", {0}},
	{"add_key", "EEEE", {0}},
	{"request_key", "EEEE", {0}},
	{"keyctl", "EEEE", {0}},
	{"kexec_load", "EEEE", {0}},
	{"kexec_file_load", "EEEE", {0}},
	{"init_module", "EEEE", {0}},
	{"finit_module", "EEEE", {0}},
	{"delete_module", "EEEE", {0}},
	{"acct", "EEEE", {0}},
	{"swapon", "EEEE", {0}},
	{"swapoff", "EEEE", {0}},
	{"reboot", "EEEE", {0}},
	{"quotactl", "EEEE", {0}},
	{"quotactl_fd", "EEEE", {0}},
	{"syslog", "EEEE", {0}},
	{"name_to_handle_at", "EEEE", {0}},
	{"open_by_handle_at", "EEEE", {0}},
	{"fanotify_init", "EEEE", {0}},
	{"fanotify_mark", "EEEE", {0}},
	{"lookup_dcookie", "EEEE", {0}},
	{"nfsservctl", "EEEE", {0}},
	{"memfd_secret", "EEEE", {0}},
	{"remap_file_pages", "EEEE", {0}},
	{"vmsplice", "EEEE", {0}},
	{"move_pages", "EEEE", {0}},
	{"migrate_pages", "EEEE", {0}},
	{"mbind", "EEEE", {0}},
	{"set_mempolicy", "EEEE", {0}},
	{"settimeofday", "EEEE", {0}},
	{"clock_settime", "EEEE", {0}},
	{"adjtimex", "EEEE", {0}},
	{"clock_adjtime", "EEEE", {0}},
	{"sethostname", "EEEE", {0}},
	{"setdomainname", "EEEE", {0}},
	{"vhangup", "EEEE", {0}},
	{"sync", "EEEE", {0}},
	{"setgroups", "EEEE", {0}},
#ifdef __x86_64__
	{"iopl", "EEEE", {3}},
	{"ioperm", "EEEE", {0}},
	{"modify_ldt", "EEEE", {0}},
	{"uselib", "EEEE", {0}},
#endif

	/* other processes, and pid 1 */
	{"ptrace", "EEEE", {16, 1}},
	{"ptrace", "EEEE", {0}},
	{"process_vm_readv", "EEEE", {0}},
	{"process_vm_writev", "EEEE", {0}},
	{"process_madvise", "EEEE", {0}},
	{"process_mrelease", "EEEE", {0}},
	{"pidfd_open", "AAAA", {1}},
	{"pidfd_getfd", "EEEE", {0}},
	{"kcmp", "EEEE", {0}},
	{"prlimit64", "AAAA", {0, 7, 0x7fff12345678}},
	{"prlimit64", "AAAA", {42, 7, 0x7fff12345678}},
	{"prlimit64", "AAAA", {1, 7, 0}},
	{"prlimit64", "EEEE", {1, 7, 0x7fff12345678}},
	{"prlimit64", "EEEE", {1, 7, 0x7fff00000000}},
	{"prlimit64", "EEEE", {1, 7, 0x12345678}},
	{"sched_setscheduler", "AAAA", {0}},
	{"sched_setscheduler", "EEEE", {1}},
	{"sched_setparam", "EEEE", {1}},
	{"sched_setattr", "EEEE", {1}},
	{"sched_setaffinity", "EEEA", {0}},
	{"sched_setaffinity", "EEEE", {1}},
	{"setpriority", "AAAA", {0, 0, 10}},
	{"setpriority", "AAAA", {1, 0, 10}},
	{"setpriority", "EEEE", {0, 1, 10}},
	{"setpriority", "EEEE", {1, 1, 10}},
	{"setpriority", "EEEE", {2, 0, 10}},
	{"setpriority", "EEEE", {2, 1000, 10}},
	{"ioprio_set", "EEEE", {1, 0}},

	/* ids */
	{"setuid", "AAAA", {1000}},
	{"setuid", "AAAA", {NONE}},
	{"setuid", "EEEE", {0}},
	{"setuid", "EEEE", {1001}},
	{"setgid", "EEEE", {0}},
	{"setfsuid", "EEEE", {0}},
	{"setreuid", "AAAA", {NONE, 1000}},
	{"setreuid", "EEEE", {0, NONE}},
	{"setreuid", "EEEE", {1000, 0}},
	{"setresuid", "AAAA", {1000, 1000, 1000}},
	{"setresuid", "AAAA", {NONE, NONE, NONE}},
	{"setresuid", "EEEE", {1000, 0, 1000}},
	{"setresgid", "EEEE", {NONE, NONE, 0}},
	{"chown", "AAAA", {0, 1000, NONE}},
	{"chown", "EEEE", {0, 0, 0}},
	{"chown", "EEEE", {0, NONE, 0}},
	{"lchown", "EEEE", {0, 1, NONE}},
	{"fchown", "EEEE", {0, NONE, 33}},
	{"fchownat", "AAAA", {0, 0, NONE, 1000}},
	{"fchownat", "EEEE", {0, 0, 0, 1000}},

	/* sockets: UNIX, INET, INET6 */
	{"socket", "EEAA", {1, 1, 0}},
	{"socket", "EEAA", {1, 2 | 02004000, 0}},
	{"socket", "EEAA", {1, 5, 0}},
	{"socket", "AAAA", {2, 1, 0}},
	{"socket", "AAAA", {2, 1 | 02004000, 6}},
	{"socket", "AAAA", {2, 2, 17}},
	{"socket", "AAAA", {10, 1 | 02000000, 0}},
	{"socket", "AAAA", {10, 2 | 04000, 17}},
	/* raw, packet, sequenced; ICMP, SCTP, UDP-Lite, DCCP, MPTCP, L2TP */
	{"socket", "EEEE", {2, 3, 0}},
	{"socket", "EEEE", {2, 3, 6}},
	{"socket", "EEEE", {10, 3, 58}},
	{"socket", "EEEE", {2, 10, 0x300}},
	{"socket", "EEEE", {2, 5, 132}},
	{"socket", "EEEE", {2, 2, 1}},
	{"socket", "EEEE", {10, 2, 58}},
	{"socket", "EEEE", {2, 1, 132}},
	{"socket", "EEEE", {2, 2, 136}},
	{"socket", "EEEE", {2, 6, 33}},
	{"socket", "EEEE", {2, 1, 262}},
	{"socket", "EEEE", {2, 2, 115}},
	{"socket", "EEEE", {10, 1, 262}},
	{"socket", "EEEE", {2, 1 | 0x40, 0}},
	/* netlink: route; audit, netfilter, xfrm */
	{"socket", "AAAA", {16, 3 | 02000000, 0}},
	{"socket", "AAAA", {16, 2, 0}},
	{"socket", "EEEE", {16, 1, 0}},
	{"socket", "EEEE", {16, 3, 9}},
	{"socket", "EEEE", {16, 3, 12}},
	{"socket", "EEEE", {16, 3, 6}},
	{"socket", "EEEE", {16, 3, 16}},
	/* unspec, packet, key, vsock, alg, xdp, rds, tipc, bluetooth, can,
         * qipcrtr, smc, kcm */
	{"socket", "EEEE", {0, 1, 0}},
	{"socket", "EEEE", {17, 3, 0}},
	{"socket", "EEEE", {15, 3, 2}},
	{"socket", "EEEE", {40, 1, 0}},
	{"socket", "EEEE", {38, 5, 0}},
	{"socket", "EEEE", {44, 3, 0}},
	{"socket", "EEEE", {21, 5, 0}},
	{"socket", "EEEE", {30, 1, 0}},
	{"socket", "EEEE", {31, 3, 0}},
	{"socket", "EEEE", {29, 3, 1}},
	{"socket", "EEEE", {42, 2, 0}},
	{"socket", "EEEE", {43, 1, 0}},
	{"socket", "EEEE", {41, 2, 0}},
	{"socketpair", "AAAA", {1, 1, 0}},
	{"socketpair", "AAAA", {1, 5 | 02004000, 0}},
	{"socketpair", "EEAA", {1, 2, 0}},
	{"socketpair", "EEEE", {40, 1, 0}},
	{"socketpair", "EEEE", {30, 1, 0}},
	{"setsockopt", "AAAA", {3, 1, 2}},
	{"setsockopt", "AAAA", {3, 6, 1}},
	{"setsockopt", "EEEE", {3, 6, 31}},
	{"setsockopt", "AAAA", {3, 0, 31}},
	{"setsockopt", "AAAA", {3, 1, 31}},

	/* ioctl: TCGETS, TIOCGWINSZ, FIONREAD, FIOCLEX, SIOCGIFCONF, FICLONE */
	{"ioctl", "AAAA", {0, 0x5401}},
	{"ioctl", "AAAA", {0, 0x5413}},
	{"ioctl", "AAAA", {0, 0x541b}},
	{"ioctl", "AAAA", {0, 0x5451}},
	{"ioctl", "AAAA", {0, 0x8912}},
	{"ioctl", "AAAA", {0, 0x40049409}},
	/* TIOCSTI, TIOCLINUX, TIOCCONS, TIOCSETD, TIOCSSERIAL, KDSKBMODE */
	{"ioctl", "EEEE", {0, 0x5412}},
	{"ioctl", "EEEE", {0, 0x541c}},
	{"ioctl", "EEEE", {0, 0x541d}},
	{"ioctl", "EEEE", {0, 0x5423}},
	{"ioctl", "EEEE", {0, 0x541f}},
	{"ioctl", "EEEE", {0, 0x4b45}},
	/* SIOCSIFFLAGS, SIOCETHTOOL, SIOCSIFNAME, FIFREEZE, FS_IOC_SETFLAGS,
         * FIDEDUPERANGE, NS_GET_USERNS, the listener's own, an unknown one */
	{"ioctl", "EEEE", {0, 0x8914}},
	{"ioctl", "EEEE", {0, 0x8946}},
	{"ioctl", "EEEE", {0, 0x8923}},
	{"ioctl", "EEEE", {0, 0xc0045877}},
	{"ioctl", "EEEE", {0, 0x40086602}},
	{"ioctl", "EEEE", {0, 0xc0189436}},
	{"ioctl", "EEEE", {0, 0xb701}},
	{"ioctl", "EEEE", {0, 0xc0502100}},
	{"ioctl", "EEEE", {0, 0}},

	/* fcntl: F_DUPFD, F_SETLK, F_OFD_SETLK, pipe sizes; F_SETLEASE,
         * F_NOTIFY, F_SET_RW_HINT */
	{"fcntl", "AAAA", {0, 0}},
	{"fcntl", "AAAA", {0, 6}},
	{"fcntl", "AAAA", {0, 37}},
	{"fcntl", "AAAA", {0, 1030, 3}},
	{"fcntl", "AAAA", {0, 1032}},
	{"fcntl", "AAAA", {0, 1031, 4096}},
	{"fcntl", "AAAA", {0, 1031, 65536}},
	{"fcntl", "EEEE", {0, 1031, 65537}},
	{"fcntl", "EEEE", {0, 1031, 1 << 20}},
	{"fcntl", "EEEE", {0, 1024}},
	{"fcntl", "EEEE", {0, 1026}},
	{"fcntl", "EEEE", {0, 1036}},

	/* prctl: names, dumpable; mm, securebits, ambient caps, KSM, core
         * scheduling, dispatch of calls, ptracer */
	{"prctl", "AAAA", {15}},
	{"prctl", "AAAA", {4, 0}},
	{"prctl", "AAAA", {38, 1}},
	{"prctl", "AAAA", {22, 2}},
	{"prctl", "AAAA", {0x53564d41}},
	/* The counters of limits.fuel: off, on. */
	{"prctl", "EEEE", {31}},
	{"prctl", "EEEE", {32}},
	{"prctl", "EEEE", {35}},
	{"prctl", "EEEE", {28}},
	{"prctl", "EEEE", {47, 2}},
	{"prctl", "EEEE", {67, 1}},
	{"prctl", "EEEE", {62}},
	{"prctl", "EEEE", {59}},
	{"prctl", "EEEE", {0x59616d61}},
	{"prctl", "EEEE", {8, 1}},

	/* one's own filter: plain, TSYNC; a listener, logging, unknown flags */
	{"seccomp", "AAAA", {1, 0}},
	{"seccomp", "AAAA", {1, 1}},
	{"seccomp", "AAAA", {0, 0}},
	{"seccomp", "AAAA", {2, 0}},
	{"seccomp", "EEEE", {1, 8}},
	{"seccomp", "EEEE", {1, 9}},
	{"seccomp", "EEEE", {1, 2}},
	{"seccomp", "EEEE", {1, 32}},
	{"seccomp", "EEEE", {4, 0}},
	{"landlock_create_ruleset", "AAAA", {0}},
	{"landlock_restrict_self", "AAAA", {0}},

	{"personality", "AAAA", {0}},
	{"personality", "AAAA", {8}},
	{"personality", "AAAA", {0x20000}},
	{"personality", "AAAA", {0x20008}},
	{"personality", "AAAA", {NONE}},
	{"personality", "EEEE", {0x40000}},
	{"personality", "EEEE", {0x400000}},
	{"personality", "EEEE", {1}},

	/* memory */
	{"mmap", "AAAA", {0, 4096, 3, 0x22}},
	{"mmap", "EEEE", {0, 4096, 3, 0x40022}},
	{"madvise", "AAAA", {0, 4096, 4}},
	{"madvise", "EEEE", {0, 4096, 12}},
	{"memfd_create", "EEEA", {0, 1}},
	{"memfd_create", "EEEE", {0, 4}},
	{"shmget", "EEEA", {0, 4096, 01600}},
	{"shmget", "EEEE", {0, 4096, 05600}},
	{"semget", "EEEA", {0}},
	{"msgget", "EEEA", {0}},
	{"mq_open", "EEEA", {0}},
	{"membarrier", "EAAA", {0}},

	/* nodes: plain file, FIFO, socket; character, block, with 0:0 too */
	{"mknodat", "AAAA", {0, 0, 0644}},
	{"mknodat", "AAAA", {0, 0, 0100644}},
	{"mknodat", "AAAA", {0, 0, 010644}},
	{"mknodat", "AAAA", {0, 0, 0140644}},
	{"mknodat", "EEEE", {0, 0, 020644, 0}},
	{"mknodat", "EEEE", {0, 0, 060644, 0x800}},
	{"mknodat", "EEEE", {0, 0, 040755}},
#ifdef __x86_64__
	{"mknod", "AAAA", {0, 010644}},
	{"mknod", "EEEE", {0, 020644}},
#endif
};

/* The number of a call; CALLS when no call has this name. */
static uint32_t call_number(const char *name)
{
	char buffer[64];
	uint32_t call = 0;

	while (call < CALLS &&
	       strcmp(filter_call_name(FILTER_ARCH, call, buffer), name))
		call++;
	return call;
}

static void check_row(const struct row *row, uint64_t garbage)
{
	uint32_t call = call_number(row->call);
	uint64_t args[N_ARGS];

	cr_assert_lt(call, CALLS, "%s", row->call);
	for (size_t i = 0; i < N_ARGS; i++)
		args[i] = row->args[i] | garbage;
	for (size_t i = 0; row->verdicts[i]; i++) {
		char is =
			program_verdict(&programs[i], FILTER_ARCH, call, args);

		cr_expect_eq(is, row->verdicts[i],
		             "%s(%#lx, %#lx, %#lx) in program %zu: %c, not %c",
		             row->call, args[0], args[1], args[2], i, is,
		             row->verdicts[i]);
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
