/* SPDX-License-Identifier: MIT */
/* Hosts that do not change: the facts of a plan, frozen. Pure. */
#ifndef SBX_TESTS_FACTS_H
#define SBX_TESTS_FACTS_H

#include "base/buffer.h"
#include "model/facts.h"
#include "model/plan.h"
#include "model/spec.h"

/* A Debian host with one /usr: root calls, with no limits of its own. */
extern const struct facts facts_root;
/* The same; user 1234 calls, from a login with the usual hard limits. */
extern const struct facts facts_user;
/* A small host with directories of its own for /bin, /sbin, /lib and /lib64,
 * no /etc/alternatives, no zone and one processor; root calls. */
extern const struct facts facts_separate;
/* A host with one /usr, where a cgroup is delegated to user 1234. */
extern const struct facts facts_cgroup;

/* A spec that runs "ls" with the profile "base", and its plan on such a host.
 * settings: path, value, ..., NULL; or NULL. What fails ends the process. */
struct sbx_spec *made_spec(const char *const *settings);
struct sbx_plan *made_plan(const struct facts *facts,
                           const char *const *settings);
#define SETTINGS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* A plan as sbx_plan_print() writes it, with a NUL at its end. 0 or -errno. */
int plan_text(const struct sbx_plan *plan, struct buffer *out);

/* Whether a plan's text has this line. */
bool plan_says(const struct sbx_plan *plan, const char *line);

#endif
