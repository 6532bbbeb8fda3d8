/* SPDX-License-Identifier: MIT */
/* The build that comes before a run, where the profile has one. */
#ifndef SBX_SBXD_BUILD_H
#define SBX_SBXD_BUILD_H

#include "sbx.h"
#include "sbxd/who.h"

struct build;

/* *build is NULL where spec has none. It borrows from spec. */
int build_make(struct sbx_spec *spec, struct build **build,
               struct sbx_error *err);

/* Whether there is one, and it is not over. */
bool build_is_due(const struct build *build);

/* Looks for what the same build of this caller's left before; if it is there,
 * it is over, and spec has it. */
int build_find(struct build *build, struct sbx_spec *spec,
               const struct who *who, struct sbx_error *err);

/* Starts it. What the compiler says goes to output, or is captured for -1. */
int build_start(const struct build *build, int output, struct sbx_box **box,
                struct sbx_error *err);

/* It has succeeded: spec has what it left, which is kept for this caller. Takes
 * the box. */
int build_take(struct build *build, struct sbx_spec *spec,
               const struct who *who, struct sbx_box *box,
               struct sbx_error *err);

void build_free(struct build *build);

#endif
