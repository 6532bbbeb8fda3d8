/* SPDX-License-Identifier: MIT */
/* What can be asked over HTTP. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "sbxd/capabilities.h"
#include "sbxd/exchange.h"
#include "sbxd/jobs.h"
#include "sbxd/page.h"
#include "sbxd/pools.h"
#include "sbxd/recent.h"
#include "sbxd/run.h"
#include "sbxd/streaming.h"
#include "sbxd/visits.h"
#include "warm/request.h"

/* ---- /v1/run ---- */

static void on_done(struct job *job, const struct buffer *report,
                    const struct sbx_error *failure)
{
	struct exchange *exchange = job->owner;

	exchange->job = NULL;
	if (exchange->streaming) {
		streaming_end(exchange->streaming, report);
		http_resume(exchange);
		return;
	}
	exchange->status = 200;
	buffer_append(&exchange->answer, report->data, report->len);
	if (report->len == 0 || exchange->answer.failed)
		answer_error(exchange, 503, "no_report",
		             failure ? failure->text : "no memory left");
	http_resume(exchange);
}

struct refusal {
	int r;
	unsigned status;
	const char *code;
};

static const struct refusal refusals[] = {
	{-EAGAIN, 429, "queue_full"},
	{-ESHUTDOWN, 503, "draining"},
	{-ENOMEM, 503, "no_memory"},
	{-EMFILE, 503, "no_resources"},
	{-ENFILE, 503, "no_resources"},
	{0, 400, "bad_request"}, /* all others */
};

static void refuse(struct exchange *exchange, const struct sbx_error *err)
{
	const struct refusal *row = refusals;

	while (row->r != -err->code && row->r != 0)
		row++;
	answer_error(exchange, row->status, row->code, err->text);
}

/* A request whose program was rejected unseen has its report, as one that came
 * to a run. */
static int answer_rejection(struct exchange *exchange,
                            const struct sbx_spec *spec,
                            const struct sbx_error *failure)
{
	int r = request_refusal(spec, failure, &exchange->answer, NULL);

	if (r == 0)
		exchange->status = 200;
	exchange->daemon->counters.rejected++;
	return r;
}

/* The audit log has it; now the client gets to know. */
static void on_refused(struct job *job, const struct buffer *report,
                       const struct sbx_error *failure)
{
	struct exchange *exchange = job->owner;
	int r = -EINVAL;

	(void)report;
	exchange->job = NULL;
	if (failure->stage == SBX_STAGE_CHECK)
		r = answer_rejection(exchange, job->spec, failure);
	if (r < 0)
		refuse(exchange, failure);
	http_resume(exchange);
}

static void on_more(void *owner)
{
	http_resume(owner);
}

/* The run's output goes to the client as it comes. */
static int open_stream(struct exchange *exchange, struct job *job,
                       struct sbx_error *err)
{
	const struct reader reader = {on_more, exchange,
	                              exchange->daemon->loop};
	int theirs[2];
	int r = streaming_open(&reader, &exchange->streaming, theirs);

	if (r < 0)
		return err_set(err, SBX_STAGE_WATCH, -r, "stream the output");
	job->stdio.out = theirs[0];
	job->stdio.err = theirs[1];
	return 0;
}

static void post_run(struct exchange *exchange, const char *rest)
{
	struct daemon *daemon = exchange->daemon;
	struct job *job = job_new(daemon, &exchange->who);
	struct sbx_error err;
	int r;

	(void)rest;
	if (!job) {
		(void)err_memory(&err, SBX_STAGE_PLAN);
		refuse(exchange, &err);
		return;
	}
	job->owner = exchange;
	exchange->job = job;
	r = sbx_spec_request(job->spec,
	                     exchange->body.data ? exchange->body.data : "",
	                     exchange->body.len, daemon->dirs.list, &err);
	if (r == 0 && exchange->wants_stream)
		r = open_stream(exchange, job, &err);
	if (r == 0)
		r = jobs_submit(job, &err);
	job->done = r < 0 ? on_refused : on_done;
	if (r < 0) {
		streaming_close(TAKE_PTR(exchange->streaming));
		job_refuse(job, &err);
	}
}

/* ---- /v1/runs ---- */

