/* SPDX-License-Identifier: MIT */
#include "support/verdict.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>

#include "base/def.h"
#include "support/bpf.h"

static const char *const base[] = {"base", NULL};
static const char *const threads[] = {"base", "threads", NULL};
static const char *const sockets[] = {"base", "threads", "unix", "setid", NULL};
static const char *const all[] = {"base",  "threads",  "unix", "setid",
                                  "memfd", "affinity", NULL};
static const char *const reverse[] = {"setid", "unix", "threads", "base", NULL};

struct program programs[N_PROGRAMS] = {
	{.names = base, .n_expected = 285},
	{.names = threads, .n_expected = 288},
	{.names = sockets, .n_expected = 280},
	{.names = all, .n_expected = 284},
	{.names = reverse, .n_expected = 275},
};

int programs_compile(struct sbx_error *err)
{
	int ret = 0;

	for (size_t i = 0; i < N_PROGRAMS && ret == 0; i++)
		ret = filter_compile(programs[i].names, programs[i].code,
		                     &programs[i].n_code, err);
	return ret;
}

char program_verdict(const struct program *program, uint32_t arch,
                     uint32_t call, const uint64_t *args)
{
	struct seccomp_data data = {
		.nr = (int)call,
		.arch = arch,
		.instruction_pointer = 0x123456789abcdef0,
	};
	uint32_t action;

	memcpy(data.args, args, sizeof(data.args));
	if (bpf_run(program->code, program->n_code, &data, &action) < 0)
		return '?';
	if (action == SECCOMP_RET_ALLOW)
		return ALLOWED;
	if (action == SECCOMP_RET_USER_NOTIF)
		return REFUSED;
	return action == (SECCOMP_RET_ERRNO | ENOSYS) ? UNKNOWN : '?';
}

static bool test_holds(const struct filter_test *test, const uint64_t *args)
{
	uint64_t bits = args[test->arg] & test->mask;

	if (!test->wide)
		bits &= UINT32_MAX;
	return (bits == test->value) != test->negate;
}

bool rule_holds(const struct filter_rule *rule, const uint64_t *args)
{
	for (size_t i = 0; i < rule->n_tests; i++)
		if (!test_holds(&rule->tests[i], args))
			return false;
	return true;
}

size_t rules_find(const struct program *program, uint32_t call,
                  const struct filter_rule **rules, size_t max)
{
	size_t n = 0;

	for (const char *const *name = program->names; *name; name++) {
		const struct filter_set *set = filter_set_find(*name);

		for (size_t i = 0; i < set->n_rules && n < max; i++)
			if (set->rules[i].call == call)
				rules[n++] = &set->rules[i];
	}
	return n;
}

char rules_verdict(const struct program *program, uint32_t call,
                   const uint64_t *args)
{
	const struct filter_rule *rules[256];
	size_t n = rules_find(program, call, rules, ARRAY_SIZE(rules));

	if (FILTER_X32_BIT && call >= FILTER_X32_BIT && call <= INT32_MAX)
		return REFUSED;
	if (call >= filter_known_end ||
	    !(filter_known[call / 8] >> (call % 8) & 1))
		return UNKNOWN;
	for (size_t i = 0; i < n; i++)
		if (rule_holds(rules[i], args))
			return ALLOWED;
	return REFUSED;
}

static void put_bits(const struct filter_test *test, uint64_t bits,
                     uint64_t *args)
{
	args[test->arg] &= ~test->mask;
	args[test->arg] |= bits & test->mask;
}

bool rule_probe(const struct filter_rule *rule, uint64_t filler, unsigned step,
                uint64_t *args)
{
	const struct filter_test *test;

	for (size_t i = 0; i < N_ARGS; i++)
		args[i] = filler;
	for (size_t i = 0; i < rule->n_tests; i++) {
		test = &rule->tests[i];
		put_bits(test, test->negate ? ~test->value : test->value, args);
	}
	if (step-- == 0)
		return true;
	if (step < N_ARGS * 64) {
		args[step / 64] ^= UINT64_C(1) << (step % 64);
		return true;
	}
	step -= N_ARGS * 64;
	if (step >= rule->n_tests * 3u)
		return false;
	test = &rule->tests[step / 3];
	put_bits(test, test->value + step % 3 - 1, args);
	return true;
}
