/* SPDX-License-Identifier: MIT */
/* The report, and the line of the audit log. A field that does not apply is
 * absent. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "kernel/ns.h"
#include "model/check.h"
#include "model/outcome.h"

static void put_signal(struct json_writer *out, int number)
{
	const char *name = sigabbrev_np(number);
	char text[32];

	if (number == 0)
		return;
	if (name)
		(void)snprintf(text, sizeof(text), "SIG%s", name);
	else
		(void)snprintf(text, sizeof(text), "SIGRTMIN%+d",
		               number - SIGRTMIN);
	json_put_text(out, "signal", text);
}

static void put_outcome(struct json_writer *out,
                        const struct sbx_outcome *outcome)
{
	json_put_text(out, "status", outcome->status);
	json_put_text(out, "reason", outcome->reason);
	json_put_text(out, "message", outcome->message);
	if (strcmp(outcome->reason, "exited") == 0)
		json_put_integer(out, "exit_code", outcome->exit_status);
	put_signal(out, outcome->signal);
}

static void put_error(struct json_writer *out, const struct sbx_error *error)
{
	json_open_object(out, "error");
	json_put_text(out, "stage",
	              sbx_stage_name((enum sbx_stage)error->stage));
	json_put_text(out, "code", err_name(error->code));
	json_put_text(out, "text", error->text);
	json_close_object(out);
}

static void put_failure(struct json_writer *out,
                        const struct sbx_error *failure)
{
	json_put_text(out, "status", err_status(failure));
	json_put_text(out, "reason", err_reason(failure));
	json_put_text(out, "message", failure->text);
	put_error(out, failure);
}

struct output_names {
	const char *data, *bytes, *truncated;
};

static const struct output_names output_names[2] = {
	{"stdout", "stdout_bytes", "stdout_truncated"},
	{"stderr", "stderr_bytes", "stderr_truncated"},
};

/* The limit may have cut a character in two: the part is not shown, or all of
 * the text would have to be base64 for it. */
static size_t shown(const struct run_output *output)
{
	const struct buffer *data = &output->data;

	return output->truncated ? text_utf8_whole(data->data, data->len)
	                         : data->len;
}

static void put_outputs(struct json_writer *out, const struct run *run)
{
	for (size_t i = 0; i < ARRAY_SIZE(output_names); i++) {
		const struct run_output *output = &run->output[i];

		if (output->captured)
			json_put_bytes(out, output_names[i].data,
			               output->data.data, shown(output));
		json_put_unsigned(out, output_names[i].bytes, output->bytes);
		json_put_bool(out, output_names[i].truncated,
		              output->truncated);
	}
}

static void put_usage(struct json_writer *out, const struct run *run)
{
	json_open_object(out, "usage");
	json_put_seconds(out, "cpu_time_s", run->user_ns + run->system_ns);
	json_put_seconds(out, "user_time_s", run->user_ns);
	json_put_seconds(out, "system_time_s", run->system_ns);
	if (run->memory_peak)
		json_put_unsigned(out, "memory_peak_bytes", run->memory_peak);
	json_put_unsigned(out, "disk_bytes", run->disk_bytes);
	if (run->tasks_peak)
		json_put_unsigned(out, "pids_peak", run->tasks_peak);
	if (run->counted)
		json_put_unsigned(out, "fuel", run->fuel);
	json_close_object(out);
}

static void put_events(struct json_writer *out, const struct sbx_plan *plan,
                       const struct run *run)
{
	char name[64];

	json_open_object(out, "events");
	if (plan->cgroup.path) {
		json_put_unsigned(out, "oom_kills", run->oom_kills);
		json_put_unsigned(out, "pids_refused", run->pids_refused);
	}
	json_put_bool(out, "disk_full", run->disk_full);
	json_open_array(out, "denied_syscalls");
	for (size_t i = 0; i < run->n_refused; i++)
		json_put_text(out, NULL,
		              filter_call_name(run->refused[i].arch,
		                               run->refused[i].number, name));
	json_close_array(out);
	json_close_object(out);
}

