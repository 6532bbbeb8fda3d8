/* SPDX-License-Identifier: MIT */
/*
 * The caller's side of a session: it is locked and read before the plan is
 * made, and what the run changed becomes its next state after the end. All
 * that is read of the run is the overlay's upper directory.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "box/box.h"
#include "box/layers.h"
#include "box/session.h"
#include "box/store.h"
#include "box/tree.h"
#include "model/checks.h"

#define FAIL(err, code, ...) err_set(err, SBX_STAGE_SESSION, code, __VA_ARGS__)

/* "3:2:1": newest first, as the kernel wants them. */
static const char *make_lowers(struct arena *arena,
                               const struct store_state *newest)
{
	char text[STORE_LAYERS * 21] = "";
	size_t len = 0;

	for (size_t i = newest->n_layers; i > 0; i--)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%ju",
		                        len ? ":" : "",
		                        (uintmax_t)newest->layers[i - 1]);
	return arena_strdup(arena, text);
}

static int give_state(struct sbx_spec *spec, const char *store,
                      const struct store_session *session,
                      struct sbx_error *err)
{
	const struct store_state *newest = store_newest(session);
	struct session_state *state = arena_alloc(&spec->arena, sizeof(*state));
	int fds[STORE_LAYERS], r;

	if (!state)
		return err_memory(err, SBX_STAGE_SESSION);
	state->layers =
		arena_printf(&spec->arena, "%s/%s/layers", store, session->id);
	if (!state->layers)
		return err_memory(err, SBX_STAGE_SESSION);
	if (newest && newest->n_layers) {
		state->lowers = make_lowers(&spec->arena, newest);
		if (!state->lowers)
			return err_memory(err, SBX_STAGE_SESSION);
		state->bytes = newest->bytes;
		state->inodes = newest->inodes;
		r = store_open_layers(session, newest, fds, err);
		if (r < 0)
			return r;
		for (size_t i = 0; i < newest->n_layers; i++)
			(void)close(fds[i]);
	}
	spec->session_state = state;
	return 0;
}

int session_enter(int store, const struct store_want *want,
                  struct sbx_session **session, struct sbx_error *err)
{
	struct sbx_session *made = calloc(1, sizeof(*made));
	int r;

	if (!made)
		return err_memory(err, SBX_STAGE_SESSION);
	made->owned = geteuid() == 0;
	r = store_lock(store, want, &made->store, err);
	if (r < 0)
		sbx_session_close(made);
	else
		*session = made;
	return r;
}

int sbx_session_open(struct sbx_spec *spec, const char *path, uint64_t wait_ns,
                     struct sbx_session **session, struct sbx_error *err)
{
	struct store_want want = {
		.id = spec->session.text,
		.create = true,
		.most = spec->max_sessions,
		.wait_ns = wait_ns,
	};
	CLEANUP_FD int store = -1;
	struct sbx_session *made = NULL;
	char real[PATH_MAX];
	int r;

	if (!want.id) {
		*session = NULL;
		return 0;
	}
	if (path[0] != '/')
		return err_say(err, SBX_STAGE_SESSION, ENOENT,
		               "session %s: there is no place for it: set "
		               "XDG_DATA_HOME or HOME",
		               want.id);
	r = store_open(path, true, &store, err);
	if (r == 0 && !realpath(path, real))
		r = FAIL(err, errno, "sessions in %s", path);
	if (r == 0)
		r = session_enter(store, &want, &made, err);
	if (r == 0)
		r = give_state(spec, real, made->store, err);
	if (r < 0)
		sbx_session_close(made);
	else
		*session = made;
	return r;
}

int session_dir(const struct sbx_session *session)
{
	return session->store->dir;
}

/* ---- the end ---- */

/* How many of the newest layers become one: half of all at least, and up to
 * the first that has more in it than those together. So a large layer that
 * nothing changes any more is left alone, and a file is linked anew a few times
 * at most. fds: newest first. */
static size_t choose(const int *fds, size_t n)
{
	size_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		size_t has = layers_entries(fds[i], sum + 1);

		if (i >= n / 2 && has > sum)
			return i;
		sum += has;
	}
	return n;
}

