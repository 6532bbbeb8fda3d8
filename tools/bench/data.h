/* SPDX-License-Identifier: MIT */
/* The large session of a group that goes on with one. */
#ifndef BENCH_DATA_H
#define BENCH_DATA_H

struct data {
	char folder[32]; /* "": none */
};

/* Makes a session "bench" of 10000 files and 1 GB, by the sbx-session beside
 * sbx, in a folder of its own. 0, or -errno and nothing is left. */
int data_make(struct data *data, const char *sbx);

void data_remove(struct data *data);

#endif
