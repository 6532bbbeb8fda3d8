/* SPDX-License-Identifier: MIT */
/* A contender in this run: its words, its samples, its failures. */
#ifndef BENCH_ENTRANT_H
#define BENCH_ENTRANT_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "contenders.h"
#include "proof.h"

/* Where the programs of the build are, and what the host looks like to a
 * program that nothing confines. */
struct site {
	const char *sbx;               /* sbx-exec */
	const char *probe;             /* nsprobe */
	const char *floor;             /* floor */
	const char *code;              /* code.py */
	const char *arrays;            /* arrays.py */
	const char *node;              /* code.js */
	const char *forks;             /* forks.py */
	const char *waits;             /* waits.js */
	const char *socket[N_SERVERS]; /* where each listens, if it runs */
	const char *data; /* where sessions are kept; NULL: nowhere */
	struct proof host;
};

struct sample {
	uint64_t wall_ns; /* 0: it failed */
	uint64_t first_ns, cpu_ns;
};

#define TOKEN_SIZE 17

struct entrant {
	const struct contender *row;
	char **argv;            /* NULL: its program is not installed */
	char *token;            /* a word of argv, written before each run */
	const char *version;    /* a line, or NULL */
	struct sample *samples; /* NULL: it was not measured */
	struct proof last;
	size_t n_failed;
	char failure[260]; /* the first one, a line */
};

/* Finds the program and fills in the words. 0 or -ENOMEM. */
int entrant_init(struct entrant *entrant, const struct contender *row,
                 const struct site *site, struct arena *arena);

/* One run, held to its proof. A failure is noted, and sample is then 0. */
void entrant_run(struct entrant *entrant, const struct site *site,
                 struct sample *sample);

#endif
