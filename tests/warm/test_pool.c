/* SPDX-License-Identifier: MIT */
/* Pools: what they take and refuse, that no run shows in another, that limits
 * count from the start of the run, and that nothing is left. */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/child.h"
#include "support/find.h"
#include "support/scratch.h"
#include "support/warm.h"

static void setup(void)
{
	scratch_make();
	adopt_orphans();
}

TestSuite(pool, .init = setup, .fini = scratch_remove, .timeout = 300);

/* Nothing that one run leaves is there for the next: files, memory, sockets,
 * names, processes. The first finds its own, so that the look can see them. */
Test(pool, no_run_shows_in_another)
{
	static const char code[] =
		"import os, socket, sys\n"
		"def there():\n"
		"  s = socket.socket(socket.AF_UNIX)\n"
		"  return [os.path.exists(p) for p in ('/tmp/a', 'a',\n"
		"    '/dev/shm/a')] + [s.connect_ex('\\0name') == 0,\n"
		"    len([p for p in os.listdir('/proc') if p.isdigit()]),\n"
		"    'MARK' in os.environ, hasattr(sys, 'mark'),\n"
		"    socket.gethostname()]\n"
		"print(there())\n"
		"for p in ('/tmp/a', 'a', '/dev/shm/a'): open(p, 'w').close()\n"
		"s = socket.socket(socket.AF_UNIX); s.bind('\\0name')\n"
		"s.listen(); os.environ['MARK'] = '1'; sys.mark = 1\n"
		"if os.fork() == 0: os.setsid(); os.execvp('sleep', ['sleep', "
		"'60'])\n"
		"print(there())\n";
	struct sbx_pool *pool = warm_pool(WARM(), 2);
	struct result first, second;
	const char *line;

	pool_await(pool, 2);
	warm_run(pool, WARM(.code = code), &first);
	warm_run(pool, WARM(.code = code), &second);
	cr_expect_str_eq(report_at(&first, "status"), "success", "%s",
	                 report_at(&first, "stderr"));
	cr_expect_str_eq(report_at(&second, "stdout"),
	                 report_at(&first, "stdout"));
	line = strchr(report_at(&first, "stdout"), '\n');
	cr_expect_str_eq(line, "\n[True, True, True, True, 3, True, True, "
	                       "'sbx']\n");
	cr_expect_eq(strncmp(report_at(&first, "stdout"),
	                     "[False, False, False, False, 2, False, False, ",
	                     46),
	             0);
	result_free(&first);
	result_free(&second);
	sbx_pool_close(pool);
}

/* Each run has namespaces, random numbers and, where its interpreter was
 * started for it, a hash seed and an address layout of its own. */
Test(pool, each_run_is_fresh)
{
	static const char *const codes[] = {
		"import os; print(os.stat('/proc/self/ns/user').st_ino, "
		"os.stat('/proc/self/ns/net').st_ino)",
		"import random; print(random.random())",
		"print(hash('x'))",
		"print([l for l in open('/proc/self/maps') if 'libc' in l][0])",
		"import os; print(os.urandom(8))",
		"import uuid; print(uuid.uuid4(), id(object()))",
	};
	const char *const *standby = WORDS("warm.kind", "standby");
	struct sbx_pool *pool = warm_pool(WARM(.settings = standby), 2);
	struct result a, b;

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		const struct warm_call call = {.code = codes[i],
		                               .settings = standby};

		pool_await(pool, 2);
		warm_run(pool, &call, &a);
		warm_run(pool, &call, &b);
		cr_expect_str_eq(report_at(&a, "status"), "success");
		cr_expect_str_neq(report_at(&a, "stdout"),
		                  report_at(&b, "stdout"), "%s", codes[i]);
		cr_expect_str_neq(report_at(&a, "id"), report_at(&b, "id"));
		result_free(&a);
		result_free(&b);
	}
	sbx_pool_close(pool);
}

/* A limit counts from the start of the run, whatever the box has waited or its
 * interpreter has used before, and each has its verdict. */
