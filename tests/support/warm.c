/* SPDX-License-Identifier: MIT */
#include "support/warm.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/def.h"
#include "base/file.h"

#define PATIENCE 60

struct sbx_spec *warm_spec(const struct warm_call *call)
{
	const char *dirs[] = {NULL, NULL}, *const *settings = call->settings;
	const char *profile = call->profile ? call->profile : "python";
	struct sbx_spec *spec = NULL;
	struct sbx_error err = {0};
	char path[4200];
	int r;

	(void)snprintf(path, sizeof(path), "%s/share/sbx/profiles",
	               build_dir());
	dirs[0] = path;
	r = sbx_spec_new(&spec, &err);
	if (r == 0)
		r = strchr(profile, '/')
		            ? sbx_spec_profile_file(spec, profile, dirs, &err)
		            : sbx_spec_profile(spec, profile, dirs, &err);
	for (; settings && *settings && r == 0; settings += 2)
		r = sbx_spec_set(spec, settings[0], settings[1], &err);
	if (r == 0)
		r = sbx_spec_code(spec, call->code ? call->code : "",
		                  call->code ? strlen(call->code) : 0,
		                  call->arguments, &err);
	cr_assert_eq(r, 0, "%s", err.text);
	return spec;
}

struct sbx_plan *warm_plan(const struct warm_call *call)
{
	struct sbx_spec *spec = warm_spec(call);
	struct sbx_plan *plan = NULL;
	struct sbx_error err = {0};

	cr_assert_eq(sbx_plan_make(spec, &plan, &err), 0, "%s", err.text);
	sbx_spec_free(spec);
	return plan;
}

struct sbx_pool *warm_pool(const struct warm_call *call, unsigned size)
{
	struct sbx_spec *spec = warm_spec(call);
	struct sbx_pool *pool = NULL;
	struct sbx_error err = {0};

	cr_assert_eq(sbx_pool_open(spec, size, &pool, &err), 0, "%s", err.text);
	sbx_spec_free(spec);
	return pool;
}

void pool_await(struct sbx_pool *pool, int n)
{
	struct pollfd fd = {.fd = sbx_pool_fd(pool), .events = POLLIN};
	double start = seconds_now();
	struct sbx_error err = {0};
	int r;

	while ((r = sbx_pool_step(pool, &err)) < n) {
		cr_assert_geq(r, 0, "%s", err.text);
		cr_assert_lt(seconds_now() - start, PATIENCE);
		(void)poll(&fd, 1, 100);
	}
}

static struct sbx_box *start(struct sbx_pool *pool, struct sbx_plan *plan)
{
	const struct sbx_stdio captured = {-1, -1, -1};
	struct sbx_box *box = NULL;
	struct sbx_error err = {0};
	int r;

	if (pool) {
		r = sbx_pool_start(pool, plan, &captured, &box, &err);
	} else {
		r = sbx_box_open(plan, &box, &err);
		if (r == 0)
			r = sbx_box_start(box, &captured, &err);
	}
	cr_assert_eq(r, 0, "%s", err.text);
	return box;
}

bool pool_takes(struct sbx_pool *pool, const struct warm_call *call)
{
	const struct sbx_stdio captured = {-1, -1, -1};
	struct sbx_plan *plan = warm_plan(call);
	struct sbx_box *box = NULL;
	struct sbx_error err = {0};
	int r = sbx_pool_start(pool, plan, &captured, &box, &err);

	cr_assert(r == 0 || r == -ESTALE, "%s", err.text);
	sbx_box_close(box);
	sbx_plan_free(plan);
	return r == 0;
}

void warm_run(struct sbx_pool *pool, const struct warm_call *call,
              struct result *result)
{
	struct sbx_plan *plan = warm_plan(call);
	CLEANUP_FD int file = memfd_create("report", MFD_CLOEXEC);
	struct sbx_error err = {0};
	struct sbx_box *box;

	memset(result, 0, sizeof(*result));
	box = start(pool, plan);
	cr_assert_eq(sbx_box_wait(box, &err), 0, "%s", err.text);
	cr_assert_eq(sbx_report_write(plan, box, NULL, file, &err), 0, "%s",
	             err.text);
	cr_assert_eq(lseek(file, 0, SEEK_SET), 0);
	cr_assert_eq(file_read_fd(file, 1 << 24, &result->report_line), 0);
	result_parse(result, &result->report_line);
	result->status = sbx_box_outcome(box).exit_status;
	sbx_box_close(box);
	sbx_plan_free(plan);
	cr_assert_not_null(result->report);
	cr_assert_str_eq(report_at(result, "isolation.warm"),
	                 pool ? "true" : "false");
}