/* Some layers as one: files are shared with them, not copied. */
static int flatten(struct sbx_session *session, struct store_state *state,
                   struct sbx_error *err)
{
	struct tree_job job = {
		.link = true, .owned = session->owned, .id = BOX_UID};
	CLEANUP_FD int made = -1;
	int fds[STORE_LAYERS];
	int r = store_open_layers(session->store, state, fds, err);
	size_t n;

	if (r < 0)
		return r;
	n = choose(fds, state->n_layers);
	job.keep = n < state->n_layers;
	made = store_new_layer(session->store);
	r = made < 0 ? made : tree_copy(&job, fds, n, made);
	for (size_t i = 0; i < state->n_layers; i++)
		(void)close(fds[i]);
	if (r < 0)
		return FAIL(err, -r, "session %s: make its layers fewer",
		            session->store->id);
	state->n_layers -= n;
	state->layers[state->n_layers++] = session->store->next_layer++;
	return 0;
}

static int take_upper(struct sbx_session *session,
                      const struct session_change *change,
                      struct store_state *state, struct sbx_error *err)
{
	struct layers_count count = {.n = 0};
	struct tree_job job = {.keep = true,
	                       .owned = session->owned,
	                       .id = BOX_UID,
	                       .known = &session->store->layers,
	                       .see = layers_see,
	                       .data = &count};
	CLEANUP_FD int made = -1;
	int r = 0;

	count.n = state->n_layers;
	if (count.n)
		r = store_open_layers(session->store, state, count.fds, err);
	if (r < 0)
		return r;
	made = store_new_layer(session->store);
	r = made < 0 ? made : tree_copy(&job, &change->upper, 1, made);
	for (size_t i = 0; i < count.n; i++)
		(void)close(count.fds[i]);
	if (r == 0)
		r = layers_total(&count, change->whole, &state->bytes,
		                 &state->inodes);
	if (r < 0)
		return FAIL(err, -r,
		            "session %s: its last state stays, since the new "
		            "one cannot be kept",
		            session->store->id);
	if (state->bytes > change->max_bytes ||
	    state->inodes > change->max_inodes)
		return err_say(err, SBX_STAGE_SESSION, EDQUOT,
		               "session %s: would hold more than limits.%s "
		               "allows",
		               session->store->id,
		               state->bytes > change->max_bytes ? "disk"
		                                                : "inodes");
	state->layers[state->n_layers++] = session->store->next_layer++;
	return 0;
}

bool session_is_kept(const struct sbx_box *box)
{
	const struct run *run = &box->run;

	return run->ended && !box->failed && box->upper >= 0 &&
	       run->cause != CAUSE_CANCELLED && run->cause != CAUSE_LOST;
}

void session_fds(const struct sbx_session *session, const struct sbx_box *box,
                 int fds[SESSION_FDS])
{
	fds[0] = session->store->dir;
	fds[1] = session->store->lock;
	fds[2] = session->store->layers;
	fds[3] = box->upper;
	fds[4] = box->workspace;
}

int session_add(struct sbx_session *session,
                const struct session_change *change, struct sbx_error *err)
{
	const struct store_state *newest = store_newest(session->store);
	struct store_state state = {0};
	int r = 0;

	if (newest)
		state = *newest;
	if (state.n_layers == STORE_LAYERS)
		r = flatten(session, &state, err);
	if (r == 0)
		r = take_upper(session, change, &state, err);
	if (r < 0)
		return r;
	state.number++;
	state.time = (int64_t)time(NULL);
	store_push(session->store, &state);
	return store_commit(session->store, err);
}

int sbx_session_commit(struct sbx_session *session, const struct sbx_box *box,
                       struct sbx_error *err)
{
	struct session_change change = {.max_bytes = UINT64_MAX,
	                                .max_inodes = UINT64_MAX};

	if (!session || !session_is_kept(box))
		return 0;
	change.upper = box->upper;
	change.whole = box->workspace;
	return session_add(session, &change, err);
}

void sbx_session_close(struct sbx_session *session)
{
	if (!session)
		return;
	store_unlock(session->store);
	free(session);
}
