/* SPDX-License-Identifier: MIT */
/* Files and text of the caller's that go into a run. */
#ifndef SBX_BOX_INPUTS_H
#define SBX_BOX_INPUTS_H

#include "model/plan.h"

/* Sets facts->inputs: each input must be a regular file that the caller
 * may read. */
int inputs_look(const struct sbx_spec *spec, struct arena *arena,
                struct facts *facts, struct sbx_error *err);

/* The source of a STEP_COPY, opened, or -errno. */
int input_open(const struct step *step);

/* Makes the file of a STEP_FILE or STEP_COPY (from is its source then) at a
 * path from directory, without a symbolic link, where there is none yet. 0 or
 * -errno. */
int input_place(int directory, const char *path, const struct step *step,
                int from);

/* The plan's own standard input, opened: stdin_path or stdin_text. *fd
 * stays as it is where there is neither, for it is the caller's then, and where
 * the text is empty. */
int input_stdin(const struct sbx_plan *plan, int *fd, struct sbx_error *err);

#endif
