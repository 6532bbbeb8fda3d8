/* SPDX-License-Identifier: MIT */
/* Sizes, durations, counts and decimals. What is read is written as a text
 * that is read as the same; and no text is read that does not look like one. */
#include <errno.h>
#include <string.h>

#include "base/def.h"
#include "base/parse.h"
#include "fuzz/fuzz.h"

static char *format_count(uint64_t count, char *buffer)
{
	(void)snprintf(buffer, 24, "%ju", (uintmax_t)count);
	return buffer;
}

static const struct {
	int (*parse)(const char *text, uint64_t *value);
	char *(*format)(uint64_t value, char *buffer);
} readers[] = {
	{parse_count, format_count},
	{parse_size, format_size},
	{parse_duration, format_duration},
	{parse_milli, format_milli},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[256], written[24];

	if (size >= sizeof(text))
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		uint64_t value = 7, again = 8;
		int r = readers[i].parse(text, &value);

		CHECK(r == 0 || r == -EINVAL || r == -ERANGE);
		CHECK(r == 0 || value == 7);
		if (r < 0)
			continue;
		CHECK(strspn(text, "0123456789.") > 0);
		CHECK(value > 0 || strspn(text, "0.") > 0);
		CHECK(readers[i].format(value, written) == written);
		CHECK(strlen(written) < sizeof(written));
		CHECK(readers[i].parse(written, &again) == 0);
		CHECK(again == value);
	}
	return 0;
}
