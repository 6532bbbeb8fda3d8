/* SPDX-License-Identifier: MIT */
/*
 * THE table: every field that can be set, once. It drives JSON (profiles and
 * requests), the command line, --help, the manual page and sbx_spec_set().
 */
#ifndef SBX_MODEL_FIELDS_H
#define SBX_MODEL_FIELDS_H

#include "base/json.h"
#include "base/suggest.h"
#include "model/spec.h"

/* The row of a path, or NULL. */
const struct sbx_field *field_find(const char *path);

/* Whether a JSON object of fields may have this key. */
bool field_is_key(const char *key);

/* Offers every such key. */
void fields_offer(struct suggest *suggest);

/* Sets one field from text, as the command line gives it. */
int field_set_text(struct sbx_spec *spec, const char *path, const char *text,
                   enum origin origin, struct sbx_error *err);

/* Sets all the fields of a JSON object. where ("profile python") opens each
 * message, followed by the line and the key's path. */
int fields_set_json(struct sbx_spec *spec, const struct json *object,
                    enum origin origin, const char *where,
                    struct sbx_error *err);

/* The same of one member. */
int field_set_member(struct sbx_spec *spec, const struct json *member,
                     enum origin origin, const char *where,
                     struct sbx_error *err);

#endif
