/* SPDX-License-Identifier: MIT */
/* Root trees and package layers that sbx-rootfs made: for each a directory
 * with the tree and a manifest of what is in it. */
#ifndef SBX_BOX_TREES_H
#define SBX_BOX_TREES_H

#include "base/arena.h"
#include "model/facts.h"
#include "model/spec.h"

/* Sets facts->tree, its etc, and facts->layers, as the spec names them. One
 * that is not there is an error that says how to make it; one that is not as
 * it was built, too, where the spec requires that. */
int trees_collect(const struct sbx_spec *spec, struct arena *arena,
                  struct facts *facts, struct sbx_error *err);

/* Holds the tree of dir to its manifest (verify.c). what opens the message.
 */
int tree_verify(const char *dir, const char *what, struct sbx_error *err);

#endif
