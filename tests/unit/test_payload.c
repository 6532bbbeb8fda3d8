/* SPDX-License-Identifier: MIT */
/* The order of the steps of the program's process is the security argument:
 * it is held here, and the reasons with it. */
#include <criterion/criterion.h>
#include <string.h>

#include "box/payload.h"

static const char *const expected[] = {
	"session",      "stdio",   "control",    "descriptors", "counters",
	"workdir",      "habits",  "processors", "rlimits",     "caps",
	"no_new_privs", "signals", "filter",     "exec",
};

/* Where a step is; -1: nowhere. */
static int place(const char *name)
{
	for (int i = 0; i < N_PAYLOAD_STEPS; i++)
		if (strcmp(payload_steps[i].name, name) == 0)
			return i;
	return -1;
}

/* These steps and no others, in this order. */
Test(payload, order_is_exact)
{
	cr_assert_eq(N_PAYLOAD_STEPS, ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		cr_expect_str_eq(payload_steps[i].name, expected[i], "step %zu",
		                 i);
		cr_expect_not_null(payload_steps[i].run);
	}
}

/* What one step takes for granted, an earlier one has done. */
Test(payload, order_has_reasons)
{
	static const struct {
		const char *before, *after, *why;
	} rows[] = {
		{"filter", "exec", "nothing of the program runs unfiltered"},
		{"no_new_privs", "filter", "a filter takes it or a capability"},
		{"caps", "no_new_privs", "a set-id file gives nothing back"},
		{"caps", "filter", "the filter refuses what drops them"},
		{"rlimits", "caps", "raising a hard limit takes a capability"},
		{"rlimits", "filter", "the filter refuses some"},
		{"processors", "filter", "the filter refuses it"},
		{"habits", "caps", "a better priority takes a capability"},
		{"habits", "filter", "the filter refuses ioprio_set"},
		{"workdir", "caps", "a directory of another's mode"},
		{"session", "exec", "no terminal of the caller's"},
		{"session", "filter", "it must not depend on the filter"},
		{"stdio", "descriptors", "they come from what is closed next"},
		{"control", "descriptors", "the same"},
		{"descriptors", "workdir", "no path leads through one"},
		{"descriptors", "exec", "none of them crosses"},
		{"descriptors", "counters", "they need no number of its own"},
		{"counters", "rlimits", "a low limit on open files"},
		{"counters", "filter", "the filter refuses to open one"},
		{"signals", "exec", "none is blocked for the program"},
		{"signals", "filter", "nothing stands between filter and exec"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cr_expect_geq(place(rows[i].before), 0, "%s", rows[i].before);
		cr_expect_lt(place(rows[i].before), place(rows[i].after),
		             "%s before %s: %s", rows[i].before, rows[i].after,
		             rows[i].why);
	}
}

/* The filter is the last step but the exec, so that what runs under it is one
 * message and one call. */
Test(payload, filter_is_last)
{
	cr_expect_eq(place("exec"), N_PAYLOAD_STEPS - 1);
	cr_expect_eq(place("filter"), N_PAYLOAD_STEPS - 2);
}

/* No step is there twice: what it undoes would be undone. */
Test(payload, each_step_is_once)
{
	for (int i = 0; i < N_PAYLOAD_STEPS; i++) {
		cr_expect_eq(place(payload_steps[i].name), i);
		for (int k = 0; k < i; k++)
			cr_expect_neq(payload_steps[i].run,
			              payload_steps[k].run);
	}
}
