/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/def.h"
#include "kernel/filter.h"
#include "support/bpf.h"
#include "support/verdict.h"

#define CALLS      1024
#define LENGTH_MAX 300 /* instructions; each costs about a microsecond */

static void compile(void)
{
	struct sbx_error err = {0};

	cr_assert_eq(programs_compile(&err), 0, "%s", err.text);
}

/* Every shipped composition makes a program that the kernel's checks pass, as
 * short as it was when this was written. */
Test(filter, is_valid_and_short)
{
	compile();
	for (size_t i = 0; i < N_PROGRAMS; i++) {
		const struct program *program = &programs[i];
		const char *wrong = bpf_check(program->code, program->n_code);

		cr_assert_null(wrong, "program %zu: %s", i, wrong);
		cr_assert_leq(program->n_code, LENGTH_MAX);
		cr_expect_eq(program->n_code, program->n_expected,
		             "program %zu has %zu instructions, not %zu: if "
		             "that is meant, change tests/support/verdict.c",
		             i, program->n_code, program->n_expected);
	}
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void compare(const struct program *program, uint32_t call,
                    const uint64_t *args)
{
	char verdict = program_verdict(program, FILTER_ARCH, call, args);
	char expected = rules_verdict(program, call, args);

	cr_assert_eq(verdict, expected,
	             "call %u (%#lx, %#lx, %#lx, %#lx): %c, not %c", call,
	             args[0], args[1], args[2], args[3], verdict, expected);
}

/* The program says what the rules say: for every number, with arguments that
 * hold for each rule, with each bit of those turned over, and at the edges. */
Test(filter, says_what_the_rules_say, .timeout = 60)
{
	uint64_t random = 0x9e3779b97f4a7c15;

	compile();
	for (size_t i = 0; i < N_PROGRAMS * CALLS; i++) {
		const struct program *program = &programs[i / CALLS];
		const struct filter_rule *rules[256];
		uint32_t call = i % CALLS;
		size_t n = rules_find(program, call, rules, ARRAY_SIZE(rules));
		uint64_t args[N_ARGS] = {0};

		compare(program, call, args);
		memset(args, 0xff, sizeof(args));
		compare(program, call, args);
		for (size_t k = 0; k < n; k++) {
			uint64_t filler = next_random(&random);

			for (unsigned step = 0;
			     rule_probe(rules[k], filler, step, args); step++)
				compare(program, call, args);
		}
	}
}

/* Numbers of x32 and of other architectures never pass, whatever they mean
 * there; nor does a number that no kernel has. */
Test(filter, foreign_calls_are_refused)
{
	static const uint32_t foreign[] = {
		AUDIT_ARCH_I386,    AUDIT_ARCH_ARM, AUDIT_ARCH_RISCV64, 0,
		UINT32_MAX,
#ifdef __x86_64__
		AUDIT_ARCH_AARCH64,
#else
		AUDIT_ARCH_X86_64,
#endif
	};
	uint64_t args[N_ARGS] = {0};

	compile();
	for (size_t i = 0; i < N_PROGRAMS * CALLS; i++) {
		const struct program *program = &programs[i / CALLS];
		uint32_t call = i % CALLS;

		for (size_t k = 0; k < ARRAY_SIZE(foreign); k++)
			cr_assert_eq(program_verdict(program, foreign[k], call,
			                             args),
			             REFUSED, "arch %#x call %u", foreign[k],
			             call);
		if (FILTER_X32_BIT)
			cr_assert_eq(program_verdict(program, FILTER_ARCH,
			                             call | FILTER_X32_BIT,
			                             args),
			             REFUSED, "x32 call %u", call);
	}
}

/* Numbers beyond all tables answer ENOSYS, as an older kernel would. */
Test(filter, unknown_calls_do_not_exist)
{
	static const uint32_t unknown[] = {
		335,        423,        451,        457,
		600,        1024,       0x3fffffff, 0x80000000,
		0xc0000000, 0xfffffffe, UINT32_MAX,
	};
	uint64_t args[N_ARGS] = {0};

	compile();
	for (size_t i = 0; i < N_PROGRAMS * ARRAY_SIZE(unknown); i++)
		cr_assert_eq(program_verdict(&programs[i % N_PROGRAMS],
		                             FILTER_ARCH,
		                             unknown[i / N_PROGRAMS], args),
		             UNKNOWN, "call %u", unknown[i / N_PROGRAMS]);
}

static int thread(void *unused)
{
	(void)unused;
	return 0;
}

/* In a child: 0 when the kernel takes the filter and acts on it. Without a
 * listener a refused call answers ENOSYS. */
static int live(const struct program *program, bool threads)
{
	struct sock_fprog fprog = {
		.len = (unsigned short)program->n_code,
		.filter = (struct sock_filter *)program->code,
	};
	static char stack[65536];
	int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
	            CLONE_THREAD;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &fprog))
		return 1;
	if (getppid() <= 0 || syscall(600) != -1 || errno != ENOSYS)
		return 2;
	if (syscall(SYS_ptrace, 0, 0, 0, 0) != -1 || errno != ENOSYS)
		return 3;
	if (unshare(CLONE_NEWUSER) != -1 || errno != ENOSYS)
		return 4;
	if (syscall(SYS_clone3, NULL, 0) != -1 || errno != ENOSYS)
		return 5;
	if (setuid(1234) != -1 || errno != ENOSYS)
		return 6;
	if ((clone(thread, stack + sizeof(stack), flags, NULL) > 0) != threads)
		return 7;
	return prctl(PR_GET_SECCOMP) == SECCOMP_MODE_FILTER ? 0 : 8;
}

