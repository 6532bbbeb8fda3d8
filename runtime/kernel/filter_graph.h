/* SPDX-License-Identifier: MIT */
/*
 * A filter program as a graph of its instructions, each made once however
 * often it is needed, and laid out as classic BPF at the end. Pure.
 *
 * A node is named by a number. Nodes are made from the end of the program to
 * its start: a node names those that follow it. A graph that has no room left
 * answers node 0 to everything and says so when it is laid out.
 */
#ifndef SBX_KERNEL_FILTER_GRAPH_H
#define SBX_KERNEL_FILTER_GRAPH_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "kernel/filter.h"

#define GRAPH_NODES   FILTER_MAX
#define GRAPH_BUCKETS 256
#define GRAPH_SPANS   512

struct graph_node {
	uint16_t code;  /* as in struct sock_filter */
	uint16_t yes;   /* the next node; for a test, where it holds */
	uint16_t no;    /* for a test, where it does not hold */
	uint16_t chain; /* the next node in the same bucket */
	uint32_t k;
};

/* Never cleared as a whole: memory that is not touched is not paid for. */
struct graph {
	uint16_t n_nodes; /* node 0 is there from the start, and means none */
	bool full;
	uint16_t buckets[GRAPH_BUCKETS];
	struct graph_node nodes[GRAPH_NODES];
};

void graph_init(struct graph *graph);

/* Ends the program with an action. */
uint16_t graph_return(struct graph *graph, uint32_t action);

/* Loads the 32 bits at an offset of struct seccomp_data, keeps those in mask,
 * and goes on. */
uint16_t graph_load(struct graph *graph, uint32_t offset, uint32_t mask,
                    uint16_t next);

/* Goes on at yes when what was loaded is value, else at no. */
uint16_t graph_equal(struct graph *graph, uint32_t value, uint16_t yes,
                     uint16_t no);

/* The values from first to the next span's first, and where they lead. */
struct graph_span {
	uint32_t first;
	uint16_t node;
};

/* Goes on where the span of what was loaded says. Spans are ordered; the first
 * begins at 0. At most GRAPH_SPANS. */
uint16_t graph_switch(struct graph *graph, const struct graph_span *spans,
                      size_t n_spans);

/* Lays the graph out, from node start. code has room for FILTER_MAX. -E2BIG
 * when the program, or the graph, has no room. */
int graph_emit(const struct graph *graph, uint16_t start,
               struct sock_filter *code, size_t *n_code);

#endif
