/* SPDX-License-Identifier: MIT */
/* Runs, from the request to the report. */
#ifndef SBX_SBXD_JOBS_H
#define SBX_SBXD_JOBS_H

#include "base/buffer.h"
#include "sbxd/daemon.h"
#include "sbxd/loop.h"
#include "warm/keep.h"

struct json_writer;
struct build;

struct job {
	struct source source;
	struct daemon *daemon;
	struct job *next;
	uid_t uid;               /* who asked */
	char id[SBX_MAX_ID + 1]; /* "" until it is submitted: the request's */
	struct sbx_spec *spec;
	struct sbx_plan *plan;
	struct sbx_box *box;         /* NULL: it waits for its turn */
	struct build *build;         /* what comes before the run; or NULL */
	struct sbx_session *session; /* held while it runs; or NULL */
	struct keep keep;            /* its commit */
	uint64_t again_ns;           /* somebody else had it: not before */
	struct sbx_stdio stdio;
	uint64_t asked_ns;
	bool running;
	/* Told once, when it is over: the report, and why sbx failed or NULL.
	 * NULL: nobody wants to know any more. */
	void (*done)(struct job *job, const struct buffer *report,
	             const struct sbx_error *failure);
	void *owner;
};

/* A job without a program; spec is a new one. NULL: no memory. */
struct job *job_new(struct daemon *daemon, uid_t uid);

/* Frees one that came to no run, which the audit log gets to know. */
void job_refuse(struct job *job, const struct sbx_error *failure);

/* Holds the spec to what its caller may ask for, plans it, and puts it in line.
 * From then on it frees itself. -EAGAIN: the queue is full; -ESHUTDOWN: the
 * daemon stops; else the request is wrong. */
int job_submit(struct job *job, struct sbx_error *err);

/* The first step of one that waits. */
void job_start(struct job *job);

/* It ends soon, as cancelled. */
void job_cancel(struct job *job);

/* That of this id which uid may see, or NULL. */
struct job *jobs_find(const struct daemon *daemon, const char *id, uid_t uid);

/* Those that uid may see, as a list of objects. */
void jobs_list(const struct daemon *daemon, uid_t uid, struct json_writer *out);

void jobs_cancel_all(struct daemon *daemon);

#endif
