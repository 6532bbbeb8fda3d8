/* SPDX-License-Identifier: MIT */
/* Limits, each on a real box with a program that goes above it; and that the
 * same program goes through below it, so that it is the limit that stops. */
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "check.h"

struct limit_case {
	const char *name;
	const char *low,
		*high;      /* the limit that stops, and one that does not */
	const char *script; /* says "through" at its end */
	const char *reason; /* of the report; NULL: any but "through" */
};

/* Bounded, should the limit not hold; and the last second keeps what was
 * taken, so that a supervisor that measures has time to see it. */
static const struct limit_case cases[] = {
	{"memory", "12M", "1G",
         "x=0123456789abcdef; for i in 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 "
         "1; do x=$x$x; done; sleep 0.5; echo through",
         "memory"},
	{"pids", "8", "64",
         "for i in 0 1 2 3 4 5 6 7 8 9 0 1; do sleep 60 & done; echo through",
         NULL},
	{"cpu_time", "100ms", "30s",
         "i=0; while [ $i -lt 300000 ]; do i=$((i + 1)); done; echo through",
         "cpu_time"},
	{"wall_time", "100ms", "12s", "sleep 0.5; echo through", "wall_time"},
	{"disk", "64K", "10M",
         "head -c 1000000 /dev/zero >/tmp/file && echo through", NULL},
};

static const char *text_of(const struct json *object, const char *key)
{
	const struct json *member = object ? json_get(object, key) : NULL;

	return member && member->kind == JSON_STRING ? member->text : "";
}

/* One run under the limit. through: whether the script came to its end. */
static int run_case(const struct limit_case *limit, const char *value,
                    const struct host *host, const struct json **report,
                    struct finding *found)
{
	const char *const command[] = {"/bin/sh", "-c", limit->script, NULL};
	struct arena arena = {0}; /* the process's end frees it */
	char path[64] = "limits.";
	struct box_order order = {
		.profile = "base",
		.command = command,
		.arena = &arena,
		/* The limit itself comes last, where it is this one. */
		.settings = {{"limits.wall_time", "12s"}, {path, value}},
	};

	strcat(path, limit->name);
	return box_run(&order, host, report, found);
}

static bool came_through(const struct json *report)
{
	return strcmp(text_of(report, "stdout"), "through\n") == 0;
}

static int check_case(const struct limit_case *limit, const struct host *host,
                      struct finding *found)
{
	const struct json *report, *enforced;
	int r;

	r = run_case(limit, limit->high, host, &report, found);
	if (r < 0)
		return r;
	if (!came_through(report))
		return found_wrong(found, 0,
		                   "with a limit of %s, a program that stays "
		                   "below it ended with: %s",
		                   limit->high, text_of(report, "message"));
	r = run_case(limit, limit->low, host, &report, found);
	if (r < 0)
		return r;
	if (came_through(report))
		return found_wrong(found, 0,
		                   "a program went above a limit of %s and was "
		                   "not stopped",
		                   limit->low);
	if (limit->reason &&
	    strcmp(text_of(report, "reason"), limit->reason) != 0)
		return found_wrong(found, 0,
		                   "a program above a limit of %s ended with "
		                   "another reason: %s",
		                   limit->low, text_of(report, "message"));
	enforced = json_get(report, "limits");
	enforced = enforced ? json_get(enforced, limit->name) : NULL;
	return found_good(found, "stopped at %s, by the %s", limit->low,
	                  text_of(enforced, "enforced_by"));
}

int try_limit(const struct probe *probe, const struct host *host,
              struct finding *found)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (strcmp(cases[i].name, probe->subject) == 0)
			return check_case(&cases[i], host, found);
	return found_wrong(found, EINVAL, "no such limit");
}

/* The whole, with the defaults of sbx-exec. */
int try_run(const struct probe *probe, const struct host *host,
            struct finding *found)
{
	const char *const command[] = {"/bin/sh", "-c", "echo through", NULL};
	struct arena arena = {0};
	const struct box_order order = {
		.profile = "base",
		.command = command,
		.arena = &arena,
	};
	const struct json *report;
	int r;

	(void)probe;
	r = box_run(&order, host, &report, found);
	if (r < 0)
		return r;
	if (!came_through(report))
		return found_wrong(found, 0, "%s", text_of(report, "message"));
	return found_good(found, "a program ran in a full sandbox");
}
