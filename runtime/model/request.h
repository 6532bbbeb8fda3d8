/* SPDX-License-Identifier: MIT */
/* A request on its way into a spec: what request.c and request_inputs.c
 * share. */
#ifndef SBX_MODEL_REQUEST_H
#define SBX_MODEL_REQUEST_H

#include <errno.h>

#include "base/error.h"
#include "model/field_kinds.h"

#define REQUEST "request" /* opens each message */

struct request {
	struct sbx_spec *spec;
	struct arena *arena; /* of the JSON, and of what is made from it */
	const char *const *dirs;
	struct sbx_error *err;
	const struct json *root;
	const struct json *code, *command; /* NULL: not given */
	const char **args;
	size_t n_args;
};

/* A value on its way in under the name it has here. */
struct key_input {
	struct sbx_field field;
	struct field_input in;
};

/* Names a value by the key it has in the request, and by the row of path where
 * there is one. Returns &key->in. */
struct field_input *request_key(const struct request *request,
                                const struct json *member, const char *path,
                                struct key_input *key);

static inline int request_no_memory(const struct request *request)
{
	return err_say(request->err, SBX_STAGE_SPEC, ENOMEM, "no memory left");
}

/* Standard input, which is empty unless one of the next two says else. */
int request_no_stdin(struct request *request);
int request_stdin(struct request *request, const struct json *member);
int request_lines(struct request *request, const struct json *member);

/* [{"path": ..., "content": ...}] */
int request_files(struct request *request, const struct json *member);

#endif