/* The kernel takes each program, and lives up to it. */
Test(filter, is_installed)
{
	compile();
	for (size_t i = 0; i < N_PROGRAMS; i++) {
		int status;
		pid_t pid = fork();

		cr_assert_geq(pid, 0);
		if (pid == 0)
			_exit(live(&programs[i], i > 0));
		cr_assert_eq(waitpid(pid, &status, 0), pid);
		cr_assert_eq(status, 0, "program %zu: status %#x", i, status);
	}
}

static const struct {
	const char *names[4];
	const char *text;
} errors[] = {
	{{NULL},
         "seccomp: names no set; \"base\" is the least that a program "
         "needs"},
	{{"base", "thread"},
         "seccomp: no set is named \"thread\"; there are affinity, base, "
         "memfd, setid, threads, unix"},
	{{""},
         "seccomp: no set is named \"\"; there are affinity, base, memfd, "
         "setid, threads, unix"},
	{{"refused"},
         "seccomp: no set is named \"refused\"; there are affinity, base, "
         "memfd, setid, threads, unix"},
	{{"a\033b\n"},
         "seccomp: no set is named \"a\\x1bb\\x0a\"; there are affinity, base, "
         "memfd, setid, threads, unix"},
};

/* A name that is no set's is one clear line, and writes nothing. */
Test(filter, unknown_sets_are_errors)
{
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		struct sock_filter code[FILTER_MAX] = {{.k = 77}};
		struct sbx_error err = {0};
		size_t n_code = 99;

		cr_assert_eq(
			filter_compile(errors[i].names, code, &n_code, &err),
			-EINVAL);
		cr_assert_str_eq(err.text, errors[i].text);
		cr_assert_eq(err.code, EINVAL);
		cr_assert_eq(err.stage, SBX_STAGE_PLAN);
		cr_assert_eq(n_code, 99);
		cr_assert_eq(code[0].k, 77);
	}
	cr_assert_eq(filter_compile(errors[1].names, NULL, NULL, NULL),
	             -EINVAL);
}

/* A set that is named twice is the same as once. */
Test(filter, sets_may_repeat)
{
	static const char *const names[] = {"base", "base", "threads", "base",
	                                    NULL};
	struct sock_filter code[FILTER_MAX];
	size_t n_code;

	compile();
	cr_assert_eq(filter_compile(names, code, &n_code, NULL), 0);
	cr_assert_eq(n_code, programs[1].n_code);
	cr_assert_arr_eq(code, programs[1].code, n_code * sizeof(code[0]));
}

/* A zygote's filter allows all that its boxes' own allow, and no call that has
 * nothing to do with making one. */
Test(filter, zygote_is_wider)
{
	static const int refused[] = {SYS_ptrace, SYS_bpf, SYS_keyctl,
	                              SYS_io_uring_setup, SYS_userfaultfd};
	struct seccomp_data data = {.arch = FILTER_ARCH};
	struct sock_filter code[FILTER_MAX];
	uint32_t action, own;
	size_t n_code;

	compile();
	cr_assert_eq(
		filter_compile_zygote(programs[1].names, code, &n_code, NULL),
		0);
	cr_expect_null(bpf_check(code, n_code));
	for (unsigned call = 0; call < filter_known_end; call++) {
		data.nr = (int)call;
		cr_assert_eq(bpf_run(code, n_code, &data, &action), 0);
		cr_assert_eq(bpf_run(programs[1].code, programs[1].n_code,
		                     &data, &own),
		             0);
		cr_expect(action == SECCOMP_RET_ALLOW ||
		                  (action == SECCOMP_RET_TRACE &&
		                   own != SECCOMP_RET_ALLOW),
		          "call %u", call);
	}
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		data.nr = refused[i];
		cr_assert_eq(bpf_run(code, n_code, &data, &action), 0);
		cr_expect_eq(action, SECCOMP_RET_TRACE, "call %d", refused[i]);
	}
}

#ifdef __x86_64__
static const struct {
	uint32_t arch, call;
	const char *name;
} names[] = {
	{AUDIT_ARCH_X86_64, 101, "ptrace"},
	{AUDIT_ARCH_X86_64, 0, "read"},
	{AUDIT_ARCH_X86_64, 435, "clone3"},
	{AUDIT_ARCH_X86_64, 600, "#600"},
	{AUDIT_ARCH_X86_64, UINT32_MAX, "#-1"},
	{AUDIT_ARCH_X86_64, 0x40000000, "x32:read"},
	{AUDIT_ARCH_X86_64, 0x40000000 | 520, "x32:execve"},
	{AUDIT_ARCH_X86_64, 0x40000000 | 900, "x32:#900"},
	{AUDIT_ARCH_I386, 5, "i386:open"},
	{AUDIT_ARCH_I386, 310, "i386:unshare"},
	{AUDIT_ARCH_I386, 9999, "i386:#9999"},
	{AUDIT_ARCH_AARCH64, 56, "aarch64:openat"},
	{0x1234, 5, "0x1234:#5"},
	{UINT32_MAX, UINT32_MAX, "0xffffffff:#-1"},
};

/* Refused calls have names that a person understands. */
Test(filter, names_calls)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char buffer[64];

		cr_assert_str_eq(
			filter_call_name(names[i].arch, names[i].call, buffer),
			names[i].name);
	}
}
#endif
