/* SPDX-License-Identifier: MIT */
#include "box/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "box/store_manifest.h"
#include "box/tree.h"
#include "kernel/probe.h"

#define GONE ".gone-"

#define FAIL(err, code, ...) err_set(err, SBX_STAGE_SESSION, code, __VA_ARGS__)
#define SAY(err, code, ...)  err_say(err, SBX_STAGE_SESSION, code, __VA_ARGS__)

bool store_id_ok(const char *id)
{
	size_t len = strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                        "abcdefghijklmnopqrstuvwxyz"
	                        "0123456789._-");

	return len > 0 && len <= STORE_ID_LEN && !id[len] &&
	       !strchr(".-", id[0]);
}

/* ---- the directory of all ---- */

/* It is private to its owner. What is above is not, if it has to be made:
 * root's trees and layers are beside the sessions, and for everybody. */
static int make_path(const char *path)
{
	char part[PATH_MAX];

	for (const char *slash = strchr(path + 1, '/');;
	     slash = strchr(slash + 1, '/')) {
		size_t len = slash ? (size_t)(slash - path) : strlen(path);

		if (len >= sizeof(part))
			return -ENAMETOOLONG;
		memcpy(part, path, len);
		part[len] = '\0';
		if (mkdir(part, slash ? 0755 : 0700) < 0 && errno != EEXIST)
			return -errno;
		if (!slash)
			return 0;
	}
}

