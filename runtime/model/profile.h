/* SPDX-License-Identifier: MIT */
/* A profile is a JSON object of fields (fields.h) and "extends". The files
 * are read here and nowhere else in model/. */
#ifndef SBX_MODEL_PROFILE_H
#define SBX_MODEL_PROFILE_H

#include "base/json.h"
#include "model/spec.h"

/* [A-Za-z0-9][A-Za-z0-9._-]{0,63}: never a path. */
bool profile_name_ok(const char *name);

struct document {
	const char *path;
	const char *where; /* opens each message */
	enum sbx_stage stage;
	const struct json *root;
};

/* Reads the file at path and sets root, which lives in the arena. -ENOENT,
 * and nothing in err, when there is no such file. */
int document_read(struct arena *arena, struct document *document,
                  struct sbx_error *err);

#endif
