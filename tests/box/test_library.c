/* SPDX-License-Identifier: MIT */
/* libsbx in the caller's own process: it leaves that as it found it, whatever
 * becomes of the box. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/def.h"
#include "sbx.h"
#include "support/find.h"
#include "support/run.h"

TestSuite(library, .init = adopt_orphans, .timeout = 120);

/* A plan of a command, with settings as pairs of path and value. */
static struct sbx_plan *make_plan(const char *const *settings,
                                  const char *const *argv)
{
	const char *dirs[] = {NULL, NULL};
	struct sbx_spec *spec = NULL;
	struct sbx_plan *plan = NULL;
	struct sbx_error err = {0};
	char path[4200];
	int r;

	(void)snprintf(path, sizeof(path), "%s/share/sbx/profiles",
	               build_dir());
	dirs[0] = path;
	r = sbx_spec_new(&spec, &err);
	if (r == 0)
		r = sbx_spec_profile(spec, "base", dirs, &err);
	for (; settings && *settings && r == 0; settings += 2)
		r = sbx_spec_set(spec, settings[0], settings[1], &err);
	if (r == 0)
		r = sbx_spec_command(spec, argv, &err);
	if (r == 0)
		r = sbx_plan_make(spec, &plan, &err);
	cr_assert_eq(r, 0, "%s", err.text);
	sbx_spec_free(spec);
	return plan;
}

/* Open descriptors, as a text to compare. */
static void list_descriptors(struct buffer *out)
{
	struct stat st;

	for (int fd = 0; fd < 4096; fd++)
		if (fstat(fd, &st) == 0)
			buffer_printf(out, "%d %lx:%lx\n", fd,
			              (unsigned long)st.st_dev,
			              (unsigned long)st.st_ino);
	buffer_append(out, "", 1);
}

static void expect_same(const struct buffer *before)
{
	struct buffer now = {0};

	list_descriptors(&now);
	cr_expect_str_eq(now.data, before->data);
	buffer_free(&now);
}

static const struct sbx_stdio captured = {-1, -1, -1};

struct row {
	const char *const *settings;
	const char *const *argv;
	const char *reason;
};

/* Runs it and returns its outcome; all is let go again. */
static struct sbx_outcome run(const struct row *row)
{
	struct sbx_plan *plan = make_plan(row->settings, row->argv);
	struct sbx_box *box = NULL;
	struct sbx_outcome outcome;
	struct sbx_error err = {0};
	int r;

	r = sbx_box_open(plan, &box, &err);
	if (r == 0)
		r = sbx_box_start(box, &captured, &err);
	if (r == 0)
		r = sbx_box_wait(box, &err);
	cr_assert_eq(r, 0, "%s", err.text);
	outcome = sbx_box_outcome(box);
	sbx_box_close(box);
	sbx_plan_free(plan);
	return outcome;
}

/* No verdict costs the caller a descriptor, a child, or a signal's blocking. */
Test(library, leaves_the_caller_as_it_was)
{
	const struct row rows[] = {
		{NULL, WORDS("true"), "exited"},
		{NULL, WORDS("sh", "-c", "kill -9 $$"), "signaled"},
		{WORDS("limits.wall_time", "100ms"), WORDS("sleep", "60"),
	         "wall_time"},
		{WORDS("limits.output", "1K", "limits.output_action", "kill"),
	         WORDS("yes"), "output"},
		{NULL, WORDS("echo", "much"), "exited"},
	};
	struct buffer before = {0};
	sigset_t mask, after;

	(void)run(&rows[0]); /* what libraries open once */
	list_descriptors(&before);
	sigemptyset(&mask);
	sigemptyset(&after);
	(void)sigprocmask(SIG_SETMASK, NULL, &mask);
	for (int i = 0; i < 50; i++) {
		const struct row *row = &rows[i % (int)ARRAY_SIZE(rows)];
		struct sbx_outcome outcome = run(row);

		cr_expect_str_eq(outcome.reason, row->reason);
	}
	expect_same(&before);
	(void)sigprocmask(SIG_SETMASK, NULL, &after);
	for (int i = 1; i < NSIG; i++)
		cr_expect_eq(sigismember(&mask, i), sigismember(&after, i),
		             "signal %d", i);
	cr_expect(children_gone(5));
	buffer_free(&before);
}

