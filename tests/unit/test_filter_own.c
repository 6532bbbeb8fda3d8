/* SPDX-License-Identifier: MIT */
/* The filters of sbx's own programs. */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/def.h"
#include "kernel/filter.h"
#include "support/bpf.h"
#include "support/verdict.h"

static const char *const few[] = {"supervisor", NULL};
static const char *const more[] = {"supervisor", "supervisor-files", NULL};

static struct sock_filter code[FILTER_MAX];
static size_t n_code;

static void compile(const char *const *names)
{
	struct sbx_error err = {0};

	cr_assert_eq(filter_compile_own(names, code, &n_code, &err), 0, "%s",
	             err.text);
	cr_assert_null(bpf_check(code, n_code));
}

static uint32_t action_of(uint32_t arch, long call, uint64_t second)
{
	struct seccomp_data data = {
		.nr = (int)call, .arch = arch, .args = {0, second}};
	uint32_t action = 0;

	cr_assert_eq(bpf_run(code, n_code, &data, &action), 0);
	return action;
}

/* What one would want who has found a hole in it. openat2 and mkdirat are
 * there only where files are brought out. */
Test(filter_own, leaves_no_way_on)
{
	static const long never[] = {
		SYS_execve,      SYS_execveat, SYS_clone,       SYS_ptrace,
		SYS_socket,      SYS_connect,  SYS_bind,        SYS_mount,
		SYS_kill,        SYS_tkill,    SYS_tgkill,      SYS_pidfd_open,
		SYS_pidfd_getfd, SYS_prctl,    SYS_mprotect,    SYS_setuid,
		SYS_setresuid,   SYS_capset,   SYS_unshare,     SYS_setns,
		SYS_bpf,         SYS_seccomp,  SYS_memfd_create};

	for (int i = 0; i < 2; i++) {
		compile(i ? more : few);
		for (size_t k = 0; k < ARRAY_SIZE(never); k++)
			cr_expect_eq(action_of(FILTER_ARCH, never[k], 0),
			             SECCOMP_RET_ERRNO | EPERM, "call %ld",
			             never[k]);
		cr_expect_eq(action_of(FILTER_ARCH, SYS_clone3, 0),
		             SECCOMP_RET_ERRNO | ENOSYS);
		cr_expect_eq(action_of(FILTER_ARCH, SYS_openat2, 0),
		             i ? SECCOMP_RET_ALLOW
		               : SECCOMP_RET_ERRNO | ENOSYS);
		cr_expect_eq(action_of(FILTER_ARCH, SYS_mkdirat, 0),
		             i ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | EPERM);
		cr_expect_eq(action_of(FILTER_ARCH, SYS_read, 0),
		             SECCOMP_RET_ALLOW);
	}
}

/* What the sets of one allow, those of the other do. */
static void expect_part_of(const char *const *own, const char *const *whole)
{
	for (long call = 0; call < 1024; call++) {
		compile(own);
		if (action_of(FILTER_ARCH, call, 0) != SECCOMP_RET_ALLOW)
			continue;
		compile(whole);
		cr_expect_eq(action_of(FILTER_ARCH, call, 0), SECCOMP_RET_ALLOW,
		             "call %ld", call);
	}
}

/* A client that receives files makes them, signals nothing, and has less than a
 * supervisor that does. */
Test(filter_own, client_has_less)
{
	static const char *const client[] = {"client", NULL};
	static const long needs[] = {SYS_openat2, SYS_openat, SYS_mkdirat,
	                             SYS_renameat2, SYS_unlinkat};
	static const long never[] = {SYS_pidfd_send_signal, SYS_ioctl,
	                             SYS_flock, SYS_linkat, SYS_fchmod};

	compile(client);
	for (size_t i = 0; i < ARRAY_SIZE(needs); i++)
		cr_expect_eq(action_of(FILTER_ARCH, needs[i], 0),
		             SECCOMP_RET_ALLOW, "call %ld", needs[i]);
	for (size_t i = 0; i < ARRAY_SIZE(never); i++)
		cr_expect_eq(action_of(FILTER_ARCH, never[i], 0),
		             SECCOMP_RET_ERRNO | EPERM, "call %ld", never[i]);
	expect_part_of(client, more);
}

/* What makes boxes allows what any filter does, and is the weaker answer to
 * all else: the boxes' own words are heard. */
