/* SPDX-License-Identifier: MIT */
#include "requests.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"

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

/* Gives the request its id. */
static int name(struct ids *ids, const struct line *line,
                struct request *request)
{
	int had = 0;

	if (named_id(line, request->id, request->session, &request->broken) ==
	    0)
		request->broken.code = 0;
	if (request->id[0])
		had = ids_put(ids, request->id, strlen(request->id), ID_ASKED);
	if (had < 0)
		return had;
	if (had & ID_ASKED)
		(void)FAIL(&request->broken,
		           "id \"%s\": an earlier line has it, too",
		           request->id);
	if (!request->id[0] || (had & ID_ASKED)) {
		(void)snprintf(request->id, sizeof(request->id),
		               "line-%" PRIu64, line->number);
		had = ids_put(ids, request->id, strlen(request->id), ID_ASKED);
	}
	request->reported = had > 0 && (had & ID_REPORTED);
	return MIN(had, 0);
}

static bool is_blank(const struct line *line)
{
	for (size_t i = 0; i < line->head_len; i++)
		if (!memchr(" \t\r", line->head[i], 3))
			return false;
	return true;
}

int requests_next(struct requests *requests, struct request *request,
                  struct sbx_error *err)
{
	const struct shard *shard = &requests->shard;
	struct line line;
	int r;

	do
		r = lines_next(requests->lines, &line);
	while (r == 1 &&
	       ((shard->count > 1 &&
	         line.number % shard->count != shard->index % shard->count) ||
	        is_blank(&line)));
	if (r == 1) {
		*request = (struct request){.line = line.number,
		                            .text = line.head,
		                            .len = line.head_len};
		r = name(requests->ids, &line, request);
		if (r == 0)
			return 1;
	} else if (r == 0 || r == -EAGAIN) {
		return r;
	}
	if (r == -E2BIG)
		return err_say(err, SBX_STAGE_SPEC, E2BIG,
		               "more than %" PRIu64 " requests; --shard "
		               "takes a part of them",
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
