/* SPDX-License-Identifier: MIT */
/* Whether a box that was made ahead is what a run asks for: what real sandboxes
 * on one host cannot show (those are in warm/test_pool.c). */
#include <criterion/criterion.h>
#include <string.h>

#include "support/facts.h"

TestSuite(plan_same);

/* A plan of "it FILE" for the facts, with n_arguments after it. */
static struct sbx_plan *make(const struct facts *from, bool waits,
                             const char *name)
{
	static const char *words[] = {"it", "{file}", NULL};
	struct sbx_spec *spec = made_spec(NULL);
	struct facts facts = *from;
	struct sbx_plan *plan = NULL;
	struct sbx_error err = {0};

	cr_assert_eq(sbx_spec_code(spec, "abc", 3, NULL, &err), 0);
	spec->command = (struct strings){words, 2};
	facts.executable = "/usr/bin/it";
	facts.code = "abc";
	facts.code_len = 3;
	facts.code_name = name;
	cr_assert_eq(plan_build(spec, &facts, &plan, &err), 0, "%s", err.text);
	plan->waits = plan->has_agent = waits;
	sbx_spec_free(spec);
	return plan;
}

static bool same(const struct facts *box, const struct facts *run)
{
	struct sbx_plan *a = make(box, true, "agent"),
			*b = make(run, false, "code");
	bool result = plan_same_box(a, b);

	sbx_plan_free(a);
	sbx_plan_free(b);
	return result;
}

/* Two plans of one host are; a plan that waits is no run, and one that does
 * not is no box. */
Test(plan_same, holds_for_what_is_the_same)
{
	struct sbx_plan *box = make(&facts_root, true, "agent");
	struct sbx_plan *run = make(&facts_root, false, "code");

	cr_expect(plan_same_box(box, run));
	cr_expect_not(plan_same_box(box, box));
	cr_expect_not(plan_same_box(run, run));
	cr_expect_not(plan_same_box(run, box));
	run->is_built = true;
	cr_expect_not(plan_same_box(box, run));
	run->is_built = false;
	run->session = "s";
	cr_expect_not(plan_same_box(box, run));
	run->session = NULL;
	run->pmu.n = 1;
	cr_expect_not(plan_same_box(box, run));
	run->pmu.n = 0;
	run->filter[run->n_filter - 1].k ^= 1;
	cr_expect_not(plan_same_box(box, run));
	run->filter[run->n_filter - 1].k ^= 1;
	run->rlimits[3].value--;
	cr_expect_not(plan_same_box(box, run));
	run->rlimits[3].value++;
	cr_expect(plan_same_box(box, run));
	box->preload = (struct strings){(const char *[]){"this", NULL}, 1};
	cr_expect_not(plan_same_box(box, run));
	run->preload = (struct strings){(const char *[]){"that", NULL}, 1};
	cr_expect_not(plan_same_box(box, run));
	run->preload = (struct strings){(const char *[]){"this", NULL}, 1};
	cr_expect(plan_same_box(box, run));
	sbx_plan_free(box);
	sbx_plan_free(run);
}

/* Where nothing has been started yet, the program may be any, and the walls may
 * not. */
Test(plan_same, asks_for_walls_alone_without_an_agent)
{
	struct sbx_plan *box = make(&facts_root, true, "agent");
	struct sbx_plan *run = make(&facts_root, false, "code");

	run->executable = "/usr/bin/other";
	run->file_at = 0;
	cr_expect_not(plan_same_box(box, run));
	box->has_agent = false;
	cr_expect(plan_same_box(box, run));
	run->workdir = "/tmp";
	cr_expect_not(plan_same_box(box, run));
	run->workdir = box->workdir;
	run->rlimits[3].value--;
	cr_expect_not(plan_same_box(box, run));
	sbx_plan_free(box);
	sbx_plan_free(run);
}

/* Another host, or caller, or cgroup, is another box. */
Test(plan_same, tells_hosts_apart)
{
	struct facts with = facts_root, other;

	with.cgroup.path = "/sys/fs/cgroup/a";
	with.cgroup.controllers = 7;
	cr_expect(same(&with, &with));
	cr_expect_not(same(&with, &facts_root));
	cr_expect_not(same(&facts_root, &with));
	cr_expect_not(same(&facts_root, &facts_user));
	cr_expect_not(same(&facts_root, &facts_separate));
	other = with;
	other.cgroup.path = "/sys/fs/cgroup/b";
	cr_expect_not(same(&with, &other));
	other = with;
	other.cgroup.controllers = 3;
	cr_expect_not(same(&with, &other));
	other = facts_user;
	other.uid++;
	cr_expect_not(same(&facts_user, &other));
	other = facts_root;
	other.range.first++;
	cr_expect_not(same(&facts_root, &other));
}