Test(filter_own, maker_is_wider)
{
	static const char *const all[] = {"base",  "threads",  "unix", "setid",
	                                  "memfd", "affinity", NULL};
	static const long never[] = {SYS_ptrace,         SYS_bpf,
	                             SYS_io_uring_setup, SYS_keyctl,
	                             SYS_userfaultfd,    SYS_mount};
	static struct sock_filter maker[FILTER_MAX];
	size_t n_maker;
	uint32_t action;

	cr_assert_eq(filter_compile_maker(maker, &n_maker, NULL), 0);
	cr_assert_null(bpf_check(maker, n_maker));
	for (int own = 0; own < 2; own++) {
		if (own)
			compile(more);
		else
			cr_assert_eq(filter_compile(all, code, &n_code, NULL),
			             0);
		for (int call = 0; call < 1024; call++) {
			struct seccomp_data data = {.nr = call,
			                            .arch = FILTER_ARCH};

			cr_assert_eq(bpf_run(maker, n_maker, &data, &action),
			             0);
			cr_expect(action == SECCOMP_RET_ALLOW ||
			                  (action == SECCOMP_RET_TRACE &&
			                   action_of(FILTER_ARCH, call, 0) !=
			                           SECCOMP_RET_ALLOW),
			          "call %d: %#x", call, action);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(never); i++) {
		struct seccomp_data data = {.nr = (int)never[i],
		                            .arch = FILTER_ARCH};

		cr_assert_eq(bpf_run(maker, n_maker, &data, &action), 0);
		cr_expect_eq(action, SECCOMP_RET_TRACE, "call %ld", never[i]);
	}
}

/* A counter of the caller itself and of what it starts, and no other. */
Test(filter_own, maker_counts_itself)
{
	static const struct {
		uint64_t args[6];
		bool allowed;
	} rows[] = {
		{{0x1000, 0, -1, -1, 8}, true},
		{{0x1000, 0, 0xffffffff, 0xffffffff, 8}, true},
		{{0x1000, 1, -1, -1, 8}, false},  /* of another process */
		{{0x1000, -1, -1, -1, 8}, false}, /* of all of them */
		{{0x1000, 0, 0, -1, 8}, false},
		{{0x1000, 0, -1, 3, 8}, false},
		{{0x1000, 0, -1, -1, 0}, false},
		{{0x1000, 3, -1, -1, 12}, false}, /* of a cgroup */
	};
	static struct sock_filter maker[FILTER_MAX];
	size_t n_maker;
	uint32_t action;

	cr_assert_eq(filter_compile_maker(maker, &n_maker, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct seccomp_data data = {.nr = SYS_perf_event_open,
		                            .arch = FILTER_ARCH};

		memcpy(data.args, rows[i].args, sizeof(data.args));
		cr_assert_eq(bpf_run(maker, n_maker, &data, &action), 0);
		cr_expect_eq(action == SECCOMP_RET_ALLOW, rows[i].allowed,
		             "row %zu", i);
	}
}

/* It has no listener: what would wait for one is refused, and a call of
 * another architecture is the end. */
Test(filter_own, has_no_listener)
{
	compile(more);
	for (long call = 0; call < 1024; call++) {
		uint32_t action = action_of(FILTER_ARCH, call, 0);

		cr_expect(action == SECCOMP_RET_ALLOW ||
		                  action == (SECCOMP_RET_ERRNO | EPERM) ||
		                  action == (SECCOMP_RET_ERRNO | ENOSYS),
		          "call %ld: %#x", call, action);
		cr_expect_eq(action_of(AUDIT_ARCH_I386, call, 0),
		             SECCOMP_RET_KILL_PROCESS);
		if (FILTER_X32_BIT)
			cr_expect_eq(action_of(FILTER_ARCH,
			                       call | FILTER_X32_BIT, 0),
			             SECCOMP_RET_KILL_PROCESS);
	}
}

/* Its sets are not for programs, and those of programs not for it. */
Test(filter_own, sets_are_apart)
{
	static const char *const base[] = {"base", NULL};
	struct sbx_error err = {0};

	cr_expect_null(filter_set_find("supervisor"));
	cr_expect_eq(filter_compile(few, code, &n_code, &err), -EINVAL);
	cr_expect_not(strstr(err.text, "supervisor-files"), "%s", err.text);
	cr_expect_eq(filter_compile_own(base, code, &n_code, &err), -EINVAL);
}
