/* SPDX-License-Identifier: MIT */
/* One run, as the daemon knows it. */
#ifndef SBX_SBXD_JOB_H
#define SBX_SBXD_JOB_H

#include <unistd.h>

#include "base/buffer.h"
#include "sbxd/daemon.h"
#include "sbxd/loop.h"

struct json_writer;
struct build;

/* How it went. */
struct ending_result {
	bool audited, over, failed;
	int n_skipped; /* files that could not be brought out */
	struct sbx_error failure;
};

struct ending {
	bool begun;        /* there is nothing to cancel any more */
	bool again;        /* its process was killed once */
	int pidfd, memory; /* of that process; -1: there is none */
	struct ending_result result;
	struct job *next; /* that waits for such a process */
};

struct job {
	struct source source;
	struct daemon *daemon;
	struct job *next;
	struct who who;          /* asked */
	char id[SBX_MAX_ID + 1]; /* "" until it is submitted: the request's */
	struct sbx_spec *spec;
	struct sbx_plan *plan;
	struct sbx_box *box;         /* NULL: it waits for its turn */
	struct build *build;         /* what comes before the run; or NULL */
	struct sbx_session *session; /* held while it runs; or NULL */
	uint64_t again_ns;           /* somebody else had it: not before */
	struct sbx_stdio stdio;
	int collect; /* who takes the files: a socket; -1: the report */
	int n_skipped;
	struct ending ending;
	bool refused; /* it came to no run, and is in no list */
	uint64_t asked_ns;
	uint64_t waits_ns; /* for a box: since then; or 0 */
	bool running;
	/* Told once, when it is over: the report, and why sbx failed or NULL.
	 * NULL: nobody wants to know any more. */
	void (*done)(struct job *job, const struct buffer *report,
	             const struct sbx_error *failure);
	void *owner;
	void (*ended)(struct job *job); /* then: it may go */
};

#endif
