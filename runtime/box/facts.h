/* SPDX-License-Identifier: MIT */
#ifndef SBX_BOX_FACTS_H
#define SBX_BOX_FACTS_H

#include "base/arena.h"
#include "model/facts.h"
#include "model/spec.h"

/* Looks at what no spec is needed for: the caller, and the host's own root
 * tree. */
int facts_of_host(struct arena *arena, struct facts *facts,
                  struct sbx_error *err);

/* Looks at the host as far as the spec asks for: who calls, what is in /usr,
 * the binds' sources, the program's file and interpreter. All that is missing
 * or may not be used is found here. What facts point to is in the arena. */
int facts_collect(const struct sbx_spec *spec, struct arena *arena,
                  struct facts *facts, struct sbx_error *err);

#endif
