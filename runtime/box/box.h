/* SPDX-License-Identifier: MIT */
/*
 * One sandbox, from the caller's side.
 *
 *   opened --start--> launching --STARTED--> running --ENDED--> draining
 *      \                  |                     |                  |
 *       `---FAILED--------+                     `--kill--> dying --+--> over
 *
 * Deadlines, measuring, judging and the report are here, outside: nothing that
 * the program does to the processes of the box can reach them.
 */
#ifndef SBX_BOX_BOX_H
#define SBX_BOX_BOX_H

#include <sys/types.h>

#include "box/stream.h"
#include "kernel/proc.h"
#include "model/outcome.h"

enum { STREAM_IN, STREAM_OUT, STREAM_ERR, N_STREAMS };

struct sbx_box {
	const struct sbx_plan *plan; /* borrowed */
	pid_t pid; /* of pid 1, outside; 0 once it is reaped */
	int pidfd;
	int wire; /* the caller's end; -1 once it has said all */
	int uid_lock;
	uid_t uid;     /* of the program, outside */
	int proc;      /* the box's own /proc; -1 until ready */
	int workspace; /* a directory on the tmpfs; the same */
	int listener;  /* of the filter; -1 until started, and once it is
	                * of no more use */
	int epoll, timer;

	bool ready;              /* it waits to be started */
	bool ended;              /* pid 1 has told how the program ended */
	bool failed;             /* failure says why */
	uint64_t deadline_ns;    /* of the setup, then of the run */
	uint64_t timer_ns;       /* what the timer is set to */
	uint64_t asked_ns;       /* pid 1 is to measure, since then; 0: not */
	uint64_t asked_sum;      /* the quick sum then */
	uint64_t known;          /* bytes of memory in use, at the last look */
	uint64_t next_ask_ns;    /* pid 1 is left alone until then */
	uint64_t next_sample_ns; /* 0: none */
	uint64_t last_progress_ns;
	uint64_t last_cpu_ns, last_bytes;
	struct proc_sample sample; /* the latest */

	struct stream streams[N_STREAMS];
	struct run run;
	struct sbx_error failure;
};

/* ---- watch.c ---- */

/* What an event of the epoll is about. */
enum { TAG_WIRE, TAG_PIDFD, TAG_TIMER, TAG_LISTENER, TAG_STREAM };

int watch_open(struct sbx_box *box, struct sbx_error *err);
int watch_add_streams(struct sbx_box *box, struct sbx_error *err);
int watch_add(struct sbx_box *box, int fd, uint32_t events, uint64_t tag);
void watch_drop(struct sbx_box *box, int *fd);

/* Ends everything in the box. The first cause stays. */
void box_kill(struct sbx_box *box, enum cause cause);

/* Fills err, which may be NULL, with why the box failed. Returns -code. */
int box_failure(const struct sbx_box *box, struct sbx_error *err);

/* Ends it because sbx itself failed. */
void box_fail(struct sbx_box *box, int code, const char *what);

/* ---- receive.c ---- */

void receive_wire(struct sbx_box *box);
void receive_refused(struct sbx_box *box, uint32_t events);

/* ---- measure.c ---- */

/* Takes a sample, kills for what it shows, and sets next_sample_ns. Nothing
 * until the box is ready. */
void measure(struct sbx_box *box, uint64_t now);

/* Sets next_sample_ns, given the bytes of memory that are in use. */
void measure_schedule(struct sbx_box *box, uint64_t now, uint64_t memory);

/* Pid 1 has measured the memory of all processes exactly. */
void measure_answer(struct sbx_box *box, uint64_t memory);

/* The bytes that the program holds on the tmpfs. */
uint64_t measure_disk(struct sbx_box *box);

#endif
