/* SPDX-License-Identifier: MIT */
#include "box/store_manifest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/json.h"
#include "base/parse.h"
#include "box/tree.h"

static bool read_number(const struct json *object, const char *key,
                        uint64_t *number)
{
	const struct json *value = json_get(object, key);

	if (!value || value->kind != JSON_INTEGER || value->integer < 0)
		return false;
	*number = (uint64_t)value->integer;
	return true;
}

static bool read_layers(const struct json *list, struct store_state *state)
{
	if (!list || list->kind != JSON_ARRAY)
		return false;
	for (list = list->child; list; list = list->next) {
		if (list->kind != JSON_INTEGER || list->integer <= 0 ||
		    list->integer >= INT64_MAX ||
		    state->n_layers == STORE_LAYERS)
			return false;
		state->layers[state->n_layers++] = (uint64_t)list->integer;
	}
	return true;
}

static bool read_state(const struct json *object, struct store_state *state)
{
	uint64_t time;

	if (!read_number(object, "number", &state->number) ||
	    !read_number(object, "time", &time) ||
	    !read_number(object, "bytes", &state->bytes) ||
	    !read_number(object, "inodes", &state->inodes))
		return false;
	state->time = (int64_t)time;
	return read_layers(json_get(object, "layers"), state);
}

static int read_text(const struct buffer *text, struct store_session *session)
{
	struct arena arena CLEANUP(arena_free) = {0};
	const struct json *root, *list;

	if (json_parse(&arena, text->data, text->len, &root, NULL) < 0)
		return -EINVAL;
	list = json_get(root, "states");
	if (!list || list->kind != JSON_ARRAY ||
	    !read_number(root, "next_layer", &session->next_layer) ||
	    session->next_layer == 0)
		return -EINVAL;
	for (list = list->child; list; list = list->next) {
		struct store_state state = {0};

		if (session->n_states == STORE_STATES ||
		    !read_state(list, &state))
			return -EINVAL;
		session->states[session->n_states++] = state;
	}
	return 0;
}

static void put_state(struct json_writer *out, const struct store_state *state)
{
	json_open_object(out, NULL);
	json_put_unsigned(out, "number", state->number);
	json_put_integer(out, "time", state->time);
	json_put_unsigned(out, "bytes", state->bytes);
	json_put_unsigned(out, "inodes", state->inodes);
	json_open_array(out, "layers");
	for (size_t i = 0; i < state->n_layers; i++)
		json_put_unsigned(out, NULL, state->layers[i]);
	json_close_array(out);
	json_close_object(out);
}

static int write_text(const struct store_session *session, struct buffer *text)
{
	struct json_writer *out = json_writer_new();

	if (!out)
		return -ENOMEM;
	json_open_object(out, NULL);
	json_put_integer(out, "schema", 1);
	json_put_unsigned(out, "next_layer", session->next_layer);
	json_open_array(out, "states");
	for (size_t i = 0; i < session->n_states; i++)
		put_state(out, &session->states[i]);
	json_close_array(out);
	json_close_object(out);
	return json_writer_end(out, "\n", text);
}

/* ---- on the disk ---- */

int manifest_load(struct store_session *session)
{
	struct buffer text CLEANUP(buffer_free) = {0};
	CLEANUP_FD int fd =
		openat(session->dir, MANIFEST,
	               O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int r;

	session->next_layer = 1;
	if (fd < 0)
		return errno == ENOENT ? 0 : errno == ELOOP ? -EINVAL : -errno;
	r = file_read_fd(fd, JSON_MAX_SIZE, &text);
	if (r == 0)
		r = read_text(&text, session);
	return r == -EFBIG ? -EINVAL : r;
}

int manifest_save(struct store_session *session)
{
	struct buffer text CLEANUP(buffer_free) = {0};
	CLEANUP_FD int fd = -1;
	int r = write_text(session, &text);

	if (r < 0)
		return r;
	(void)unlinkat(session->dir, WORKING, 0);
	fd = openat(session->dir, WORKING,
	            O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = file_write_fd(fd, text.data, text.len);
	/* The layer's name is on the disk before a manifest has it. */
	if (r == 0 &&
	    (fsync(fd) < 0 || fsync(session->layers) < 0 ||
	     renameat(session->dir, WORKING, session->dir, MANIFEST) < 0 ||
	     fsync(session->dir) < 0))
		r = -errno;
	return r;
}

static bool is_named(const struct store_session *session, const char *name)
{
	uint64_t number;

	if (parse_count(name, &number) < 0)
		return false;
	for (size_t i = 0; i < session->n_states; i++)
		for (size_t k = 0; k < session->states[i].n_layers; k++)
			if (session->states[i].layers[k] == number)
				return true;
	return false;
}

/* Layers of no state: of a run that was killed in its commit, or of states
 * that are forgotten. */
int store_sweep(const struct store_session *session)
{
	int r = 0;
	DIR *list = file_list(tree_open(session->layers, "."), &r);
	struct dirent *entry;

	if (!list)
		return r;
	while (r == 0 && (entry = file_entry(list, &r)))
		if (entry->d_name[0] != '.' &&
		    !is_named(session, entry->d_name))
			r = tree_remove(session->layers, entry->d_name);
	(void)closedir(list);
	return r;
}
