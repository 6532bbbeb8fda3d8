/* SPDX-License-Identifier: MIT */
/* What sessions there are, and fewer of them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/parse.h"
#include "box/store.h"
#include "session.h"

#define WAIT         (10 * NS_PER_S)
#define MAX_SESSIONS 100000

static int lock(int store, const char *id, uint64_t wait_ns,
                struct store_session **session, struct sbx_error *err)
{
	const struct store_want want = {.id = id, .wait_ns = wait_ns};

	return store_lock(store, &want, session, err);
}

struct item {
	char id[STORE_ID_LEN + 1];
	bool busy, bad;
	size_t n_states;
	struct store_state newest;
};

struct items {
	struct item *list;
	size_t n;
};

static void read_item(int store, struct item *item)
{
	struct store_session *session = NULL;
	struct sbx_error err;
	int r = lock(store, item->id, 0, &session, &err);

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
	const struct item *left = a, *right = b;

	if (left->busy != right->busy)
		return left->busy - right->busy;
	if (left->newest.time != right->newest.time)
		return left->newest.time < right->newest.time ? -1 : 1;
	return strcmp(left->id, right->id);
}

static int add_item(struct items *items, const char *id)
{
	struct item *list;

	if (items->n % 64 == 0) {
		list = reallocarray(items->list, items->n + 64, sizeof(*list));
		if (!list)
			return -ENOMEM;
		items->list = list;
	}
	items->list[items->n] = (struct item){0};
	(void)strcpy(items->list[items->n++].id, id);
	return 0;
}

static int read_items(int store, struct items *items, struct sbx_error *err)
{
	int fd = openat(store, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int r = list ? 0 : -errno;

	while (r == 0 && items->n < MAX_SESSIONS &&
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

static const char *when(int64_t seconds, char text[32])
{
	time_t time = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&time, &tm) ||
	    strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		(void)strcpy(text, "-");
	return text;
}

static void print_state(const char *name, const struct store_state *state)
{
	char text[32];

	(void)printf("%s\t%ju\t%ju\t%s\n", name, (uintmax_t)state->bytes,
	             (uintmax_t)state->inodes, when(state->time, text));
}

int session_list(int store, char *const *arguments, struct sbx_error *err)
{
	struct items items = {0};
	int r = read_items(store, &items, err);

	(void)arguments;
	for (size_t i = 0; i < items.n && r == 0; i++) {
		const struct item *item = &items.list[i];

		if (item->busy)
			(void)printf("%s\tbusy\n", item->id);
		else if (item->bad)
			(void)printf("%s\tdamaged\n", item->id);
		else
			print_state(item->id, &item->newest);
	}
	free(items.list);
	return r;
}

int session_show(int store, char *const *arguments, struct sbx_error *err)
{
	struct store_session *session = NULL;
	int r = lock(store, arguments[0], WAIT, &session, err);

	for (size_t i = 0; r == 0 && i < session->n_states; i++) {
		char number[24];

		(void)snprintf(number, sizeof(number), "%ju",
		               (uintmax_t)session->states[i].number);
		print_state(number, &session->states[i]);
	}
	store_unlock(session);
	return r;
}

int session_remove(int store, char *const *arguments, struct sbx_error *err)
{
	struct store_session *session = NULL;
	int r = lock(store, arguments[0], WAIT, &session, err);

	return r < 0 ? r : store_delete(store, session, err);
}

int session_rollback(int store, char *const *arguments, struct sbx_error *err)
{
	struct store_session *session = NULL;
	uint64_t n = 1;
	int r;

	if (arguments[1] && (parse_count(arguments[1], &n) < 0 || n == 0))
		return err_say(err, SBX_STAGE_SPEC, EINVAL,
		               "rollback: \"%.40s\" is not how many states to "
		               "go back",
		               arguments[1]);
	r = lock(store, arguments[0], WAIT, &session, err);
	if (r < 0)
		return r;
	if (n >= session->n_states)
		r = err_say(err, SBX_STAGE_SESSION, ERANGE,
		            "session %s has %zu states: it can go back by "
		            "fewer than that",
		            session->id, session->n_states);
	if (r == 0) {
		session->n_states -= n;
		r = store_commit(session, err);
	}
	store_unlock(session);
	return r;
}

/* ---- expiry ---- */

static bool is_too_old(const struct item *item, uint64_t age_ns)
{
	int64_t age = (int64_t)time(NULL) - item->newest.time;

	return age > 0 && (uint64_t)age > age_ns / NS_PER_S;
}

/* One that has come to be in use since then stays. */
static int expire_one(int store, const char *id, struct sbx_error *err)
{
	struct store_session *session = NULL;
	int r = lock(store, id, 0, &session, err);

	if (r == -EBUSY || r == -ENOENT)
		return 0;
	if (r == 0)
		r = store_delete(store, session, err);
	if (r == 0)
		(void)printf("%s\n", id);
	return r;
}

int session_expire(int store, char *const *arguments, struct sbx_error *err)
{
	uint64_t age, size = UINT64_MAX, total = 0;
	struct items items = {0};
	int r;

	if (parse_duration(arguments[0], &age) < 0 ||
	    (arguments[1] && parse_size(arguments[1], &size) < 0))
		return err_say(err, SBX_STAGE_SPEC, EINVAL,
		               "expire: an age (24h) and a size (10G) are "
		               "wanted");
	store_tidy(store);
	r = read_items(store, &items, err);
	for (size_t i = 0; i < items.n; i++)
		total += items.list[i].newest.bytes;
	for (size_t i = 0; i < items.n && r == 0; i++) {
		const struct item *item = &items.list[i];

		if (item->busy || item->bad ||
		    (!is_too_old(item, age) && total <= size))
			continue;
		total -= item->newest.bytes;
		r = expire_one(store, item->id, err);
	}
	free(items.list);
	return r;
}