static void put_file(struct json_writer *out, const struct run_file *file)
{
	json_open_object(out, NULL);
	json_put_text(out, "path", file->path);
	if (file->skipped) {
		json_put_text(out, "reason", file->skipped);
		json_close_object(out);
		return;
	}
	json_put_unsigned(out, "size_bytes", file->size);
	json_put_text(out, "sha256", file->sha256);
	if (file->partial)
		json_put_bool(out, "partial", true);
	if (file->content)
		json_put_base64(out, "content_b64", file->content,
		                file->content_len);
	json_close_object(out);
}

static void put_files(struct json_writer *out, const struct run_files *files)
{
	static const char *const keys[] = {"files", "files_skipped"};

	if (!files->collected)
		return;
	for (size_t skipped = 0; skipped < ARRAY_SIZE(keys); skipped++) {
		if (skipped && files->n_skipped == 0)
			break;
		json_open_array(out, keys[skipped]);
		for (size_t i = 0; i < files->n; i++)
			if (!files->list[i].skipped == !skipped)
				put_file(out, &files->list[i]);
		json_close_array(out);
	}
}

static void put_limit_value(struct json_writer *out, enum limit limit,
                            uint64_t value)
{
	if (limit <= LIMIT_IDLE_TIME)
		json_put_seconds(out, "value", value);
	else if (limit == LIMIT_CPUS)
		json_put_milli(out, "value", value);
	else
		json_put_unsigned(out, "value", value);
}

static void put_limits(struct json_writer *out, const struct sbx_plan *plan)
{
	json_open_object(out, "limits");
	for (size_t i = 0; i < N_LIMITS; i++) {
		const struct plan_limit *limit = &plan->limits[i];

		if (limit->value == LIMIT_OFF)
			continue;
		json_open_object(out, limit_name((enum limit)i));
		put_limit_value(out, (enum limit)i, limit->value);
		json_put_text(out, "enforced_by",
		              enforcer_name(limit->enforced_by));
		json_close_object(out);
	}
	json_close_object(out);
}

static void put_isolation(struct json_writer *out, const struct sbx_plan *plan,
                          bool warm)
{
	json_open_object(out, "isolation");
	json_open_array(out, "namespaces");
	for (size_t i = 0; i < n_namespaces; i++)
		json_put_text(out, NULL, namespaces[i].name);
	json_close_array(out);
	json_put_text(out, "cgroup", plan->cgroup.path ? "v2" : "none");
	json_open_array(out, "seccomp");
	for (size_t i = 0; i < plan->seccomp.n; i++)
		json_put_text(out, NULL, plan->seccomp.items[i]);
	json_close_array(out);
	json_put_text(out, "rootfs", plan->rootfs);
	json_put_text(out, "network", network_name(plan->network));
	json_put_bool(out, "warm", warm);
	json_close_object(out);
}

/* A run that is killed as it starts may have started after its end. */
static uint64_t elapsed(uint64_t start, uint64_t end)
{
	return start < end ? end - start : 0;
}

static void put_run(struct json_writer *out, const struct sbx_plan *plan,
                    const struct run *run)
{
	struct sbx_outcome outcome = run_judge(plan, run);
	struct sbx_error lost;

	put_outcome(out, &outcome);
	if (run->cause == CAUSE_LOST) {
		(void)err_say(&lost, SBX_STAGE_WATCH, ESRCH, "%s",
		              outcome.message);
		put_error(out, &lost);
	}
	if (plan->role == ROLE_CHECK)
		check_put_findings(out, &run->output[0].data);
	else
		put_outputs(out, run);
	json_put_seconds(out, "wall_time_s",
	                 elapsed(run->start_ns, run->end_ns));
	json_put_seconds(out, "setup_time_s",
	                 elapsed(run->request_ns, run->start_ns));
	put_usage(out, run);
	put_events(out, plan, run);
	put_files(out, &run->files);
}

