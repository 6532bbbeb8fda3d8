/* SPDX-License-Identifier: MIT */
/* Runs of the library, warm from a pool or cold, for the tests of this layer.
 */
#ifndef SBX_TESTS_WARM_H
#define SBX_TESTS_WARM_H

#include "sbx.h"
#include "support/run.h"

/* A run of a profile's code. settings: path, value, ..., NULL; or NULL. */
struct warm_call {
	const char *profile; /* a name, or a path; NULL: python */
	const char *code;
	const char *const *arguments;
	const char *const *settings;
};

#define WARM(...) (&(const struct warm_call){__VA_ARGS__})

/* All three fail the test where the library fails. */
struct sbx_spec *warm_spec(const struct warm_call *call);
struct sbx_plan *warm_plan(const struct warm_call *call);
struct sbx_pool *warm_pool(const struct warm_call *call, unsigned size);

/* Steps the pool until n boxes are idle. */
void pool_await(struct sbx_pool *pool, int n);

/* Whether the idle box of the pool is one for this, which takes it. */
bool pool_takes(struct sbx_pool *pool, const struct warm_call *call);

/* Runs it: in a box of the pool, which has one that is idle, or, where pool is
 * NULL, in one of its own. The output is in the report. */
void warm_run(struct sbx_pool *pool, const struct warm_call *call,
              struct result *result);

#endif
