/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "kernel/idmap.h"
#include "support/child.h"

TestSuite(idmap, .timeout = 60);

/* Ids come from the range that nobody allocates from or, where a user
 * namespace does not have that, from the upper half of its longest range; 0
 * is never among them. */
Test(idmap, chooses_a_range)
{
	static const struct {
		const char *map;
		struct id_range range;
	} rows[] = {
		{"         0          0 4294967295\n",
	         {IDMAP_FIRST, IDMAP_COUNT}},
		{"0 100000 65536\n", {32768, 32768}},
		{"0 100000 131072\n", {65536, 65536}},
		{"0 100000 1000000\n", {500000, 65536}},
		{"0 1000 1\n1 100000 65535\n", {32769, 32767}},
		{"1 100000 65535\n0 1000 1\n", {32769, 32767}},
		{"0 0 1000\n1000 5000 10\n", {500, 500}},
		{"0 0 2\n", {1, 1}},
		{"0 0 3\n", {2, 1}},
		{"0 1000 1\n", {0, 0}},
		{"", {0, 0}},
		{"\n", {0, 0}},
		{"junk", {0, 0}},
		{"0 0 0\n", {0, 0}},
		/* Just enough of it, just not, and a piece in the middle. */
		{"1879048192 0 65536\n", {IDMAP_FIRST, IDMAP_COUNT}},
		{"1879048192 0 65535\n", {1879080960, 32767}},
		{"1879048193 0 65536\n", {1879080961, 32768}},
		{"1879048191 0 65537\n", {IDMAP_FIRST, IDMAP_COUNT}},
		{"0 0 1879113728\n", {IDMAP_FIRST, IDMAP_COUNT}},
		{"0 0 1879113727\n", {939556864, 65536}},
		{"0 0 65536\n1879048192 1 65536\n5 5 100000\n",
	         {IDMAP_FIRST, IDMAP_COUNT}},
		{"4294967294 0 1\n", {0, 0}},
		{"4294967292 0 4\n", {0, 0}},
		{"4294967292 0 3\n", {4294967294, 1}},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct id_range range = idmap_choose(rows[i].map);

		cr_expect_eq(range.first, rows[i].range.first, "%s: %u",
		             rows[i].map, range.first);
		cr_expect_eq(range.count, rows[i].range.count, "%s: %u",
		             rows[i].map, range.count);
	}
}

static int range_of_one(void *data)
{
	struct id_range range = {7, 7};
	struct sbx_error err;

	(void)data;
	STEP(idmap_range(&range, &err) == -EPERM);
	STEP(err.code == EPERM && err.stage == SBX_STAGE_IDMAP);
	STEP(strncmp(err.text, "root here has no second user id", 31) == 0);
	STEP(range.first == 7);
	return 0;
}

/* A user namespace that knows root only has no range, and that is said. */
Test(idmap, finds_no_range)
{
	EXPECT_CHILD(child_run_in(0, range_of_one, NULL));
}

/* The range of this very process has no 0 in it. */
Test(idmap, finds_a_range)
{
	struct id_range range;
	struct sbx_error err = {0};

	cr_assert_eq(idmap_range(&range, &err), 0, "%s", err.text);
	cr_expect_gt(range.first, 0);
	cr_expect_gt(range.count, 0);
}

#define N_IDS 64

static const struct id_range small = {5000, N_IDS};

/* Two reservations never share an id; when all are taken there is an error,
 * and the id of a descriptor that is closed can be had again. Others may hold
 * a few of the same range meanwhile. */
static int reserve_all(void *data)
{
	int locks[N_IDS + 1], n = 0, again;
	bool taken[N_IDS] = {false};
	struct sbx_error err;
	uid_t id, free_id;

	(void)data;
	while (idmap_reserve(&small, &id, &locks[n], &err) == 0) {
		STEP(id >= small.first && id < small.first + N_IDS);
		STEP(!taken[id - small.first]);
		STEP(fcntl(locks[n], F_GETFD) == FD_CLOEXEC);
		taken[id - small.first] = true;
		STEP(n++ < N_IDS);
	}
	STEP(n > N_IDS / 2);
	STEP(err.code == EAGAIN && err.stage == SBX_STAGE_IDMAP);
	STEP(strcmp(err.text, "all 64 user ids for runs are in use") == 0);
	free_id = id;
	STEP(close(locks[n / 2]) == 0);
	STEP(idmap_reserve(&small, &id, &again, &err) == 0);
	STEP(idmap_reserve(&small, &free_id, &again, &err) == -EAGAIN);
	return 0;
}

