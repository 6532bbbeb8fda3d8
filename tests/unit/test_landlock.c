/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/def.h"
#include "kernel/landlock.h"
#include "support/child.h"
#include "support/run.h"
#include "support/scratch.h"

TestSuite(landlock, .init = scratch_make, .fini = scratch_remove);

/* One bit for each thing that can be done below a directory. */
enum { READ = 1, LIST = 2, WRITE = 4, MAKE = 8, REMOVE = 16, CLEAR = 32 };

static unsigned try_all(int dir)
{
	static const struct {
		unsigned bit;
		const char *name;
		int flags;
	} opens[] = {
		{READ, "old", O_RDONLY},
		{LIST, ".", O_RDONLY | O_DIRECTORY},
		{WRITE, "old", O_WRONLY},
		{MAKE, "new", O_WRONLY | O_CREAT | O_EXCL},
	};
	unsigned can = 0;

	for (size_t i = 0; i < ARRAY_SIZE(opens); i++) {
		int fd = openat(dir, opens[i].name, opens[i].flags | O_CLOEXEC,
		                0644);

		if (fd >= 0)
			can |= opens[i].bit;
		cleanup_fd(&fd);
	}
	if (unlinkat(dir, "spare", 0) == 0)
		can |= REMOVE;
	if (unlinkat(dir, "empty", AT_REMOVEDIR) == 0)
		can |= CLEAR;
	return can;
}

struct use {
	int use; /* of enum landlock_use; -1: no rule */
	unsigned can;
};

static int restricted(void *data)
{
	const struct use *use = data;
	int dir = open(scratch(""), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct landlock_place places[] = {
		{-1, LANDLOCK_KEEP},
		{use->use < 0 ? -1 : dir, (enum landlock_use)MAX(use->use, 0)},
	};
	int r;

	STEP(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	r = landlock_restrict(places, ARRAY_SIZE(places));
	if (r == -EOPNOTSUPP)
		return 0;
	STEP(r == 0);
	STEP(try_all(dir) == use->can);
	STEP(open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0 && errno == EACCES);
	return 0;
}

/* Each use lets do what it says below its directory, and nothing elsewhere. */
Test(landlock, uses)
{
	static const struct use uses[] = {
		{-1, 0},
		{LANDLOCK_READ, READ | LIST},
		{LANDLOCK_WRITE, READ | LIST | WRITE},
		{LANDLOCK_CLEAR, CLEAR},
		{LANDLOCK_KEEP, READ | LIST | WRITE | MAKE | REMOVE | CLEAR},
	};

	for (size_t i = 0; i < ARRAY_SIZE(uses); i++) {
		(void)scratch_text("old", "x");
		(void)scratch_text("spare", "x");
		(void)mkdir(scratch("empty"), 0755);
		(void)unlink(scratch("new"));
		EXPECT_CHILD(child_run(restricted, (void *)&uses[i]));
	}
}

static int unprepared(void *data)
{
	(void)data;
	STEP(geteuid() == 0 || landlock_restrict(NULL, 0) < 0);
	return 0;
}

/* Without no_new_privs an ordinary user gets an error. */
Test(landlock, wants_no_new_privs)
{
	EXPECT_CHILD(child_run(unprepared, NULL));
}
