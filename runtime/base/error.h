/* SPDX-License-Identifier: MIT */
/* One shape for every failure, made and returned in one line:
 *
 *	return err_set(err, SBX_STAGE_MOUNT, errno, "mount proc on %s", path);
 */
#ifndef SBX_BASE_ERROR_H
#define SBX_BASE_ERROR_H

#include "base/def.h"
#include "sbx.h"

/* Fills err (which may be NULL) with the text and ": " and the errno's own
 * words; control bytes in the text are escaped. Returns -code. */
int err_set(struct sbx_error *err, enum sbx_stage stage, int code,
            const char *format, ...) PRINTF_LIKE(4, 5);

/* The same without the errno's words, where the text says it all. */
int err_say(struct sbx_error *err, enum sbx_stage stage, int code,
            const char *format, ...) PRINTF_LIKE(4, 5);

/* "no memory left". Returns -ENOMEM. */
int err_memory(struct sbx_error *err, enum sbx_stage stage);

/* The status and the reason of a report on it: "error" and "setup", or of a
 * text that was rejected "rejected" and "check". */
const char *err_status(const struct sbx_error *err);
const char *err_reason(const struct sbx_error *err);

/* The name of an errno, "EPERM"; "E?" for one without. */
const char *err_name(int code);

#endif
