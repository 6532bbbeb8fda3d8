/* SPDX-License-Identifier: MIT */
/* The start of a box: its streams, and its program. */
#include <errno.h>
#include <fcntl.h>

#include "base/clock.h"
#include "base/error.h"
#include "box/box.h"
#include "box/inputs.h"
#include "box/wire.h"

/* A pipe for one stream. */
static int open_pipe(const struct sbx_box *box, int index, int *ours,
                     int *theirs)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	/* So that the program may open /dev/stdin and the like; without it, it
	 * may not, and all else works. */
	if (box->plan->privileged)
		(void)!fchown(ends[0], box->uid, (gid_t)box->uid);
	*theirs = ends[index == STREAM_IN ? 0 : 1];
	*ours = ends[index == STREAM_IN ? 1 : 0];
	return 0;
}

int box_open_pipes(struct sbx_box *box, int *ours, int *theirs,
                   struct sbx_error *err)
{
	int r = 0;

	for (int i = 0; i < N_STREAMS && r == 0; i++)
		r = open_pipe(box, i, &ours[i], &theirs[i]);
	return r < 0 ? err_set(err, SBX_STAGE_WATCH, -r,
	                       "make the pipes for the program")
	             : 0;
}

int box_attach(struct sbx_box *box, int *ours, const struct sbx_stdio *stdio,
               struct sbx_error *err)
{
	uint64_t limit = box->plan->limits[LIMIT_OUTPUT].value;
	int callers[N_STREAMS] = {stdio->in, stdio->out, stdio->err};
	CLEANUP_FD int file = -1;
	int r;

	/* What a checker writes is its answer. */
	if (box->plan->role == ROLE_CHECK)
		callers[STREAM_OUT] = callers[STREAM_ERR] = -1;
	r = input_stdin(box->plan, &file, err);
	if (r < 0)
		return r;
	if (file >= 0 || box->plan->stdin_text)
		callers[STREAM_IN] = file;
	r = stream_input(&box->streams[STREAM_IN], callers[STREAM_IN],
	                 TAKE_FD(ours[STREAM_IN]));
	for (int i = STREAM_OUT; i < N_STREAMS && r == 0; i++)
		r = stream_output(&box->streams[i], TAKE_FD(ours[i]),
		                  callers[i], limit);
	return r < 0 ? err_set(err, SBX_STAGE_WATCH, -r,
	                       "take the caller's streams")
	             : 0;
}

static unsigned count_processors(const struct sbx_plan *plan)
{
	long n = plan->n_cpus ? (long)plan->n_cpus
	                      : sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 ? (unsigned)n : 1;
}

void box_begin(struct sbx_box *box, uint64_t ns)
{
	const struct plan_limit *wall = &box->plan->limits[LIMIT_WALL_TIME];

	box->run.started = true;
	box->run.start_ns = box->last_progress_ns = ns;
	box->deadline_ns =
		wall->value == LIMIT_OFF || wall->value > UINT64_MAX - ns
			? UINT64_MAX
			: ns + wall->value;
	leaf_begin(box);
	box->processors = count_processors(box->plan);
	measure_schedule(box, ns, 0);
}

static int start(struct sbx_box *box, int *ours, int *theirs,
                 const struct sbx_stdio *stdio, struct sbx_error *err)
{
	const struct wire_message message = {.kind = WIRE_START};
	int r = box_open_pipes(box, ours, theirs, err);

	if (r == 0)
		r = box_attach(box, ours, stdio, err);
	if (r < 0)
		return r;
	watch_setup(box);
	r = wire_send(box->wire, &message, theirs,
	              theirs[N_STREAMS] < 0 ? N_STREAMS : WIRE_MAX_FDS);
	/* EPIPE: pid 1 has failed, and has said why. */
	if (r < 0 && r != -EPIPE)
		return err_set(err, SBX_STAGE_WATCH, -r, "start the program");
	return watch_add_streams(box, err);
}

int box_start_told(struct sbx_box *box, int control,
                   const struct sbx_stdio *stdio, struct sbx_error *err)
{
	int ours[N_STREAMS] = {-1, -1, -1};
	int theirs[WIRE_MAX_FDS] = {-1, -1, -1, control};
	int r = start(box, ours, theirs, stdio, err);

	for (int i = 0; i < N_STREAMS; i++) {
		cleanup_fd(&ours[i]);
		cleanup_fd(&theirs[i]);
	}
	return r;
}

int sbx_box_start(struct sbx_box *box, const struct sbx_stdio *stdio,
                  struct sbx_error *err)
{
	if (box->streams[STREAM_IN].pipe >= 0)
		return err_say(err, SBX_STAGE_WATCH, EALREADY,
		               "the box has been started already");
	return box_start_told(box, -1, stdio, err);
}
