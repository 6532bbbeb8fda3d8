/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <seccomp.h>
#include <string.h>

#include "base/error.h"
#include "filter-read.h"

/* Calls that take what matters about them from memory, where no filter sees
 * it. Their older forms take it from arguments, and callers fall back to them.
 */
static bool is_hidden(unsigned call)
{
	static const char *const names[] = {"clone3", "openat2"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if ((int)call == seccomp_syscall_resolve_name(names[i]))
			return true;
	return false;
}

bool call_known(unsigned call)
{
	bool known;
	char *name;

	if (call > KNOWN_LAST || is_hidden(call))
		return false;
	name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, (int)call);
	known = name;
	free(name);
	return known;
}

static int read_call(const struct reader *reader, const struct json *name,
                     int *call)
{
	if (name->kind != JSON_STRING)
		return complain(reader, name->line,
		                "a call is named by a string, not %s",
		                json_kind_name(name->kind));
	*call = seccomp_syscall_resolve_name(name->text);
	if (*call == __NR_SCMP_ERROR)
		return complain(reader, name->line,
		                "no system call is named \"%s\"", name->text);
	if (*call >= 0 && !call_known((unsigned)*call) &&
	    !(reader->set->kind == SET_OWN && is_hidden((unsigned)*call)))
		return complain(reader, name->line,
		                "\"%s\" is to answer ENOSYS, as clone3, "
		                "openat2 and all after Linux 6.1",
		                name->text);
	return 0;
}

static bool same_tests(const struct filter_rule *a, const struct filter_rule *b)
{
	for (unsigned i = 0; i < a->n_tests; i++) {
		const struct filter_test *s = &a->tests[i];
		const struct filter_test *t = &b->tests[i];

		if (s->arg != t->arg || s->wide != t->wide ||
		    s->negate != t->negate || s->mask != t->mask ||
		    s->value != t->value)
			return false;
	}
	return true;
}

/* Whether one of two rules of a set says nothing that the other does not. */
static bool is_duplicate(const struct filter_rule *a,
                         const struct filter_rule *b)
{
	if (a->call != b->call)
		return false;
	if (!a->n_tests || !b->n_tests)
		return true;
	return a->n_tests == b->n_tests && same_tests(a, b);
}

static int add_rule(const struct reader *reader, const struct rule *rule,
                    const char *name)
{
	struct rule_sets *sets = reader->sets;

	for (size_t i = 0; i < sets->n_rules; i++)
		if (sets->rules[i].set == rule->set &&
		    is_duplicate(&sets->rules[i].rule, &rule->rule))
			return complain(reader, rule->line,
			                "\"%s\" is already on line %d", name,
			                sets->rules[i].line);
	if (sets->n_rules == RULES_MAX)
		return complain(reader, rule->line, "more than %d rules",
		                RULES_MAX);
	sets->rules[sets->n_rules++] = *rule;
	return 0;
}

/* Steps to the next combination of the values of all "in". False: that was
 * the last one. */
static bool next_values(const struct entry *entry, const struct json **at)
{
	for (unsigned i = 0; i < entry->n_tests; i++) {
		if (!at[i])
			continue;
		at[i] = at[i]->next;
		if (at[i])
			return true;
		at[i] = entry->in[i]->child;
	}
	return false;
}

/* Adds the rules that an entry makes for one call. */
static int add_entry(const struct reader *reader, const struct entry *entry,
                     const struct json *name)
{
	const struct json *at[FILTER_TESTS] = {0};
	struct rule rule = {
		.set = (size_t)(reader->set - reader->sets->set),
		.line = name->line,
		.own = reader->set->kind == SET_OWN,
	};
	int call = -1;
	int ret = read_call(reader, name, &call);

	/* A negative number is a call of other architectures only. */
	if (ret < 0 || call < 0)
		return ret;
	rule.rule.call = (uint16_t)call;
	rule.rule.n_tests = (uint8_t)entry->n_tests;
	for (unsigned i = 0; i < entry->n_tests; i++) {
		rule.rule.tests[i] = entry->test[i];
		at[i] = entry->in[i] ? entry->in[i]->child : NULL;
	}
	do {
		for (unsigned i = 0; i < entry->n_tests; i++)
			if (at[i])
				(void)bits_parse(at[i]->text,
				                 &rule.rule.tests[i].value,
				                 NULL);
		ret = add_rule(reader, &rule, name->text);
	} while (ret == 0 && next_values(entry, at));
	return ret;
}

