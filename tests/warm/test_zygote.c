/* SPDX-License-Identifier: MIT */
/* Boxes that a zygote forks: they are as any other, hold nothing of it that
 * another run could use, and it is replaced when it is worn or dies. */
#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "box/box.h"
#include "support/child.h"
#include "support/find.h"
#include "support/scratch.h"
#include "support/warm.h"
#include "warm/leaving.h"
#include "warm/pool.h"

static void setup(void)
{
	scratch_make();
	adopt_orphans();
}

TestSuite(zygote, .init = setup, .fini = scratch_remove, .timeout = 300);

/* Whether the interpreter has the module with which zygotes fork. */
static const char forked[] =
	"print('/zygote/module.so' in open('/proc/self/maps').read())";

static void expect_output(struct sbx_pool *pool, const struct warm_call *call,
                          const char *output)
{
	struct result result;

	if (pool)
		pool_await(pool, 1);
	warm_run(pool, call, &result);
	cr_expect_str_eq(report_at(&result, "stdout"), output, "%s: %s",
	                 call->code, report_at(&result, "stderr"));
	result_free(&result);
}

/* A pool of the profile python forks its boxes; one that says standby, or
 * whose runs have what a zygote cannot hand down, starts them. */
Test(zygote, forks)
{
	const struct warm_call calls[] = {
		{.code = forked},
		{.code = forked, .settings = WORDS("warm.kind", "standby")},
		{.code = forked,
	         .settings = WORDS("mounts", "/usr/share:/workspace/a")},
	};
	struct sbx_pool *pool;

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		pool = warm_pool(&calls[i], 1);
		expect_output(pool, &calls[i], i == 0 ? "True\n" : "False\n");
		sbx_pool_close(pool);
		expect_output(NULL, &calls[i], "False\n");
	}
	cr_expect(children_gone(5));
}

/* Takes out of what `whole` says what differs: a box of a zygote has the
 * zygote's filter beside its own. */
static const char whole[] =
	"import os, re, subprocess, sys\n"
	"os.chmod('whole', 0o700)\n"
	"text = subprocess.run(['./whole'] + sys.argv[1:],\n"
	"                      stdout=subprocess.PIPE).stdout.decode()\n"
	"print(re.sub('Seccomp_filters:.*', '', text))\n";

/* All that a box is made of, as a program finds it, in three ways. */
Test(zygote, is_a_whole_box)
{
	static const char *const kinds[] = {"user", "pid", "net",   "ipc",
	                                    "uts",  "mnt", "cgroup"};
	char names[ARRAY_SIZE(kinds)][64] = {{0}};
	const char *words[ARRAY_SIZE(kinds) + 1] = {NULL};
	const char *prog = text_of("%s/whole:whole", program_dir());
	const struct warm_call calls[] = {
		{.code = whole,
	         .arguments = words,
	         .settings = WORDS("inputs", prog)},
		{.code = whole,
	         .arguments = words,
	         .settings = WORDS("inputs", prog, "warm.kind", "standby")},
	};
	struct result cold, warm;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		(void)!readlink(text_of("/proc/self/ns/%s", kinds[i]), names[i],
		                sizeof(names[i]) - 1);
		words[i] = names[i];
	}
	warm_run(NULL, &calls[0], &cold);
	cr_expect_not_null(strstr(report_at(&cold, "stdout"), "namespace user"),
	                   "%s", report_at(&cold, "stderr"));
	cr_expect_null(strstr(report_at(&cold, "stdout"), "SHARED"));
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		struct sbx_pool *pool = warm_pool(&calls[i], 1);

		pool_await(pool, 1);
		warm_run(pool, &calls[i], &warm);
		cr_expect_str_eq(report_at(&warm, "stdout"),
		                 report_at(&cold, "stdout"));
		result_free(&warm);
		sbx_pool_close(pool);
	}
	result_free(&cold);
}

