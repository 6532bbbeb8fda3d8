/* SPDX-License-Identifier: MIT */
#include "warm/visit.h"

#include <errno.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "box/session_files.h"
#include "box/store_items.h"
#include "model/spec.h"

#define WAIT NS_PER_S

/* ---- all of them ---- */

static void put_item(const struct store_item *item, struct json_writer *out)
{
	json_open_object(out, NULL);
	json_put_text(out, "id", item->id);
	json_put_text(out, "state",
	              item->busy  ? "busy"
	              : item->bad ? "damaged"
	                          : "idle");
	if (!item->busy && !item->bad) {
		json_put_unsigned(out, "disk_bytes", item->newest.bytes);
		json_put_unsigned(out, "inodes", item->newest.inodes);
		json_put_unsigned(out, "states", item->n_states);
	}
	if (item->n_states > 0)
		json_put_time(out, "time", item->newest.time);
	json_close_object(out);
}

int visit_list(const char *path, struct json_writer *out, struct sbx_error *err)
{
	struct store_items items = {0};
	CLEANUP_FD int store = -1;
	int r = store_open(path, false, &store, err);

	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = store_items(store, &items, err);
	for (size_t i = 0; i < items.n && r == 0; i++)
		put_item(&items.list[i], out);
	store_items_free(&items);
	return r;
}

/* ---- one ---- */

/* most: it is made where there are not so many. */
static int enter(int store, const char *id, uint64_t most,
                 struct sbx_session **session, struct sbx_error *err)
{
	const struct store_want want = {
		.id = id, .create = most > 0, .most = most, .wait_ns = WAIT};

	return session_enter(store, &want, session, err);
}

static int check_id(const char *id, struct sbx_error *err)
{
	if (store_id_ok(id))
		return 0;
	return err_say(err, SBX_STAGE_SESSION, EINVAL,
	               "\"%.80s\" is not the id of a session", id);
}

static int open_store(const char *path, const char *id, int *store,
                      struct sbx_error *err)
{
	int r = check_id(id, err);

	if (r == 0)
		r = store_open(path, false, store, err);
	return r == -ENOENT ? err_say(err, SBX_STAGE_SESSION, ENOENT,
	                              "there is no session %s", id)
	                    : r;
}

int visit_remove(const char *path, const char *id, struct sbx_error *err)
{
	CLEANUP_FD int store = -1;
	struct sbx_session *session = NULL;
	int r = open_store(path, id, &store, err);

	if (r == 0)
		r = enter(store, id, 0, &session, err);
	if (r == 0)
		r = store_delete(store, TAKE_PTR(session->store), err);
	sbx_session_close(session);
	return r;
}

int visit_read(const char *path, struct visit_file *file, size_t max,
               struct sbx_error *err)
{
	CLEANUP_FD int store = -1, fd = -1;
	struct sbx_session *session = NULL;
	int r = open_store(path, file->id, &store, err);

	if (r == 0)
		r = enter(store, file->id, 0, &session, err);
	if (r == 0)
		r = session_file_open(session, file->path, err);
	/* A layer does not change: the session is not needed any more. */
	sbx_session_close(session);
	if (r < 0)
		return r;
	fd = r;
	r = file_read_fd(fd, max, &file->content);
	return r < 0 ? err_set(err, SBX_STAGE_SESSION, -r, "%s", file->path)
	             : 0;
}

int visit_write(const char *path, const struct visit_file *file,
                const struct sbx_spec *spec, struct sbx_error *err)
{
	const struct session_file put = {
		.path = file->path,
		.data = file->content.data,
		.len = file->content.len,
		.max_bytes = spec->limits[LIMIT_DISK].value,
		.max_inodes = spec->limits[LIMIT_INODES].value,
	};
	CLEANUP_FD int store = -1;
	struct sbx_session *session = NULL;
	struct sbx_error lost;
	int r = check_id(file->id, err);

	if (r == 0)
		r = store_open(path, true, &store, err);
	if (r == 0)
		r = enter(store, file->id, spec->max_sessions, &session, err);
	if (r == 0)
		r = session_file_put(session, &put, err);
	/* One that came to nothing is none. */
	if (r < 0 && session && session->store->n_states == 0)
		(void)store_delete(store, TAKE_PTR(session->store), &lost);
	sbx_session_close(session);
	return r;
}
