/* SPDX-License-Identifier: MIT */
/* Sessions without a run: what a server does in them for its clients. Each
 * waits for a moment where somebody has the session; then -EBUSY. */
#ifndef SBX_WARM_VISIT_H
#define SBX_WARM_VISIT_H

#include "base/buffer.h"
#include "sbx.h"

struct json_writer;

/* store: the directory of all; one that is not there has none. As objects of
 * the array that is open in out. */
int visit_list(const char *store, struct json_writer *out,
               struct sbx_error *err);

/* -ENOENT: there is none of that id. */
int visit_remove(const char *store, const char *id, struct sbx_error *err);

struct visit_file {
	const char *id, *path;
	struct buffer content;
};

/* Adds what a regular file has to its content. -EFBIG: that is more than max
 * bytes. Else as session_file_open(). */
int visit_read(const char *store, struct visit_file *file, size_t max,
               struct sbx_error *err);

/* Puts the content there; the session is made if need be, and holds no more
 * with it than the limits of the spec allow. As session_file_put(). */
int visit_write(const char *store, const struct visit_file *file,
                const struct sbx_spec *spec, struct sbx_error *err);

#endif
