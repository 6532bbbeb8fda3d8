/* SPDX-License-Identifier: MIT */
/* Attacks by and on processes: to outlive the run, to stop its clock, to read
 * its pid 1, to be more than are allowed. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/def.h"
#include "support/attack.h"
#include "support/child.h"
#include "support/find.h"
#include "support/scratch.h"

TestSuite(processes, .init = adopt_orphans, .timeout = 120);

/* The word, each byte one higher: so that it stands in no memory of who looks
 * for it. */
static const char *disguise(const char *word)
{
	char text[128];
	size_t n = 0;

	for (; word[n] && n < sizeof(text) - 2; n++)
		text[n] = (char)(word[n] + 1);
	text[n] = '\0';
	return text_of("%s", text);
}

/* What the caller has in its environment and arguments is in no memory that
 * the program can read: neither its own nor, if that were open, pid 1's. */
Test(processes, P43_memory_of_the_caller)
{
	const char *word = text_of("%s", canary());
	const char *env = text_of("SECRET=%s", word);
	const char *code = disguise(word);
	struct result held, open;

	RUN(&held, .env = WORDS("PATH=/usr/bin", env), .input = code,
	    COMMAND("@swarm", "scan"));
	cr_expect_str_eq(held.out.data, "self ENOENT\n1 ENOENT\n");
	RUN(&open, OPTIONS("--env", env), .input = code,
	    COMMAND("@swarm", "scan"));
	cr_expect(said(&open, "self", "ok"), "control: %s", open.out.data);
	result_free(&held);
	result_free(&open);
	/* Wiped, not only closed. */
	RUN(&open, .without = "dumpable+caps",
	    .env = WORDS("PATH=/usr/bin", env), .input = code,
	    COMMAND("sh", "-c",
	            "tr '\\000' '\\n' </proc/1/environ; tr '\\000' '\\n' "
	            "</proc/1/cmdline; wc -l </proc/1/maps"));
	cr_expect_null(strstr(open.out.data, word), "%s", open.out.data);
	cr_expect_gt(atoi(open.out.data + strspn(open.out.data, "\n")), 3,
	             "control: %s%s", open.out.data, open.err.data);
	result_free(&open);
}

/* Pid 1 is not stopped, traced, read or slowed down; without the filter it is
 * closed all the same; without both it is open, and the deadline still ends
 * the run, from outside. */
Test(processes, P27_pid_1_two_layers)
{
	static const char *const ways[] = {"trace", "kcmp", "affinity",
	                                   "priority", "limits"};
	static const char *const layers[] = {"caps", "filter",
	                                     "filter+dumpable+caps"};
	struct result result;

	for (size_t i = 0; i < ARRAY_SIZE(layers); i++) {
		bool open = i == ARRAY_SIZE(layers) - 1;
		int n_ok = 0;

		RUN(&result, .without = layers[i],
		    OPTIONS("--wall-time", text_of("%ds", slowness())),
		    COMMAND("@poke", "init"));
		for (size_t w = 0; w < ARRAY_SIZE(ways); w++)
			n_ok += said(&result, ways[w], "ok");
		if (open)
			cr_expect_geq(n_ok, 4, "control: %s", result.out.data);
		else
			cr_expect_not(said(&result, "trace", "ok") ||
			                      said(&result, "kcmp", "ok"),
			              "%s: %s", layers[i], result.out.data);
		cr_expect_not(result.timed_out, "%s: it hangs", layers[i]);
		/* Where the filter is missing pid 1's limits can be changed,
		 * and it may fail of that. */
		cr_expect(result.status == 124 ||
		                  (i > 0 && result.status == 125),
		          "%s: %d", layers[i], result.status);
		result_free(&result);
	}
}

static int descriptors_of(pid_t pid)
{
	DIR *directory = opendir(text_of("/proc/%d/fd", pid));
	int n = 0;

	while (directory && readdir(directory))
		n++;
	if (directory)
		(void)closedir(directory);
	return n;
}

/* A fork bomb takes as many processes as it may have, none of the host's
 * descriptors, and ends with its deadline; other boxes run meanwhile. */
Test(processes, P32_fork_bomb)
{
	struct result result, other;
	struct live live;

	call_start(CALL(OPTIONS("--wall-time", "3s", "--pids", "200"),
	                COMMAND("@swarm", "bomb", "2")),
	           &live);
	cr_expect(call_expect(&live, "ready\n"));
	seconds_sleep(0.5);
	cr_expect_lt(descriptors_of(live.pid), 32);
	RUN(&other, COMMAND("echo", "fine"));
	cr_expect_str_eq(other.out.data, "fine\n");
	result_free(&other);
	call_finish(&live, &result);
	cr_expect(result.status == 0 || result.status == 124, "%d",
	          result.status);
	cr_expect_not(result.timed_out || result.held_open);
	result_free(&result);
	cr_expect(children_gone(10));
	RUN(&result, COMMAND("@spend", "forks", "150"));
	RUN(&other, .without = "rlimits", COMMAND("@spend", "forks", "150"));
	cr_expect_str_eq(result.out.data, "63 EAGAIN\n");
	cr_expect_str_eq(other.out.data, "150 all\n", "control");
	result_free(&result);
	result_free(&other);
}

