/* SPDX-License-Identifier: MIT */
/* The command line. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include "group.h"

#define PROGRAM "sbx-bench"

struct options {
	struct order order;
	const char *group; /* NULL: all */
	const char *json;  /* NULL: none */
	const char *sbx;   /* NULL: the one beside this program */
};

/* Prints how to use it; what printf() returns. */
int options_help(void);

/* Fills in what is given and leaves the rest. 0, 1 for help, or -EINVAL, and it
 * is said what is wrong. */
int options_read(int argc, char **argv, struct options *options);

#endif
