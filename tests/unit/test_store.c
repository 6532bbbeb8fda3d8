/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/def.h"
#include "box/store.h"
#include "model/spec.h"
#include "support/scratch.h"

TestSuite(store, .init = scratch_make, .fini = scratch_remove);

/* Gives it a first state, too: without, it would be none. */
static int lock_one(int store, const char *id, uint64_t most,
                    struct sbx_error *err)
{
	const struct store_want want = {.id = id, .create = true, .most = most};
	struct store_session *session = NULL;
	int r = store_lock(store, &want, &session, err);

	if (r == 0) {
		store_push(session, &(struct store_state){.number = 1});
		r = store_commit(session, err);
	}
	store_unlock(session);
	return r;
}

/* A new session is one too many where there are as many as may be; those that
 * are there can be used, and what is no session does not count. */
Test(store, holds_so_many_sessions)
{
	struct sbx_error err = {0};
	int store;

	cr_assert_eq(store_open(scratch("s"), true, &store, &err), 0, "%s",
	             err.text);
	cr_assert_eq(mkdirat(store, ".gone-1", 0700), 0);
	cr_expect_eq(lock_one(store, "none", 0, &err), -EDQUOT);
	cr_expect_eq(lock_one(store, "a", 2, &err), 0);
	cr_expect_eq(lock_one(store, "b", 2, &err), 0);
	cr_expect_eq(lock_one(store, "c", 2, &err), -EDQUOT);
	cr_expect_not_null(strstr(err.text, "session c: there are 2 already"),
	                   "%s", err.text);
	cr_expect_not_null(strstr(err.text, "expire"), "%s", err.text);
	cr_expect_eq(lock_one(store, "a", 2, &err), 0);
	cr_expect_eq(lock_one(store, "b", 1, &err), 0);
	cr_expect_eq(lock_one(store, "c", 3, &err), 0);
	(void)close(store);
}

/* That is what a run of a session is held to. */
Test(store, asks_the_spec_how_many)
{
	struct sbx_session *session = NULL;
	struct sbx_error err = {0};
	struct sbx_spec *spec;

	cr_assert_eq(sbx_spec_new(&spec, &err), 0);
	cr_expect_eq(spec->max_sessions, 10000);
	cr_assert_eq(sbx_spec_set(spec, "session", "a", &err), 0);
	spec->max_sessions = 0;
	cr_expect_eq(sbx_session_open(spec, scratch("s"), 0, &session, &err),
	             -EDQUOT);
	spec->max_sessions = 1;
	cr_expect_eq(sbx_session_open(spec, scratch("s"), 0, &session, &err), 0,
	             "%s", err.text);
	sbx_session_close(session);
	sbx_spec_free(spec);
}

static const struct store_want want = {.id = "s", .create = true, .most = 1};

static int open_store(void)
{
	struct sbx_error err;
	int store;

	cr_assert_eq(store_open(scratch("s"), true, &store, &err), 0, "%s",
	             err.text);
	return store;
}

/* A second one is told at once that another has it. */
Test(store, lock_is_exclusive)
{
	struct store_session *session, *second = NULL;
	struct sbx_error err;
	int store = open_store();

	cr_assert_eq(store_lock(store, &want, &session, &err), 0, "%s",
	             err.text);
	cr_expect_eq(store_lock(store, &want, &second, &err), -EBUSY);
	store_unlock(session);
	(void)close(store);
}

/* A box that is being cloned has copies of all descriptors for a moment: they
 * do not hold the lock of a session that was let go. */
Test(store, lock_is_free_whoever_has_a_copy)
{
	struct store_session *session, *second = NULL;
	struct sbx_error err;
	int store = open_store();
	pid_t pid;

	cr_assert_eq(store_lock(store, &want, &session, &err), 0, "%s",
	             err.text);
	pid = fork();
	cr_assert_geq(pid, 0);
	while (pid == 0)
		(void)pause();
	store_unlock(session);
	cr_expect_eq(store_lock(store, &want, &second, &err), 0, "%s",
	             err.text);
	cr_assert_eq(kill(pid, SIGKILL), 0);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	store_unlock(second);
	(void)close(store);
}
