/* SPDX-License-Identifier: MIT */
/* Runs the requests of a file. */
#ifndef SBX_BATCH_BATCH_H
#define SBX_BATCH_BATCH_H

#include <stdbool.h>

#include "exec/audit.h"
#include "reports.h"
#include "requests.h"
#include "slots.h"
#include "tally.h"

/*
 * One thread, one epoll: the boxes, the requests, the reports, signals and the
 * clock of the progress line. No more than one request is read before it can be
 * started, and none while a report waits for its reader.
 */
struct batch {
	struct requests requests;
	struct reports reports;
	struct audit_logs audit;
	struct slots slots;
	struct places places;
	struct tally tally;
	int epoll, signals, clock, input;
	bool input_polls, reports_poll; /* it is no file */
	bool input_waits;               /* for bytes */
	bool has_more;          /* lines, which nothing has to wait for */
	struct request request; /* the next, where it has to wait */
	bool request_waits;
	bool given_up;  /* a run was ended that is not reported */
	bool at_end;    /* of the requests */
	bool ends;      /* a second signal: waits for nobody */
	int stopped_by; /* the signal that did; 0: none */
};

#define BATCH_NONE                               \
	((struct batch){.reports = REPORTS_NONE, \
	                .audit = AUDIT_NONE,     \
	                .epoll = -1,             \
	                .signals = -1,           \
	                .clock = -1,             \
	                .input = -1})

/* Prepares what is not open yet: requests and reports are the caller's.
 * progress: tell it on standard error. */
int batch_open(struct batch *batch, size_t n_jobs, bool progress,
               struct sbx_error *err);
void batch_close(struct batch *batch);

/* Until all is reported, or a signal has stopped it. The first lets what runs
 * come to its end; a second one ends it, without a report, and without those
 * that wait for their reader. */
int batch_run(struct batch *batch, struct sbx_error *err);

#endif
