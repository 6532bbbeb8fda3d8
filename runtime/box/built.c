/* SPDX-License-Identifier: MIT */
/* What a build left in its workspace. The box is over, so nothing changes
 * while it is read; its tmpfs lives as long as the descriptor. */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "box/box.h"
#include "box/walk.h"
#include "model/built.h"

/* What a check leaves. */
static int take_nothing(struct sbx_built **built, struct sbx_error *err)
{
	struct buffer none = {0};
	int r = built_parse(&none, built);

	return r < 0 ? err_set(err, SBX_STAGE_WATCH, -r, "build") : 0;
}

int sbx_built_take(const struct sbx_box *box, struct sbx_built **built,
                   struct sbx_error *err)
{
	struct buffer text = {0};
	int r;

	if (!box->run.ended || box->workspace < 0)
		return err_say(err, SBX_STAGE_WATCH, EINVAL,
		               "build: its run is not over");
	if (box->plan->role == ROLE_CHECK)
		return take_nothing(built, err);
	r = walk_left(box->workspace, &text, err);
	if (r < 0) {
		buffer_free(&text);
		return r;
	}
	r = built_parse(&text, built);
	if (r == -EBADMSG)
		return err_say(err, SBX_STAGE_WATCH, EINVAL,
		               "build: it left a name with control bytes");
	return r < 0 ? err_set(err, SBX_STAGE_WATCH, -r, "build") : 0;
}

void sbx_spec_built(struct sbx_spec *spec, const struct sbx_built *built,
                    const struct sbx_box *box)
{
	if (!box || box->plan->role == ROLE_BUILD)
		spec->built = built;
	else
		spec->passed =
			strcmp(sbx_box_outcome(box).status, "success") == 0;
	spec->first_plan = box ? box->plan : NULL;
	spec->first_run = box ? &box->run : NULL;
}
