/* SPDX-License-Identifier: MIT */
/* Any bytes as a profile, as maxima, and as a request; and a plan of what came
 * of it, for a host that does not change. Errors are one line. */
#include <fcntl.h>
#include <string.h>

#include "base/def.h"
#include "base/json.h"
#include "fuzz/fuzz.h"
#include "model/fields.h"
#include "support/facts.h"

static void is_line(int r, const struct sbx_error *err)
{
	if (r == 0)
		return;
	CHECK(r == -err->code && err->text[0]);
	for (const char *at = err->text; *at; at++)
		CHECK((unsigned char)*at >= ' ' && *at != 0x7f);
}

static void plan(const struct sbx_spec *spec)
{
	CLEANUP_FD int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct facts facts = facts_user;
	struct bind_source sources[64] = {0};
	const char *layers[64];
	struct sbx_error err = {0};
	struct sbx_plan *made = NULL;
	size_t n = 0;
	int r;

	for (const struct bind *bind = spec->binds; bind; bind = bind->next) {
		if (n == ARRAY_SIZE(sources))
			return;
		sources[n].path = bind->source;
		sources[n++].directory = true;
	}
	if (spec->packages.n > ARRAY_SIZE(layers))
		return;
	for (size_t i = 0; i < spec->packages.n; i++)
		layers[i] = spec->packages.items[i];
	if (spec->inputs) /* what they are is a fact of the host's */
		return;
	facts.binds = sources;
	facts.layers = layers;
	facts.executable = "/usr/bin/true";
	facts.code = "";
	facts.code_name = spec->file ? spec->file : "program";
	r = plan_build(spec, &facts, &made, &err);
	is_line(r, &err);
	if (r == 0)
		CHECK(sbx_plan_print(made, null) == 0);
	sbx_plan_free(made);
}

/* profile: an object of fields; else a request. */
static void try(const char *text, size_t len, bool profile)
{
	static const char *const words[] = {"true", NULL};
	static const char *const dirs[] = {"profiles", NULL};
	struct sbx_error err = {0};
	struct arena arena = {0};
	struct sbx_spec *spec = NULL;
	const struct json *root;
	int r;

	CHECK(sbx_spec_new(&spec, &err) == 0);
	if (profile) {
		r = json_parse(&arena, text, len, &root, &err);
		if (r == 0)
			r = fields_set_json(spec, root, ORIGIN_PROFILE, "x",
			                    &err);
		if (r == 0)
			r = sbx_spec_command(spec, words, &err);
	} else {
		r = sbx_spec_request(spec, text, len, dirs, &err);
	}
	is_line(r, &err);
	if (r == 0)
		plan(spec);
	sbx_spec_free(spec);
	arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try((const char *)data, size, true);
	try((const char *)data, size, false);
	return 0;
}
