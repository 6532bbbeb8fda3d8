/* SPDX-License-Identifier: MIT */
/*
 * The rules whose next test looks at the same bits of the same argument are
 * taken together: the bits are loaded once, and a switch over the values leads
 * to what is left of the rules with that value. Where that fails, the other
 * rules are tried.
 */
#include "kernel/filter_args.h"

#include <linux/seccomp.h>

#include "base/def.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "the low half of an argument comes first");

/* While it is built: where a rule that holds leads to. */
struct args {
	struct graph *graph;
	uint16_t allow;
};

void args_add(struct args_rules *rules, const struct filter_rule *rule)
{
	if (rules->n_rules == ARGS_RULES) {
		rules->full = true;
		return;
	}
	rules->rule[rules->n_rules++] = (struct args_rule){
		.tests = rule->tests,
		.n_tests = rule->n_tests,
	};
}

static bool is_alike(const struct filter_test *a, const struct filter_test *b)
{
	if (a->arg != b->arg || a->mask != b->mask || a->wide != b->wide ||
	    a->negate != b->negate)
		return false;
	/* Only values that exclude each other share a switch. */
	return (!a->wide && !a->negate) || a->value == b->value;
}

/* Moves the rules that go with the first to the front, in the order of their
 * values. Returns how many there are. */
static size_t gather(struct args_rule *rules, size_t n)
{
	size_t n_alike = 1;

	for (size_t i = 1; i < n; i++) {
		struct args_rule rule = rules[i];
		size_t place = n_alike;

		if (!is_alike(rule.tests, rules[0].tests))
			continue;
		rules[i] = rules[n_alike++];
		for (; place > 0; place--) {
			if (rules[place - 1].tests->value <= rule.tests->value)
				break;
			rules[place] = rules[place - 1];
		}
		rules[place] = rule;
	}
	return n_alike;
}

static uint16_t rules_build(const struct args *args, struct args_rule *rules,
                            size_t n, uint16_t otherwise);

/* What is left of rules once their first tests hold. */
static uint16_t rest_build(const struct args *args, struct args_rule *rules,
                           size_t n, uint16_t otherwise)
{
	for (size_t i = 0; i < n; i++) {
		rules[i].tests++;
		rules[i].n_tests--;
	}
	return rules_build(args, rules, n, otherwise);
}

static uint32_t offset_low(unsigned arg)
{
	return (uint32_t)(offsetof(struct seccomp_data, args) +
	                  arg * sizeof(uint64_t));
}

/* Rules whose first test is one and the same: both halves, or not that
 * value. */
static uint16_t single_build(const struct args *args, struct args_rule *rules,
                             size_t n, uint16_t otherwise)
{
	const struct filter_test *test = rules[0].tests;
	uint32_t low = offset_low(test->arg);
	uint16_t rest = rest_build(args, rules, n, otherwise);
	uint16_t yes = test->negate ? otherwise : rest;
	uint16_t no = test->negate ? rest : otherwise;
	uint16_t node =
		graph_equal(args->graph, (uint32_t)test->value, yes, no);

	node = graph_load(args->graph, low, (uint32_t)test->mask, node);
	if (!test->wide)
		return node;
	node = graph_equal(args->graph, (uint32_t)(test->value >> 32), node,
	                   no);
	return graph_load(args->graph, low + (uint32_t)sizeof(uint32_t),
	                  (uint32_t)(test->mask >> 32), node);
}

static void span_add(struct graph_span *spans, size_t *n, uint64_t first,
                     uint16_t node)
{
	if (first > UINT32_MAX || (*n && spans[*n - 1].node == node))
		return;
	spans[(*n)++] = (struct graph_span){(uint32_t)first, node};
}

/* Rules, ordered by value, whose first tests differ in nothing else. */
static uint16_t values_build(const struct args *args, struct args_rule *rules,
                             size_t n, uint16_t otherwise)
{
	const struct filter_test *test = rules[0].tests;
	struct graph_span spans[2 * ARGS_RULES + 1];
	size_t n_spans = 0;
	uint64_t end = 0;

	for (size_t i = 0, next; i < n; i = next) {
		uint32_t value = (uint32_t)rules[i].tests->value;

		for (next = i + 1; next < n; next++)
			if (rules[next].tests->value != value)
				break;
		if (value != end)
			span_add(spans, &n_spans, end, otherwise);
		span_add(spans, &n_spans, value,
		         rest_build(args, rules + i, next - i, otherwise));
		end = (uint64_t)value + 1;
	}
	span_add(spans, &n_spans, end, otherwise);
	return graph_load(args->graph, offset_low(test->arg),
	                  (uint32_t)test->mask,
	                  graph_switch(args->graph, spans, n_spans));
}

static uint16_t rules_build(const struct args *args, struct args_rule *rules,
                            size_t n, uint16_t otherwise)
{
	size_t n_alike;

	if (n == 0)
		return otherwise;
	for (size_t i = 0; i < n; i++)
		if (rules[i].n_tests == 0)
			return args->allow;
	n_alike = gather(rules, n);
	otherwise = rules_build(args, rules + n_alike, n - n_alike, otherwise);
	if (rules[0].tests->wide || rules[0].tests->negate)
		return single_build(args, rules, n_alike, otherwise);
	return values_build(args, rules, n_alike, otherwise);
}

uint16_t args_build(struct graph *graph, struct args_rules *rules,
                    uint16_t allow, uint16_t refuse)
{
	struct args args = {.graph = graph, .allow = allow};

	if (rules->full)
		graph->full = true;
	return rules_build(&args, rules->rule, rules->n_rules, refuse);
}