/* A profile whose zygote loads modules, a JSON list of them. */
static void write_profile(char path[PATH_MAX], const char *modules)
{
	const char *text =
		text_of("{\"extends\": \"base\", \"command\": [\"python3\", "
	                "\"{file}\"], "
	                "\"warm\": {\"kind\": \"zygote\", \"preload\": %s}}",
	                modules);

	(void)snprintf(path, PATH_MAX, "%s", scratch_text("p.json", text));
}

/* Two boxes of one zygote that has loaded modules print different things for
 * every code. */
static void expect_different(const char *modules, const char *const *codes)
{
	char code[512], profile[PATH_MAX];
	const struct warm_call call = {.code = code, .profile = profile};
	struct sbx_pool *pool;
	struct result a, b;

	code[0] = '\0';
	write_profile(profile, modules);
	pool = warm_pool(&call, 2);
	for (; *codes; codes++) {
		(void)snprintf(code, sizeof(code), "%s; %s", *codes, forked);
		pool_await(pool, 2);
		warm_run(pool, &call, &a);
		warm_run(pool, &call, &b);
		cr_expect_str_eq(report_at(&a, "status"), "success", "%s",
		                 report_at(&a, "stderr"));
		cr_expect_not_null(strstr(report_at(&a, "stdout"), "True"));
		cr_expect_str_neq(report_at(&a, "stdout"),
		                  report_at(&b, "stdout"), "%s", *codes);
		result_free(&a);
		result_free(&b);
	}
	sbx_pool_close(pool);
}

/* What the zygote has loaded draws other numbers in each box. */
Test(zygote, reseeds)
{
	static const char *const codes[] = {
		"import random; print(random.random())",
		"import ssl; print(ssl.RAND_bytes(8))",
		"import uuid; print(uuid.uuid4())",
		"import secrets; print(secrets.token_hex())",
		"import tempfile; print(tempfile.mkdtemp())",
		"import os, sys; print('ssl' in sys.modules, os.urandom(4))",
		NULL,
	};

	expect_different("[\"random\", \"ssl\", \"tempfile\", \"uuid\"]",
	                 codes);
}

/* And so does numpy, whose generators nothing reseeds at a fork. */
Test(zygote, reseeds_numpy)
{
	static const char *const codes[] = {
		"import numpy; print(numpy.random.random())",
		"import numpy; print(numpy.random.get_state()[1][:2])",
		"import numpy; print(numpy.random.default_rng().random())",
		"import numpy; print(numpy.random.RandomState().random())",
		"import numpy; print(numpy.random.permutation(100))",
		NULL,
	};

	if (access("/usr/lib/python3/dist-packages/numpy", F_OK) < 0)
		skip("numpy is not installed");
	expect_different("[\"numpy\"]", codes);
}

/* What C code has written is there at the end, whether the zygote or the
 * program has loaded what it wrote with. */
Test(zygote, flushes_what_c_has_written)
{
	static const char code[] =
		"import ctypes; ctypes.CDLL(None).printf(b'of C')";
	char profile[PATH_MAX];
	const struct warm_call calls[] = {
		{.code = code},
		{.code = code, .profile = profile},
	};

	write_profile(profile, "[\"ctypes\"]");
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		struct sbx_pool *pool = warm_pool(&calls[i], 1);

		expect_output(pool, &calls[i], "of C");
		sbx_pool_close(pool);
	}
}

/* A run that breaks its interpreter breaks its own. */
Test(zygote, holds_a_broken_interpreter_in)
{
	static const char *const codes[] = {
		"import builtins; builtins.print = None; del builtins.open",
		"import sys; sys.modules.clear(); sys.path[:] = []",
		"import ctypes; ctypes.memset(id(7), 0, 32)",
		"import ctypes; ctypes.memset(id(int), 255, 64)",
		"import os; os.kill(os.getppid(), 9); os.kill(-1, 9)",
		"import os\nwhile True: os.fork()",
		"open('/proc/self/mem', 'r+b').write(b'x')",
	};
	struct sbx_pool *pool = warm_pool(WARM(), 1);
	struct result result;

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		pool_await(pool, 1);
		warm_run(pool,
		         WARM(.code = codes[i],
		              .settings = WORDS("limits.wall_time", "2s")),
		         &result);
		result_free(&result);
		expect_output(pool, WARM(.code = "print(3 + 4, [7])"),
		              "7 [7]\n");
	}
	sbx_pool_close(pool);
	cr_expect(children_gone(5));
}