Test(pool, limits)
{
	const struct {
		const char *code, *reason;
		const char *const *settings;
	} rows[] = {
		{"while True: pass", "wall_time",
	         WORDS("limits.wall_time", "300ms")},
		{"print('quick')", "exited", WORDS("limits.wall_time", "5s")},
		{"while True: pass", "cpu_time",
	         WORDS("limits.cpu_time", "200ms")},
		{"x = bytearray(1 << 28); x[::4096] = bytes(1 << 16); "
	         "input(); import time; time.sleep(9)",
	         "exited", WORDS("limits.memory", "300M")},
		{"x = b'x' * (400 << 20); import time; time.sleep(30)",
	         "memory", WORDS("limits.memory", "64M")},
		{"while True: print('x' * 1000)", "output",
	         WORDS("limits.output", "2K", "limits.output_action", "kill")},
		{"import time; time.sleep(30)", "idle_time",
	         WORDS("limits.idle_time", "300ms")},
		{"import os\ntry:\n  while True: os.fork()\nexcept OSError: "
	         "pass",
	         "exited", WORDS("limits.pids", "8")},
	};
	struct result result;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct warm_call call = {.code = rows[i].code,
		                               .settings = rows[i].settings};
		struct sbx_pool *pool = warm_pool(&call, 1);

		pool_await(pool, 1);
		seconds_sleep(0.4);
		warm_run(pool, &call, &result);
		cr_expect_str_eq(report_at(&result, "reason"), rows[i].reason,
		                 "row %zu: %s", i,
		                 report_at(&result, "stderr"));
		result_free(&result);
		sbx_pool_close(pool);
	}
}

/* What the interpreter used before the run is not the run's. */
Test(pool, usage_is_the_runs)
{
	static const char burn[] =
		"import time\nwhile time.process_time() < .3: pass\n";
	struct sbx_pool *pool = warm_pool(WARM(), 1);
	struct result quiet, busy, cold;

	warm_run(NULL, WARM(.code = ""), &cold);
	pool_await(pool, 1);
	warm_run(pool, WARM(.code = ""), &quiet);
	pool_await(pool, 1);
	warm_run(pool, WARM(.code = burn), &busy);
	cr_expect_lt(report_number(&quiet, "usage.cpu_time_s"),
	             report_number(&cold, "usage.cpu_time_s"));
	cr_expect_gt(report_number(&busy, "usage.cpu_time_s"), 0.15);
	cr_expect_lt(report_number(&quiet, "setup_time_s"),
	             report_number(&cold, "setup_time_s"));
	result_free(&quiet);
	result_free(&busy);
	result_free(&cold);
	sbx_pool_close(pool);
}

/* Only a run that asks for the very box gets it; what a box is told later may
 * differ. */
