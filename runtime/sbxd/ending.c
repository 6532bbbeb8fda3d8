/* SPDX-License-Identifier: MIT */
#include "sbxd/ending.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "sbxd/recent.h"
#include "warm/errand.h"
#include "warm/request.h"

static void count(struct counters *counters, const char *status)
{
	const struct {
		const char *status;
		uint64_t *counter;
	} rows[] = {
		{"success", &counters->success},
		{"failure", &counters->failure},
		{"timeout", &counters->timeout},
		{"limit", &counters->limit},
		{"denied", &counters->denied},
		{"rejected", &counters->rejected},
		{"cancelled", &counters->cancelled},
		{"error", &counters->error},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcmp(rows[i].status, status) == 0)
			(*rows[i].counter)++;
}

static void remember(const struct job *job, const struct sbx_error *failure)
{
	const struct sbx_outcome outcome =
		failure ? (struct sbx_outcome){.status = err_status(failure),
	                                       .reason = err_reason(failure)}
			: sbx_box_outcome(job->box);
	const struct ended ended = {
		.id = job->id,
		.profile = job->plan ? plan_profile(job->plan) : NULL,
		.status = outcome.status,
		.reason = outcome.reason,
		.wall_ns = failure ? 0 : box_wall_time(job->box),
		.who = job->who,
		.is_warm = job->box && box_is_warm(job->box),
		.asked_ns = job->asked_ns,
	};
	struct counters *counters = &job->daemon->counters;

	count(counters, outcome.status);
	counters->warm += ended.is_warm;
	counters->cold += !ended.is_warm;
	recent_add(job->daemon->recent, &ended);
}

/* ---- what may take long ---- */

static int audit(const struct job *job, const struct ending_result *result,
                 bool apart, struct sbx_error *err)
{
	const struct sbx_error *failure =
		result->failed ? &result->failure : NULL;
	const struct who *who = &job->who;
	const struct sbx_audit line = {.uid = &who->uid,
	                               .who = who->token[0] ? who->token : NULL,
	                               .spec = job->spec,
	                               .plan = job->plan,
	                               .box = failure ? NULL : job->box,
	                               .failure = failure};
	struct audit_logs *logs = &job->daemon->audit;
	int r = 0;

	if (apart)
		r = errand_reopen(&logs->own);
	if (apart && r == 0)
		r = errand_reopen(&logs->all);
	if (r < 0)
		return err_set(err, SBX_STAGE_REPORT, -r, "audit");
	return audit_put(logs, &line, err);
}

/* How long a client may take to take its files, since the run has its place
 * meanwhile: as long as the run itself might have had it, within these bounds,
 * and a second for each of so many bytes that there may be. */
#define LEAST_S     10
#define MOST_S      60
#define EACH_SECOND ((uint64_t)8 << 20)

static unsigned patience(const struct job *job)
{
	uint64_t run = plan_wall_time(job->plan) / NS_PER_S;
	uint64_t more = plan_disk(job->plan) / EACH_SECOND;

	return (unsigned)(MIN(MAX(run, LEAST_S), MOST_S) +
	                  MIN(more, 10 * MOST_S));
}

/* This process is killed after so many seconds, which 0 is none of, and with
 * the daemon: the client has no run any more then. */
static void limit(unsigned seconds, int signal)
{
	(void)alarm(seconds);
	(void)prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0);
}

static int leave(const struct job *job, struct ending_result *result,
                 bool apart, struct sbx_error *err)
{
	const struct sbx_collect report = {.dir = -1};
	int r = sbx_session_commit(job->session, job->box, err);

	if (apart)
		limit(job->collect >= 0 ? patience(job) : 0, SIGKILL);
	if (r == 0)
		r = job->collect >= 0
		            ? sbx_box_collect_send(job->box, job->collect, err)
		            : sbx_box_collect(job->box, &report, err);
	if (apart)
		limit(0, 0);
	if (r > 0)
		result->n_skipped = r;
	return MIN(r, 0);
}

/* What result says has been done, or went wrong, before. A process of its own
 * notes what is not to be done again, should it be killed. */
static void work(const struct job *job, struct ending_result *result,
                 int memory, struct buffer *report)
{
	struct sbx_error err;

	if (!result->failed &&
	    leave(job, result, memory >= 0, &result->failure) < 0)
		result->failed = true;
	if (!result->audited && audit(job, result, memory >= 0, &err) < 0 &&
	    !job->refused) {
		/* A failure to write it is one of the run. */
		result->failure = err;
		result->failed = true;
	}
	result->audited = true;
	if (memory >= 0)
		(void)!pwrite(memory, result, sizeof(*result), 0);
	if (job->plan &&
	    request_report(job->plan, result->failed ? NULL : job->box,
	                   result->failed ? &result->failure : NULL, report,
	                   &err) < 0 &&
	    !result->failed) {
		result->failure = err;
		result->failed = true;
	}
	result->over = true;
}

/* ---- the end of it ---- */

static void tell(struct job *job, const struct buffer *report)
{
	const struct ending_result *result = &job->ending.result;
	const struct sbx_error *failure =
		result->failed ? &result->failure : NULL;

	job->n_skipped = result->n_skipped;
	if (!job->refused)
		remember(job, failure);
	if (job->done)
		job->done(job, report, failure);
	job->ended(job);
}

/* ---- in a process of its own ---- */

/* At one time; others wait for their turn. */
#define MOST 32

