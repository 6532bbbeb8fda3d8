/* SPDX-License-Identifier: MIT */
#include "sbxd/order.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "exec/passing.h"
#include "sbxd/sessions.h"
#include "warm/request.h"

#define MAX_WORDS 4096

struct order {
	const char *profile, *file, *id, *sessions;
	bool request, command;
	const char *arguments[MAX_WORDS + 1];
	size_t n_arguments;
};

static int set_field(struct job *job, char *setting, struct sbx_error *err)
{
	char *equals = strchr(setting, '=');

	if (!equals)
		return err_say(err, SBX_STAGE_SPEC, EPROTO, "a setting");
	*equals = '\0';
	return sbx_spec_set(job->spec, setting, equals + 1, err);
}

/* The value of each word to its place; settings: apply those, once there is a
 * profile to apply them to. */
static int read_words(struct job *job, const struct buffer *words,
                      struct order *order, bool settings, struct sbx_error *err)
{
	char *at = words->data, *end = words->data + words->len;

	while (at < end) {
		char *what = at, *value = at + strlen(at) + 1;

		if (value >= end)
			return err_say(err, SBX_STAGE_SPEC, EPROTO, "a word");
		at = value + strlen(value) + 1;
		if (strcmp(what, PASSING_SETTING) == 0) {
			int r = settings ? set_field(job, value, err) : 0;
			if (r < 0)
				return r;
		} else if (settings) {
			continue;
		} else if (strcmp(what, PASSING_PROFILE) == 0) {
			order->profile = value;
		} else if (strcmp(what, PASSING_FILE) == 0) {
			order->file = value;
		} else if (strcmp(what, PASSING_ID) == 0) {
			order->id = value;
		} else if (strcmp(what, PASSING_SESSIONS) == 0) {
			order->sessions = value;
		} else if (strcmp(what, PASSING_REQUEST) == 0) {
			order->request = true;
		} else if (strcmp(what, PASSING_COMMAND) == 0) {
			order->command = true;
		} else if (strcmp(what, PASSING_ARGUMENT) == 0 &&
		           order->n_arguments < MAX_WORDS) {
			order->arguments[order->n_arguments++] = value;
		} else {
			return err_say(err, SBX_STAGE_SPEC, EPROTO,
			               "an unknown word, or too many");
		}
	}
	return 0;
}

static int fill_spec(struct job *job, const struct order *order,
                     const struct buffer *words, const struct buffer *code,
                     struct sbx_error *err)
{
	const char *const *dirs = job->daemon->dirs.list;
	struct order again = {0};
	int r;

	if (order->request)
		r = sbx_spec_request(job->spec, code->data ? code->data : "",
		                     code->len, dirs, err);
	else
		r = sbx_spec_profile(job->spec,
		                     order->profile ? order->profile : "base",
		                     dirs, err);
	if (r == 0)
		r = read_words(job, words, &again, true, err);
	if (r < 0 || order->request)
		return r;
	if (order->command)
		return sbx_spec_command(job->spec, order->arguments, err);
	r = sbx_spec_code(job->spec, code->data ? code->data : "", code->len,
	                  order->arguments, err);
	if (r == 0 && order->file)
		r = sbx_spec_set(job->spec, "file", order->file, err);
	return r;
}

static int take_id(struct job *job, const char *id, struct sbx_error *err)
{
	if (id[0] == '\0' || strlen(id) > SBX_MAX_ID)
		return err_say(err, SBX_STAGE_SPEC, EPROTO, "an id");
	(void)strcpy(job->id, id);
	return 0;
}

int order_fill(struct job *job, struct buffer *words, const struct buffer *code,
               struct sbx_error *err)
{
	struct order order = {0};
	int r;

	buffer_append(words, "", 1); /* whatever is in it, it ends */
	words->len -= words->len > 0;
	r = read_words(job, words, &order, false, err);
	if (r == 0 && order.id)
		r = take_id(job, order.id, err);
	if (r == 0)
		r = fill_spec(job, &order, words, code, err);
	if (r == 0 && order.sessions && request_session(job->spec))
		r = sessions_agree(job->uid, order.sessions, err);
	return r;
}