Test(pool, takes_what_fits)
{
	const struct {
		const char *const *settings;
		int r;
	} rows[] = {
		{NULL, 0},
		{WORDS("limits.wall_time", "7s"), 0},
		{WORDS("limits.idle_time", "7s"), 0},
		{WORDS("limits.output", "7"), 0},
		{WORDS("limits.output_action", "kill"), 0},
		{WORDS("env", "X=1"), 0},
		{WORDS("stdin_file", "/dev/null"), 0},
		{WORDS("inputs", "/etc/passwd"), 0},
		{WORDS("inputs", "/etc/passwd:a/b/c"), 0},
		{WORDS("env", "PYTHONHASHSEED=1"), -ESTALE},
		{WORDS("env", "LD_PRELOAD=x"), -ESTALE},
		{WORDS("env", "PATH=/bin"), -ESTALE},
		{WORDS("env", "TZ=UTC"), -ESTALE},
		{WORDS("limits.cpu_time", "7s"), -ESTALE},
		{WORDS("limits.memory", "77M"), -ESTALE},
		{WORDS("limits.pids", "7"), -ESTALE},
		{WORDS("limits.disk", "7M"), -ESTALE},
		{WORDS("limits.inodes", "77"), -ESTALE},
		{WORDS("limits.open_files", "77"), -ESTALE},
		{WORDS("limits.file_size", "77"), -ESTALE},
		{WORDS("limits.stack", "1M"), -ESTALE},
		{WORDS("limits.cpus", "none"), -ESTALE},
		{WORDS("limits.fuel", "none"), 0},
		{WORDS("network.mode", "none"), -ESTALE},
		{WORDS("mounts", "/usr/share:/mnt"), -ESTALE},
		{WORDS("workdir", "/tmp"), -ESTALE},
		{WORDS("hostname", "other"), -ESTALE},
	};
	const struct sbx_stdio captured = {-1, -1, -1};
	struct sbx_pool *pool = warm_pool(WARM(), 1);
	struct sbx_error err = {0};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct warm_call call = {.code = "pass",
		                               .settings = rows[i].settings};
		struct sbx_plan *plan = warm_plan(&call);
		struct sbx_box *box = NULL;

		pool_await(pool, 1);
		cr_expect_eq(sbx_pool_start(pool, plan, &captured, &box, &err),
		             rows[i].r, "row %zu: %s", i, err.text);
		cr_expect_eq(box != NULL, rows[i].r == 0);
		if (box)
			cr_expect_eq(sbx_box_wait(box, &err), 0, "%s",
			             err.text);
		sbx_box_close(box);
		sbx_plan_free(plan);
	}
	sbx_pool_close(pool);
}

/* A run of another name, or with much to be told. */
Test(pool, tells_names_and_arguments)
{
	char *big = malloc(70000);
	const char *words[] = {big, NULL};
	const struct sbx_stdio captured = {-1, -1, -1};
	const struct warm_call call = {.code = "pass", .arguments = words};
	struct sbx_pool *pool = warm_pool(WARM(), 1);
	struct sbx_plan *plan;
	struct sbx_error err = {0};
	struct sbx_box *box = NULL;
	struct result result;

	memset(big, 'x', 70000);
	big[69999] = '\0';
	pool_await(pool, 1);
	plan = warm_plan(&call);
	cr_expect_eq(sbx_pool_start(pool, plan, &captured, &box, &err), -E2BIG);
	sbx_plan_free(plan);
	big[60000] = '\0';
	warm_run(pool,
	         WARM(.code = "import sys; print(len(sys.argv[1]))",
	              .arguments = words),
	         &result);
	cr_expect_str_eq(report_at(&result, "stdout"), "60000\n");
	result_free(&result);
	sbx_pool_close(pool);
	free(big);
}

/* An interpreter that is killed while it waits costs the pool that box, and
 * the next run nothing. */
Test(pool, replaces_what_dies)
{
	struct sbx_pool *pool = warm_pool(WARM(), 1);
	struct sbx_error err = {0};
	struct result result;

	for (int i = 0; i < 4; i++) {
		pid_t pid;

		pool_await(pool, 1);
		pid = child_of(getpid());
		if (i % 2)
			pid = child_of(pid);
		cr_assert_gt(pid, 0);
		cr_assert_eq(kill(pid, SIGKILL), 0);
		seconds_sleep(0.2);
		cr_expect_lt(sbx_pool_step(pool, &err), 0);
		cr_expect_not_null(strstr(err.text, "ahead"), "%s", err.text);
		seconds_sleep(0.2);
	}
	pool_await(pool, 1);
	warm_run(pool, WARM(.code = "print(1)"), &result);
	cr_expect_str_eq(report_at(&result, "stdout"), "1\n");
	result_free(&result);
	sbx_pool_close(pool);
	cr_expect(children_gone(5));
}

/* A module that is not there is named, and so is what cannot be warm; one that
 * is there has been loaded before the run. */