static void get_runs(struct exchange *exchange, const char *rest)
{
	struct json_writer *writer = json_writer_new();

	(void)rest;
	if (writer) {
		json_open_object(writer, NULL);
		json_open_array(writer, "runs");
		jobs_list(exchange->daemon, &exchange->who, writer);
		json_close_array(writer);
		json_open_array(writer, "recent");
		recent_list(exchange->daemon->recent, &exchange->who, writer);
		json_close_array(writer);
		json_close_object(writer);
	}
	answer_json(exchange, 200, writer);
}

static void get_run(struct exchange *exchange, const char *rest)
{
	struct job *job = jobs_find(exchange->daemon, rest, &exchange->who);
	struct json_writer *writer = json_writer_new();
	bool found = job != NULL;

	if (job && writer)
		job_put(job, writer);
	else if (writer)
		found = recent_put(exchange->daemon->recent, rest,
		                   &exchange->who, writer);
	if (found || !writer) {
		answer_json(exchange, 200, writer);
		return;
	}
	json_writer_free(writer);
	answer_error(exchange, 404, "not_found",
	             "no run of that id is queued, running or just over");
}

static void delete_run(struct exchange *exchange, const char *rest)
{
	struct job *job = jobs_find(exchange->daemon, rest, &exchange->who);
	struct json_writer *writer;
	const char *state;

	if (!job) {
		answer_error(exchange, 404, "not_found",
		             "no run of that id is queued or running");
		return;
	}
	state = job_cancel(job) ? "cancelled" : job_state(job);
	writer = json_writer_new();
	if (writer) {
		json_open_object(writer, NULL);
		json_put_text(writer, "id", rest);
		json_put_text(writer, "state", state);
		json_close_object(writer);
	}
	answer_json(exchange, 200, writer);
}

/* ---- what there is ---- */

static void get_profiles(struct exchange *exchange, const char *rest)
{
	struct json_writer *writer = json_writer_new();
	struct buffer names CLEANUP(buffer_free) = {0};

	(void)rest;
	profiles_names(&exchange->daemon->dirs, &names);
	if (writer) {
		json_open_object(writer, NULL);
		json_open_array(writer, "profiles");
		for (size_t at = 0; at < names.len;
		     at += strlen(names.data + at) + 1)
			json_put_text(writer, NULL, names.data + at);
		json_close_array(writer);
		json_close_object(writer);
	}
	answer_json(exchange, 200, writer);
}

static void get_health(struct exchange *exchange, const char *rest)
{
	struct json_writer *writer = json_writer_new();

	(void)rest;
	if (writer) {
		json_open_object(writer, NULL);
		json_put_text(writer, "status",
		              exchange->daemon->draining ? "draining" : "ok");
		json_close_object(writer);
	}
	answer_json(exchange, exchange->daemon->draining ? 503 : 200, writer);
}

/* A profile that is named twice has two pools, and one line. */
static void put_pools(const struct daemon *daemon, struct buffer *out)
{
	const struct warm_profile *warm = daemon->settings.warm;
	const unsigned n = daemon->settings.n_warm;

	buffer_text(out, "# TYPE sbx_pool_waiting_boxes gauge\n");
	for (unsigned i = 0; i < n; i++) {
		unsigned idle = 0, first = 0;

		while (strcmp(warm[first].name, warm[i].name) != 0)
			first++;
		for (unsigned j = i; j < n; j++)
			if (strcmp(warm[j].name, warm[i].name) == 0)
				idle += pools_idle_of(daemon->pools, j);
		if (first == i)
			buffer_printf(out,
			              "sbx_pool_waiting_boxes{profile=\"%s\"}"
			              " %u\n",
			              warm[i].name, idle);
	}
}

