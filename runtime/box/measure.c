/* SPDX-License-Identifier: MIT */
/*
 * Limits that the kernel does not enforce: the CPU time of the whole tree, its
 * instructions (fuel.c), idleness, and, without a cgroup, the memory of the
 * whole tree. They are measured, and the next measurement is set for the
 * earliest moment at which a limit could be reached: CPU time grows by one
 * second a second and processor, memory as fast as the processors can fill it.
 * So a short run is never measured, a run far from its limits seldom, and one
 * near them every few milliseconds.
 */
#include <errno.h>
#include <sched.h>
#include <sys/vfs.h>

#include "base/clock.h"
#include "base/def.h"
#include "box/box.h"
#include "box/wire.h"

/* No processor clears and hands out memory faster than this: bytes a
 * nanosecond, measured at 1 to 4 with huge pages. */
#define MEMORY_RATE 8

#define SHORTEST (2 * NS_PER_MS)
#define LONGEST  (100 * NS_PER_MS)

static uint64_t limit_of(const struct sbx_box *box, enum limit limit)
{
	return box->plan->limits[limit].value;
}

static bool is_ours(const struct sbx_box *box, enum limit limit)
{
	return box->plan->limits[limit].enforced_by == ENFORCED_SUPERVISOR;
}

/* What the program holds of the tmpfs; it is memory, too. */
uint64_t measure_disk(struct sbx_box *box)
{
	const struct sbx_plan *plan = box->plan;
	struct statfs fs;
	uint64_t used;

	if (fstatfs(box->workspace, &fs) < 0 || fs.f_blocks == 0)
		return 0;
	used = (uint64_t)(fs.f_blocks - fs.f_bfree) * (uint64_t)fs.f_bsize;
	used -= MIN(used, plan->base_bytes);
	box->run.disk_bytes = MAX(box->run.disk_bytes, used);
	if (fs.f_bfree == 0 || (fs.f_files > 0 && fs.f_ffree == 0))
		box->run.disk_full = true;
	return used;
}

void measure_discount(struct sbx_box *box)
{
	struct run *run = &box->run;
	uint64_t user = MIN(run->user_ns, box->base_cpu_ns);

	run->user_ns -= user;
	run->system_ns -= MIN(run->system_ns, box->base_cpu_ns - user);
}

/* How long pid 1 may take for the exact sum; longer if the quick one has not
 * grown since. The program can keep it waiting, for example by mapping memory
 * all the time, so no answer counts as too much; but so can a busy host. */
#define PATIENCE       (250 * NS_PER_MS)
#define PATIENCE_STILL NS_PER_S

static bool is_overdue(const struct sbx_box *box, uint64_t now, uint64_t sum)
{
	uint64_t limit = limit_of(box, LIMIT_MEMORY);
	bool grown = sum > box->asked_sum + limit / 16;

	return box->asked_ns &&
	       now - box->asked_ns >= (grown ? PATIENCE : PATIENCE_STILL);
}

static void ask(struct sbx_box *box, uint64_t now, uint64_t sum)
{
	const struct wire_message measure_now = {.kind = WIRE_MEASURE};

	if (wire_send(box->wire, &measure_now, NULL, 0) < 0)
		return; /* it is ending */
	box->asked_ns = now;
	box->asked_sum = sum;
}

/*
 * The quick sum counts shared pages more than once. If even that is below the
 * limit, so is the truth; if one process alone is above it, so is the truth,
 * too. Between the two pid 1 is asked to look closer, again and again: a page
 * that stops being shared makes the truth grow, and not the sum. Returns what
 * is known to be in use, for the time of the next look.
 */
static uint64_t measure_memory(struct sbx_box *box, uint64_t now, uint64_t disk)
{
	uint64_t limit = limit_of(box, LIMIT_MEMORY);
	uint64_t sum = box->sample.memory + disk;
	uint64_t largest = box->sample.largest + disk;

	if (sum <= limit) {
		box->known = sum;
		box->run.memory_peak = MAX(box->run.memory_peak, sum);
		return sum;
	}
	box->run.memory_peak = MAX(box->run.memory_peak, largest);
	if (largest > limit || is_overdue(box, now, sum))
		box_kill(box, CAUSE_MEMORY);
	else if (!box->asked_ns && now >= box->next_ask_ns)
		ask(box, now, sum);
	return MIN(box->known, limit);
}