static int read_entry(const struct reader *reader, const struct json *object)
{
	struct entry entry = {0};
	const struct json *calls = NULL;
	const char *why = NULL;
	int ret = only_keys(reader, object,
	                    reader->set->kind == SET_REFUSED
	                            ? "\"calls\", \"why\""
	                            : "\"calls\", \"when\", \"why\"");

	if (ret == 0)
		ret = read_sentence(reader, object, "why", &why);
	if (ret == 0)
		ret = member(reader, object, "calls", JSON_ARRAY, &calls);
	if (ret == 0)
		ret = read_when(reader, object, &entry);
	if (ret < 0)
		return ret;
	if (!calls || !calls->child)
		return complain(reader, object->line,
		                "an entry names the \"calls\" it is about");
	for (const struct json *at = calls->child; at && ret == 0;
	     at = at->next)
		ret = add_entry(reader, &entry, at);
	return ret;
}

static int read_set(const struct reader *reader, const struct json *root,
                    struct rule_set *set)
{
	static const char *const kinds[] = {[SET_RULES] = "rules",
	                                    [SET_REFUSED] = "refused",
	                                    [SET_OWN] = "own"};
	const struct json *rules = NULL, *found;
	unsigned n = 0;
	int ret = only_keys(reader, root,
	                    "\"description\", \"rules\", \"refused\", \"own\"");

	if (ret == 0)
		ret = read_sentence(reader, root, "description",
		                    &set->description);
	for (size_t i = 0; i < ARRAY_SIZE(kinds) && ret == 0; i++) {
		ret = member(reader, root, kinds[i], JSON_ARRAY, &found);
		if (ret < 0 || !found)
			continue;
		rules = found;
		set->kind = (enum set_kind)i;
		n++;
	}
	if (ret < 0)
		return ret;
	if (n != 1)
		return complain(reader, root->line,
		                "a file has one of \"rules\", \"refused\" "
		                "and \"own\"");
	for (const struct json *at = rules->child; at && ret == 0;
	     at = at->next)
		ret = read_entry(reader, at);
	return ret;
}

/* The name of a set: that of its file without folder and ".json". */
static int set_name(const struct reader *reader, struct rule_set *set)
{
	const char *slash = strrchr(set->path, '/');
	const char *name = slash ? slash + 1 : set->path;
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	if (len == 0 || strcmp(name + len, ".json"))
		return complain(reader, 1,
		                "the file of a set is named NAME.json, NAME of "
		                "a-z, 0-9 and -");
	set->name = arena_strndup(&reader->sets->arena, name, len);
	return set->name ? 0 : -ENOMEM;
}

int rule_sets_read(struct rule_sets *sets, const char *path, const char *text,
                   size_t len, struct sbx_error *err)
{
	struct rule_set *set = &sets->set[sets->n_sets];
	struct reader reader = {.sets = sets, .set = set, .err = err};
	const struct json *root;
	struct sbx_error why;
	int ret;

	if (sets->n_sets == SETS_MAX)
		return err_say(err, SBX_STAGE_SPEC, EINVAL,
		               "%s: more than %d sets", path, SETS_MAX);
	*set = (struct rule_set){.path = path};
	if (json_parse(&sets->arena, text, len, &root, &why) < 0)
		return err_say(err, SBX_STAGE_SPEC, EINVAL, "%s: %s", path,
		               why.text);
	ret = set_name(&reader, set);
	if (ret == 0)
		ret = read_set(&reader, root, set);
	if (ret == 0)
		sets->n_sets++;
	return ret;
}
