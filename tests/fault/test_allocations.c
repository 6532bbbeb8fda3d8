/* SPDX-License-Identifier: MIT */
/*
 * Every allocation fails once, of the library's and of the libraries' that it
 * uses: from the text of a profile to the report, and of a launch. Each time
 * there is an error that says so, and no memory is left.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/def.h"
#include "base/error.h"
#include "base/json.h"
#include "model/outcome.h"
#include "support/child.h"
#include "support/facts.h"
#include "support/run.h"
#include "support/scratch.h"

TestSuite(allocations, .init = scratch_make, .fini = scratch_remove,
          .timeout = 300);

/* ---- the allocator, in the place of the C library's ---- */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);
void __libc_free(void *memory);

/* By the libraries, too. */
#define SEEN __attribute__((visibility("default")))

static __thread struct {
	bool counts;
	unsigned n, fail; /* the one of that number fails; 0: none */
	long live;
} heap;

static bool fails(void)
{
	if (!heap.counts || ++heap.n != heap.fail)
		return false;
	errno = ENOMEM;
	return true;
}

static void *taken(void *memory)
{
	heap.live += heap.counts && memory;
	return memory;
}

SEEN void *malloc(size_t size)
{
	return fails() ? NULL : taken(__libc_malloc(size));
}

SEEN void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : taken(__libc_calloc(n, size));
}

SEEN void *realloc(void *old, size_t size)
{
	void *memory = fails() ? NULL : __libc_realloc(old, size);

	return old ? memory : taken(memory);
}

SEEN void free(void *memory)
{
	heap.live -= heap.counts && memory;
	__libc_free(memory);
}

/* ---- what is made to fail ---- */

#define STAGE(name) (1u << SBX_STAGE_##name)

struct subject {
	const char *name;
	int (*body)(struct sbx_error *err);
	unsigned stages; /* where it may fail */
	unsigned least;  /* allocations that it makes */
	/* Output that finds no memory is cut off, and the report says so. */
	bool streams;
};

static const char *const dirs[] = {"profiles", NULL};
static const char *const words[] = {"true", "a", NULL};

static int set(struct sbx_spec *spec, struct sbx_error *err)
{
	static const char *const settings[][2] = {
		{"limits.memory", "64M"},
		{"limits.wall_time", "5s"},
		{"limits.cpus", "1"},
		{"env", "A=b"},
		{"env", "A=c"},
		{"mounts", "/usr:/mnt/a"},
		{"workdir", "/workspace"},
		{"hostname", "h"},
		{"stdin_file", "/dev/null"},
		{"network.mode", "none"},
		{"require", "seccomp"},
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(settings); i++)
		r = sbx_spec_set(spec, settings[i][0], settings[i][1], err);
	return r;
}

static int make_spec(struct sbx_spec **made, struct sbx_error *err)
{
	struct sbx_spec *spec = NULL;
	int r = sbx_spec_new(&spec, err);

	if (r == 0)
		r = sbx_spec_profile(spec, "python", dirs, err);
	if (r == 0)
		r = set(spec, err);
	if (r == 0)
		r = sbx_spec_maxima(spec, scratch("limits.json"), err);
	if (r == 0)
		*made = spec;
	else
		sbx_spec_free(spec);
	return r;
}

static int spec_of_code(struct sbx_error *err)
{
	struct sbx_spec *spec = NULL;
	int r = make_spec(&spec, err);

	if (r == 0)
		r = sbx_spec_code(spec, "x = 1\n", 6, words, err);
	sbx_spec_free(spec);
	return r;
}

static int make_plan(struct sbx_plan **plan, bool command,
                     struct sbx_error *err)
{
	struct sbx_spec *spec = NULL;
	int r = make_spec(&spec, err);

	if (r == 0 && command)
		r = sbx_spec_command(spec, words, err);
	else if (r == 0)
		r = sbx_spec_file(spec, scratch("code.py"), words, err);
	if (r == 0)
		r = sbx_plan_make(spec, plan, err);
	sbx_spec_free(spec);
	return r;
}

static int plan_of_file(struct sbx_error *err)
{
	CLEANUP_FD int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct sbx_plan *plan = NULL;
	int r = make_plan(&plan, false, err);

	if (r == 0) {
		r = sbx_plan_print(plan, null);
		if (r < 0)
			(void)err_set(err, SBX_STAGE_REPORT, -r, "print");
	}
	sbx_plan_free(plan);
	return r;
}

