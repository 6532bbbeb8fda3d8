/* SPDX-License-Identifier: MIT */
#ifndef SBX_BOX_FIND_H
#define SBX_BOX_FIND_H

#include "base/arena.h"
#include "model/facts.h"
#include "model/spec.h"

/* Sets facts->executable to the path inside of the program's argv[0], found
 * along the PATH of the spec's environment as the root tree will have it. A
 * missing one is an error that says what to install. */
int find_executable(const struct sbx_spec *spec, struct arena *arena,
                    struct facts *facts, struct sbx_error *err);

#endif
