/* SPDX-License-Identifier: MIT */
/* What is compared with what: constant tables. */
#ifndef BENCH_CONTENDERS_H
#define BENCH_CONTENDERS_H

#include <stdbool.h>
#include <stddef.h>

#include "proof.h"

/* The real interpreters by their paths: what PATH finds may be a wrapper. */
#define BENCH_PYTHON "/usr/bin/python3"
#define BENCH_NODE   "/usr/bin/node"

/* What runs beside a group, and is asked for runs over a socket. */
enum server {
	SERVER_NONE,
	SERVER_SBXD,
	SERVER_FORKS,  /* inside/forks.py */
	SERVER_NESTED, /* the same, its forks in namespaces of their own */
	SERVER_ARRAYS, /* the same, with numpy */
	SERVER_NODES,  /* inside/waits.js */
	N_SERVERS,
};

struct contender {
	const char *name;
	const char *does;    /* what it isolates, in a few words */
	unsigned claims;     /* bit 1 << enum ns: made anew for each run */
	unsigned goal_milli; /* ratio to reach, in thousandths; 0: none */
	/* NULL-terminated. What entrant.c has a path for, such as {sbx}, stands
	 * for it inside of a word, {token} for what is to be printed. */
	const char *const *argv;
	const char *const *version; /* prints its version, or NULL */
	enum server asks; /* this one for it, and nothing is started */
};

struct group {
	const char *name;
	const char *does;
	const char *reference;    /* name of the contender that is 1 */
	const char *const *pools; /* sbxd has these; NULL: no daemon */
	unsigned clients; /* a sample is a loop of so many; 0: it is a run */
	bool session;     /* {data} is where there is a large one, "bench" */
	const struct contender *contenders;
	size_t n_contenders;
};

/* Whether a word of its has that in it. */
bool contender_has(const struct contender *contender, const char *text);

extern const struct group groups[];
extern const size_t n_groups;

#endif
