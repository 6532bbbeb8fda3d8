/* SPDX-License-Identifier: MIT */
#include "support/attack.h"

#include <criterion/criterion.h>
#include <string.h>

#include "support/scratch.h"

bool said(const struct result *result, const char *what, const char *verdict)
{
	size_t len = strlen(what);

	for (const char *at = result->out.data; *at;
	     at += strcspn(at, "\n"), at += *at == '\n') {
		const char *rest = at + len + 1;

		if (strncmp(at, what, len) != 0 || at[len] != ' ')
			continue;
		if (!verdict || (strncmp(rest, verdict, strlen(verdict)) == 0 &&
		                 rest[strlen(verdict)] == '\n'))
			return true;
	}
	return false;
}

static bool is_in(const char *what, const char *const *list)
{
	for (; list && *list; list++)
		if (strcmp(what, *list) == 0)
			return true;
	return false;
}

/* Each line of the control, as its first word. False after the last. */
static bool next_name(const char **at, const char **name)
{
	if (!**at)
		return false;
	*name = text_of("%.*s", (int)strcspn(*at, " \n"), *at);
	*at += strcspn(*at, "\n");
	*at += **at == '\n';
	return true;
}

/* How many lines the control says, and how many of them are ok; none of those
 * is inside. */
static int judge(const char *what, const struct result *held,
                 const struct result *done, const char *const *spared,
                 int *n_ok)
{
	const char *at = done->out.data, *name;
	int n = 0;

	for (*n_ok = 0; next_name(&at, &name); n++) {
		*n_ok += said(done, name, "ok");
		cr_expect(!spared || is_in(name, spared) ||
		                  said(done, name, "ok"),
		          "%s: control: %s: %s%s", what, name, done->out.data,
		          done->err.data);
		cr_expect(said(held, name, NULL) && !said(held, name, "ok"),
		          "%s: %s: inside:\n%s%s", what, name, held->out.data,
		          held->err.data);
	}
	return n;
}

void attack(const char *what, const struct call *inside,
            const struct call *control, const char *const *spared)
{
	static const char *const none[] = {NULL};
	struct result held, done;
	int n_ok;

	call_run(inside, &held);
	call_run(control, &done);
	cr_expect_gt(judge(what, &held, &done, spared ? spared : none, &n_ok),
	             0, "%s: control: %d %s", what, done.status, done.err.data);
	result_free(&held);
	result_free(&done);
}

void attack_some(const char *what, const struct call *inside,
                 const struct call *control, int n)
{
	struct result held, done;
	int n_ok;

	call_run(inside, &held);
	call_run(control, &done);
	(void)judge(what, &held, &done, NULL, &n_ok);
	cr_expect_geq(n_ok, n, "%s: control: %s%s", what, done.out.data,
	              done.err.data);
	result_free(&held);
	result_free(&done);
}
