/* SPDX-License-Identifier: MIT */
/* What the parts of sbxd share. */
#ifndef SBX_SBXD_DAEMON_H
#define SBX_SBXD_DAEMON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "exec/audit.h"
#include "exec/profiles.h"
#include "sbxd/settings.h"
#include "sbxd/silent.h"
#include "sbxd/who.h"
#include "warm/closing.h"
#include "warm/host.h"
#include "warm/leaving.h"

struct http;
struct job;
struct door;
struct tokens;
struct pools;
struct recent;
struct apart;

/* As last asked for. */
struct capabilities {
	struct apart *made; /* it is being made; or NULL */
	struct buffer text; /* empty: there is none */
	uint64_t until_ns;  /* it is good */
};

/* Since the start; for /metrics. */
struct counters {
	uint64_t success, failure, timeout, limit, denied, rejected, cancelled,
		error;
	uint64_t warm, cold, refused, unauthorized;
};

#define MAX_INHERITED 8

/* When a caller was served last: fair turns. */
#define MAX_CALLERS 256
struct caller {
	struct who who;
	uint64_t turn; /* 0: the place is free */
};

struct daemon {
	struct settings settings;
	struct profile_dirs dirs;
	struct audit_logs audit;
	int loop;
	unsigned n_inherited; /* sockets that were handed over */
	struct door *doors;   /* none once draining */
	unsigned n_doors;
	bool door_rests;
	struct tokens *tokens; /* NULL: there is no TCP */
	struct silents silents;
	struct pools *pools;
	struct host host;
	struct http *http;
	struct recent *recent;
	struct job *jobs, **last_job; /* in the order they came */
	struct job *over;             /* whose answers are given */
	unsigned n_over;
	struct job *endings; /* that wait for a process of their own */
	unsigned n_endings;  /* such processes */
	unsigned n_running, n_queued;
	bool hungry; /* a run waits for its turn, and not for its session */
	struct caller callers[MAX_CALLERS]; /* the latest to be served */
	uint64_t turn;                      /* the number of the latest job */
	struct counters counters;
	struct capabilities capabilities;
	struct buffer page_policy; /* of the dashboard; empty: not asked for */
	size_t held;               /* bytes of large bodies and answers */
	struct exchange *holding;  /* whose they are */
	struct apart *aparts;      /* answers that are being made */
	struct closing closing;
	struct leaving leaving; /* boxes of pools */
	bool refill;            /* a box may be missing */
	bool pools_moved;       /* a run that waits for a box may find one */
	uint64_t told_ns;       /* a run's answer went out then */
	bool answered;          /* an exchange that waited has its answer */
	bool draining;
	uint64_t drained_by_ns; /* then what still runs is cancelled */
};

#endif
