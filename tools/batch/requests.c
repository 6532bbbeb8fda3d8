/* SPDX-License-Identifier: MIT */
#include "requests.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"

#define LINE "line-" /* and its number: the id of one that names none */

#define FAIL(err, ...) err_say(err, SBX_STAGE_SPEC, EINVAL, __VA_ARGS__)

int requests_open(struct requests *requests, int fd, struct sbx_error *err)
{
	requests->lines = lines_new(fd, JSON_MAX_SIZE + 1);
	if (!requests->lines)
		return err_set(err, SBX_STAGE_SPEC, ENOMEM, "requests");
	return 0;
}

void requests_close(struct requests *requests)
{
	lines_free(requests->lines);
	requests->lines = NULL;
}

/* The id and the session that a request names, "" where it names none. -EINVAL
 * with err for a line that is no request. */
static int named_id(const struct line *line, char id[SBX_MAX_ID + 1],
                    char session[MAX_SESSION + 1], struct sbx_error *err)
{
	struct arena arena = {0};
	const struct json *root, *named;
	int r = 0;

	id[0] = session[0] = '\0';
	if (line->len > JSON_MAX_SIZE)
		return FAIL(err, "request: is longer than %d bytes",
		            JSON_MAX_SIZE);
	if (json_parse(&arena, line->head, line->head_len, &root, err) < 0)
		r = -EINVAL;
	else if (root->kind != JSON_OBJECT)
		r = FAIL(err, "request: is %s, not an object",
		         json_kind_name(root->kind));
	if (r == 0 && (named = json_get(root, "id"))) {
		if (named->kind != JSON_STRING || named->len == 0 ||
		    named->len > SBX_MAX_ID)
			r = FAIL(err, "id: is not a text of 1 to %d bytes",
			         SBX_MAX_ID);
		else
			memcpy(id, named->text, named->len + 1);
	}
	if (r == 0 && (named = json_get(root, "session")) &&
	    named->kind == JSON_STRING && named->len <= MAX_SESSION)
		memcpy(session, named->text, named->len + 1);
	arena_free(&arena);
	return r;
}

/* Whether the id is what a line without one is called. */
static bool is_of_a_line(const char *id)
{
	const size_t len = strlen(LINE);

	return strncmp(id, LINE, len) == 0 && id[len] &&
	       !id[len + strspn(id + len, "0123456789")];
}

/* Takes the id that the request names, unless it is another line's. Returns the
 * flags it had, 0 where it has none now, or -errno. */
static int take_id(struct ids *ids, const char *own, struct request *request)
{
	char *id = request->id;
	int had = 0;

	if (is_of_a_line(id) && strcmp(id, own) != 0)
		(void)FAIL(&request->broken,
		           "id \"%s\": is that of a line without one", id);
	else if (id[0])
		had = ids_put(ids, id, strlen(id), ID_ASKED);
	if (had > 0 && (had & ID_ASKED))
		(void)FAIL(&request->broken,
		           "id \"%s\": an earlier line has it, too", id);
	if (request->broken.code)
		id[0] = '\0';
	return had;
}

/* Gives the request its id. */
static int name(struct ids *ids, const struct line *line,
                struct request *request)
{
	char own[sizeof(LINE) + 20];
	int had;

	(void)snprintf(own, sizeof(own), LINE "%" PRIu64, line->number);
	if (named_id(line, request->id, request->session, &request->broken) ==
	    0)
		request->broken.code = 0;
	had = take_id(ids, own, request);
	if (had >= 0 && !request->id[0]) {
		(void)strcpy(request->id, own);
		had = ids_put(ids, own, strlen(own), ID_ASKED);
	}
	request->reported = had > 0 && (had & ID_REPORTED);
	return MIN(had, 0);
}

static bool is_blank(const struct line *line)
{
	if (line->len > line->head_len)
		return false;
	for (size_t i = 0; i < line->head_len; i++)
		if (!memchr(" \t\r", line->head[i], 3))
			return false;
	return true;
}

static bool is_in(const struct shard *shard, const struct line *line)
{
	return shard->count <= 1 ||
	       line->number % shard->count == shard->index % shard->count;
}

/* Those of other shards are named as well, so that an id is the same request's
 * in each. */
int requests_next(struct requests *requests, struct request *request,
                  struct sbx_error *err)
{
	struct line line;
	int r;

	while ((r = lines_next(requests->lines, &line)) == 1) {
		if (is_blank(&line))
			continue;
		*request = (struct request){.line = line.number,
		                            .text = line.head,
		                            .len = line.head_len};
		r = name(requests->ids, &line, request);
		if (r < 0)
			break;
		if (is_in(&requests->shard, &line))
			return 1;
	}
	if (r == 0 || r == -EAGAIN)
		return r;
	if (r == -E2BIG)
		return err_say(err, SBX_STAGE_SPEC, E2BIG,
		               "more than %" PRIu64 " requests; give fewer in "
		               "a file",
		               MAX_IDS);
	return err_set(err, SBX_STAGE_SPEC, -r, "requests");
}

int requests_read(struct requests *requests, struct request *request,
                  struct sbx_error *err)
{
	int r;

	while ((r = requests_next(requests, request, err)) == -EAGAIN) {
		r = lines_fill(requests->lines);
		if (r < 0)
			return err_set(err, SBX_STAGE_SPEC, -r, "requests");
	}
	return r;
}
