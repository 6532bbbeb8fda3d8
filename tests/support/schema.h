/* SPDX-License-Identifier: MIT */
/* A small reader of JSON Schema: what the schemas of profiles/ use, and a
 * fault for every other keyword. */
#ifndef SBX_TESTS_SCHEMA_H
#define SBX_TESTS_SCHEMA_H

#include <stddef.h>

#include "base/json.h"

/* Whether value is as the schema NAME of profiles/ says. Objects that it
 * describes are closed here: a key without a description is a fault. Else
 * fault (of size bytes) says what is wrong, and where. */
bool schema_fits(const char *name, const struct json *value, char *fault,
                 size_t size);

#endif
