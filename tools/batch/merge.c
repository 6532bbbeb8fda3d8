/* SPDX-License-Identifier: MIT */
#include "merge.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "kernel/probe.h"
#include "reports.h"
#include "requests.h"

#define MAX_TOLD 10 /* reasons of one kind */
#define PROGRAM  "sbx-batch"

#define FAIL(err, code, ...) err_set(err, SBX_STAGE_REPORT, code, __VA_ARGS__)

struct merge {
	struct ids ids;
	int out;           /* -1: nothing is written */
	uint64_t n_wrong;  /* reports that should not be there */
	uint64_t n_absent; /* requests without one */
};

/* Reads all ids of the requests. With absent, those without a report are told
 * and counted. */
static int read_requests(struct merge *merge, const char *path, bool absent,
                         struct sbx_error *err)
{
	CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct ids again = {0};
	struct requests requests = {.ids = absent ? &again : &merge->ids};
	struct request request;
	int r = fd < 0 ? FAIL(err, errno, "%s", path)
	               : requests_open(&requests, fd, err);

	while (r == 0 && (r = requests_read(&requests, &request, err)) == 1) {
		const char *id = request.id;

		r = 0;
		if (!absent ||
		    ids_get(&merge->ids, id, strlen(id)) & ID_REPORTED)
			continue;
		if (merge->n_absent++ < MAX_TOLD)
			log_line(PROGRAM, "%s:%" PRIu64 ": no report of \"%s\"",
			         path, request.line, id);
	}
	requests_close(&requests);
	ids_free(&again);
	return r;
}

static int copy(int from, const struct line *line, int to)
{
	char chunk[65536];
	uint64_t done = 0;
	const uint64_t len = line->len + line->ended;
	int r = 0;

	while (r == 0 && to >= 0 && done < len) {
		ssize_t n = pread(from, chunk, MIN(sizeof(chunk), len - done),
		                  (off_t)(line->offset + done));

		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		r = file_write_fd(to, chunk, (size_t)n);
		done += (uint64_t)n;
	}
	return r;
}

/* What is wrong with a report, or NULL. */
static const char *judge(struct merge *merge, const struct line *line,
                         char id[SBX_MAX_ID + 1], int *r)
{
	int had;

	(void)strcpy(id, "");
	if (!line->ended)
		return "is cut off";
	if (report_id(line, id) < 0)
		return "is not a report";
	had = ids_get(&merge->ids, id, strlen(id));
	if (!had)
		return "no request has its id";
	if (had & ID_REPORTED)
		return "there is another report of its id";
	*r = MIN(ids_put(&merge->ids, id, strlen(id), ID_REPORTED), 0);
	return NULL;
}

static int read_reports(struct merge *merge, const char *path,
                        struct sbx_error *err)
{
	CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct lines *lines = fd < 0 ? NULL : lines_new(fd, REPORT_HEAD);
	char id[SBX_MAX_ID + 1];
	struct line line;
	int r = fd < 0 ? -errno : lines ? 0 : -ENOMEM;

	while (r == 0 && (r = lines_read(lines, &line)) == 1) {
		const char *wrong = judge(merge, &line, id, &r);

		r = MIN(r, 0);
		if (!wrong && r == 0)
			r = copy(fd, &line, merge->out);
		else if (wrong && merge->n_wrong++ < MAX_TOLD)
			log_line(PROGRAM, "%s:%" PRIu64 ": %s%s%s%s", path,
			         line.number, wrong, id[0] ? " \"" : "", id,
			         id[0] ? "\"" : "");
	}
	lines_free(lines);
	return r < 0 ? FAIL(err, -r, "%s", path) : 0;
}

/* The file that becomes output when all is well: one that nobody else has. */
static int open_part(const char *output, char *part, size_t size,
                     struct sbx_error *err)
{
	struct stat st;
	char id[33];
	int fd, r;

	if (lstat(output, &st) == 0 && !S_ISREG(st.st_mode))
		return err_say(err, SBX_STAGE_REPORT, EINVAL,
		               "%s: is not a regular file; name another output",
		               output);
	r = probe_random_id(id);
	if (r < 0)
		return FAIL(err, -r, "%s", output);
	if (snprintf(part, size, "%s.%s", output, id) >= (int)size)
		return FAIL(err, ENAMETOOLONG, "%s", output);
	fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	return fd < 0 ? FAIL(err, errno, "%s", part) : fd;
}

static int merge_all(struct merge *merge, const char *requests,
                     const char *const *reports, struct sbx_error *err)
{
	int r = read_requests(merge, requests, false, err);
	uint64_t n_left;

	for (size_t i = 0; r == 0 && reports[i]; i++)
		r = read_reports(merge, reports[i], err);
	if (r < 0)
		return r;
	n_left = ids_count(&merge->ids, ID_ASKED);
	if (n_left > 0)
		r = read_requests(merge, requests, true, err);
	if (r < 0 || (n_left == 0 && merge->n_wrong == 0))
		return r;
	log_line(PROGRAM,
	         "%" PRIu64 " requests have no report; %" PRIu64
	         " reports should not be there",
	         n_left, merge->n_wrong);
	return 1;
}

int merge(const char *requests, const char *const *reports, const char *output,
          struct sbx_error *err)
{
	struct merge work = {.out = -1};
	char part[4096] = "";
	int r = 0;

	if (output) {
		r = open_part(output, part, sizeof(part), err);
		if (r < 0)
			return r;
		work.out = r;
	}
	r = merge_all(&work, requests, reports, err);
	if (r == 0 && output &&
	    (fsync(work.out) < 0 || rename(part, output) < 0))
		r = FAIL(err, errno, "%s", output);
	if (r != 0 && output)
		(void)unlink(part);
	cleanup_fd(&work.out);
	ids_free(&work.ids);
	return r;
}
