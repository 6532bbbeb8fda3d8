/* SPDX-License-Identifier: MIT */
/* Attacks on the kernel's surface: the calls that are not to be had. */
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#include "base/def.h"
#include "support/attack.h"
#include "support/find.h"
#include "support/scratch.h"

TestSuite(kernel, .timeout = 120);

#define CALLS(...) COMMAND("@calls", __VA_ARGS__)

static int count(const char *text, const char *word)
{
	int n = 0;

	for (; (text = strstr(text, word)); text += strlen(word))
		n++;
	return n;
}

/* Every thread has the filter, and what it execs as well. */
Test(kernel, K53_every_thread_is_filtered)
{
	struct result held, open;

	RUN(&held, CALLS("threads"));
	cr_expect_eq(count(held.out.data, "Seccomp:\t2\n"), 6, "%s",
	             held.out.data);
	RUN(&open, .outside = true, CALLS("threads"));
	cr_expect_eq(count(open.out.data, "Seccomp:\t0\n"), 6, "control: %s",
	             open.out.data);
	result_free(&held);
	result_free(&open);
}

/* No call of the list of refused ones reaches the kernel; without the filter
 * most do, and all that this kernel has and that take no right of the host. */
Test(kernel, K54_refused_calls)
{
	attack_some("refused calls", CALL(CALLS("table")),
	            CALL(.without = "filter+caps", CALLS("table")), 45);
}

/* The same with the filter as the only layer, as for K62. */
Test(kernel, K62_filter_alone)
{
	attack_some("without capabilities dropped",
	            CALL(.without = "caps+privileges", CALLS("table")),
	            CALL(.without = "filter+caps", CALLS("table")), 45);
}

/* A call through the gate of another architecture ends the run, and never
 * makes a namespace; so does a program of that architecture. */
Test(kernel, K55_foreign_gate)
{
	static const char *const verbs[] = {"foreign", "elf32"};
	struct result held, open;

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		RUN(&open, .without = "filter+sysctls", CALLS(verbs[i]));
		RUN(&held, CALLS(verbs[i]));
		cr_expect_not(said(&held, "int80", "ok"));
		/* A kernel without that gate is its own control. */
		if (said(&open, "int80", "ok") || open.status == 42)
			cr_expect_str_eq(report_at(&held, "reason"), "syscall");
		else
			cr_expect(open.status == 128 + SIGSEGV ||
			                  open.status == 1,
			          "control: %s: %d", verbs[i], open.status);
		result_free(&held);
		result_free(&open);
	}
}

/* Numbers that the filter does not know and clone3 do not exist, so that
 * libraries fall back, and threads work. */
Test(kernel, K56_newer_calls_do_not_exist)
{
	struct result held, open;

	RUN(&held, CALLS("newer"));
	cr_expect_str_eq(held.out.data, "600 ENOSYS\n-1 ENOSYS\nclone3 "
	                                "ENOSYS\nthread works\n");
	RUN(&open, .without = "filter", CALLS("newer"));
	cr_expect(said(&open, "clone3", "ok"), "control: %s", open.out.data);
	result_free(&held);
	result_free(&open);
}

/* What a call is refused for stands in 32 bits of an argument; the others,
 * which the kernel does not look at, change no verdict. */
Test(kernel, K57_upper_halves)
{
	/* The kernel's own answer is EPERM. */
	static const char *const spared[] = {"PR_SET_MM", NULL};
	static const char *const verbs[] = {"arguments", "wide"};

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		attack(verbs[i], CALL(CALLS(verbs[i])),
		       CALL(.without = "filter+caps", CALLS(verbs[i])), spared);
}

/* No new namespace by clone or unshare, of any kind, alone or with a user
 * namespace that would give the right to. */
Test(kernel, K58_no_new_namespaces)
{
	attack("alone", CALL(CALLS("spaces")),
	       CALL(.without = "filter+caps+sysctls", CALLS("spaces")), NULL);
	attack("with a user namespace", CALL(CALLS("spaces", "users")),
	       CALL(.without = "filter+sysctls", CALLS("spaces", "users")),
	       NULL);
}

/* Two layers refuse a user namespace, each without the other. */
Test(kernel, K59_nested_users_two_layers)
{
	const struct call *open =
		CALL(.without = "filter+sysctls", CALLS("spaces", "users"));
	struct result result;

	attack("the limit alone",
	       CALL(.without = "filter", CALLS("spaces", "users")), open, NULL);
	attack("the filter alone",
	       CALL(.without = "sysctls", CALLS("spaces", "users")), open,
	       NULL);
	RUN(&result, COMMAND("unshare", "-r", "true"));
	cr_expect_eq(result.status, 1, "%d", result.status);
	cr_expect_not_null(strstr(result.err.data, "unshare"));
	result_free(&result);
	RUN(&result, COMMAND("bwrap", "--ro-bind", "/", "/", "true"));
	cr_expect_neq(result.status, 0);
	result_free(&result);
}

/* No key can be made, nor those of others be listed. */
Test(kernel, K61_no_keys)
{
	const char *word = canary();
	struct result result;
	struct live live;

	attack("keys", CALL(CALLS("keys", word)),
	       CALL(.outside = true, CALLS("keys", word)), NULL);
	/* Of one that another process has, too. */
	call_start(CALL(.outside = true, CALLS("keys", word, word)), &live);
	cr_expect(call_expect(&live, "seen ok\n"), "control");
	RUN(&result, CALLS("keys", "other"));
	cr_expect(said(&result, "seen", "ENOENT"));
	result_free(&result);
	(void)kill(live.pid, SIGTERM);
	call_finish(&live, &result);
	result_free(&result);
}

/* A program confines itself further by a filter and by Landlock. */
Test(kernel, K64_may_confine_itself)
{
	struct result result;

	RUN(&result, CALLS("own"));
	cr_expect_str_eq(result.out.data,
	                 "no_new_privs 0\nlandlock 0\nwrite -1\nfilter 0\n"
	                 "parents EXDEV\n",
	                 "%s", result.err.data);
	result_free(&result);
}

/* Memory of pools that the whole machine shares is not to be had, and locked
 * memory is little. */
Test(kernel, K66_huge_and_locked_memory)
{
	struct result held, open;

	RUN(&held, CALLS("huge"));
	cr_expect_str_eq(held.out.data,
	                 "huge EPERM\nmlock ENOMEM\nmlockall ENOMEM\n");
	RUN(&open, .without = "filter+caps", CALLS("huge"));
	cr_expect_not(said(&open, "huge", "EPERM"), "control");
	cr_expect(said(&open, "mlockall", "ENOMEM") ||
	                  said(&open, "mlockall", "ok"),
	          "control");
	result_free(&held);
	result_free(&open);
}

/* Scripts that run scripts, a script that is its own interpreter, or the
 * program's own file: an error each, as outside, and no end of sbx. */
Test(kernel, P45_chains_of_scripts, .init = scratch_make,
     .fini = scratch_remove)
{
	struct result held, open;

	RUN(&held, CALLS("chain", "/tmp"));
	RUN(&open, .outside = true, CALLS("chain", scratch("")));
	cr_expect_str_eq(held.out.data, open.out.data);
	cr_expect_eq(count(held.out.data, "first 7\n"), 1);
	cr_expect_eq(count(held.out.data, "self 100\n"), 1);
	cr_expect_eq(held.status, 0);
	result_free(&held);
	result_free(&open);
}
