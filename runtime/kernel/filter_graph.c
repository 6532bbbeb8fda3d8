/* SPDX-License-Identifier: MIT */
/*
 * Nodes are looked up before they are made, so that two calls with the same
 * rule, or two rules with the same end, share their instructions. The kernel
 * takes about a microsecond for each instruction of a filter that it installs.
 *
 * A switch over numbers is a balanced search whose leaves are runs of one
 * verdict with a few single exceptions: "is it 101? else allowed" takes one
 * instruction where two borders take two.
 */
#include "kernel/filter_graph.h"

#include <string.h>

#include "base/def.h"

#define LEAF_EXCEPTIONS 8
#define LEAF_SPANS      (2 * LEAF_EXCEPTIONS + 1)

void graph_init(struct graph *graph)
{
	graph->n_nodes = 1;
	graph->full = false;
	memset(graph->buckets, 0, sizeof(graph->buckets));
	memset(&graph->nodes[0], 0, sizeof(graph->nodes[0]));
}

static bool is_test(const struct graph_node *node)
{
	return BPF_CLASS(node->code) == BPF_JMP;
}

static bool same_node(const struct graph_node *a, const struct graph_node *b)
{
	return a->code == b->code && a->k == b->k && a->yes == b->yes &&
	       a->no == b->no;
}

static uint16_t graph_node(struct graph *graph, struct graph_node wanted)
{
	uint32_t hash = (wanted.k * 31 + wanted.code) * 31 + wanted.yes;
	uint16_t *bucket =
		&graph->buckets[(hash * 31 + wanted.no) % GRAPH_BUCKETS];
	uint16_t id;

	for (id = *bucket; id; id = graph->nodes[id].chain)
		if (same_node(&graph->nodes[id], &wanted))
			return id;
	if (graph->n_nodes == GRAPH_NODES) {
		graph->full = true;
		return 0;
	}
	id = graph->n_nodes++;
	wanted.chain = *bucket;
	graph->nodes[id] = wanted;
	*bucket = id;
	return id;
}

uint16_t graph_return(struct graph *graph, uint32_t action)
{
	return graph_node(graph, (struct graph_node){.code = BPF_RET | BPF_K,
	                                             .k = action});
}

uint16_t graph_load(struct graph *graph, uint32_t offset, uint32_t mask,
                    uint16_t next)
{
	/* What comes next does not look at what would be loaded here. */
	if (!is_test(&graph->nodes[next]))
		return next;
	if (mask != UINT32_MAX)
		next = graph_node(graph,
		                  (struct graph_node){
					  .code = BPF_ALU | BPF_AND | BPF_K,
					  .k = mask,
					  .yes = next,
				  });
	return graph_node(graph, (struct graph_node){
					 .code = BPF_LD | BPF_W | BPF_ABS,
					 .k = offset,
					 .yes = next,
				 });
}

static uint16_t graph_test(struct graph *graph, uint16_t operation,
                           uint32_t value, uint16_t yes, uint16_t no)
{
	if (yes == no)
		return yes;
	return graph_node(graph, (struct graph_node){
					 .code = BPF_JMP | operation | BPF_K,
					 .k = value,
					 .yes = yes,
					 .no = no,
				 });
}

uint16_t graph_equal(struct graph *graph, uint32_t value, uint16_t yes,
                     uint16_t no)
{
	return graph_test(graph, BPF_JEQ, value, yes, no);
}

/* A run of spans that lead to one node, but for single numbers. */
struct leaf {
	uint16_t n_spans;
	uint16_t rule; /* the node */
	uint16_t cost; /* instructions, with those of all leaves after it */
};

/* A switch while it is built. */
struct cut {
	struct graph *graph;
	const struct graph_span *spans;
	size_t n_spans;
	struct leaf best[GRAPH_SPANS + 1]; /* the one that begins at a span */
	uint16_t leaves[GRAPH_SPANS];      /* where they begin */
	size_t n_leaves;
};

static bool is_single(const struct cut *cut, size_t span)
{
	return span + 1 < cut->n_spans &&
	       cut->spans[span].first + 1 == cut->spans[span + 1].first;
}

/* Tries the leaves of one rule that begin at a span. */
static void leaf_try(struct cut *cut, size_t start, uint16_t rule)
{
	struct leaf *best = &cut->best[start];
	size_t end = MIN(start + LEAF_SPANS, cut->n_spans);
	uint16_t exceptions = 0;

	for (size_t i = start; i < end; i++) {
		uint16_t border = i + 1 < cut->n_spans;
		uint16_t cost = exceptions + border + cut->best[i + 1].cost;

		if (cut->spans[i].node != rule) {
			if (!is_single(cut, i))
				return;
			exceptions++;
			cost++;
		}
		if (cost < best->cost)
			*best = (struct leaf){
				.n_spans = (uint16_t)(i + 1 - start),
				.rule = rule,
				.cost = cost,
			};
	}
}

/* Cuts the spans into the leaves that take the fewest instructions: one for
 * each exception and one for each border. */
static void cut_leaves(struct cut *cut)
{
	size_t i;

	cut->best[cut->n_spans].cost = 0;
	for (i = cut->n_spans; i-- > 0;) {
		cut->best[i].cost = UINT16_MAX;
		/* A leaf's rule is that of its first or of its second span. */
		leaf_try(cut, i, cut->spans[i].node);
		if (i + 1 < cut->n_spans)
			leaf_try(cut, i, cut->spans[i + 1].node);
	}
	cut->n_leaves = 0;
	for (i = 0; i < cut->n_spans; i += cut->best[i].n_spans)
		cut->leaves[cut->n_leaves++] = (uint16_t)i;
}

static uint16_t leaf_build(const struct cut *cut, size_t start)
{
	const struct leaf *leaf = &cut->best[start];
	uint16_t node = leaf->rule;

	for (size_t i = start + leaf->n_spans; i-- > start;)
		if (cut->spans[i].node != leaf->rule)
			node = graph_equal(cut->graph, cut->spans[i].first,
			                   cut->spans[i].node, node);
	return node;
}

/* The search over n leaves from the first. */
static uint16_t search_build(const struct cut *cut, size_t first, size_t n)
{
	size_t half = n / 2;
	size_t border = cut->leaves[first + half];

	if (n == 1)
		return leaf_build(cut, border);
	return graph_test(cut->graph, BPF_JGE, cut->spans[border].first,
	                  search_build(cut, first + half, n - half),
	                  search_build(cut, first, half));
}

uint16_t graph_switch(struct graph *graph, const struct graph_span *spans,
                      size_t n_spans)
{
	struct cut cut;

	if (n_spans == 0 || n_spans > GRAPH_SPANS) {
		graph->full = true;
		return 0;
	}
	cut.graph = graph;
	cut.spans = spans;
	cut.n_spans = n_spans;
	cut_leaves(&cut);
	return search_build(&cut, 0, cut.n_leaves);
}
