/* SPDX-License-Identifier: MIT */
/* Each body is pid 1 of a pid namespace of its own, as in a box. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/def.h"
#include "kernel/mount.h"
#include "kernel/proc.h"
#include "support/child.h"

TestSuite(proc, .timeout = 60);

#define MIB UINT64_C(1048576)

struct job {
	child_body *body;
	int proc;
};

/* Pid 1: gets a proc of its own, and goes on to the body. */
static int as_init(void *data)
{
	struct job *job = data;
	int tree = mount_proc();

	STEP(tree >= 0);
	job->proc = openat(tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	STEP(job->proc >= 0);
	return job->body(job);
}

/* In the new namespaces: their first process is the next child. */
static int before_init(void *data)
{
	return child_run(as_init, data);
}

static int run(child_body *body)
{
	struct job job = {body, -1};

	return child_run_in(CLONE_NEWNS | CLONE_NEWPID, before_init, &job);
}

/* A child that does work, says so, and waits to be killed. */
static pid_t start(void (*work)(void *data), void *data)
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		work(data);
		if (write(ready[1], "", 1) == 1)
			pause();
		_exit(0);
	}
	(void)close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		pid = -1;
	(void)close(ready[0]);
	return pid;
}

static void stop(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

static void nothing(void *data)
{
	(void)data;
}

static int is_empty(void *data)
{
	const struct job *job = data;
	struct proc_sample sample;
	uint64_t bytes;

	STEP(proc_sample(job->proc, &sample) == 0);
	STEP(sample.tasks == 0 && sample.memory == 0);
	STEP(proc_memory_exact(job->proc, &bytes) == 0);
	STEP(bytes == 0);
	return 0;
}

/* Pid 1 is not the program's: a box without one uses nothing. */
Test(proc, leaves_pid_1_out)
{
	EXPECT_CHILD(run(is_empty));
}

/* size bytes of new memory. */
static void *take(size_t size, int flags)
{
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
	                    flags | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		_exit(1);
	(void)madvise(memory, size, MADV_NOHUGEPAGE);
	memset(memory, 'x', size);
	return memory;
}

static void take_private(void *data)
{
	(void)take(*(size_t *)data, MAP_PRIVATE);
}

static void take_shared(void *data)
{
	(void)take(*(size_t *)data, MAP_SHARED);
}

static void hide(void *data)
{
	take_private(data);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* A name that could be taken for the fields behind it, and for lines. */
static void take_a_name(void *data)
{
	take_private(data);
	(void)prctl(PR_SET_NAME, data ? ") R 9 9\nRss" : "", 0, 0, 0);
}

static int measure_memory(void *data)
{
	static const struct {
		void (*work)(void *data);
		size_t size;
	} rows[] = {
		{take_private, 32 * MIB}, {take_private, 4096},
		{take_shared, 16 * MIB},  {hide, 8 * MIB},
		{take_a_name, 8 * MIB},
	};
	const struct job *job = data;
	struct proc_sample empty, sample;
	uint64_t exact;
	size_t size;
	pid_t pid;
	int r;

	/* What a child has from the start is not what it took. */
	STEP((pid = start(nothing, NULL)) > 0);
	STEP(proc_sample(job->proc, &empty) == 0);
	STEP(empty.tasks == 1);
	stop(pid);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size = rows[i].size;
		STEP((pid = start(rows[i].work, &size)) > 0);
		STEP(proc_sample(job->proc, &sample) == 0);
		STEP(sample.tasks == 1);
		STEP(sample.memory >= size);
		STEP(sample.largest == sample.memory);
		/* Some more, where every access is watched. */
		STEP(sample.memory <= size + size / 4 + empty.memory + MIB);
		r = proc_memory_exact(job->proc, &exact);
		/* Its memory began outside of this user namespace. */
		STEP(r == 0 || (rows[i].work == hide && r == -EACCES));
		STEP(r < 0 || exact >= size);
		STEP(r < 0 || exact <= sample.memory + MIB);
		stop(pid);
	}
	return 0;
}

/* Memory is what the processes hold, whoever it belongs to and whatever they
 * call themselves. */
Test(proc, measures_memory)
{
	EXPECT_CHILD(run(measure_memory));
}

/* What a thread takes and stays with. */
struct held {
	size_t size;
	int ready;
};

static void *hold(void *data)
{
	struct held *held = data;

	take_private(&held->size);
	if (write(held->ready, "", 1) == 1)
		pause();
	return NULL;
}

static int measure_without_a_first_thread(void *data)
{
	const struct job *job = data;
	struct proc_sample sample;
	struct held held = {.size = 8 * MIB};
	int ends[2];
	uint64_t exact;
	pthread_t thread;
	char byte;
	pid_t pid;

	STEP(pipe2(ends, O_CLOEXEC) == 0);
	held.ready = ends[1];
	pid = fork();
	if (pid == 0) {
		if (pthread_create(&thread, NULL, hold, &held) != 0)
			_exit(1);
		(void)syscall(SYS_exit, 0);
	}
	STEP(read(ends[0], &byte, 1) == 1);
	STEP(proc_sample(job->proc, &sample) == 0);
	STEP(sample.memory >= held.size && sample.largest >= held.size);
	STEP(proc_memory_exact(job->proc, &exact) == 0);
	STEP(exact >= held.size);
	stop(pid);
	return 0;
}

/* A process whose first thread has ended hides nothing. */
Test(proc, sees_through_an_ended_thread)
{
	EXPECT_CHILD(run(measure_without_a_first_thread));
}

static int wait_for_ever(void *data)
{
	(void)data;
	pause();
	_exit(0);
}

/* As after vfork(): a child that has not exec'ed yet. */
static void take_and_share(void *data)
{
	static _Alignas(16) char stack[65536];

	take_private(data);
	if (clone(wait_for_ever, stack + sizeof(stack), CLONE_VM, NULL) < 0)
		_exit(1);
}

static int measure_two_in_one(void *data)
{
	const struct job *job = data;
	size_t size = 32 * MIB;
	struct proc_sample sample;
	uint64_t exact;

	STEP(start(take_and_share, &size) > 0);
	STEP(proc_sample(job->proc, &sample) == 0);
	STEP(sample.tasks == 2 && sample.memory >= 2 * size);
	STEP(sample.largest >= size && sample.largest < 2 * size);
	STEP(proc_memory_exact(job->proc, &exact) == 0);
	STEP(exact >= size && exact < 2 * size);
	(void)kill(-1, SIGKILL);
	return 0;
}

/* A child that is in its parent's memory does not count twice. */
Test(proc, counts_a_vforked_child_once)
{
	EXPECT_CHILD(run(measure_two_in_one));
}

static void keep(void *data)
{
	volatile const char *memory = data;
	char sum = 0;

	for (size_t i = 0; i < 16 * MIB; i += 4096)
		sum ^= memory[i];
	(void)sum;
}

static int measure_shared(void *data)
{
	const struct job *job = data;
	void *memory = take(16 * MIB, MAP_SHARED);
	struct proc_sample sample;
	uint64_t exact;
	pid_t pids[3];

	for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
		STEP((pids[i] = start(keep, memory)) > 0);
	STEP(proc_sample(job->proc, &sample) == 0);
	STEP(sample.tasks == 3 && sample.memory >= 48 * MIB);
	STEP(sample.largest >= 16 * MIB && sample.largest < 32 * MIB);
	STEP(proc_memory_exact(job->proc, &exact) == 0);
	/* A quarter is pid 1's, who has it, too, and does not count. */
	STEP(exact >= 11 * MIB && exact < 32 * MIB);
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
		stop(pids[i]);
	return 0;
}

/* The exact measure counts a shared page once, the quick one for each. */
Test(proc, counts_shared_pages_once)
{
	EXPECT_CHILD(run(measure_shared));
}

static void *sleep_long(void *data)
{
	pause();
	return data;
}

static void start_threads(void *data)
{
	pthread_t thread;

	for (int i = 0; i < *(int *)data; i++)
		if (pthread_create(&thread, NULL, sleep_long, NULL) != 0)
			_exit(1);
}

static int count_tasks(void *data)
{
	const struct job *job = data;
	struct proc_sample sample, one;
	int four = 4, none = 0;
	pid_t pids[2];

	STEP((pids[1] = start(start_threads, &none)) > 0);
	STEP(proc_sample(job->proc, &one) == 0);
	STEP((pids[0] = start(start_threads, &four)) > 0);
	STEP(proc_sample(job->proc, &sample) == 0);
	STEP(sample.tasks == 6);
	/* The dead that nobody has waited for hold no memory, and do no harm.
	 */
	(void)kill(pids[0], SIGKILL);
	STEP(waitid(P_PID, (id_t)pids[0], &(siginfo_t){0}, WEXITED | WNOWAIT) ==
	     0);
	STEP(proc_sample(job->proc, &sample) == 0);
	STEP(sample.tasks <= 2 && sample.memory <= one.memory + MIB);
	STEP(proc_memory_exact(job->proc, &(uint64_t){0}) == 0);
	stop(pids[0]);
	stop(pids[1]);
	return 0;
}

/* Threads count, and the dead do not. */
Test(proc, counts_tasks)
{
	EXPECT_CHILD(run(count_tasks));
}

static void burn(void *data)
{
	struct timespec used;

	do
		(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	while ((uint64_t)used.tv_sec * NS_PER_S + (uint64_t)used.tv_nsec <
	       *(uint64_t *)data);
}

/* Burns in a child of its own, which it waits for. */
static void burn_below(void *data)
{
	pid_t pid = fork();

	if (pid == 0) {
		burn(data);
		_exit(0);
	}
	(void)waitpid(pid, NULL, 0);
}

static int measure_time(void *data)
{
	const struct job *job = data;
	uint64_t ns = 300 * NS_PER_MS, least = 250 * NS_PER_MS;
	struct proc_sample before, sample;
	pid_t pid;

	STEP(proc_sample(job->proc, &before) == 0);
	STEP((pid = start(burn, &ns)) > 0);
	STEP(proc_sample(job->proc, &sample) == 0);
	STEP(sample.cpu_ns >= least && sample.cpu_ns < 2 * ns);
	stop(pid);
	/* Pid 1 has waited for it. */
	STEP(proc_sample(job->proc, &sample) == 0);
	STEP(sample.cpu_ns >= least && sample.cpu_ns < 2 * ns);
	STEP((pid = start(burn_below, &ns)) > 0);
	STEP(proc_sample(job->proc, &sample) == 0);
	STEP(sample.cpu_ns >= 2 * least && sample.cpu_ns < 4 * ns);
	stop(pid);
	/* What pid 1 itself uses does not count. */
	burn(&(uint64_t){2 * NS_PER_S});
	STEP(proc_sample(job->proc, &sample) == 0);
	STEP(sample.cpu_ns < 4 * ns);
	return 0;
}

/* Time of the living and of the dead that were waited for, at any depth. */
Test(proc, measures_time)
{
	EXPECT_CHILD(run(measure_time));
}

/* Forks and reaps until it is killed. */
static void churn(void *data)
{
	pid_t pid = fork();

	(void)data;
	while (pid == 0) {
		pid_t child = fork();

		if (child == 0)
			_exit(0);
		(void)waitpid(child, NULL, 0);
	}
}

static int measure_while_they_come_and_go(void *data)
{
	const struct job *job = data;
	struct proc_sample sample;
	uint64_t bytes;

	for (int i = 0; i < 2; i++)
		STEP(start(churn, NULL) > 0);
	for (int i = 0; i < 500; i++) {
		STEP(proc_sample(job->proc, &sample) == 0);
		STEP(sample.tasks >= 2 && sample.tasks < 20);
		STEP(proc_memory_exact(job->proc, &bytes) == 0);
	}
	(void)kill(-1, SIGKILL);
	while (wait(NULL) > 0)
		;
	return 0;
}

/* Processes that end while they are looked at are passed over. */
Test(proc, follows_those_that_come_and_go)
{
	EXPECT_CHILD(run(measure_while_they_come_and_go));
}

/* What is no directory of processes is an error, and nothing is written. */
Test(proc, tells_why_it_failed)
{
	struct proc_sample sample = {.tasks = 77};
	uint64_t bytes = 77;
	size_t before = open_descriptors();
	int file = open("/dev/null", O_RDONLY | O_CLOEXEC);

	cr_expect_eq(proc_sample(-1, &sample), -EBADF);
	cr_expect_eq(proc_sample(file, &sample), -ENOTDIR);
	cr_expect_eq(proc_memory_exact(-1, &bytes), -EBADF);
	cr_expect_eq(sample.tasks, 77);
	cr_expect_eq(bytes, 77);
	(void)close(file);
	cr_expect_eq(open_descriptors(), before);
}
