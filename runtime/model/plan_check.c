/* SPDX-License-Identifier: MIT */
/* Whether the program's text may be run: its size here, and whether a checker
 * has to see it, or has seen it. */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "model/check.h"
#include "model/plan.h"

static int check_first(struct sbx_plan *plan, bool passed,
                       struct sbx_error *err)
{
	const struct sbx_plan *first = plan->first_plan;

	plan->unchecked = !passed;
	/* A file of the host may be another one by now. */
	if (passed && strcmp(first->code_sha256, plan->code_sha256) != 0)
		return err_say(err, SBX_STAGE_CHECK, EAGAIN,
		               "the program's file changed after it was "
		               "checked");
	return 0;
}

int plan_check(struct sbx_plan *plan, const struct sbx_spec *spec,
               const struct facts *facts, struct sbx_error *err)
{
	uint64_t most = spec->check.max_code_bytes;
	int r = check_usable(spec, err);

	if (r < 0 || plan->role == ROLE_CHECK)
		return r;
	if (most && facts->code_len > most)
		return err_say(err, SBX_STAGE_CHECK, EFBIG,
		               "rejected: %.64s is %zu bytes, more than %ju "
		               "(check.max_code_bytes)",
		               facts->code_name, facts->code_len,
		               (uintmax_t)most);
	return check_is_due(&spec->check) ? check_first(plan, spec->passed, err)
	                                  : 0;
}
