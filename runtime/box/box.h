/* SPDX-License-Identifier: MIT */
/*
 * One sandbox, from the caller's side.
 *
 *   opened --start--> launching --STARTED--> running --ENDED--> draining
 *     | \                  |                  |  |                  |
 *     |  `---FAILED--------+                  |  `--kill--> dying --+--> over
 *     `-prepare-> launching --ready--> idle --'
 *                                     assign
 *
 * The second way is that of a box that is made ahead: its program is an agent,
 * an interpreter that has started and waits to be told what to run.
 *
 * Deadlines, measuring, judging and the report are here, outside: nothing that
 * the program does to the processes of the box can reach them.
 */
#ifndef SBX_BOX_BOX_H
#define SBX_BOX_BOX_H

#include <sys/types.h>

#include "box/stream.h"
#include "kernel/cgroup.h"
#include "kernel/proc.h"
#include "model/outcome.h"

enum { STREAM_IN, STREAM_OUT, STREAM_ERR, N_STREAMS };

struct sbx_box {
	const struct sbx_plan *plan; /* borrowed; it is closed without */
	pid_t pid; /* of pid 1, outside; 0 once it is reaped, and -1 until a
	            * zygote has forked it */
	int pidfd;
	int wire; /* the caller's end; -1 once it has said all */
	int uid_lock;
	uid_t uid;              /* of the program, outside */
	struct sbx_box *zygote; /* that forked it; NULL: sbx did */
	unsigned n_forked;      /* of a zygote: boxes that there are */
	unsigned n_forks;       /* and have been in all */
	bool orphan;            /* nobody else will close it */
	struct sbx_box *next;   /* that is leaving */
	int userns;             /* for its network; a zygote keeps it */
	struct cgroup_leaf leaf;
	int proc;      /* the box's own /proc; -1 until ready */
	int workspace; /* a directory on the tmpfs; the same */
	int upper;     /* of a session: what the run writes; the same */
	int listener;  /* of the filter; -1 until started, and once it is
	                * of no more use */
	int counters[PMU_MAX]; /* of instructions; -1 where they are no limit */
	int control; /* what the agent of a box that waits is told with */
	int pipes[N_STREAMS]; /* its streams, until a run has them */
	int epoll, timer;
	int keeps[2];  /* directories that its supervisor still writes to */
	bool confines; /* its supervisor, before the program starts */

