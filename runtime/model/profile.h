/* SPDX-License-Identifier: MIT */
/* A profile is a JSON object of fields (fields.h) and "extends". The files
 * are read here and nowhere else in model/. */
#ifndef SBX_MODEL_PROFILE_H
#define SBX_MODEL_PROFILE_H

#include "model/spec.h"

/* [A-Za-z0-9][A-Za-z0-9._-]{0,63}: never a path. */
bool profile_name_ok(const char *name);

#endif
