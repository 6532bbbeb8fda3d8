/* SPDX-License-Identifier: MIT */
/* A set of ids, each with flags. An id is kept as 16 bytes of its SHA-256, so
 * that memory does not depend on how long it is: about 40 bytes each. */
#ifndef SBX_BATCH_IDS_H
#define SBX_BATCH_IDS_H

#include <stddef.h>
#include <stdint.h>

#define MAX_IDS (UINT64_C(1) << 26) /* a gigabyte or two */

enum id_flag {
	ID_ASKED = 1,    /* a request has it */
	ID_REPORTED = 2, /* a report has it */
};

struct id_entry;
struct ids {
	struct id_entry *entries; /* NULL: empty; a zeroed set is valid */
	uint64_t n_ids, capacity;
};

/* Adds flag to an id. Returns the flags it had, 0 for a new one; -ENOMEM, or
 * -E2BIG at more than MAX_IDS. */
int ids_put(struct ids *ids, const char *id, size_t len, enum id_flag flag);

/* The flags of an id; 0: it is not there. */
int ids_get(const struct ids *ids, const char *id, size_t len);

/* How many have just these flags. */
uint64_t ids_count(const struct ids *ids, int flags);

void ids_free(struct ids *ids);

#endif
