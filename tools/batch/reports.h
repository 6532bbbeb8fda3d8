/* SPDX-License-Identifier: MIT */
/* Files of reports: one that is written, and the ids in those that were. */
#ifndef SBX_BATCH_REPORTS_H
#define SBX_BATCH_REPORTS_H

#include "ids.h"
#include "lines.h"
#include "requests.h"
#include "sbx.h"

struct reports {
	int fd;             /* -1: not open */
	int scratch;        /* what a report is written to first; -1: none */
	bool is_file;       /* that takes a write at once */
	struct buffer late; /* what the reader was too slow for, */
	size_t sent;        /* and how much of it is gone since */
};

#define REPORTS_NONE ((struct reports){.fd = -1, .scratch = -1})

/* Opens what reports go to; path NULL is standard output. A file is locked
 * against another batch. One with reports in it is an error, unless resume
 * is set: then their ids get ID_REPORTED, and half a line at the end, which a
 * killed batch leaves, is cut off. */
int reports_open(struct reports *reports, const char *path, struct ids *resume,
                 struct sbx_error *err);
void reports_close(struct reports *reports);

/* Writes the report of a box, or why there was no run. Never blocks: what does
 * not go is kept. */
int reports_put(struct reports *reports, const struct sbx_plan *plan,
                const struct sbx_box *box, struct sbx_error *err);
int reports_refuse(struct reports *reports, const struct request *request,
                   const struct sbx_error *failure, struct sbx_error *err);
/* The same with a report that sbxd wrote to a file. */
int reports_pass(struct reports *reports, int from, struct sbx_error *err);

/* Whether that file is the report of the request with this id, and its status.
 * Else -EPROTO. */
int report_check(int file, const char *id, const char **status,
                 struct sbx_error *err);

/* Writes what was kept, as far as it goes now. */
int reports_flush(struct reports *reports, struct sbx_error *err);
static inline bool reports_are_late(const struct reports *reports)
{
	return reports->late.len > 0;
}

/* The id of a report that sbx wrote. -EINVAL: it is none. */
int report_id(const struct line *line, char id[SBX_MAX_ID + 1]);

/* How much of a report's line has to be read for its id: each byte may be
 * written as six. */
#define REPORT_HEAD (32 + 6 * SBX_MAX_ID)

#endif