void measure_answer(struct sbx_box *box, uint64_t memory)
{
	uint64_t now = clock_ns();

	/* Not more than half of the time goes into looking. */
	box->next_ask_ns = now + (now - box->asked_ns);
	box->asked_ns = 0;
	box->known = memory + measure_disk(box);
	box->run.memory_peak = MAX(box->run.memory_peak, box->known);
	if (box->known > limit_of(box, LIMIT_MEMORY))
		box_kill(box, CAUSE_MEMORY);
}

static void measure_cpu(struct sbx_box *box)
{
	if (box->sample.cpu_ns >= limit_of(box, LIMIT_CPU_TIME))
		box_kill(box, CAUSE_CPU_TIME);
}

static void measure_progress(struct sbx_box *box, uint64_t now)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < N_STREAMS; i++)
		bytes += box->streams[i].moved;
	if (bytes != box->last_bytes || box->sample.cpu_ns > box->last_cpu_ns)
		box->last_progress_ns = now;
	box->last_bytes = bytes;
	box->last_cpu_ns = box->sample.cpu_ns;
	if (limit_of(box, LIMIT_IDLE_TIME) != LIMIT_OFF &&
	    now - box->last_progress_ns >= limit_of(box, LIMIT_IDLE_TIME))
		box_kill(box, CAUSE_IDLE_TIME);
}

/* How long value may grow at rate until it reaches the limit. */
static uint64_t time_left(uint64_t value, uint64_t limit, uint64_t rate)
{
	if (limit == LIMIT_OFF)
		return LONGEST;
	return value < limit ? (limit - value) / rate : 0;
}

void measure_schedule(struct sbx_box *box, uint64_t now, uint64_t memory)
{
	unsigned n = box->processors;
	uint64_t next = LONGEST;

	next = MIN(next, time_left(box->sample.cpu_ns,
	                           limit_of(box, LIMIT_CPU_TIME), n));
	if (is_ours(box, LIMIT_MEMORY))
		next = MIN(next, time_left(memory, limit_of(box, LIMIT_MEMORY),
		                           MEMORY_RATE * n));
	next = MIN(next, limit_of(box, LIMIT_IDLE_TIME) / 4);
	next = MAX(next, SHORTEST);
	box->next_sample_ns = now + MIN(next, fuel_time_left(box));
}

/* Its parent is a zygote, and not told what it has used. */
void measure_last(struct sbx_box *box)
{
	struct proc_sample sample;

	if (!box->zygote || box->proc < 0 || !box->run.started ||
	    proc_sample(box->proc, &sample) < 0)
		return;
	sample.cpu_ns -= MIN(sample.cpu_ns, box->base_cpu_ns);
	box->sample.cpu_ns = MAX(sample.cpu_ns, box->sample.cpu_ns);
}

void measure(struct sbx_box *box, uint64_t now)
{
	struct proc_sample sample;
	uint64_t used;
	int r;

	if (box->proc < 0)
		return;
	used = measure_disk(box);
	r = box->leaf.fd >= 0 ? leaf_sample(box, &sample)
	                      : proc_sample(box->proc, &sample);
	if (r < 0 && r != -ENOENT && r != -ESRCH) {
		/* What cannot be measured cannot be limited. */
		box_fail(box, -r, "measure the program");
		return;
	}
	if (r == 0) {
		sample.cpu_ns -= MIN(sample.cpu_ns, box->base_cpu_ns);
		/* Never less than before: a process that is gone without
		 * having been waited for takes its time with it. */
		sample.cpu_ns = MAX(sample.cpu_ns, box->sample.cpu_ns);
		box->sample = sample;
		box->run.tasks_peak = MAX(box->run.tasks_peak, sample.tasks);
		measure_cpu(box);
		fuel_measure(box, sample.cpu_ns);
		if (is_ours(box, LIMIT_MEMORY))
			used = measure_memory(box, now, used);
		measure_progress(box, now);
	}
	measure_schedule(box, now, used);
}