static void get_metrics(struct exchange *exchange, const char *rest)
{
	const struct daemon *daemon = exchange->daemon;
	const struct counters *counters = &daemon->counters;
	struct buffer *out = &exchange->answer;
	const struct {
		const char *type, *name;
		uint64_t value;
	} rows[] = {
		{"counter", "sbx_runs_total{status=\"success\"}",
	         counters->success},
		{NULL, "sbx_runs_total{status=\"failure\"}", counters->failure},
		{NULL, "sbx_runs_total{status=\"timeout\"}", counters->timeout},
		{NULL, "sbx_runs_total{status=\"limit\"}", counters->limit},
		{NULL, "sbx_runs_total{status=\"denied\"}", counters->denied},
		{NULL, "sbx_runs_total{status=\"rejected\"}",
	         counters->rejected},
		{NULL, "sbx_runs_total{status=\"cancelled\"}",
	         counters->cancelled},
		{NULL, "sbx_runs_total{status=\"error\"}", counters->error},
		{"counter", "sbx_starts_total{box=\"warm\"}", counters->warm},
		{NULL, "sbx_starts_total{box=\"cold\"}", counters->cold},
		{"counter", "sbx_refused_total", counters->refused},
		{"counter", "sbx_unauthorized_total", counters->unauthorized},
		{"gauge", "sbx_running", daemon->n_running},
		{"gauge", "sbx_queued", daemon->n_queued},
		{"gauge", "sbx_waiting_boxes", pools_idle(daemon->pools)},
	};

	(void)rest;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].type)
			buffer_printf(out, "# TYPE %.*s %s\n",
			              (int)strcspn(rows[i].name, "{"),
			              rows[i].name, rows[i].type);
		buffer_printf(out, "%s %ju\n", rows[i].name,
		              (uintmax_t)rows[i].value);
	}
	put_pools(daemon, out);
	exchange->status = 200;
	exchange->type = "text/plain; version=0.0.4";
}

/* ---- the table ---- */

/* A path that goes on and ends in "/" stands for all below it; what follows is
 * rest. */
static const struct route {
	const char *method, *path;
	void (*answer)(struct exchange *exchange, const char *rest);
	enum { CALLERS, ANYBODY } for_whom; /* over TCP: without a token */
} routes[] = {
	{"POST", "/v1/run", post_run, CALLERS},
	{"GET", "/v1/runs", get_runs, CALLERS},
	{"GET", "/v1/runs/", get_run, CALLERS},
	{"DELETE", "/v1/runs/", delete_run, CALLERS},
	{"GET", "/v1/sessions", visits_list, CALLERS},
	{"DELETE", "/v1/sessions/", visits_delete, CALLERS},
	{"GET", "/v1/sessions/", visits_get, CALLERS},
	{"PUT", "/v1/sessions/", visits_put, CALLERS},
	{"GET", "/v1/profiles", get_profiles, CALLERS},
	{"GET", "/v1/capabilities", capabilities_answer, CALLERS},
	{"GET", "/healthz", get_health, ANYBODY},
	{"GET", "/metrics", get_metrics, CALLERS},
	{"GET", "/", page_answer, ANYBODY},
};

static bool is_at(const struct route *route, const char *path)
{
	size_t len = strlen(route->path);

	if (len > 1 && route->path[len - 1] == '/')
		return strncmp(path, route->path, len) == 0 && path[len];
	return strcmp(path, route->path) == 0;
}

bool routes_are_open(const struct exchange *exchange)
{
	for (size_t i = 0; i < ARRAY_SIZE(routes); i++)
		if (routes[i].for_whom == ANYBODY &&
		    is_at(&routes[i], exchange->path) &&
		    strcmp(routes[i].method, exchange->method) == 0)
			return true;
	return false;
}

void routes_answer(struct exchange *exchange)
{
	char allowed[sizeof(exchange->allowed)] = "", text[80];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
		if (!is_at(&routes[i], exchange->path))
			continue;
		if (strcmp(routes[i].method, exchange->method) == 0) {
			routes[i].answer(exchange,
			                 exchange->path +
			                         strlen(routes[i].path));
			return;
		}
		n += (size_t)snprintf(allowed + n, sizeof(allowed) - n, "%s%s",
		                      n ? ", " : "", routes[i].method);
	}
	if (n == 0) {
		answer_error(exchange, 404, "not_found",
		             "there is nothing at this path; see sbxd(8)");
		return;
	}
	(void)snprintf(text, sizeof(text), "what this path has is: %s",
	               allowed);
	memcpy(exchange->allowed, allowed, sizeof(allowed));
	answer_error(exchange, 405, "method", text);
}
