/* SPDX-License-Identifier: MIT */
/* The steps of a plan, one after the other. Memory that runs out, or too many
 * steps, is seen at the end: n_steps is above max_steps then. */
#ifndef SBX_MODEL_PLAN_STEPS_H
#define SBX_MODEL_PLAN_STEPS_H

#include "model/plan.h"

void add_step(struct sbx_plan *plan, struct step step);
void add_directory(struct sbx_plan *plan, const char *path, mode_t mode);
void add_file(struct sbx_plan *plan, const char *path, const void *data,
              size_t len);
void add_link(struct sbx_plan *plan, const char *path, const char *target);
void add_simple(struct sbx_plan *plan, enum step_kind kind, const char *path);
void add_bind(struct sbx_plan *plan, const char *source, const char *target,
              bool writable);

/* Directories for the parents of path, where they are not there. 0 or
 * -ENOMEM. */
int add_parents(struct sbx_plan *plan, const char *path);

/* What a file of that length takes of a tmpfs. */
uint64_t plan_pages(uint64_t len);

/* The steps of the spec's binds; from: what each of them names on the host.
 * A bind that is below another comes after it, whatever the order in which
 * they were given. 0 or -ENOMEM. */
int add_binds(struct sbx_plan *plan, const struct sbx_spec *spec,
              const struct bind_source *from);

/* What a build has left, below its place; nothing for NULL. 0 or -ENOMEM. */
int add_built(struct sbx_plan *plan, const struct sbx_built *built);

/* What a zygote forks with; nothing for NULL. */
void add_zygote(struct sbx_plan *plan, const struct zygote_files *files);

#endif