int store_open(const char *path, bool create, int *store, struct sbx_error *err)
{
	CLEANUP_FD int fd = -1;
	struct stat st;
	int r = create ? make_path(path) : 0;

	if (r < 0)
		return FAIL(err, -r, "make %s for sessions", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return FAIL(err, errno, "sessions in %s", path);
	if (st.st_uid != geteuid() || st.st_mode & 022)
		return SAY(err, EPERM,
		           "sessions in %s: the directory belongs to another "
		           "user, or others may write to it",
		           path);
	*store = TAKE_FD(fd);
	return 0;
}

/* ---- one session ---- */

const struct store_state *store_newest(const struct store_session *session)
{
	return session->n_states ? &session->states[session->n_states - 1]
	                         : NULL;
}

void store_push(struct store_session *session, const struct store_state *state)
{
	if (session->n_states == STORE_STATES)
		memmove(session->states, session->states + 1,
		        --session->n_states * sizeof(*state));
	session->states[session->n_states++] = *state;
}

/* -ESTALE: whoever had it has removed the session. */
static int lock_session(struct store_session *session, uint64_t wait_ns)
{
	struct stat st;
	int r;

	session->lock = openat(session->dir, "lock",
	                       O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (session->lock < 0)
		return errno == ENOENT ? -ESTALE : -errno;
	r = file_lock(session->lock, wait_ns);
	if (r == 0 && (fstat(session->lock, &st) < 0 || st.st_nlink == 0))
		r = -ESTALE;
	return r;
}

/* Whether one more is not too many. Those who make one at the same moment may
 * be that many more together. */
static int check_room(int store, const struct store_want *want)
{
	struct dirent *entry;
	struct stat st;
	uint64_t n = 0;
	DIR *list;
	int r = 0;

	if (fstatat(store, want->id, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	list = file_list(tree_open(store, "."), &r);
	if (!list)
		return r;
	while (n < want->most && (entry = file_entry(list, &r)))
		n += store_id_ok(entry->d_name);
	(void)closedir(list);
	return r < 0 ? r : n < want->most ? 0 : -EDQUOT;
}

static int open_session(int store, const struct store_want *want,
                        struct store_session *session)
{
	bool made = false;
	struct stat st;
	int r = want->create ? check_room(store, want) : 0;

	if (r < 0)
		return r;
	if (want->create && mkdirat(store, want->id, 0700) < 0) {
		if (errno != EEXIST)
			return -errno;
	} else if (want->create) {
		made = true;
	}
	if (want->fresh && !made)
		return -EEXIST;
	session->dir = tree_open(store, want->id);
	if (session->dir < 0)
		return session->dir;
	if (fstat(session->dir, &st) < 0)
		return -errno;
	return st.st_uid == geteuid() && !(st.st_mode & 077) ? 0 : -EPERM;
}

/* The layers are looked into by the box's own user: for root, another one. */
static int open_layers(struct store_session *session)
{
	if (mkdirat(session->dir, "layers", 0755) < 0 && errno != EEXIST)
		return -errno;
	session->layers = tree_open(session->dir, "layers");
	if (session->layers < 0)
		return session->layers;
	return fchmod(session->layers, 0755) < 0 ? -errno : 0;
}

static int lock_error(const struct store_want *want, int code,
                      struct sbx_error *err)
{
	switch (code) {
	case EBUSY:
		return SAY(err, EBUSY,
		           "session %s is busy: another run has it; try again "
		           "when that is over",
		           want->id);
	case EINVAL:
		return SAY(err, EINVAL,
		           "session %s: its manifest is not as sbx writes it; "
		           "the store was changed",
		           want->id);
	case EPERM:
		return SAY(err, EPERM,
		           "session %s: its directory belongs to another user, "
		           "or is open to others",
		           want->id);
	case EEXIST:
		return SAY(err, EEXIST, "session %s is there already",
		           want->id);
	case ENOENT:
		return SAY(err, ENOENT, "there is no session %s", want->id);
	case EDQUOT:
		return SAY(err, EDQUOT,
		           "session %s: there are %ju already, which is all "
		           "that may be: sbx-session expire and remove make "
		           "room",
		           want->id, (uintmax_t)want->most);
	default:
		return FAIL(err, code, "session %s", want->id);
	}
}

/* Whether the name still leads to what was locked. */
static int check_place(int store, const struct store_session *session)
{
	struct stat ours, there;

	if (fstat(session->dir, &ours) < 0)
		return -errno;
	if (fstatat(store, session->id, &there, AT_SYMLINK_NOFOLLOW) < 0 ||
	    ours.st_ino != there.st_ino || ours.st_dev != there.st_dev)
		return -ESTALE;
	return 0;
}

static int lock_once(int store, const struct store_want *want,
                     struct store_session *session)
{
	int r = open_session(store, want, session);

	if (r == 0)
		r = lock_session(session, want->wait_ns);
	if (r == 0)
		r = check_place(store, session);
	if (r == 0)
		r = open_layers(session);
	if (r == 0)
		r = manifest_load(session);
	if (r == 0)
		r = store_sweep(session);
	return r;
}

int store_lock(int store, const struct store_want *want,
               struct store_session **session, struct sbx_error *err)
{
	struct store_session *made;
	int r;

	if (!store_id_ok(want->id))
		return SAY(err, EINVAL,
		           "\"%.80s\" is not the id of a session: letters, "
		           "digits, \".\", \"_\", \"-\", at most 64, no dot or "
		           "dash first",
		           want->id);
	do {
		made = calloc(1, sizeof(*made));
		if (!made)
			return err_memory(err, SBX_STAGE_SESSION);
		made->dir = made->lock = made->layers = -1;
		(void)strcpy(made->id, want->id);
		r = lock_once(store, want, made);
		if (r < 0)
			store_unlock(made);
	} while (r == -ESTALE);
	if (r < 0)
		return lock_error(want, -r, err);
	*session = made;
	return 0;
}

/* One that never had a state is none, and was made for a run that came to
 * nothing. Who waits for its lock makes it anew. */
static void drop_stateless(const struct store_session *session)
{
	CLEANUP_FD int store = -1;
	struct stat st;

	if (fstatat(session->dir, MANIFEST, &st, AT_SYMLINK_NOFOLLOW) == 0 ||
	    errno != ENOENT)
		return;
	store = openat(session->dir, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (store >= 0 && unlinkat(session->dir, "layers", AT_REMOVEDIR) == 0 &&
	    unlinkat(session->dir, "lock", 0) == 0)
		(void)unlinkat(store, session->id, AT_REMOVEDIR);
}

void store_unlock(struct store_session *session)
{
	if (!session)
		return;
	if (session->layers >= 0) /* the lock is held, too */
		drop_stateless(session);
	cleanup_fd(&session->layers);
	cleanup_fd(&session->dir);
	/* Closed alone it is held for as long as a box that is being cloned has
	 * a copy of the descriptor. */
	if (session->lock >= 0)
		(void)flock(session->lock, LOCK_UN);
	cleanup_fd(&session->lock);
	free(session);
}

/* ---- changing it ---- */

int store_commit(struct store_session *session, struct sbx_error *err)
{
	int r = manifest_save(session);

	if (r < 0)
		return FAIL(err, -r,
		            "session %s: its last state stays, since the new "
		            "one cannot be written",
		            session->id);
	/* What cannot be removed now is, with the next lock. */
	(void)store_sweep(session);
	return 0;
}

int store_new_layer(struct store_session *session)
{
	char name[24];
	int r;

	(void)snprintf(name, sizeof(name), "%ju",
	               (uintmax_t)session->next_layer);
	r = tree_remove(session->layers, name);
	if (r < 0)
		return r;
	if (mkdirat(session->layers, name, 0700) < 0)
		return -errno;
	return tree_open(session->layers, name);
}

int store_open_layers(const struct store_session *session,
                      const struct store_state *state, int fds[STORE_LAYERS],
                      struct sbx_error *err)
{
	size_t n = state->n_layers;

	for (size_t i = 0; i < n; i++) {
		char name[24];

		(void)snprintf(name, sizeof(name), "%ju",
		               (uintmax_t)state->layers[n - 1 - i]);
		fds[i] = tree_open(session->layers, name);
		if (fds[i] >= 0)
			continue;
		int code = -fds[i];
		while (i > 0)
			(void)close(fds[--i]);
		return SAY(err, code,
		           "session %s: its layer %s is missing or no "
		           "directory; the store was changed",
		           session->id, name);
	}
	return 0;
}

int store_delete(int store, struct store_session *session,
                 struct sbx_error *err)
{
	char gone[48];
	int r = probe_random_id(gone + strlen(GONE));

	memcpy(gone, GONE, strlen(GONE));
	/* From here on the id is free; a crash leaves what store_tidy() takes.
	 */
	if (r == 0 && renameat(store, session->id, store, gone) < 0)
		r = -errno;
	if (r == 0)
		r = tree_remove(store, gone);
	if (r < 0)
		r = FAIL(err, -r, "remove session %s", session->id);
	store_unlock(session);
	return r;
}

void store_tidy(int store)
{
	int unread; /* is there for another call */
	DIR *list = file_list(tree_open(store, "."), &unread);
	struct dirent *entry;

	while (list && (entry = file_entry(list, &unread)))
		if (strncmp(entry->d_name, GONE, strlen(GONE)) == 0)
			(void)tree_remove(store, entry->d_name);
	if (list)
		(void)closedir(list);
}
