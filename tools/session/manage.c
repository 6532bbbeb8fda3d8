/* SPDX-License-Identifier: MIT */
/* What sessions there are, and fewer of them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/parse.h"
#include "box/store.h"
#include "box/store_items.h"
#include "session.h"

#define WAIT (10 * NS_PER_S)

static int lock(int store, const char *id, uint64_t wait_ns,
                struct store_session **session, struct sbx_error *err)
{
	const struct store_want want = {.id = id, .wait_ns = wait_ns};

	return store_lock(store, &want, session, err);
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
	struct store_items items = {0};
	int r = store_items(store, &items, err);

	(void)arguments;
	for (size_t i = 0; i < items.n && r == 0; i++) {
		const struct store_item *item = &items.list[i];

		if (item->busy)
			(void)printf("%s\tbusy\n", item->id);
		else if (item->bad)
			(void)printf("%s\tdamaged\n", item->id);
		else
			print_state(item->id, &item->newest);
	}
	store_items_free(&items);
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

static bool is_too_old(const struct store_item *item, uint64_t age_ns)
{
	int64_t age = (int64_t)time(NULL) - item->newest.time;

	return age > 0 && (uint64_t)age > age_ns / NS_PER_S;
}

/* One that has come to be in use since then stays. 1: it is gone. */
static int expire_one(int store, const char *id, struct sbx_error *err)
{
	struct store_session *session = NULL;
	int r = lock(store, id, 0, &session, err);

	if (r == -EBUSY || r == -ENOENT)
		return r == -ENOENT;
	if (r == 0)
		r = store_delete(store, session, err);
	if (r < 0)
		return r;
	(void)printf("%s\n", id);
	return 1;
}

int session_expire(int store, char *const *arguments, struct sbx_error *err)
{
	uint64_t age, size = UINT64_MAX, total = 0;
	struct store_items items = {0};
	int r;

	if (parse_duration(arguments[0], &age) < 0 ||
	    (arguments[1] && parse_size(arguments[1], &size) < 0))
		return err_say(err, SBX_STAGE_SPEC, EINVAL,
		               "expire: an age (24h) and a size (10G) are "
		               "wanted");
	store_tidy(store);
	r = store_items(store, &items, err);
	for (size_t i = 0; i < items.n; i++)
		total += items.list[i].newest.bytes;
	for (size_t i = 0; i < items.n && r >= 0; i++) {
		const struct store_item *item = &items.list[i];

		if (item->busy || item->bad ||
		    (!is_too_old(item, age) && total <= size))
			continue;
		r = expire_one(store, item->id, err);
		if (r == 1)
			total -= item->newest.bytes;
	}
	store_items_free(&items);
	return MIN(r, 0);
}
