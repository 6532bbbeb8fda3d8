/* SPDX-License-Identifier: MIT */
/* What sessions there are. */
#ifndef SBX_BOX_STORE_ITEMS_H
#define SBX_BOX_STORE_ITEMS_H

#include "box/store.h"

struct store_item {
	char id[STORE_ID_LEN + 1];
	bool busy, bad; /* a run has it; it is damaged: nothing more is known */
	size_t n_states;
	struct store_state newest;
};

/* All zeros at first. */
struct store_items {
	struct store_item *list;
	size_t n;
};

/* The sessions, least recently used first, busy ones last. items is to be freed
 * in any case. */
int store_items(int store, struct store_items *items, struct sbx_error *err);

void store_items_free(struct store_items *items);

#endif