/* A box can be closed at any point of its life: never started, just started,
 * running, over. */
Test(library, closes_at_any_point)
{
	const char *word = canary();
	struct sbx_plan *plan =
		make_plan(NULL, WORDS("sh", "-c", "sleep 60; :", word));
	struct buffer before = {0};
	struct sbx_error err = {0};
	struct sbx_box *box;

	(void)run(&(struct row){NULL, WORDS("true"), NULL});
	list_descriptors(&before);
	for (int point = 0; point < 40; point++) {
		box = NULL;
		cr_assert_eq(sbx_box_open(plan, &box, &err), 0, "%s", err.text);
		if (point % 4 > 0)
			cr_assert_eq(sbx_box_start(box, &captured, &err), 0,
			             "%s", err.text);
		for (int i = 0; i < point / 4 && point % 4 > 1; i++)
			cr_assert_geq(sbx_box_step(box, &err), 0, "%s",
			              err.text);
		if (point % 4 > 2)
			seconds_sleep(0.005 * point / 4);
		sbx_box_close(box);
		cr_expect(children_gone(0), "point %d", point);
	}
	expect_same(&before);
	cr_expect_eq(find_survivor(word, 5), 0);
	sbx_plan_free(plan);
	buffer_free(&before);
}

/* One plan opens many boxes, also at the same time. */
Test(library, one_plan_many_boxes)
{
	enum { N = 12 };
	struct sbx_plan *plan =
		make_plan(NULL, WORDS("sh", "-c", "sleep 0.2; exit 3"));
	struct sbx_box *boxes[N];
	struct sbx_error err = {0};

	for (int i = 0; i < N; i++) {
		cr_assert_eq(sbx_box_open(plan, &boxes[i], &err), 0, "%s",
		             err.text);
		cr_assert_eq(sbx_box_start(boxes[i], &captured, &err), 0);
	}
	for (int i = 0; i < N; i++) {
		cr_expect_eq(sbx_box_wait(boxes[i], &err), 0);
		cr_expect_eq(sbx_box_outcome(boxes[i]).exit_status, 3);
		sbx_box_close(boxes[i]);
	}
	sbx_plan_free(plan);
}

/* What the report of a box that was not run says of its id. */
static void report_id(const struct sbx_box *box, char id[256])
{
	struct sbx_error err = {0};
	char text[16384] = "";
	int fd = memfd_create("report", MFD_CLOEXEC);

	cr_assert_eq(sbx_report_write(NULL, box, NULL, fd, &err), 0, "%s",
	             err.text);
	cr_assert_gt(pread(fd, text, sizeof(text) - 1, 0), 0);
	id[0] = '\0';
	cr_assert_eq(sscanf(text, "{\"schema\":1,\"id\":\"%250[^\"]\"", id), 1,
	             "%s", text);
	close(fd);
}

