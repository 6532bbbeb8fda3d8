/* SPDX-License-Identifier: MIT */
#include "sbxd/order.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/error.h"
#include "exec/passing.h"
#include "sbxd/sessions.h"
#include "warm/request.h"

#define MAX_WORDS 4096

struct order {
	const char *profile, *file, *id, *sessions;
	const char *request, *command; /* NULL: it is none */
	const char *arguments[MAX_WORDS + 1];
	size_t n_arguments;
};

/* Words of which there is one: the last. */
static const struct word {
	const char *what;
	size_t offset; /* of its value, in struct order */
} once[] = {
	{PASSING_PROFILE, offsetof(struct order, profile)},
	{PASSING_FILE, offsetof(struct order, file)},
	{PASSING_ID, offsetof(struct order, id)},
	{PASSING_SESSIONS, offsetof(struct order, sessions)},
	{PASSING_REQUEST, offsetof(struct order, request)},
	{PASSING_COMMAND, offsetof(struct order, command)},
};

static const char **find_once(struct order *order, const char *what)
{
	for (size_t i = 0; i < ARRAY_SIZE(once); i++)
		if (strcmp(once[i].what, what) == 0)
			return (void *)((char *)order + once[i].offset);
	return NULL;
}

static int take_word(struct order *order, const char *what, const char *value,
                     struct sbx_error *err)
{
	const char **place = find_once(order, what);

	if (!place && strcmp(what, PASSING_ARGUMENT) == 0 &&
	    order->n_arguments < MAX_WORDS)
		place = &order->arguments[order->n_arguments++];
	if (!place)
		return err_say(err, SBX_STAGE_SPEC, EPROTO,
		               "an unknown word, or too many");
	*place = value;
	return 0;
}

static int set_field(struct job *job, char *setting, struct sbx_error *err)
{
	char *equals = strchr(setting, '=');

	if (!equals)
		return err_say(err, SBX_STAGE_SPEC, EPROTO, "a setting");
	*equals = '\0';
	return sbx_spec_set(job->spec, setting, equals + 1, err);
}

struct pair {
	char *what, *value;
};

/* Takes the next one off the words: 1, or 0 at the end; -EPROTO: half of one
 * is left. */
static int next_pair(char **at, const char *end, struct pair *pair,
                     struct sbx_error *err)
{
	if (*at >= end)
		return 0;
	pair->what = *at;
	pair->value = pair->what + strlen(pair->what) + 1;
	if (pair->value >= end)
		return err_say(err, SBX_STAGE_SPEC, EPROTO, "a word");
	*at = pair->value + strlen(pair->value) + 1;
	return 1;
}

/* All but settings. */
static int read_order(const struct buffer *words, struct order *order,
                      struct sbx_error *err)
{
	char *at = words->data, *end = words->data + words->len;
	struct pair pair;
	int r;

	while ((r = next_pair(&at, end, &pair, err)) > 0) {
		if (strcmp(pair.what, PASSING_SETTING) == 0)
			continue;
		r = take_word(order, pair.what, pair.value, err);
		if (r < 0)
			return r;
	}
	return r;
}

/* Once there is a profile to apply them to. */
static int apply_settings(struct job *job, const struct buffer *words,
                          struct sbx_error *err)
{
	char *at = words->data, *end = words->data + words->len;
	struct pair pair;
	int r;

	while ((r = next_pair(&at, end, &pair, err)) > 0) {
		if (strcmp(pair.what, PASSING_SETTING) != 0)
			continue;
		r = set_field(job, pair.value, err);
		if (r < 0)
			return r;
	}
	return r;
}

static int fill_spec(struct job *job, const struct order *order,
                     const struct buffer *words, const struct buffer *code,
                     struct sbx_error *err)
{
	const char *const *dirs = job->daemon->dirs.list;
	int r;

	if (order->request)
		r = sbx_spec_request(job->spec, code->data ? code->data : "",
		                     code->len, dirs, err);
	else
		r = sbx_spec_profile(job->spec,
		                     order->profile ? order->profile : "base",
		                     dirs, err);
	if (r == 0)
		r = apply_settings(job, words, err);
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
	r = read_order(words, &order, err);
	if (r == 0 && order.id)
		r = take_id(job, order.id, err);
	if (r == 0)
		r = fill_spec(job, &order, words, code, err);
	if (r == 0 && order.sessions && request_session(job->spec))
		r = sessions_agree(&job->who, order.sessions, err);
	return r;
}
