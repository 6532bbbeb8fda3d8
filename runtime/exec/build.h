/* SPDX-License-Identifier: MIT */
/* The build that comes before the run, where the profile has one. */
#ifndef SBX_EXEC_BUILD_H
#define SBX_EXEC_BUILD_H

#include "sbx.h"

/* Borrows from the spec of the run, and is freed before it. */
struct building {
	struct sbx_spec *spec;
	struct sbx_plan *plan;   /* NULL: there is nothing to build */
	struct sbx_box *box;     /* NULL: not run, as it was kept */
	struct sbx_built *built; /* NULL: it did not succeed */
};

int building_plan(struct building *building, struct sbx_spec *spec,
                  struct sbx_error *err);

/* Finds what the same build left before, where there is one and it is there:
 * spec has it then. */
int building_find(struct building *building, struct sbx_spec *spec,
                  struct sbx_error *err);

/* Runs it. What the compiler says goes to standard error, or is captured.
 * Returns the exit status of a build that failed, with box set; 0 once built is
 * there; or a negative errno. */
int building_run(struct building *building, bool capture,
                 struct sbx_error *err);

void building_free(struct building *building);

#endif