/* Boxes of one plan are told apart by what the caller says of each. */
Test(library, a_run_has_an_id_of_its_own)
{
	char longest[SBX_MAX_ID + 2], ids[3][256];
	struct sbx_plan *plan = make_plan(NULL, WORDS("true"));
	const char *const asked[] = {NULL, NULL, longest};
	struct sbx_error err = {0};
	struct sbx_box *box;

	memset(longest, 'x', sizeof(longest) - 1);
	longest[SBX_MAX_ID + 1] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(asked); i++) {
		cr_assert_eq(sbx_box_open(plan, &box, &err), 0);
		cr_expect_eq(sbx_box_request(box, "", 0, &err), -EINVAL);
		cr_expect_eq(sbx_box_request(box, longest, 0, &err), -EINVAL);
		longest[SBX_MAX_ID] = '\0';
		cr_expect_eq(sbx_box_request(box, asked[i], 0, &err), 0);
		longest[SBX_MAX_ID] = 'x';
		cr_assert_eq(sbx_box_start(box, &captured, &err), 0);
		cr_assert_eq(sbx_box_wait(box, &err), 0);
		report_id(box, ids[i]);
		sbx_box_close(box);
	}
	longest[SBX_MAX_ID] = '\0';
	cr_expect_str_eq(ids[2], longest);
	cr_expect_eq(strlen(ids[0]), 32);
	cr_expect_str_neq(ids[0], ids[1]);
	sbx_plan_free(plan);
}

/* The descriptor polls readable when there is something to do, and a box can
 * be stepped from a loop of the caller's. */
Test(library, steps_from_a_loop)
{
	struct sbx_plan *plan =
		make_plan(NULL, WORDS("sh", "-c", "echo out; sleep 0.2"));
	struct sbx_error err = {0};
	struct sbx_box *box = NULL;
	int r, turns = 0;

	cr_assert_eq(sbx_box_open(plan, &box, &err), 0, "%s", err.text);
	cr_assert_eq(sbx_box_start(box, &captured, &err), 0);
	while ((r = sbx_box_step(box, &err)) == 0 && turns++ < 10000) {
		struct pollfd fd = {.fd = sbx_box_fd(box), .events = POLLIN};

		cr_expect_eq(poll(&fd, 1, 20000), 1);
	}
	cr_expect_eq(r, 1, "%s", err.text);
	cr_expect_lt(turns, 1000, "it spins: %d", turns);
	cr_expect_str_eq(sbx_box_outcome(box).status, "success");
	sbx_box_close(box);
	sbx_plan_free(plan);
}

/* Cancelling ends a run in any state, and is no error. */
Test(library, cancels)
{
	struct sbx_plan *plan = make_plan(NULL, WORDS("sleep", "60"));
	struct sbx_error err = {0};
	struct sbx_box *box;

	for (int turns = 0; turns < 8; turns++) {
		box = NULL;
		cr_assert_eq(sbx_box_open(plan, &box, &err), 0, "%s", err.text);
		cr_assert_eq(sbx_box_start(box, &captured, &err), 0);
		for (int i = 0; i < turns; i++) {
			seconds_sleep(0.004);
			cr_expect_eq(sbx_box_step(box, &err), 0);
		}
		sbx_box_cancel(box);
		sbx_box_cancel(box);
		cr_expect_eq(sbx_box_wait(box, &err), 0, "%s", err.text);
		cr_expect_str_eq(sbx_box_outcome(box).status, "cancelled");
		sbx_box_close(box);
	}
	sbx_plan_free(plan);
	cr_expect(children_gone(0));
}

/* An error in the box is the caller's error, with its stage, and the box is
 * closed as any other. */
Test(library, tells_errors)
{
	struct sbx_plan *plan =
		make_plan(WORDS("workdir", "/no/such"), WORDS("true"));
	struct buffer before = {0};
	struct sbx_error err = {0};
	struct sbx_box *box = NULL;
	int r;

	list_descriptors(&before);
	cr_assert_eq(sbx_box_open(plan, &box, &err), 0);
	r = sbx_box_start(box, &captured, &err);
	if (r == 0)
		r = sbx_box_wait(box, &err);
	cr_expect_eq(r, -ENOENT);
	cr_expect_eq(err.stage, SBX_STAGE_PAYLOAD);
	cr_expect_not_null(strstr(err.text, "/no/such"));
	sbx_box_close(box);
	expect_same(&before);
	buffer_free(&before);
	sbx_plan_free(plan);
	sbx_box_close(NULL);
	sbx_plan_free(NULL);
	sbx_spec_free(NULL);
}
