/* SPDX-License-Identifier: MIT */
/* Any text as the value of each field, as the command line gives it: lines of
 * "path=value", in their order. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "sbx.h"

static void set(struct sbx_spec *spec, const char *path, const char *value)
{
	struct sbx_error err = {0};

	if (sbx_spec_set(spec, path, value, &err) == 0)
		return;
	CHECK(err.code > 0 && err.text[0]);
	for (const char *at = err.text; *at; at++)
		CHECK((unsigned char)*at >= ' ' && *at != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *at = text, *line;
	struct sbx_spec *spec = NULL;
	const struct sbx_field *fields;
	size_t n;

	CHECK(text && sbx_spec_new(&spec, NULL) == 0);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	fields = sbx_fields(&n);
	while ((line = strsep(&at, "\n")) != NULL) {
		char *value = strchr(line, '=');

		if (value) {
			*value++ = '\0';
			set(spec, line, value);
		}
	}
	for (size_t i = 0; i < n && size < 4096; i++)
		set(spec, fields[i].path, text);
	sbx_spec_free(spec);
	free(text);
	return 0;
}
