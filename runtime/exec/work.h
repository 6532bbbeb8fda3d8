/* SPDX-License-Identifier: MIT */
#ifndef SBX_EXEC_WORK_H
#define SBX_EXEC_WORK_H

#include "base/buffer.h"
#include "exec/audit.h"
#include "exec/build.h"
#include "exec/options.h"
#include "exec/pool.h"
#include "exec/profiles.h"
#include "exec/report.h"

/* The whole of a sbx-exec's work, so that one place lets it go. */
struct work {
	struct options options;
	struct sbx_spec *spec;
	struct sbx_session *session;
	struct sbx_plan *plan;
	struct sbx_box *box;
	struct building building;
	struct buffer text; /* the program without a name; the request */
	struct report_file report;
	struct audit_logs audit;
	struct pool_answer answer; /* --pool */
	int collect;               /* the directory of --collect-to, or -1 */
	bool stdin_used;           /* the program's text was on it */
};

#define WORK_NONE                                           \
	{                                                   \
		.report = REPORT_NONE, .audit = AUDIT_NONE, \
		.answer = POOL_NO_ANSWER, .collect = -1,    \
	}

/* What a program, of that name, does first. False where it may not go on, which
 * has been said. */
bool work_begin(const char *program);

/* Whether FILE is "-", standard input, or /dev/fd/N, a descriptor of the
 * caller's: a text without a name of its own. */
bool work_is_nameless(const char *file);

/* Reads the program from a nameless file, or the request, into text. */
int work_read_code(struct work *work, const char *file, struct sbx_error *err);
int work_read_request(struct work *work, struct sbx_error *err);

/* Makes the spec, of what the options or the request say. */
int work_spec(struct work *work, const struct profile_dirs *dirs,
              struct sbx_error *err);

/* What may follow an error: where the host itself refused to build the sandbox,
 * sbx-check can tell what it lacks; or a limit of the caller's did. */
const char *work_advice(const struct sbx_error *err);

void work_free(struct work *work);

#endif
