/* SPDX-License-Identifier: MIT */
#include "sbxd/turns.h"

#include <string.h>

#include "base/clock.h"
#include "sbxd/run.h"
#include "warm/request.h"

/* The place of a caller: its own, or that of whoever was served longest ago. */
static struct caller *find_caller(struct daemon *daemon, const struct who *who)
{
	struct caller *oldest = &daemon->callers[0];

	for (size_t i = 0; i < MAX_CALLERS; i++) {
		struct caller *caller = &daemon->callers[i];

		if (caller->turn && who_is(&caller->who, who))
			return caller;
		if (caller->turn < oldest->turn)
			oldest = caller;
	}
	*oldest = (struct caller){.who = *who};
	return oldest;
}

/* How many of a caller's jobs run. */
static unsigned running_of(const struct daemon *daemon, const struct who *who)
{
	unsigned n = 0;

	for (const struct job *job = daemon->jobs; job; job = job->next)
		n += who_is(&job->who, who) && job->running;
	return n;
}

/* Whether another run has its session. */
static bool must_wait(const struct job *job)
{
	const char *session = request_session(job->spec);
	const struct job *other = job->daemon->jobs;

	while (session && other &&
	       (!other->session || !who_is(&other->who, &job->who) ||
	        strcmp(request_session(other->spec), session) != 0))
		other = other->next;
	return session && (other || clock_ns() < job->again_ns);
}

/* The first waiting job of the caller who has fewest that run; among such
 * callers, of the one whose turn is longest ago. It is then that one's turn. */
static struct job *next_job(struct daemon *daemon)
{
	uint64_t fewest = 0, oldest = 0, n, turn;
	struct job *next = NULL;

	for (struct job *job = daemon->jobs; job; job = job->next) {
		if (job->running || job->ending.begun ||
		    (next && who_is(&job->who, &next->who)) || must_wait(job))
			continue;
		n = running_of(daemon, &job->who);
		turn = find_caller(daemon, &job->who)->turn;
		if (!next || n < fewest || (n == fewest && turn < oldest)) {
			next = job;
			fewest = n;
			oldest = turn;
		}
	}
	if (next)
		find_caller(daemon, &next->who)->turn = ++daemon->turn;
	return next;
}

void turns_take(struct daemon *daemon)
{
	struct job *job;

	while (daemon->n_running < daemon->settings.max_runs &&
	       (job = next_job(daemon)))
		job_start(job);
	daemon->hungry = daemon->n_running >= daemon->settings.max_runs &&
	                 daemon->n_queued > 0;
}