static void put_plan(struct json_writer *out, const struct sbx_plan *plan,
                     bool warm)
{
	put_limits(out, plan);
	put_isolation(out, plan, warm);
	json_put_text(out, "profile", plan->profile); /* none: left out */
	json_put_text(out, "session", plan->session); /* the same */
	if (plan->code_sha256[0])
		json_put_text(out, "code_sha256", plan->code_sha256);
}

static void put_stage(struct json_writer *out, const char *name,
                      const struct sbx_plan *plan, const struct run *run)
{
	json_open_object(out, name);
	if (plan->role == ROLE_BUILD)
		json_put_bool(out, "cached", false);
	put_run(out, plan, run);
	put_limits(out, plan);
	json_close_object(out);
}

static const char *const role_names[] = {
	[ROLE_RUN] = "run",
	[ROLE_BUILD] = "build",
	[ROLE_CHECK] = "check",
};

/* Of a program that is built or checked first: what came of that, and of the
 * run if there was one. */
static void put_stages(struct json_writer *out, const struct sbx_plan *plan,
                       const struct run *run)
{
	const struct sbx_plan *first = plan->first_plan;

	if (plan->role == ROLE_RUN && !plan->is_built && !first)
		return;
	json_open_object(out, "stages");
	if (plan->role != ROLE_RUN) {
		put_stage(out, role_names[plan->role], plan, run);
	} else {
		if (first) {
			put_stage(out, role_names[first->role], first,
			          plan->first_run);
		} else {
			json_open_object(out, "build");
			json_put_bool(out, "cached", true);
			json_put_text(out, "status", "success");
			json_close_object(out);
		}
		put_stage(out, role_names[ROLE_RUN], plan, run);
	}
	json_close_object(out);
}

int report_make(const struct sbx_plan *plan, const struct run *run,
                const struct sbx_error *failure, struct buffer *out)
{
	struct json_writer *writer = json_writer_new();

	if (!writer)
		return -ENOMEM;
	json_open_object(writer, NULL);
	json_put_integer(writer, "schema", 1);
	if (run)
		json_put_text(writer, "id", run->id);
	else if (plan)
		json_put_text(writer, "id", plan->id);
	if (failure)
		put_failure(writer, failure);
	else if (plan && run)
		put_run(writer, plan, run);
	if (plan)
		put_plan(writer, plan, run && run->warm);
	if (plan && run && !failure)
		put_stages(writer, plan, run);
	json_close_object(writer);
	return json_writer_end(writer, "\n", out);
}

static void put_entry(struct json_writer *out, const struct audit_entry *entry)
{
	const struct sbx_plan *plan = entry->plan;
	const struct run *run = entry->run;

	json_put_time(out, "time", entry->time);
	json_put_unsigned(out, "uid", entry->uid);
	json_put_text(out, "who", entry->who);
	json_put_text(out, "id", run ? run->id : plan ? plan->id : entry->id);
	if (entry->failure) {
		put_failure(out, entry->failure);
	} else if (plan && run) {
		struct sbx_outcome outcome = run_judge(plan, run);

		put_outcome(out, &outcome);
		put_usage(out, run);
		put_events(out, plan, run);
	}
	if (!plan)
		return;
	put_limits(out, plan);
	json_put_text(out, "profile", plan->profile);
	json_put_text(out, "session", plan->session);
	if (plan->code_sha256[0])
		json_put_text(out, "code_sha256", plan->code_sha256);
}

int audit_make(const struct audit_entry *entry, struct buffer *out)
{
	struct json_writer *writer = json_writer_new();

	if (!writer)
		return -ENOMEM;
	json_open_object(writer, NULL);
	put_entry(writer, entry);
	json_close_object(writer);
	return json_writer_end(writer, "", out);
}
