/* SPDX-License-Identifier: MIT */
/*
 * Lays a graph out as classic BPF. The program is written from its end to its
 * start, since jumps only go forward: when an instruction is written, all that
 * follow it have their places.
 *
 * A test reaches 255 instructions far. What lies farther is brought near: a
 * return is written once more, to anything else leads a plain jump.
 */
#include "kernel/filter_graph.h"

#include <errno.h>
#include <string.h>

#include "base/def.h"

#define REACH 255

struct layout {
	const struct graph *graph;
	struct sock_filter *code; /* the last instruction first */
	size_t n_code;
	bool full;
	uint16_t ends[GRAPH_NODES]; /* n_code after the node; 0: not yet */
};

static void put(struct layout *layout, uint16_t node, struct sock_filter code)
{
	if (layout->n_code == FILTER_MAX) {
		layout->full = true;
		return;
	}
	layout->code[layout->n_code++] = code;
	layout->ends[node] = (uint16_t)layout->n_code;
}

/* How many instructions the next one that is put skips to arrive at node. */
static size_t skip(const struct layout *layout, uint16_t node)
{
	return layout->n_code - layout->ends[node];
}

/* Sees to it that a test that is put before `room` more instructions reaches
 * the node. */
static void bring_near(struct layout *layout, uint16_t id, size_t room)
{
	const struct graph_node *node = &layout->graph->nodes[id];
	struct sock_filter code = {.code = BPF_JMP | BPF_JA};

	if (skip(layout, id) + room <= REACH)
		return;
	if (BPF_CLASS(node->code) == BPF_RET)
		code = (struct sock_filter){.code = node->code, .k = node->k};
	else
		code.k = (uint32_t)skip(layout, id);
	put(layout, id, code);
}

static void put_test(struct layout *layout, uint16_t id)
{
	const struct graph_node *node = &layout->graph->nodes[id];

	/* Bringing the second near may take the first one place away. */
	bring_near(layout, node->yes, 1);
	bring_near(layout, node->no, 0);
	put(layout, id,
	    (struct sock_filter){
		    .code = node->code,
		    .jt = (uint8_t)skip(layout, node->yes),
		    .jf = (uint8_t)skip(layout, node->no),
		    .k = node->k,
	    });
}

/* What comes after a load must stand right behind it. */
static void bring_adjacent(struct layout *layout, uint16_t id)
{
	const struct graph_node *node = &layout->graph->nodes[id];

	if (skip(layout, id) == 0)
		return;
	if (BPF_CLASS(node->code) == BPF_JMP)
		put_test(layout, id);
	else
		put(layout, id,
		    (struct sock_filter){
			    .code = BPF_JMP | BPF_JA,
			    .k = (uint32_t)skip(layout, id),
		    });
}

/* Recursion goes as deep as the longest way through the filter. */
static void lay_out(struct layout *layout, uint16_t id)
{
	const struct graph_node *node = &layout->graph->nodes[id];

	if (layout->ends[id] || layout->full)
		return;
	if (BPF_CLASS(node->code) == BPF_JMP) {
		lay_out(layout, node->yes);
		lay_out(layout, node->no);
		put_test(layout, id);
		return;
	}
	if (BPF_CLASS(node->code) != BPF_RET) {
		lay_out(layout, node->yes);
		bring_adjacent(layout, node->yes);
	}
	put(layout, id, (struct sock_filter){.code = node->code, .k = node->k});
}

static void reverse(struct sock_filter *code, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		struct sock_filter first = code[i];

		code[i] = code[n - 1 - i];
		code[n - 1 - i] = first;
	}
}

int graph_emit(const struct graph *graph, uint16_t start,
               struct sock_filter *code, size_t *n_code)
{
	struct layout layout;

	if (graph->full)
		return -E2BIG;
	layout.graph = graph;
	layout.code = code;
	layout.n_code = 0;
	layout.full = false;
	memset(layout.ends, 0, graph->n_nodes * sizeof(layout.ends[0]));
	lay_out(&layout, start);
	if (layout.full)
		return -E2BIG;
	reverse(code, layout.n_code);
	*n_code = layout.n_code;
	return 0;
}
