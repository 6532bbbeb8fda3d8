/* SPDX-License-Identifier: MIT */
/* What can be said only when all files have been read. */
#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "filter-gen.h"
#include "kernel/filter_args.h"

static int compare(const void *left, const void *right)
{
	const struct rule *a = left;
	const struct rule *b = right;

	if (a->rule.call != b->rule.call)
		return a->rule.call < b->rule.call ? -1 : 1;
	if (a->own != b->own)
		return a->own ? 1 : -1;
	if (a->set != b->set)
		return a->set < b->set ? -1 : 1;
	return a->line - b->line;
}

static int complain(const struct rule_sets *sets, const struct rule *rule,
                    const char *what, const char *other, struct sbx_error *err)
{
	char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE,
	                                              rule->rule.call);
	int ret = err_say(err, SBX_STAGE_SPEC, EINVAL, "%s:%d: \"%s\" %s%s",
	                  sets->set[rule->set].path, rule->line,
	                  name ? name : "?", what, other);

	free(name);
	return ret;
}

/* All rules of one call. */
static int check_call(const struct rule_sets *sets, const struct rule *rules,
                      size_t n, struct sbx_error *err)
{
	for (size_t i = 1; i < n; i++) {
		const struct rule_set *first = &sets->set[rules[0].set];
		const struct rule_set *set = &sets->set[rules[i].set];

		if (set->kind != first->kind)
			return complain(sets, &rules[i],
			                "is refused in one file and allowed in "
			                "another: ",
			                first->path, err);
		if (set != first &&
		    (!rules[i].rule.n_tests || !rules[0].rule.n_tests))
			return complain(sets, &rules[i],
			                "is allowed altogether in two sets, or "
			                "in one and with tests in another: ",
			                first->path, err);
	}
	if (n > ARGS_RULES)
		return complain(sets, &rules[0], "has too many rules", "", err);
	return 0;
}

static int check_forgotten(unsigned call, struct sbx_error *err)
{
	char *name;
	int ret;

	if (!call_known(call))
		return 0;
	name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, (int)call);
	ret = err_say(err, SBX_STAGE_SPEC, EINVAL,
	              "no file decides about \"%s\" (call %u): allow it in a "
	              "set, or say in refused.json why not",
	              name, call);
	free(name);
	return ret;
}

int rule_sets_check(struct rule_sets *sets, struct sbx_error *err)
{
	const struct rule *rules = sets->rules;
	size_t at = 0;

	qsort(sets->rules, sets->n_rules, sizeof(sets->rules[0]), compare);
	if (!call_known(KNOWN_LAST))
		return err_say(err, SBX_STAGE_SPEC, EINVAL,
		               "libseccomp does not know call %d of Linux 6.1; "
		               "2.5.4 or later is needed",
		               KNOWN_LAST);
	for (unsigned call = 0; call < CALLS_END; call++) {
		size_t n = 0;
		int ret;

		while (at + n < sets->n_rules &&
		       rules[at + n].rule.call == call && !rules[at + n].own)
			n++;
		ret = n ? check_call(sets, rules + at, n, err)
		        : check_forgotten(call, err);
		if (ret < 0)
			return ret;
		for (at += n; at < sets->n_rules; at++)
			if (rules[at].rule.call != call)
				break;
	}
	return 0;
}