/* An id is reserved until the last process with the descriptor is gone. */
static int reserve_for_a_child(void *data)
{
	const struct id_range one = {5000, 1};
	struct sbx_error err;
	int lock, other;
	uid_t id;
	pid_t pid;

	(void)data;
	STEP(idmap_reserve(&one, &id, &lock, &err) == 0);
	pid = child_fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	STEP(close(lock) == 0);
	STEP(idmap_reserve(&one, &id, &other, &err) == -EAGAIN);
	STEP(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
	STEP(idmap_reserve(&one, &id, &other, &err) == 0);
	STEP(id == 5000);
	return 0;
}

static int reserve_nothing(void *data)
{
	struct sbx_error err;
	int lock = 99;
	uid_t id = 99;

	(void)data;
	STEP(idmap_reserve(&small, &id, &lock, &err) < 0);
	STEP(id == 99 && lock == 99);
	STEP(err.code == EACCES && err.stage == SBX_STAGE_IDMAP);
	STEP(strstr(err.text, IDMAP_STATE_DIR));
	return 0;
}

/* Root reserves ids for its runs; an ordinary user has nothing to reserve. */
Test(idmap, reserves)
{
	if (geteuid() != 0) {
		EXPECT_CHILD(child_run(reserve_nothing, NULL));
		return;
	}
	EXPECT_CHILD(child_run(reserve_all, NULL));
	EXPECT_CHILD(child_run(reserve_for_a_child, NULL));
}

/* A process that waits for its maps, and then takes the box's ids. */
static pid_t start_waiting(int *go)
{
	int ready[2], wait[2];
	char byte;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(wait, O_CLOEXEC) < 0)
		return -1;
	pid = child_fork();
	if (pid == 0) {
		gid_t group = BOX_GID;

		(void)close(wait[1]);
		if (unshare(CLONE_NEWUSER) < 0 || write(ready[1], "", 1) != 1)
			_exit(1);
		if (read(wait[0], &byte, 1) != 1)
			_exit(2);
		if (setresgid(BOX_GID, BOX_GID, BOX_GID) < 0 ||
		    setresuid(BOX_UID, BOX_UID, BOX_UID) < 0)
			_exit(3);
		if (setgroups(1, &group) == 0 || errno != EPERM)
			_exit(4);
		_exit(0);
	}
	(void)close(ready[1]);
	(void)close(wait[0]);
	if (read(ready[0], &byte, 1) != 1)
		return -1;
	(void)close(ready[0]);
	*go = wait[1];
	return pid;
}

static int write_maps(void *data)
{
	int status, go;
	struct sbx_error err;
	pid_t pid = start_waiting(&go);

	(void)data;
	STEP(pid > 0);
	if (geteuid() == 0)
		STEP(idmap_write(pid, 54321, 54322, &err) == 0);
	else
		STEP(idmap_write(pid, geteuid(), getegid(), &err) == 0);
	STEP(write(go, "", 1) == 1);
	STEP(waitpid(pid, &status, 0) == pid);
	STEP(status == 0);
	return 0;
}

/* Inside it is user and group 1000, and may change no groups. */
Test(idmap, writes_maps)
{
	EXPECT_CHILD(child_run(write_maps, NULL));
}

static int write_no_maps(void *data)
{
	struct sbx_error err;
	int go, status;
	pid_t pid = start_waiting(&go);
	uid_t other = geteuid() == 0 ? (uid_t)-1 : geteuid() + 1;

	(void)data;
	STEP(pid > 0);
	STEP(idmap_write(pid, 0, 1, &err) == -EPERM);
	STEP(strcmp(err.text, "the program would be root outside") == 0);
	STEP(idmap_write(pid, 1, 0, &err) == -EPERM);
	STEP(idmap_write(pid, other, getegid() | 1, &err) < 0);
	STEP(err.stage == SBX_STAGE_IDMAP);
	STEP(strncmp(err.text, "write \"1000 ", 12) == 0);
	STEP(strstr(err.text, " 1\" to uid_map: "));
	STEP(write(go, "", 1) == 1);
	STEP(waitpid(pid, &status, 0) == pid);
	STEP(status == 3 << 8); /* there are no such ids */
	STEP(idmap_write(pid, 54321, 54321, &err) == -ENOENT);
	return 0;
}

/* Never root outside; an id that may not be mapped is an error that says
 * which. */
Test(idmap, refuses_maps)
{
	EXPECT_CHILD(child_run(write_no_maps, NULL));
}
