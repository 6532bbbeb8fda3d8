/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>

#include "base/def.h"
#include "kernel/filter_graph.h"
#include "support/bpf.h"

struct made {
	struct graph_span spans[GRAPH_SPANS + 1];
	uint32_t actions[GRAPH_SPANS + 1]; /* where each span leads */
	size_t n_spans;
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

/* Makes n spans of random widths; half of them one number wide. Every how many
 * spans lead to a load of their own, which takes two instructions more. */
static void make_spans(size_t n, unsigned n_actions, unsigned every,
                       uint32_t *random)
{
	uint32_t first = 0;

	graph_init(&made.graph);
	made.n_spans = n;
	for (size_t i = 0; i < n; i++) {
		uint32_t action = next_random(random) % n_actions;
		uint16_t node = graph_return(&made.graph, action);

		if (every && i % every == 0) {
			uint16_t other = graph_return(&made.graph, 99999);

			node = graph_equal(&made.graph, (uint32_t)i, other,
			                   node);
			node = graph_load(&made.graph, 16, 0xffff, node);
		}
		made.spans[i] = (struct graph_span){first, node};
		made.actions[i] = action;
		first += next_random(random) % 2
		                 ? 1
		                 : 1 + next_random(random) % 1000000;
	}
}

static int emit(void)
{
	uint16_t node = graph_switch(&made.graph, made.spans, made.n_spans);

	node = graph_load(&made.graph, 0, UINT32_MAX, node);
	return graph_emit(&made.graph, node, made.code, &made.n_code);
}

static uint32_t run(uint32_t number, uint64_t arg)
{
	struct seccomp_data data = {.nr = (int)number, .args = {arg}};
	uint32_t action = 12345;

	cr_assert_eq(bpf_run(made.code, made.n_code, &data, &action), 0);
	return action;
}

static void check_spans(void)
{
	cr_assert_null(bpf_check(made.code, made.n_code), "%s",
	               bpf_check(made.code, made.n_code));
	for (size_t i = 0; i < made.n_spans; i++) {
		uint32_t first = made.spans[i].first;
		uint32_t last = i + 1 < made.n_spans
		                        ? made.spans[i + 1].first - 1
		                        : UINT32_MAX;

		cr_assert_eq(run(first, UINT64_MAX), made.actions[i]);
		cr_assert_eq(run(last, UINT64_MAX), made.actions[i]);
	}
}

/* A switch finds the span of every number, whatever the spans: few and many,
 * of two verdicts and of many, in short programs and in those whose parts are
 * too far from each other for one jump. */
Test(filter_graph, switch_finds_the_span)
{
	uint32_t random = 2463534242;
	size_t longest = 0;

	for (unsigned round = 0; round < 400; round++) {
		size_t n = 1 + next_random(&random) % 180;
		unsigned n_actions = 2 + next_random(&random) % 6;
		unsigned every = next_random(&random) % 4;

		make_spans(n, n_actions, every, &random);
		cr_assert_eq(emit(), 0);
		check_spans();
		longest = MAX(longest, made.n_code);
	}
	cr_assert_gt(longest, 600, "%zu", longest);
}

/* What a rule leads to is reached from afar with its loads intact. */
Test(filter_graph, loads_survive_distance)
{
	uint32_t random = 88172645;

	make_spans(240, 2, 2, &random);
	cr_assert_eq(emit(), 0);
	cr_assert_gt(made.n_code, 300);
	for (size_t i = 0; i < made.n_spans; i += 2) {
		cr_assert_eq(run(made.spans[i].first, 0xabc0000 | i), 99999);
		cr_assert_eq(run(made.spans[i].first, i + 1), made.actions[i]);
	}
}

/* The far ends a and b, then a test of each number from 1000 on, perhaps one
 * instruction more, then a test that leads to the ends either way round. */
static void emit_far(uint32_t n, bool pad, bool swap)
{
	struct graph *graph = &made.graph;
	uint16_t a;
	uint16_t b;
	uint16_t c;
	uint16_t node;

	graph_init(graph);
	a = graph_return(graph, 1);
	b = graph_return(graph, 2);
	c = graph_return(graph, 3);
	node = graph_equal(graph, 100000, a, b);
	for (uint32_t i = 0; i < n; i++)
		node = graph_equal(graph, 1000 + i, c, node);
	if (pad)
		node = graph_load(graph, 0, UINT32_MAX, node);
	node = graph_equal(graph, 999, node,
	                   graph_equal(graph, 5, swap ? b : a, swap ? a : b));
	node = graph_load(graph, 0, UINT32_MAX, node);
	cr_assert_eq(graph_emit(graph, node, made.code, &made.n_code), 0);
	cr_assert_null(bpf_check(made.code, made.n_code));
}

/* A test whose two ends lie around the reach of a jump, one just within it and
 * one just beyond, leads to both. */
Test(filter_graph, reach_is_exact)
{
	for (uint32_t n = 4 * 230; n < 4 * 280; n++) {
		bool swap = n % 2;

		emit_far(n / 4, n / 2 % 2, swap);
		cr_assert_eq(run(5, 0), swap ? 2 : 1, "%u", n);
		cr_assert_eq(run(6, 0), swap ? 1 : 2, "%u", n);
		cr_assert_eq(run(999, 0), 2, "%u", n);
	}
}

/* Singles among one verdict take one instruction each, not two. */
Test(filter_graph, exceptions_are_cheap)
{
	graph_init(&made.graph);
	made.n_spans = 9;
	for (size_t i = 0; i < made.n_spans; i++) {
		made.actions[i] = i % 2;
		made.spans[i].node = graph_return(&made.graph, i % 2);
		made.spans[i].first = (uint32_t)(i / 2 * 10 + i % 2 * 9);
	}
	cr_assert_eq(emit(), 0);
	check_spans();
	cr_assert_eq(made.n_code, 1 + 4 + 2);
}

/* What is the same is there once, and what decides nothing is not there. */
Test(filter_graph, nodes_are_shared)
{
	struct graph *graph = &made.graph;
	uint16_t a;
	uint16_t b;
	uint16_t test;

	graph_init(graph);
	a = graph_return(graph, 1);
	b = graph_return(graph, 2);
	test = graph_equal(graph, 7, a, b);
	cr_assert_eq(graph_return(graph, 1), a);
	cr_assert_neq(a, b);
	cr_assert_eq(graph_equal(graph, 7, a, b), test);
	cr_assert_neq(graph_equal(graph, 7, b, a), test);
	/* The one that the same bucket holds. */
	for (uint32_t i = 3; i < 3 + GRAPH_BUCKETS; i++)
		cr_assert_neq(graph_equal(graph, 7, a, graph_return(graph, i)),
		              test);
	cr_assert_eq(graph_equal(graph, 7, a, a), a);
	cr_assert_eq(graph_load(graph, 16, 0xff, a), a);
	cr_assert_eq(graph_load(graph, 16, 0xff, test),
	             graph_load(graph, 16, 0xff, test));
	cr_assert_neq(graph_load(graph, 16, 0xff, test),
	              graph_load(graph, 20, 0xff, test));
}

/* More than there is room for is an error, not a shorter filter. */
Test(filter_graph, too_much_is_an_error)
{
	uint32_t random = 5;

	make_spans(GRAPH_SPANS, 2, 1, &random);
	made.n_code = 77;
	cr_assert_eq(emit(), -E2BIG);
	cr_assert_eq(made.n_code, 77);

	graph_init(&made.graph);
	for (uint32_t i = 0; i <= GRAPH_NODES; i++)
		made.spans[0].node = graph_return(&made.graph, i);
	made.n_spans = 1;
	cr_assert_eq(emit(), -E2BIG);

	graph_init(&made.graph);
	made.n_spans = GRAPH_SPANS + 1;
	cr_assert_eq(emit(), -E2BIG);
	graph_init(&made.graph);
	made.n_spans = 0;
	cr_assert_eq(emit(), -E2BIG);
}
