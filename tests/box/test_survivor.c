/* SPDX-License-Identifier: MIT */
/* Processes that try to outlive their run, to hide, or to be taken for the
 * program. */
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#include "base/def.h"
#include "support/find.h"
#include "support/run.h"
#include "support/scratch.h"

TestSuite(survivor, .init = adopt_orphans, .timeout = 120);

/* A process in a session of its own that ignores all signals, and one that has
 * a new number every moment, die with the run. */
Test(survivor, daemon_dies_with_the_run)
{
	static const char *const verbs[] = {"daemon", "chain"};
	struct result result;

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		const char *word = canary();

		RUN(&result, COMMAND("@linger", verbs[i], word));
		cr_expect_eq(result.status, 7, "%s: %d", verbs[i],
		             result.status);
		cr_expect_str_eq(result.out.data, "left\n");
		cr_expect_eq(find_process(word), 0, "%s", verbs[i]);
		cr_expect(children_gone(5));
		result_free(&result);
	}
}

/* The control of the test above: such a process is found. */
Test(survivor, daemon_lives_on_outside)
{
	const char *word = canary();
	struct result result;
	pid_t left;

	RUN(&result, .outside = true, COMMAND("@linger", "daemon", word));
	left = find_process(word);
	cr_expect_neq(left, 0);
	cr_expect_not(children_gone(0.1));
	if (left)
		(void)kill(left, SIGKILL);
	cr_expect(children_gone(10));
	result_free(&result);
}

/* Hundreds of orphans are reaped, in spite of a limit of a few processes, and
 * the status is the program's own. */
Test(survivor, orphans_are_reaped)
{
	struct result result;

	RUN(&result, OPTIONS("--pids", "20", "--wall-time", "60s"),
	    COMMAND("@spend", "orphans", "600"));
	cr_expect_eq(result.status, 0, "%d %s", result.status, result.err.data);
	cr_expect_str_eq(result.out.data, "done\n");
	result_free(&result);
}

/* The reported end is that of the program, not of what pid 1 adopted. */
Test(survivor, status_is_the_programs)
{
	struct result result;

	RUN(&result, COMMAND("sh", "-c",
	                     "(sh -c '(sleep 0.1; exit 9) & exit 8' &); sleep "
	                     "0.4; exit 4"));
	cr_expect_eq(result.status, 4);
	result_free(&result);
	RUN(&result, COMMAND("@poke", "sibling"));
	cr_expect_str_eq(result.out.data, "sibling EPERM\n");
	cr_expect_eq(result.status, 0);
	cr_expect(report_lists(&result, "events.denied_syscalls", "clone"));
	result_free(&result);
}

/* Pid 1 can be neither stopped, killed, traced nor read, and the run still
 * ends by its deadline, with the right reason. */
Test(survivor, pid_1_is_untouchable)
{
	static const char *const refused[] = {"trace",    "seize", "vm_readv",
	                                      "getfd",    "kcmp",  "affinity",
	                                      "priority", "limits"};
	struct result result;

	RUN(&result, OPTIONS("--wall-time", text_of("%ds", slowness())),
	    COMMAND("@poke", "init"));
	cr_expect_eq(result.status, 124);
	cr_expect_str_eq(report_at(&result, "reason"), "wall_time");
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		cr_expect_not_null(strstr(result.out.data,
		                          text_of("%s EPERM\n", refused[i])),
		                   "%s: %s", refused[i], result.out.data);
		cr_expect_null(strstr(result.out.data,
		                      text_of("%s ok\n", refused[i])));
	}
	result_free(&result);
}

/* Inside there are only the program's own processes, however long it looks. */
Test(survivor, sees_only_its_own)
{
	struct result result;

	RUN(&result, COMMAND("sh", "-c",
	                     "cd /proc; for p in [0-9]*; do echo $p; done; "
	                     "kill -0 2 && echo self"));
	/* Pid 1, the shell. */
	cr_expect_str_eq(result.out.data, "1\n2\nself\n");
	result_free(&result);
}
