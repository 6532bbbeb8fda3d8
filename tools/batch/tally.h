/* SPDX-License-Identifier: MIT */
/* What came of the requests so far, and how it is told. */
#ifndef SBX_BATCH_TALLY_H
#define SBX_BATCH_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_STATUSES 12

struct tally {
	uint64_t start_ns;
	uint64_t size, done; /* bytes of the requests; size 0: unknown */
	uint64_t n_reports, n_skipped;
	struct tally_status {
		const char *name; /* NULL: free */
		uint64_t count;
	} statuses[MAX_STATUSES];
};

enum summary {
	SUMMARY_TABLE,
	SUMMARY_JSON,
	SUMMARY_NONE,
};

/* Known statuses come in the order of the manual. */
void tally_init(struct tally *tally);

/* The status of this name, for good; NULL: there is none. */
const char *tally_name(const char *text);

/* status is borrowed: one of the library's. */
void tally_add(struct tally *tally, const char *status);
uint64_t tally_of(const struct tally *tally, const char *status);

/* One line that replaces the one before it, on a terminal. */
void tally_show(const struct tally *tally, int fd);
/* Takes that line away. */
void tally_hide(int fd);

/* left: what to say of what there was left to do; NULL: nothing. 0 or
 * -errno. */
int tally_sum(const struct tally *tally, enum summary kind, const char *left,
              int fd);

#endif