Test(pool, preloads)
{
	static const char profile[] =
		"{\"extends\": \"base\", \"command\": [\"python3\", "
		"\"{file}\"], \"warm\": {\"kind\": \"standby\", "
		"\"preload\": [\"json\", \"%s\"]}}";
	const struct warm_call call = {
		.code = "import sys; print('decimal' in sys.modules)",
		.profile = scratch_text("p.json", text_of(profile, "decimal")),
	};
	struct sbx_pool *pool = warm_pool(&call, 1);
	struct sbx_error err = {0};
	struct result result;
	int r = 0;

	pool_await(pool, 1);
	warm_run(pool, &call, &result);
	cr_expect_str_eq(report_at(&result, "stdout"), "True\n");
	result_free(&result);
	sbx_pool_close(pool);
	(void)scratch_text("p.json", text_of(profile, "no.such"));
	pool = warm_pool(&call, 1);
	for (int i = 0; i < 1000 && r == 0; i++) {
		r = sbx_pool_step(pool, &err);
		seconds_sleep(0.02);
	}
	cr_expect_lt(r, 0);
	cr_expect_not_null(strstr(err.text, "No module named 'no'"), "%s",
	                   err.text);
	sbx_pool_close(pool);
}

/* What cannot be warm is an error that says why. */
Test(pool, refuses_what_has_no_agent)
{
	const struct {
		const char *profile, *text;
	} rows[] = {
		{"c", "profile c builds first: nothing of it can be started "
	              "ahead"},
		{"{\"extends\": \"base\", \"command\": [\"bash\", "
	         "\"{file}\"], \"warm\": {\"kind\": \"none\"}}",
	         "profile q does not say \"warm\": nothing of it can be "
	         "started ahead"},
		{"{\"extends\": \"base\", \"command\": [\"bash\", "
	         "\"{file}\"], \"warm\": {\"kind\": \"standby\", "
	         "\"preload\": [\"x\"]}}",
	         "warm: there is no agent for bash that loads modules ahead; "
	         "those with one are node, perl, python, ruby"},
		{"{\"extends\": \"base\", \"command\": [\"bash\", "
	         "\"{file}\"], \"warm\": {\"kind\": \"standby\"}, "
	         "\"limits\": {\"fuel\": 7}}",
	         "profile q has limits.fuel, which counts from the start of an "
	         "interpreter: nothing of it can be started ahead"},
		{"{\"extends\": \"base\", \"command\": [\"python3\", \"-x\"], "
	         "\"warm\": {\"kind\": \"standby\"}}",
	         "warm: the profile's command has no argument \"{file}\""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *profile = rows[i].profile;
		const struct warm_call call = {
			.profile = profile[0] == '{'
		                           ? scratch_text("q.json", profile)
		                           : profile};
		struct sbx_spec *spec = warm_spec(&call);
		struct sbx_pool *pool = NULL;
		struct sbx_error err = {0};

		cr_expect_lt(sbx_pool_open(spec, 1, &pool, &err), 0);
		cr_expect_null(pool);
		cr_expect_str_eq(err.text, rows[i].text);
		sbx_spec_free(spec);
	}
}

static int own_pool(void *data)
{
	(void)data;
	pool_await(warm_pool(WARM(), 3), 3);
	(void)kill(getpid(), SIGKILL);
	return 0;
}

/* A pool can be closed at any point and leaves nothing; nor does one whose
 * owner is killed. */
Test(pool, leaves_nothing)
{
	struct sbx_error err = {0};
	size_t before;

	sbx_pool_close(NULL);
	sbx_pool_close(warm_pool(WARM(), 1));
	before = open_descriptors();
	for (int turns = 0; turns < 12; turns++) {
		struct sbx_pool *pool = warm_pool(WARM(), 3);

		for (int i = 0; i < turns; i++) {
			cr_expect_geq(sbx_pool_step(pool, &err), 0, "%s",
			              err.text);
			seconds_sleep(0.01);
		}
		sbx_pool_close(pool);
		cr_expect(children_gone(0), "after %d turns", turns);
	}
	cr_expect_eq(open_descriptors(), before);
	cr_expect_eq(child_run(own_pool, NULL), -SIGKILL);
	cr_expect(children_gone(5));
}
