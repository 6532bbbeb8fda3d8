/* SPDX-License-Identifier: MIT */
/* Errors are made in processes that may not allocate: everything here works
 * on the stack, and the errno's words come from tables of the C library. */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* A path of the longest kind and some words. What is longer is cut here, and
 * again to the size of sbx_error.text. */
#define MESSAGE_SIZE 1024

static const char *const stage_names[SBX_N_STAGES] = {
	[SBX_STAGE_SPEC] = "spec",       [SBX_STAGE_PROFILE] = "profile",
	[SBX_STAGE_PLAN] = "plan",       [SBX_STAGE_CLONE] = "clone",
	[SBX_STAGE_IDMAP] = "idmap",     [SBX_STAGE_NETWORK] = "network",
	[SBX_STAGE_MOUNT] = "mount",     [SBX_STAGE_INIT] = "init",
	[SBX_STAGE_PAYLOAD] = "payload", [SBX_STAGE_FILTER] = "filter",
	[SBX_STAGE_EXEC] = "exec",       [SBX_STAGE_WATCH] = "watch",
	[SBX_STAGE_REPORT] = "report",   [SBX_STAGE_SESSION] = "session",
	[SBX_STAGE_CHECK] = "check",
};

const char *sbx_stage_name(enum sbx_stage stage)
{
	if ((unsigned int)stage >= SBX_N_STAGES)
		return "unknown";
	return stage_names[stage];
}

int sbx_error_status(const struct sbx_error *err)
{
	if (err && err->stage == SBX_STAGE_CHECK)
		return 126;
	if (!err || err->stage != SBX_STAGE_EXEC)
		return 125;
	return err->code == ENOENT ? 127 : 126;
}

const char *err_status(const struct sbx_error *err)
{
	return err->stage == SBX_STAGE_CHECK ? "rejected" : "error";
}

const char *err_reason(const struct sbx_error *err)
{
	return err->stage == SBX_STAGE_CHECK ? "check" : "setup";
}

const char *err_name(int code)
{
	const char *name = code > 0 ? strerrorname_np(code) : NULL;

	return name ? name : "E?";
}

/* A failure must never look like success: a code that is no errno is EIO. */
static int real_code(int code)
{
	return code > 0 ? code : EIO;
}

/* words stay whole; it is the text before them that is cut. */
static void fill(struct sbx_error *err, const char *words, const char *format,
                 va_list args) PRINTF_LIKE(3, 0);

static void fill(struct sbx_error *err, const char *words, const char *format,
                 va_list args)
{
	char message[MESSAGE_SIZE];
	size_t room = sizeof(err->text) - strlen(words);

	/* The arguments may point into the error that is being replaced. */
	if (vsnprintf(message, sizeof(message), format, args) < 0)
		message[0] = '\0';
	memset(err->text, 0, sizeof(err->text));
	text_escape(message, err->text, room);
	strcat(err->text, words);
}

int err_set(struct sbx_error *err, enum sbx_stage stage, int code,
            const char *format, ...)
{
	const char *description;
	char words[96];
	va_list args;

	code = real_code(code);
	if (!err)
		return -code;
	description = strerrordesc_np(code);
	if (description)
		(void)snprintf(words, sizeof(words), ": %s", description);
	else
		(void)snprintf(words, sizeof(words), ": error %d", code);
	va_start(args, format);
	fill(err, words, format, args);
	va_end(args);
	err->code = code;
	err->stage = stage;
	return -code;
}

int err_say(struct sbx_error *err, enum sbx_stage stage, int code,
            const char *format, ...)
{
	va_list args;

	code = real_code(code);
	if (!err)
		return -code;
	va_start(args, format);
	fill(err, "", format, args);
	va_end(args);
	err->code = code;
	err->stage = stage;
	return -code;
}

int err_memory(struct sbx_error *err, enum sbx_stage stage)
{
	return err_say(err, stage, ENOMEM, "no memory left");
}
