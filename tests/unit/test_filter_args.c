/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <string.h>

#include "base/def.h"
#include "kernel/filter_args.h"
#include "support/bpf.h"
#include "support/verdict.h"

#define RULES_MAX 8
#define ALLOW     1
#define REFUSE    2

struct made {
	struct filter_rule rules[RULES_MAX];
	size_t n_rules;
	struct graph graph;
	struct sock_filter code[FILTER_MAX];
	size_t n_code;
};

static struct made made; /* too large for the stack of a sanitizer */

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* Few arguments, masks and values, so that rules overlap in every way. */
static void make_test(struct filter_test *test, uint32_t *random)
{
	static const uint64_t masks[] = {UINT32_MAX, 3, 0xf0, UINT32_MAX - 2};
	static const uint64_t wide_masks[] = {UINT64_MAX, UINT64_C(3) << 32, 3};

	test->arg = (uint8_t)(next_random(random) % 3);
	test->wide = next_random(random) % 4 == 0;
	test->negate = next_random(random) % 4 == 0;
	test->mask = test->wide ? wide_masks[next_random(random) % 3]
	                        : masks[next_random(random) % 4];
	test->value = next_random(random) % 4;
	if (next_random(random) % 4 == 0)
		test->value |= UINT64_C(0x1fffffff0);
	test->value &= test->mask;
}

static void make_rules(uint32_t *random)
{
	made.n_rules = 1 + next_random(random) % RULES_MAX;
	for (size_t i = 0; i < made.n_rules; i++) {
		struct filter_rule *rule = &made.rules[i];

		rule->n_tests = (uint8_t)(1 + next_random(random) % 3);
		for (size_t k = 0; k < rule->n_tests; k++)
			make_test(&rule->tests[k], random);
	}
}

static void build(void)
{
	struct args_rules rules;
	uint16_t allow;
	uint16_t refuse;
	uint16_t node;

	graph_init(&made.graph);
	args_init(&rules);
	for (size_t i = 0; i < made.n_rules; i++)
		args_add(&rules, &made.rules[i]);
	allow = graph_return(&made.graph, ALLOW);
	refuse = graph_return(&made.graph, REFUSE);
	node = args_build(&made.graph, &rules, allow, refuse);
	cr_assert_eq(graph_emit(&made.graph, node, made.code, &made.n_code), 0);
	cr_assert_null(bpf_check(made.code, made.n_code));
}

static void compare(const uint64_t *args)
{
	uint32_t expected = REFUSE;
	struct seccomp_data data;
	uint32_t action = 0;

	for (size_t i = 0; i < made.n_rules; i++)
		if (rule_holds(&made.rules[i], args))
			expected = ALLOW;
	memset(&data, 0, sizeof(data));
	memcpy(data.args, args, sizeof(data.args));
	cr_assert_eq(bpf_run(made.code, made.n_code, &data, &action), 0);
	cr_assert_eq(action, expected, "%zu rules, (%#lx, %#lx, %#lx)",
	             made.n_rules, args[0], args[1], args[2]);
}

/* Rules of every kind, also those that no set has: a call is allowed when one
 * of them holds, and only then. */
Test(filter_args, any_rule_allows, .timeout = 60)
{
	uint32_t random = 123456789;

	for (unsigned round = 0; round < 1500; round++) {
		make_rules(&random);
		build();
		for (size_t i = 0; i < made.n_rules; i++) {
			uint64_t filler = next_random(&random) % 4;
			uint64_t args[N_ARGS];

			for (unsigned step = 0;
			     rule_probe(&made.rules[i], filler, step, args);
			     step++)
				compare(args);
		}
	}
}

/* No rule refuses, and a rule without a test allows whatever the others say. */
Test(filter_args, no_rule_and_no_test)
{
	made.n_rules = 0;
	build();
	cr_assert_eq(made.n_code, 1);
	cr_assert_eq(made.code[0].k, REFUSE);
	made.n_rules = 2;
	made.rules[0] = (struct filter_rule){
		.n_tests = 1,
		.tests = {{.mask = UINT32_MAX, .value = 5}},
	};
	build();
	cr_assert_eq(made.n_code, 1);
	cr_assert_eq(made.code[0].k, ALLOW);
}

/* More rules than there is room for are an error of the program, and do not
 * make it allow less or more than it was told. */
Test(filter_args, too_many_rules)
{
	struct filter_rule rule = {
		.n_tests = 1,
		.tests = {{.mask = UINT32_MAX, .value = 5}},
	};
	struct args_rules rules;

	graph_init(&made.graph);
	args_init(&rules);
	for (size_t i = 0; i <= ARGS_RULES; i++)
		args_add(&rules, &rule);
	(void)args_build(&made.graph, &rules, graph_return(&made.graph, ALLOW),
	                 graph_return(&made.graph, REFUSE));
	cr_assert(made.graph.full);
}
