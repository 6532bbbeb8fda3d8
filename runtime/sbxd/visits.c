/* SPDX-License-Identifier: MIT */
/* Each is answered in a process of its own: a disk may be slow, and a session
 * large. */
#include "sbxd/visits.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "sbxd/apart.h"
#include "sbxd/intake.h"
#include "sbxd/sessions.h"
#include "warm/visit.h"

struct refusal {
	int code;
	unsigned status;
	const char *name;
};

static const struct refusal refusals[] = {
	{ENOENT, 404, "not_found"},    {EINVAL, 400, "bad_request"},
	{ENOTDIR, 400, "bad_request"}, {EISDIR, 400, "bad_request"},
	{EBUSY, 409, "busy"},          {EFBIG, 413, "too_large"},
	{EDQUOT, 413, "too_large"},    {0, 503, "failed"}, /* all others */
};

static void refuse(struct exchange *exchange, const struct sbx_error *err)
{
	const struct refusal *row = refusals;
	char text[4 * sizeof(err->text)];

	while (row->code != err->code && row->code != 0)
		row++;
	exchange->answer.len = 0;
	answer_error(exchange, row->status, row->name,
	             text_escape(err->text, text, sizeof(text)));
}

/* "ID/files/PATH", or "ID" with path NULL. */
struct target {
	char id[SBX_MAX_ID + 1];
	const char *path;
};

static int read_target(const char *rest, struct target *target)
{
	static const char files[] = "/files/";
	size_t len = strcspn(rest, "/");

	if (len >= sizeof(target->id))
		return -ENAMETOOLONG;
	memcpy(target->id, rest, len);
	target->id[len] = '\0';
	rest += len;
	target->path = NULL;
	if (!*rest)
		return 0;
	if (strncmp(rest, files, strlen(files)) != 0)
		return -ENOENT;
	target->path = rest + strlen(files);
	return 0;
}

/* In all of these: where this caller's are. */
static int find_place(const struct exchange *exchange, char path[PLACE_LEN],
                      struct sbx_error *err)
{
	if (sessions_place(&exchange->who, path) == 0)
		return 0;
	return err_say(err, SBX_STAGE_SESSION, ENXIO,
	               "the daemon has no place for sessions: set "
	               "XDG_DATA_HOME or HOME for it");
}

/* ---- in a process of its own ---- */

static void make_list(struct exchange *exchange, const char *rest)
{
	struct json_writer *writer = json_writer_new();
	struct sbx_error err;
	char place[PLACE_LEN];
	int r = find_place(exchange, place, &err);

	(void)rest;
	if (writer) {
		json_open_object(writer, NULL);
		json_open_array(writer, "sessions");
		if (r == 0)
			r = visit_list(place, writer, &err);
		json_close_array(writer);
		json_close_object(writer);
	}
	if (r < 0) {
		json_writer_free(writer);
		refuse(exchange, &err);
	} else {
		answer_json(exchange, 200, writer);
	}
}

static void make_removal(struct exchange *exchange, const char *rest)
{
	struct json_writer *writer;
	struct sbx_error err;
	char place[PLACE_LEN];
	int r = find_place(exchange, place, &err);

	if (r == 0)
		r = visit_remove(place, rest, &err);
	if (r < 0) {
		refuse(exchange, &err);
		return;
	}
	writer = json_writer_new();
	if (writer) {
		json_open_object(writer, NULL);
		json_put_text(writer, "id", rest);
		json_put_text(writer, "state", "removed");
		json_close_object(writer);
	}
	answer_json(exchange, 200, writer);
}

/* A file of a session, and where the caller's sessions are. */
struct found {
	char place[PLACE_LEN];
	struct target target; /* the words of file */
	struct visit_file file;
};

static int find_file(const struct exchange *exchange, const char *rest,
                     struct found *found, struct sbx_error *err)
{
	(void)read_target(rest, &found->target);
	found->file.id = found->target.id;
	found->file.path = found->target.path;
	return find_place(exchange, found->place, err);
}

static void make_content(struct exchange *exchange, const char *rest)
{
	struct found found = {0};
	struct sbx_error err;
	int r = find_file(exchange, rest, &found, &err);

	if (r == 0)
		r = visit_read(found.place, &found.file, MAX_FILE, &err);
	if (r < 0) {
		refuse(exchange, &err);
		return;
	}
	exchange->answer = found.file.content;
	exchange->type = "application/octet-stream";
	exchange->status = 200;
}

/* What a session may hold, as one of the profile base. */
static int find_limits(const struct exchange *exchange, struct sbx_spec **spec,
                       struct sbx_error *err)
{
	int r = sbx_spec_new(spec, err);

	if (r == 0)
		r = sbx_spec_profile(*spec, "base", exchange->daemon->dirs.list,
		                     err);
	return r < 0 ? r : sbx_spec_maxima(*spec, MAXIMA, err);
}

static void answer_written(struct exchange *exchange,
                           const struct visit_file *file)
{
	struct json_writer *writer = json_writer_new();
	char sha256[65];

	text_sha256(file->content.len ? file->content.data : "",
	            file->content.len, sha256);
	if (writer) {
		json_open_object(writer, NULL);
		json_put_text(writer, "path", file->path);
		json_put_unsigned(writer, "size_bytes", file->content.len);
		json_put_text(writer, "sha256", sha256);
		json_close_object(writer);
	}
	answer_json(exchange, 200, writer);
}

static void make_file(struct exchange *exchange, const char *rest)
{
	struct found found = {.file.content = exchange->body};
	struct sbx_spec *spec = NULL;
	struct sbx_error err;
	int r = find_file(exchange, rest, &found, &err);

	if (r == 0)
		r = find_limits(exchange, &spec, &err);
	if (r == 0)
		r = visit_write(found.place, &found.file, spec, &err);
	if (r < 0)
		refuse(exchange, &err);
	else
		answer_written(exchange, &found.file);
	sbx_spec_free(spec);
}

/* ---- in the daemon ---- */

/* Whether the path says a session, or a file of one, as is wanted. */
static void begin(struct exchange *exchange, apart_make *make, const char *rest,
                  bool file)
{
	struct target target;

	if (exchange->daemon->draining)
		answer_error(exchange, 503, "draining",
		             "the daemon is stopping");
	else if (read_target(rest, &target) < 0 || !target.path == file)
		answer_error(exchange, 404, "not_found",
		             "there is nothing at this path; see sbxd(8)");
	else
		(void)apart_begin(exchange, make, rest);
}

void visits_list(struct exchange *exchange, const char *rest)
{
	begin(exchange, make_list, rest, false);
}

void visits_delete(struct exchange *exchange, const char *rest)
{
	begin(exchange, make_removal, rest, false);
}

void visits_get(struct exchange *exchange, const char *rest)
{
	begin(exchange, make_content, rest, true);
}

void visits_put(struct exchange *exchange, const char *rest)
{
	begin(exchange, make_file, rest, true);
}
