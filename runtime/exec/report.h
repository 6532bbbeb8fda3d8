/* SPDX-License-Identifier: MIT */
/* Where the report goes: standard output (--json), a file or a descriptor
 * (--report), both, or nowhere. */
#ifndef SBX_EXEC_REPORT_H
#define SBX_EXEC_REPORT_H

#include "exec/options.h"

struct report_file {
	bool json;
	int fd;           /* -1: none */
	const char *path; /* of a file to write anew; NULL: a descriptor */
};

#define REPORT_NONE ((struct report_file){.fd = -1})

/* Opens the place before anything runs, with the caller's rights. A symbolic
 * link, or what is not a regular file, is refused. What is in it stays until
 * there is a report. */
int report_open(struct report_file *report, const struct options *options,
                struct sbx_error *err);

/* What it is about, as far as the run came: NULL for what there is not. */
struct report_of {
	const struct sbx_spec *spec;
	const struct sbx_plan *plan;
	const struct sbx_box *box;
	const struct sbx_error *failure;
	int text; /* a report that there is already, to be copied; or -1 */
};

int report_put(const struct report_file *report, const struct report_of *of,
               struct sbx_error *err);

void report_close(struct report_file *report);

#endif