/* The same of threads. */
Test(processes, P32_thread_bomb)
{
	struct result held, open;

	RUN(&held, COMMAND("@spend", "threads", "150"));
	RUN(&open, .without = "rlimits", COMMAND("@spend", "threads", "150"));
	cr_expect_str_eq(held.out.data, "63 EAGAIN\n");
	cr_expect_str_eq(open.out.data, "150 all\n", "control");
	result_free(&held);
	result_free(&open);
}

/* A child that its parent's parent would wait for: refused inside. Outside,
 * and in a box without the filter, there is one. */
Test(processes, P33_no_sibling)
{
	attack("sibling", CALL(COMMAND("@poke", "sibling")),
	       CALL(.without = "filter", COMMAND("@poke", "sibling")), NULL);
}

/* Pid 1 reaps what it did not start, and reports the program's own end all
 * the same. */
Test(processes, P33_sibling_is_not_the_program)
{
	struct result result;

	RUN(&result, .without = "filter",
	    COMMAND("sh", "-c", INSIDE "/poke sibling; sleep 0.3; exit 4"),
	    .helpers = true);
	cr_expect(said(&result, "sibling", "ok"), "control");
	cr_expect_eq(result.status, 4, "%d", result.status);
	result_free(&result);
}

/* Without a session of its own the program would be in its caller's. */
Test(processes, P37_own_session)
{
	struct result held, open;

	RUN(&held, COMMAND("@peek", "session"));
	cr_expect_str_eq(held.out.data, "leader 1\ngroup 1\ntty ENOENT\n");
	RUN(&open, .without = "session", COMMAND("@peek", "session"));
	cr_expect(said(&open, "leader", "0"), "control: %s", open.out.data);
	result_free(&held);
	result_free(&open);
}

/* None of its own files in /proc can be written, those that tell the audit
 * log or the memory killer something among them. */
Test(processes, P41_own_proc_files)
{
	attack_some("/proc/self", CALL(COMMAND("@swarm", "self")),
	            CALL(.outside = true, COMMAND("@swarm", "self")), 4);
}

static void want_core(const void *data)
{
	struct rlimit all;

	(void)data;
	(void)getrlimit(RLIMIT_CORE, &all);
	all.rlim_cur = all.rlim_max;
	(void)setrlimit(RLIMIT_CORE, &all);
}

/* A crash leaves no file, and runs no handler of the host's: the limit is one
 * byte, since 0 does not keep a handler away. */
Test(processes, P44_no_core)
{
	struct result held, open;
	struct buffer pattern = {0};

	read_file("/proc/sys/kernel/core_pattern", &pattern);
	RUN(&held, .prepare = want_core, COMMAND("@swarm", "core"));
	cr_expect_str_eq(held.out.data, "core ENOENT\n");
	result_free(&held);
	RUN(&open, .without = "rlimits", .prepare = want_core,
	    COMMAND("sh", "-c",
	            "grep core.file /proc/self/limits; " INSIDE "/swarm core"),
	    .helpers = true);
	/* Where it would go to is the host's; that it would is seen here. */
	cr_expect_null(strstr(open.out.data, "size        1 "), "control: %s",
	               open.out.data);
	if (strchr("|/", pattern.data[0]) == NULL)
		cr_expect(said(&open, "core", "ok"), "control: %s",
		          open.out.data);
	result_free(&open);
	buffer_free(&pattern);
}

/* Pid 1 dies with its caller by a signal that the kernel sends, and, if that
 * had been lost, by the end of its wire. */
Test(processes, P30_two_ways_to_die)
{
	static const char *const layers[] = {NULL, "deathsig"};

	for (size_t i = 0; i < ARRAY_SIZE(layers); i++) {
		const char *word = canary();
		struct result result;
		struct live live;

		call_start(CALL(.without = layers[i],
		                COMMAND("@linger", "deaf", word)),
		           &live);
		cr_expect(call_expect(&live, "ready\n"));
		cr_expect_neq(find_process(word), 0);
		(void)kill(live.pid, SIGKILL);
		call_finish(&live, &result);
		cr_expect_eq(find_survivor(word, 10), 0, "layer %zu", i);
		cr_expect(children_gone(10));
		result_free(&result);
	}
}
