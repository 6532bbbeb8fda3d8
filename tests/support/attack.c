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

void attack(const char *what, const struct call *inside,
            const struct call *control, const char *const *spared)
{
	struct result held, done;
	int n = 0;

	call_run(inside, &held);
	call_run(control, &done);
	for (const char *at = done.out.data; *at;
	     at += strcspn(at, "\n"), at += *at == '\n') {
		const char *name = text_of("%.*s", (int)strcspn(at, " \n"), at);

		n++;
		cr_expect(is_in(name, spared) || said(&done, name, "ok"),
		          "%s: control: %.*s", what, (int)strcspn(at, "\n"),
		          at);
		cr_expect(said(&held, name, NULL) && !said(&held, name, "ok"),
		          "%s: %s: inside:\n%s%s", what, name, held.out.data,
		          held.err.data);
	}
	cr_expect_gt(n, 0, "%s: control: %d %s", what, done.status,
	             done.err.data);
	result_free(&held);
	result_free(&done);
}