/* Where there is none that waits, one is made at once, if forking is all it
 * takes. */
Test(zygote, hurries)
{
	struct sbx_pool *pool = warm_pool(WARM(), 2);
	struct result result;

	cr_expect_not(pool_hurry(pool, false), "there is no zygote yet");
	pool_await(pool, 2);
	for (int i = 0; i < 2; i++) {
		warm_run(pool, WARM(.code = "pass"), &result);
		result_free(&result);
	}
	cr_expect_eq(pool_count(pool), 0);
	cr_expect(pool_hurry(pool, false));
	cr_expect_eq(pool_count(pool), 1);
	cr_expect(pool_hurry(pool, false));
	cr_expect_eq(pool_count(pool), 1, "one is on its way");
	cr_expect(pool_hurry(pool, true));
	cr_expect_eq(pool_count(pool), 2);
	sbx_pool_close(pool);
}

/* Nothing of who keeps the zygote is in the memory of a run. */
Test(zygote, has_no_memory_of_its_keeper)
{
	/* The patterns do not match themselves. */
	static const char code[] =
		"import re\n"
		"own, found = 'OWN-MARK', [False, False]\n"
		"mem = open('/proc/self/mem', 'rb')\n"
		"for line in open('/proc/self/maps'):\n"
		"  ends = [int(x, 16) for x in line.split()[0].split('-')]\n"
		"  if 'r' not in line.split()[1] or '[v' in line: continue\n"
		"  mem.seek(ends[0]); text = mem.read(ends[1] - ends[0])\n"
		"  found[0] |= bool(re.search(b'SECRET-OF-[K]EEPER', text))\n"
		"  found[1] |= bool(re.search(b'OWN-[M]ARK', text))\n"
		"print(found)\n";
	char *secret = strdup("SECRET-OF-KEEPER");
	struct sbx_pool *pool;

	cr_assert_eq(setenv("SBX_TEST_SECRET", secret, 1), 0);
	pool = warm_pool(WARM(), 1);
	expect_output(pool, WARM(.code = code), "[False, True]\n");
	sbx_pool_close(pool);
	free(secret);
}

/* When a zygote is killed, its pid 1 or its interpreter, whoever steps the
 * pool is told, a run that was there ends with a report that says so, and
 * another zygote takes its place. */
Test(zygote, is_replaced_when_it_dies)
{
	const struct warm_call call = {.code = "import time; time.sleep(60)"};
	const struct sbx_stdio captured = {-1, -1, -1};
	struct sbx_pool *pool = warm_pool(WARM(), 1);
	struct sbx_error err = {0};

	for (int i = 0; i < 2; i++) {
		struct sbx_plan *plan = warm_plan(&call);
		pid_t pid;
		struct sbx_box *box = NULL;

		pool_await(pool, 1);
		cr_assert_eq(sbx_pool_start(pool, plan, &captured, &box, &err),
		             0, "%s", err.text);
		pid = child_of(getpid());
		cr_assert_eq(kill(i ? child_of(pid) : pid, SIGKILL), 0);
		cr_expect_eq(sbx_box_wait(box, &err), 0, "%s", err.text);
		cr_expect_eq(sbx_box_outcome(box).exit_status, 125);
		cr_expect_str_eq(sbx_box_outcome(box).status, "error");
		sbx_box_close(box);
		sbx_plan_free(plan);
		seconds_sleep(0.2);
		cr_expect_lt(sbx_pool_step(pool, &err), 0);
		cr_expect_not_null(strstr(err.text, "ahead"), "%s", err.text);
	}
	expect_output(pool, WARM(.code = forked), "True\n");
	sbx_pool_close(pool);
	cr_expect(children_gone(5));
}

