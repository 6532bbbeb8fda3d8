/* SPDX-License-Identifier: MIT */
/* The directory that a build leaves, or left, from its top to the bottom: its
 * entries in the order of their names, and never through a link. */
#ifndef SBX_BOX_WALK_H
#define SBX_BOX_WALK_H

#include "base/buffer.h"
#include "sbx.h"

/* All of it as the text of a struct sbx_built, appended. What is no regular
 * file and no directory is left out. It may be hostile: all is bounded. */
int walk_left(int dir, struct buffer *text, struct sbx_error *err);

/* The same of what was kept, where nothing is left out: -EBADMSG. */
int walk_kept(int dir, struct buffer *text);

/* What tells, without a look into the files, whether they are those that were
 * there: another text, of what the kernel changes with them. */
int walk_marks(int dir, struct buffer *marks);

#endif