	bool ready;              /* it waits to be started */
	bool launched;           /* the program's process has its filter */
	bool waiting;            /* it is an agent, and there is no run yet */
	bool idle;               /* and it can take one at once */
	bool own_name;           /* of a file that is named as the agent's */
	bool ended;              /* pid 1 has told how the program ended */
	bool failed;             /* failure says why */
	uint64_t deadline_ns;    /* of the setup, then of the run */
	uint64_t timer_ns;       /* what the timer is set to */
	uint64_t asked_ns;       /* pid 1 is to measure, since then; 0: not */
	uint64_t asked_sum;      /* the quick sum then */
	unsigned processors;     /* that the program may use */
	uint64_t base_cpu_ns;    /* used before the run began */
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

/* ---- host.c ---- */

/* One that holds nothing: no descriptor, no process. */
extern const struct sbx_box box_closed;

/* One like that for a plan, in memory of its own: for sbx_box_close(). */
int box_new(const struct sbx_plan *plan, struct sbx_box **box,
            struct sbx_error *err);

/* Who the program is outside: the caller, or an id that root reserves. */
int box_reserve_id(struct sbx_box *box, struct sbx_error *err);

/* ---- make.c ---- */

/* The plan of a box that is made ahead: the spec's program is an agent, or what
 * stands for a program. */
int plan_make_waiting(const struct sbx_spec *spec, bool has_agent,
                      struct sbx_plan **plan, struct sbx_error *err);

/* What sbx_report_write() and sbx_report_refusal() write, added to text. */
int report_text(const struct sbx_plan *plan, const struct sbx_box *box,
                const struct sbx_error *failure, struct buffer *text,
                struct sbx_error *err);
int refusal_text(const struct sbx_spec *spec, const struct sbx_error *failure,
                 struct buffer *text, struct sbx_error *err);

/* ---- watch.c ---- */

/* What an event of the epoll is about. */
enum { TAG_WIRE, TAG_PIDFD, TAG_TIMER, TAG_LISTENER, TAG_CONTROL, TAG_STREAM };

int watch_open(struct sbx_box *box, struct sbx_error *err);
/* Begins to watch them, and the time. */
int watch_add_streams(struct sbx_box *box, struct sbx_error *err);
int watch_add(struct sbx_box *box, int fd, uint32_t events, uint64_t tag);
void watch_drop(struct sbx_box *box, int *fd);

/* Ends everything in the box. The first cause stays. */
void box_kill(struct sbx_box *box, enum cause cause);

/* The program and all that it started are gone. */
void box_emptied(struct sbx_box *box);

/* Fills err, which may be NULL, with why the box failed. Returns -code. */
int box_failure(const struct sbx_box *box, struct sbx_error *err);

/* Ends it because sbx itself failed. The first failure stays. */
void box_fail(struct sbx_box *box, int code, const char *what);
void box_fail_as(struct sbx_box *box, const struct sbx_error *failure);

/* The setup, of whatever kind, has so much time from now. */
void watch_setup(struct sbx_box *box);

/* ---- start.c ---- */

/* The three pipes: our ends, and the program's. */
int box_open_pipes(struct sbx_box *box, int *ours, int *theirs,
                   struct sbx_error *err);

/* Makes streams of our ends, which it takes, and the caller's descriptors. */
int box_attach(struct sbx_box *box, int *ours, const struct sbx_stdio *stdio,
               struct sbx_error *err);

/* As sbx_box_start(); what the box is told is in the socket control, which
 * stays the caller's. -1: nothing. */
int box_start_told(struct sbx_box *box, int control,
                   const struct sbx_stdio *stdio, struct sbx_error *err);

/* The program begins, at ns: all limits count from here. */
void box_begin(struct sbx_box *box, uint64_t ns);

/* ---- confine.c ---- */

/* Takes from the calling thread what it does not need any more. */
int confine(const struct sbx_box *box, struct sbx_error *err);

/* ---- session.c ---- */

/* The session's directory; still its own. */
int session_dir(const struct sbx_session *session);

/* ---- standby.c ---- */

/* Starts the agent of an open box whose plan waits. It is idle later, which
 * sbx_box_step() brings about; if it never is, the box fails. */
int box_prepare(struct sbx_box *box, struct sbx_error *err);

/* Gives an idle box to a run, whose plan is borrowed from now on. -ESTALE when
 * the run asks for another box, -E2BIG when it has more arguments than an
 * agent can be told: then nothing has happened. After any other failure the
 * box is of no more use. */
int box_assign(struct sbx_box *box, const struct sbx_plan *plan,
               const struct sbx_stdio *stdio, struct sbx_error *err);

/* The agent has something to say. */
void standby_receive(struct sbx_box *box);

/* ---- zygote.c ---- */

/* Has an idle zygote fork a box for the plan that it was made for. The box
 * becomes idle, or fails, as one of box_prepare() does. The zygote stays until
 * the box is closed. */
int box_fork(struct sbx_box *zygote, const struct sbx_plan *plan,
             struct sbx_box **box, struct sbx_error *err);

/* One of its boxes is gone; an orphan is closed with the last. */
void zygote_release(struct sbx_box *zygote);

/* Bytes of memory that its interpreter has for itself; 0: it is ending. */
uint64_t zygote_memory(const struct sbx_box *zygote);

/* Pid 1 of a box that a zygote forked is there: its maps, and its start. */
void zygote_born(struct sbx_box *box, int pidfd);

/* ---- leaf.c ---- */

/* Makes the run's cgroup with its limits, where the plan has one; for a box of
 * a zygote, below the zygote's. */
int leaf_open(struct sbx_box *box, struct sbx_error *err);

/* Makes the cgroup of a zygote, if it has one, the parent of its boxes': before
 * the first of them. Its processes move out of their way, below it. */
int leaf_divide(struct sbx_box *zygote, struct sbx_error *err);

/* The run begins: what has been used so far was for the setup. */
void leaf_begin(struct sbx_box *box);

/* What its processes use now. 0 or -errno. */
int leaf_sample(const struct sbx_box *box, struct proc_sample *sample);

/* What they have used, and what became of them, for the run. */
void leaf_read(struct sbx_box *box);

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

/* What a box that dies now has used, where nobody can ask later. */
void measure_last(struct sbx_box *box);

/* Takes what was used before the run began out of its CPU times. */
void measure_discount(struct sbx_box *box);

/* ---- fuel.c ---- */

/* Looks at the counters, given the CPU time that was used so far, and kills for
 * what they show. Nothing where instructions are no limit. */
void fuel_measure(struct sbx_box *box, uint64_t cpu_ns);

/* Whether the run has used more than it may. */
bool fuel_is_spent(const struct sbx_box *box);

/* When to look again: so many nanoseconds from now. */
uint64_t fuel_time_left(const struct sbx_box *box);

/* What was used in all, once nothing is left that could use more. */
void fuel_last(struct sbx_box *box);

/* The bytes that the program holds on the tmpfs. */
uint64_t measure_disk(struct sbx_box *box);

#endif
