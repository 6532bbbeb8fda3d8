/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "check.h"

/* The text as one harmless line. */
PRINTF_LIKE(3, 0)
static void set_detail(struct finding *found, const char *words,
                       const char *format, va_list args)
{
	char text[sizeof(found->detail)];
	size_t len;

	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	text_escape(text, found->detail, sizeof(found->detail));
	len = strlen(found->detail);
	if (words)
		(void)snprintf(found->detail + len, sizeof(text) - len, ": %s",
		               words);
}

int found_good(struct finding *found, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set_detail(found, NULL, format, args);
	va_end(args);
	found->code = 0;
	return 0;
}

int found_errno(struct finding *found, int code, const char *format, ...)
{
	const char *words = strerrordesc_np(code);
	va_list args;

	va_start(args, format);
	set_detail(found, words ? words : "unknown error", format, args);
	va_end(args);
	found->code = code;
	return -code;
}

int found_wrong(struct finding *found, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set_detail(found, NULL, format, args);
	va_end(args);
	found->code = code;
	return code ? -code : -EPROTO;
}

int found_error(struct finding *found, const struct sbx_error *err)
{
	return found_wrong(found, err->code, "%s", err->text);
}

void found_remedy(struct finding *found, enum remedy remedy,
                  const char *argument)
{
	found->remedy = remedy;
	(void)snprintf(found->argument, sizeof(found->argument), "%s",
	               argument ? argument : "");
}
