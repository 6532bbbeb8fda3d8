/* SPDX-License-Identifier: MIT */
/* Sessions into and out of directories, and into each other. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "box/layers.h"
#include "box/store.h"
#include "box/tree.h"
#include "exec/profiles.h"
#include "kernel/idmap.h"
#include "kernel/probe.h"
#include "model/spec.h"
#include "session.h"

#define WAIT (10 * NS_PER_S)

/* How many sessions there may be. */
static int find_most(uint64_t *most, struct sbx_error *err)
{
	struct sbx_spec *spec = NULL;
	int r = sbx_spec_new(&spec, err);

	if (r == 0)
		r = sbx_spec_maxima(spec, MAXIMA, err);
	if (r == 0)
		*most = spec->max_sessions;
	sbx_spec_free(spec);
	return r;
}

static int lock(int store, const char *id, bool fresh,
                struct store_session **session, struct sbx_error *err)
{
	struct store_want want = {
		.id = id, .create = fresh, .fresh = fresh, .wait_ns = WAIT};
	int r = fresh ? find_most(&want.most, err) : 0;

	return r < 0 ? r : store_lock(store, &want, session, err);
}

static int fail(struct sbx_error *err, int code, const char *what,
                const char *name)
{
	return err_set(err, SBX_STAGE_SESSION, code, "%s %s", what, name);
}

/* What the newest state holds, in one directory. */
static int copy_state(const struct store_session *session, struct tree_job *job,
                      int to, struct sbx_error *err)
{
	const struct store_state *state = store_newest(session);
	int fds[STORE_LAYERS], r = 0;

	if (!state || state->n_layers == 0)
		return 0;
	r = store_open_layers(session, state, fds, err);
	if (r < 0)
		return r;
	r = tree_copy(job, fds, state->n_layers, to);
	for (size_t i = 0; i < state->n_layers; i++)
		(void)close(fds[i]);
	return r < 0 ? fail(err, -r, "copy session", session->id) : 0;
}

/* Makes what is in the new layer, open as fd, the first state. */
static int begin(struct store_session *session, int fd, struct sbx_error *err)
{
	struct store_state state = {
		.number = 1, .time = (int64_t)time(NULL), .n_layers = 1};
	int r = layers_count_tree(fd, &state.bytes, &state.inodes);

	state.layers[0] = session->next_layer++;
	if (r < 0)
		return fail(err, -r, "keep session", session->id);
	store_push(session, &state);
	return store_commit(session, err);
}

/* A session that came to nothing is none. */
static int finish(int store, struct store_session *session, int r)
{
	struct sbx_error lost;

	if (r < 0)
		(void)store_delete(store, session, &lost);
	else
		store_unlock(session);
	return r;
}

int session_fork(int store, char *const *arguments, struct sbx_error *err)
{
	struct tree_job job = {
		.link = true, .owned = geteuid() == 0, .id = BOX_UID};
	struct store_session *from = NULL, *to = NULL;
	CLEANUP_FD int made = -1;
	int r = lock(store, arguments[0], false, &from, err);

	if (r < 0)
		return r;
	r = lock(store, arguments[1], true, &to, err);
	if (r == 0) {
		made = store_new_layer(to);
		r = made < 0 ? fail(err, -made, "make session", to->id)
		             : copy_state(from, &job, made, err);
		if (r == 0)
			r = begin(to, made, err);
		r = finish(store, to, r);
	}
	store_unlock(from);
	return r;
}

/* The same into a directory of the host. Files of many names are found again in
 * a directory below it, which goes. */
static int copy_out(const struct store_session *session, int to,
                    struct sbx_error *err)
{
	char name[40] = ".sbx-";
	struct tree_job job = {0};
	CLEANUP_FD int known = -1;
	struct stat st;
	int r = probe_random_id(name + strlen(name));

	if (r == 0 && mkdirat(to, name, 0700) < 0)
		r = -errno;
	if (r == 0)
		known = tree_open(to, name);
	if (r < 0 || known < 0)
		return fail(err, r < 0 ? -r : -known, "export session",
		            session->id);
	job.known = &known;
	r = copy_state(session, &job, to, err);
	if (r < 0)
		return r;
	if (fstat(to, &st) < 0)
		return fail(err, errno, "export session", session->id);
	const struct timespec times[] = {{.tv_nsec = UTIME_OMIT}, st.st_mtim};
	r = tree_remove(to, name);
	if (r == 0 && futimens(to, times) < 0)
		r = -errno;
	return r < 0 ? fail(err, -r, "export session", session->id) : 0;
}

/* Half a copy is none. */
static void take_back(int dir, const char *path)
{
	int r = 0;
	DIR *list = dir < 0 ? NULL : file_list(tree_open(dir, "."), &r);
	struct dirent *entry;

	while (list && (entry = file_entry(list, &r)))
		(void)tree_remove(dir, entry->d_name);
	if (list)
		(void)closedir(list);
	(void)rmdir(path);
}

int session_export(int store, char *const *arguments, struct sbx_error *err)
{
	struct store_session *session = NULL;
	CLEANUP_FD int to = -1;
	int r = lock(store, arguments[0], false, &session, err);

	if (r < 0)
		return r;
	/* It is made here, so that nothing is written over. */
	if (mkdir(arguments[1], 0700) < 0)
		r = errno == EEXIST
		            ? err_say(err, SBX_STAGE_SESSION, EEXIST,
		                      "%s is there already: name a directory "
		                      "that is not, it is made",
		                      arguments[1])
		            : fail(err, errno, "make", arguments[1]);
	if (r == 0) {
		to = open(arguments[1],
		          O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		r = to < 0 ? fail(err, errno, "open", arguments[1])
		           : copy_out(session, to, err);
		if (r < 0)
			take_back(to, arguments[1]);
	}
	store_unlock(session);
	return r;
}

int session_import(int store, char *const *arguments, struct sbx_error *err)
{
	struct tree_job job = {.owned = geteuid() == 0, .id = BOX_UID};
	struct store_session *session = NULL;
	CLEANUP_FD int from = -1, made = -1;
	int r;

	from = open(arguments[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (from < 0)
		return fail(err, errno, "open", arguments[1]);
	r = lock(store, arguments[0], true, &session, err);
	if (r < 0)
		return r;
	job.known = &session->layers;
	made = store_new_layer(session);
	r = made < 0 ? made : tree_copy(&job, &from, 1, made);
	r = r < 0 ? fail(err, -r, "copy", arguments[1])
	          : begin(session, made, err);
	return finish(store, session, r);
}