/* One that has forked its share is replaced; its boxes go on, and it ends with
 * the last of them, also after the pool. */
Test(zygote, is_replaced_when_it_is_worn)
{
	static const char seed[] = "print(hash('x'))";
	const struct warm_call wait = {.code = "input()"};
	const struct sbx_stdio captured = {-1, -1, -1};
	struct sbx_pool *pool = warm_pool(WARM(), 1);
	struct sbx_plan *plan = warm_plan(&wait);
	struct sbx_box *box = NULL;
	struct sbx_error err = {0};
	struct result first, result;
	bool changed = false;

	pool_wear(pool, 2);
	pool_await(pool, 1);
	warm_run(pool, WARM(.code = seed), &first);
	for (int i = 0; i < 8 && !changed; i++) {
		pool_await(pool, 1);
		warm_run(pool, WARM(.code = seed), &result);
		changed = strcmp(report_at(&first, "stdout"),
		                 report_at(&result, "stdout")) != 0;
		result_free(&result);
		seconds_sleep(0.2);
	}
	cr_expect(changed);
	pool_await(pool, 1);
	cr_assert_eq(sbx_pool_start(pool, plan, &captured, &box, &err), 0);
	sbx_pool_close(pool);
	cr_expect_neq(child_of(getpid()), 0);
	cr_expect_eq(sbx_box_wait(box, &err), 0, "%s", err.text);
	cr_expect_str_eq(sbx_box_outcome(box).reason, "exited");
	sbx_box_close(box);
	cr_expect(children_gone(0));
	sbx_plan_free(plan);
	result_free(&first);
}

/* What is given up is not waited for: a waiting box and then the zygote, which
 * stays while a run needs it, go by and by. */
Test(zygote, leaves_by_and_by)
{
	const struct warm_call wait = {.code = "input()"};
	const struct sbx_stdio captured = {-1, -1, -1};
	struct sbx_pool *pool = warm_pool(WARM(), 2);
	struct sbx_plan *plan = warm_plan(&wait);
	struct leaving leaving = {0};
	struct sbx_box *box = NULL;
	struct sbx_error err = {0};

	pool_leave_to(pool, &leaving);
	pool_await(pool, 2);
	cr_assert_eq(sbx_pool_start(pool, plan, &captured, &box, &err), 0);
	sbx_pool_close(pool);
	cr_assert_not_null(leaving.first);
	cr_expect_not_null(leaving.first->next);
	for (int i = 0; i < 500 && leaving.first->next; i++) {
		seconds_sleep(0.02);
		leaving_tidy(&leaving);
	}
	cr_expect_null(leaving.first->next, "the box");
	cr_expect_neq(child_of(getpid()), 0, "and not the zygote");
	cr_expect_eq(sbx_box_wait(box, &err), 0, "%s", err.text);
	cr_expect_str_eq(sbx_box_outcome(box).reason, "exited");
	sbx_box_close(box);
	for (int i = 0; i < 500 && leaving.first; i++) {
		seconds_sleep(0.02);
		leaving_tidy(&leaving);
	}
	cr_expect_null(leaving.first);
	cr_expect(children_gone(0));
	sbx_plan_free(plan);
}

/* Its boxes are not the supervisor's children: what they used is known all the
 * same. */
Test(zygote, usage_of_what_is_stopped)
{
	struct sbx_pool *pool = warm_pool(WARM(), 1);
	struct result result;

	pool_await(pool, 1);
	warm_run(pool,
	         WARM(.code = "while True: pass",
	              .settings = WORDS("limits.wall_time", "1s")),
	         &result);
	cr_expect_str_eq(report_at(&result, "reason"), "wall_time");
	cr_expect_gt(report_number(&result, "usage.cpu_time_s"), 0.02);
	result_free(&result);
	sbx_pool_close(pool);
}
