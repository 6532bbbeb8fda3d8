/* SPDX-License-Identifier: MIT */
#include "box/store_items.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"

#define MAX_ITEMS 100000

static void read_item(int store, struct store_item *item)
{
	struct store_session *session = NULL;
	struct sbx_error err;
	const struct store_want want = {.id = item->id};
	int r = store_lock(store, &want, &session, &err);

	item->busy = r == -EBUSY;
	item->bad = r < 0 && !item->busy;
	if (r < 0)
		return;
	item->n_states = session->n_states;
	if (store_newest(session))
		item->newest = *store_newest(session);
	store_unlock(session);
}

/* The sessions, least recently used first; busy ones last. */
static int compare_items(const void *a, const void *b)
{
	const struct store_item *left = a, *right = b;

	if (left->busy != right->busy)
		return left->busy - right->busy;
	if (left->newest.time != right->newest.time)
		return left->newest.time < right->newest.time ? -1 : 1;
	return strcmp(left->id, right->id);
}

static int add_item(struct store_items *items, const char *id)
{
	struct store_item *list;

	if (items->n % 64 == 0) {
		list = reallocarray(items->list, items->n + 64, sizeof(*list));
		if (!list)
			return -ENOMEM;
		items->list = list;
	}
	items->list[items->n] = (struct store_item){0};
	(void)strcpy(items->list[items->n++].id, id);
	return 0;
}

int store_items(int store, struct store_items *items, struct sbx_error *err)
{
	int fd = openat(store, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *list = file_list(fd < 0 ? -errno : fd, &r);
	struct dirent *entry;

	while (list && r == 0 && items->n < MAX_ITEMS &&
	       (entry = file_entry(list, &r)))
		if (store_id_ok(entry->d_name))
			r = add_item(items, entry->d_name);
	if (list)
		(void)closedir(list);
	for (size_t i = 0; r == 0 && i < items->n; i++)
		read_item(store, &items->list[i]);
	if (r == 0 && items->n)
		qsort(items->list, items->n, sizeof(items->list[0]),
		      compare_items);
	return r < 0 ? err_set(err, SBX_STAGE_SESSION, -r, "list the sessions")
	             : 0;
}

void store_items_free(struct store_items *items)
{
	free(items->list);
	*items = (struct store_items){0};
}
