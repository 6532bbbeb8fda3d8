/* SPDX-License-Identifier: MIT */
/*
 * A look at the program's text before it runs. The text is read by a program
 * of ours, the checker, in a box of its own; it parses, and runs nothing of
 * what it reads. It is advice: the walls are the box's.
 */
#ifndef SBX_MODEL_CHECK_H
#define SBX_MODEL_CHECK_H

#include "base/buffer.h"
#include "base/json.h"
#include "model/spec.h"

/* Whether there are rules that a checker looks at. */
bool check_is_due(const struct check *check);

/* Fails where there are rules and they could not be held to. */
int check_usable(const struct sbx_spec *spec, struct sbx_error *err);

/* Makes build, a copy of spec, the check of spec. -ENOMEM. */
int check_spec(const struct sbx_spec *spec, struct sbx_spec *build);

/* The verdict on a check, of what its checker wrote and how it ended. */
struct sbx_outcome check_judge(const struct buffer *answer,
                               const struct sbx_outcome *end);

/* What was found, for the report. */
void check_put_findings(struct json_writer *out, const struct buffer *answer);

#endif
