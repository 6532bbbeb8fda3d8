/* SPDX-License-Identifier: MIT */
/* What happened: the facts of a run, and the verdict they make. Pure. */
#ifndef SBX_MODEL_OUTCOME_H
#define SBX_MODEL_OUTCOME_H

#include "base/buffer.h"
#include "kernel/notify.h"
#include "model/plan.h"

/* Why the supervisor ended the run; the first cause stays. */
enum cause {
	CAUSE_NONE, /* it did not: the program ended by itself */
	CAUSE_WALL_TIME,
	CAUSE_CPU_TIME,
	CAUSE_IDLE_TIME,
	CAUSE_FUEL,
	CAUSE_MEMORY,
	CAUSE_OUTPUT,
	CAUSE_SYSCALL,
	CAUSE_CANCELLED,
	CAUSE_LOST, /* pid 1 of the box was killed by someone outside */
	N_CAUSES
};

#define RUN_MAX_REFUSED 64

/* One of the program's two output streams. */
struct run_output {
	uint64_t bytes; /* that the program wrote */
	bool truncated;
	bool captured;
	struct buffer data; /* captured */
};

/* One file that a pattern of collect names. */
struct run_file {
	const char *path; /* in the workspace, escaped */
	uint64_t size;
	char sha256[65];
	const void *content; /* NULL: not kept */
	size_t content_len;
	bool partial;        /* sbx ended the run: it may be half written */
	const char *skipped; /* why it was not brought out, or NULL */
};

struct run_files {
	struct arena arena;
	struct run_file *list; /* those that were skipped among them */
	size_t n, max;
	size_t n_skipped; /* also those that have no place in the list */
	bool collected;
};

/* Everything that was seen of a run, from outside. */
struct run {
	char id[SBX_MAX_ID + 1];
	uint64_t request_ns; /* clock_ns() when it was asked for */
	bool warm;           /* in a box that was made ahead */
	bool started;        /* the program was exec'ed */
	bool ended;          /* nothing of it is left */
	enum cause cause;
	int wait_status; /* of the program; valid if ended by itself */
	uint64_t start_ns, end_ns; /* clock_ns() */
	uint64_t user_ns, system_ns;
	bool counted;                     /* its instructions are */
	uint64_t fuel;                    /* so many were used */
	uint64_t memory_peak;             /* bytes; 0: not known */
	uint64_t oom_kills, pids_refused; /* with a cgroup */
	uint64_t disk_bytes;
	bool disk_full;
	unsigned tasks_peak;         /* 0: not known */
	struct run_output output[2]; /* standard output, standard error */
	struct refused_call refused[RUN_MAX_REFUSED]; /* distinct */
	size_t n_refused;
	struct run_files files;
};

struct sbx_outcome run_judge(const struct sbx_plan *plan,
                             const struct run *run);

/* Records a refused call once. */
void run_add_refused(struct run *run, const struct refused_call *call);

/* One line of the audit log, as far as the run came. */
struct audit_entry {
	int64_t time;    /* seconds since 1970 */
	uid_t uid;       /* of the caller */
	const char *who; /* as whom a server knows it, or NULL */
	const char *id;  /* where there is neither run nor plan, or NULL */
	const struct sbx_plan *plan;
	const struct run *run;
	const struct sbx_error *failure; /* NULL: it ran */
};

/* As a JSON object without a line end. -ENOMEM. */
int audit_make(const struct audit_entry *entry, struct buffer *out);

/* The report as one line of JSON with its line end. plan and run may be NULL
 * when failure says why. -ENOMEM. */
int report_make(const struct sbx_plan *plan, const struct run *run,
                const struct sbx_error *failure, struct buffer *out);

#endif