static int report_of_run(struct sbx_error *err)
{
	static char text[] = "text\n", bytes[] = "\xff\n";
	struct run run = {
		.started = true,
		.ended = true,
		.output = {{5, false, true, {text, 5, 5, false}},
	                   {2, false, true, {bytes, 2, 2, false}}},
	};
	struct sbx_plan *plan = NULL;
	struct buffer out = {0};
	int r = make_plan(&plan, true, err);

	if (r == 0) {
		r = report_make(plan, &run, NULL, &out);
		if (r < 0)
			(void)err_set(err, SBX_STAGE_REPORT, -r, "report");
	}
	buffer_free(&out);
	sbx_plan_free(plan);
	return r;
}

static int report_of_failure(struct sbx_error *err)
{
	CLEANUP_FD int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	const struct sbx_error failure = {EIO, SBX_STAGE_MOUNT, "\xff"};

	return sbx_report_write(NULL, NULL, &failure, null, err);
}

static int box(struct sbx_error *err)
{
	const struct sbx_stdio stdio = {-1, -1, -1};
	struct sbx_plan *plan = NULL;
	struct sbx_box *made = NULL;
	int r = make_plan(&plan, true, err);

	if (r == 0)
		r = sbx_box_open(plan, &made, err);
	if (r == 0)
		r = sbx_box_start(made, &stdio, err);
	if (r == 0)
		r = sbx_box_wait(made, err);
	if (r == 0 && strcmp(sbx_box_outcome(made).status, "success") != 0)
		r = err_say(err, SBX_STAGE_WATCH, EPROTO, "no success");
	sbx_box_close(made);
	sbx_plan_free(plan);
	return r;
}

#define SPEC (STAGE(SPEC) | STAGE(PROFILE))
#define PLAN (SPEC | STAGE(PLAN) | STAGE(IDMAP))

static const struct subject subjects[] = {
	{"spec", spec_of_code, SPEC, 15, false},
	{"plan", plan_of_file, PLAN | STAGE(REPORT), 25, false},
	{"report", report_of_run, PLAN | STAGE(REPORT), 25, false},
	{"failure", report_of_failure, STAGE(REPORT), 5, false},
	{"box", box, PLAN | STAGE(CLONE), 25, true},
};

struct attempt {
	const struct subject *subject;
	unsigned fail;
};

/* In a process of its own, which a crash ends alone: 0, 1 when there was no
 * such allocation, or the line that went wrong. */
static int attempt(void *data)
{
	const struct attempt *attempt = data;
	const struct subject *subject = attempt->subject;
	struct sbx_error err = {0};
	size_t n_fds;
	bool hit;
	int r;

	/* What the C library keeps from the first time is not counted. */
	(void)subject->body(&err);
	err = (struct sbx_error){0};
	n_fds = open_descriptors();
	heap.counts = true;
	heap.n = 0;
	heap.fail = attempt->fail;
	heap.live = 0;
	r = subject->body(&err);
	heap.counts = false;
	hit = heap.n >= attempt->fail;
	STEP(heap.live == 0);
	STEP(open_descriptors() == n_fds);
	STEP(waitpid(-1, NULL, __WALL | WNOHANG) < 0 && errno == ECHILD);
	if (!hit) {
		STEP(r == 0);
		return 1;
	}
	if (r == 0 && subject->streams)
		return 0;
	STEP(r == -ENOMEM);
	STEP(err.code == ENOMEM);
	STEP(subject->stages >> err.stage & 1);
	STEP(strstr(err.text, "memory") || strstr(err.text, "Cannot allocate"));
	return 0;
}

/* The allocation that fails is the first, then the second, up to the last. */
Test(allocations, each_fails_once)
{
	(void)scratch_text("limits.json", "{\"memory\": \"1G\"}");
	(void)scratch_text("code.py", "x = 1\n");
	for (size_t i = 0; i < ARRAY_SIZE(subjects); i++) {
		struct attempt each = {&subjects[i], 0};
		int r;

		do {
			each.fail++;
			r = child_run(attempt, &each);
			if (r != 1)
				cr_expect_eq(r, 0, "%s, allocation %u: line %d",
				             subjects[i].name, each.fail, r);
		} while (r == 0 && each.fail < 2000);
		cr_expect_gt(each.fail, subjects[i].least, "%s: %u",
		             subjects[i].name, each.fail);
	}
}