_Noreturn static void do_work(const struct job *job,
                              struct ending_result *result)
{
	int memory = job->ending.memory;
	struct buffer report = {0};
	int r;

	(void)signal(SIGALRM, SIG_DFL);
	work(job, result, memory, &report);
	r = lseek(memory, 0, SEEK_SET) < 0
	            ? -errno
	            : file_write_fd(memory, result, sizeof(*result));
	if (r == 0)
		r = file_write_fd(memory, report.data, report.len);
	_exit(r < 0 || report.failed);
}

static void read_result(struct ending *ending, struct buffer *report)
{
	struct ending_result result = {0};

	if (lseek(ending->memory, 0, SEEK_SET) < 0 ||
	    read(ending->memory, &result, sizeof(result)) != sizeof(result))
		return; /* it came to nothing */
	ending->result = result;
	if (result.over &&
	    file_read_fd(ending->memory, SIZE_MAX / 2, report) < 0)
		ending->result.over = false;
}

static void wait_for_turn(struct job *job)
{
	struct job **at = &job->daemon->endings;

	while (*at)
		at = &(*at)->ending.next;
	*at = job;
	job->ending.next = NULL;
	endings_take(job->daemon);
}

/* It was killed: what it has not done is done as for a run that failed. */
static void try_again(struct job *job, struct buffer *report)
{
	struct ending *ending = &job->ending;

	(void)err_say(&ending->result.failure, SBX_STAGE_REPORT, ECANCELED,
	              "the process that was to keep what the run has left was "
	              "killed");
	ending->result.failed = true;
	if (!ending->again) {
		ending->again = true;
		wait_for_turn(job);
		return;
	}
	log_line("sbxd",
	         "run %s: the audit log may lack it, since the process "
	         "that was to write there was killed twice",
	         job->id);
	ending->result.audited = true;
	work(job, &ending->result, -1, report);
	tell(job, report);
}

static void on_worked(struct source *source, uint32_t events)
{
	struct job *job = (struct job *)source;
	struct ending *ending = &job->ending;
	struct buffer report CLEANUP(buffer_free) = {0};

	(void)events;
	loop_drop(job->daemon->loop, ending->pidfd);
	(void)errand_end(TAKE_FD(ending->pidfd));
	job->daemon->n_endings--;
	read_result(ending, &report);
	(void)close(TAKE_FD(ending->memory));
	if (ending->result.over)
		tell(job, &report);
	else
		try_again(job, &report);
}

static int start(struct job *job)
{
	struct ending *ending = &job->ending;
	const struct audit_logs *logs = &job->daemon->audit;
	int fds[REQUEST_FDS + 4], r;

	ending->memory = memfd_create("ending", MFD_CLOEXEC);
	if (ending->memory < 0)
		return -errno;
	request_fds(job->session, job->box, fds);
	fds[REQUEST_FDS] = ending->memory;
	fds[REQUEST_FDS + 1] = job->collect;
	fds[REQUEST_FDS + 2] = logs->all;
	fds[REQUEST_FDS + 3] = logs->own;
	r = errand_begin(&ending->pidfd, fds, ARRAY_SIZE(fds));
	if (r > 0)
		do_work(job, &ending->result);
	job->source.ready = on_worked;
	if (r == 0)
		r = loop_add(job->daemon->loop, ending->pidfd, EPOLLIN,
		             &job->source);
	if (r < 0)
		errand_kill(TAKE_FD(ending->pidfd));
	if (r < 0)
		(void)close(TAKE_FD(ending->memory));
	return r;
}

/* Whose client takes its files may let us wait: these have half of the
 * processes, and those of one user half of that. */
static bool may_start(const struct job *job)
{
	unsigned n = 0, own = 0;

	if (job->collect < 0 || job->ending.result.failed)
		return true;
	for (const struct job *at = job->daemon->jobs; at; at = at->next) {
		if (at->collect < 0 || at->ending.pidfd < 0)
			continue;
		n++;
		own += who_is(&at->who, &job->who);
	}
	return n < MOST / 2 && own < MOST / 4;
}

void endings_take(struct daemon *daemon)
{
	struct job **at = &daemon->endings, *job;

	while ((job = *at) && daemon->n_endings < MOST) {
		if (!may_start(job)) {
			at = &job->ending.next;
			continue;
		}
		if (start(job) < 0)
			return;
		*at = job->ending.next;
		daemon->n_endings++;
	}
}

void endings_hurry(struct daemon *daemon)
{
	for (struct job *job = daemon->jobs; job; job = job->next)
		if (job->collect >= 0 && job->ending.pidfd >= 0 &&
		    !job->ending.result.failed)
			(void)pidfd_send_signal(job->ending.pidfd, SIGKILL,
			                        NULL, 0);
}

static bool may_wait(const struct job *job)
{
	const struct audit_logs *logs = &job->daemon->audit;

	return logs->all >= 0 || logs->own >= 0 ||
	       (!job->ending.result.failed &&
	        request_leaves(job->session, job->box));
}

void ending_begin(struct job *job, const struct sbx_error *failure)
{
	struct buffer report CLEANUP(buffer_free) = {0};
	struct ending *ending = &job->ending;

	ending->begun = true;
	ending->result = (struct ending_result){.failed = failure != NULL};
	if (failure)
		ending->result.failure = *failure;
	if (may_wait(job)) {
		wait_for_turn(job);
		return;
	}
	work(job, &ending->result, -1, &report);
	tell(job, &report);
}
