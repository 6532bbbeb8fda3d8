/* SPDX-License-Identifier: MIT */
/* The rules of one call on its arguments, as nodes of a filter's graph. */
#ifndef SBX_KERNEL_FILTER_ARGS_H
#define SBX_KERNEL_FILTER_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "kernel/filter.h"
#include "kernel/filter_graph.h"

#define ARGS_RULES 96 /* of one call */

/* What is left to hold of one rule. */
struct args_rule {
	const struct filter_test *tests;
	size_t n_tests;
};

/* The ways in which one call is allowed. */
struct args_rules {
	size_t n_rules;
	bool full;
	struct args_rule rule[ARGS_RULES];
};

static inline void args_init(struct args_rules *rules)
{
	rules->n_rules = 0;
	rules->full = false;
}

void args_add(struct args_rules *rules, const struct filter_rule *rule);

/* The node that leads to allow when any of the rules holds, else to refuse.
 * The rules are used up. */
uint16_t args_build(struct graph *graph, struct args_rules *rules,
                    uint16_t allow, uint16_t refuse);

#endif
