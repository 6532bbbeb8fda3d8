/* SPDX-License-Identifier: MIT */
#include "reports.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "tally.h"

/* How a report begins. */
#define OPENING "{\"schema\":1,\"id\":"

/* Boxes of a batch that was killed have the file, and with it the lock, until
 * they are dead as well. */
#define PATIENCE (3 * NS_PER_S)

#define SAYS "request, " /* how an error of a request begins */

#define FAIL(err, code, ...) err_set(err, SBX_STAGE_REPORT, code, __VA_ARGS__)
#define SAY(err, code, ...)  err_say(err, SBX_STAGE_REPORT, code, __VA_ARGS__)

/* What comes behind the id, or NULL: it is no report. */
static const char *read_id(const char *text, size_t len,
                           char id[SBX_MAX_ID + 1])
{
	const size_t opening = strlen(OPENING);
	const char *end, *last = text + len;
	struct arena arena = {0};
	const struct json *root;
	bool good = false;

	if (len <= opening || memcmp(text, OPENING, opening) != 0 ||
	    text[opening] != '"')
		return NULL;
	text += opening;
	for (end = text + 1; end < last && *end != '"'; end++)
		end += *end == '\\';
	if (end < last &&
	    json_parse(&arena, text, (size_t)(end + 1 - text), &root, NULL) ==
	            0 &&
	    root->len > 0 && root->len <= SBX_MAX_ID) {
		memcpy(id, root->text, root->len + 1);
		good = true;
	}
	arena_free(&arena);
	return good ? end + 1 : NULL;
}

int report_id(const struct line *line, char id[SBX_MAX_ID + 1])
{
	return read_id(line->head, line->head_len, id) ? 0 : -EINVAL;
}

int report_check(int file, const char *id, const char **status,
                 struct sbx_error *err)
{
	static const char key[] = ",\"status\":\"";
	char head[REPORT_HEAD + 64], found[SBX_MAX_ID + 1], *end;
	ssize_t len = pread(file, head, sizeof(head) - 1, 0);
	const char *at = NULL;

	if (len > 0) {
		head[len] = '\0';
		at = read_id(head, (size_t)len, found);
	}
	if (at && strcmp(found, id) == 0 &&
	    strncmp(at, key, strlen(key)) == 0) {
		at += strlen(key);
		end = strchr(at, '"');
		if (end)
			*end = '\0';
		*status = tally_name(at);
		if (*status)
			return 0;
	}
	return SAY(err, EPROTO, "what the daemon sent is not the report of %s",
	           id);
}

/* Whether a killed batch may have left this: as far as it goes, it begins as a
 * report does. */
static bool is_half(const struct line *line)
{
	return memcmp(line->head, OPENING,
	              MIN(line->head_len, strlen(OPENING))) == 0;
}

/* Reads what an earlier batch has reported; *end is where it ends. */
static int read_ids(int fd, const char *path, struct ids *ids, uint64_t *end,
                    struct sbx_error *err)
{
	struct lines *lines = lines_new(fd, REPORT_HEAD);
	char id[SBX_MAX_ID + 1];
	struct line line;
	int r = -ENOMEM;

	*end = 0;
	while (lines && (r = lines_read(lines, &line)) == 1) {
		if (!line.ended && is_half(&line))
			break;
		if (!line.ended || report_id(&line, id) < 0) {
			r = SAY(err, EINVAL,
			        "%s:%" PRIu64 ": is not a report; name "
			        "another output",
			        path, line.number);
			break;
		}
		r = ids_put(ids, id, strlen(id), ID_REPORTED);
		if (r < 0)
			break;
		*end = lines_offset(lines);
	}
	lines_free(lines);
	if (r < 0 && r != -EINVAL)
		return FAIL(err, -r, "%s", path);
	return MIN(r, 0);
}

/* Makes a file ready to be appended to. */
static int resume_file(int fd, const char *path, struct ids *resume,
                       struct sbx_error *err)
{
	struct stat st;
	uint64_t end;
	int r;

	if (fstat(fd, &st) < 0)
		return FAIL(err, errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return SAY(err, EINVAL, "%s: is not a regular file", path);
	r = file_lock(fd, PATIENCE);
	if (r == -EBUSY)
		return SAY(err, EBUSY, "%s: another batch writes it", path);
	if (r < 0)
		return FAIL(err, -r, "lock %s", path);
	if (st.st_size == 0)
		return 0;
	if (!resume)
		return SAY(err, EEXIST,
		           "%s: has reports already; --resume goes on with it",
		           path);
	r = read_ids(fd, path, resume, &end, err);
	if (r == 0 && ftruncate(fd, (off_t)end) < 0)
		return FAIL(err, errno, "%s", path);
	return r;
}

int reports_open(struct reports *reports, const char *path, struct ids *resume,
                 struct sbx_error *err)
{
	reports->scratch = memfd_create("report", MFD_CLOEXEC);
	if (reports->scratch < 0)
		return FAIL(err, errno, "memfd");
	if (path)
		reports->fd = open(
			path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	else
		reports->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (reports->fd < 0)
		return FAIL(err, errno, "%s", path ? path : "standard output");
	reports->is_file = path;
	return path ? resume_file(reports->fd, path, resume, err) : 0;
}

void reports_close(struct reports *reports)
{
	cleanup_fd(&reports->fd);
	cleanup_fd(&reports->scratch);
	buffer_free(&reports->late);
	*reports = REPORTS_NONE;
}

/* How much the reader takes now without making us wait. */
static size_t room(const struct reports *reports)
{
	struct pollfd out = {.fd = reports->fd, .events = POLLOUT};

	if (reports->is_file)
		return reports->late.len - reports->sent;
	if (poll(&out, 1, 0) < 1)
		return 0;
	return MIN(reports->late.len - reports->sent, (size_t)PIPE_BUF);
}

int reports_flush(struct reports *reports, struct sbx_error *err)
{
	struct buffer *late = &reports->late;
	size_t len;
	int r = 0;

	while (r == 0 && late->len > 0 && (len = room(reports)) > 0) {
		r = file_write_fd(reports->fd, late->data + reports->sent, len);
		reports->sent += len;
		if (reports->sent == late->len)
			reports->sent = late->len = 0;
	}
	return r < 0 ? FAIL(err, -r, "write a report") : 0;
}

int reports_pass(struct reports *reports, int from, struct sbx_error *err)
{
	off_t len = lseek(from, 0, SEEK_END);
	char *to = len > 0 ? buffer_reserve(&reports->late, (size_t)len) : NULL;

	if (!to)
		return FAIL(err, ENOMEM, "keep a report");
	if (pread(from, to, (size_t)len, 0) != len)
		return FAIL(err, EIO, "keep a report");
	reports->late.len += (size_t)len;
	return reports_flush(reports, err);
}

int reports_put(struct reports *reports, const struct sbx_plan *plan,
                const struct sbx_box *box, struct sbx_error *err)
{
	int r = sbx_report_write(plan, box, NULL, reports->scratch, err);

	if (r == 0)
		r = reports_pass(reports, reports->scratch, err);
	if (r == 0 && (ftruncate(reports->scratch, 0) < 0 ||
	               lseek(reports->scratch, 0, SEEK_SET) < 0))
		r = FAIL(err, EIO, "keep a report");
	return r;
}

/* A request is the first line of its text, whose errors say so. */
static void say_line(const struct request *request,
                     const struct sbx_error *failure, struct sbx_error *said)
{
	static const char first[] = "line 1: ";
	const char *text = failure->text;

	*said = *failure;
	if (strncmp(text, SAYS, strlen(SAYS)) == 0)
		text += strlen(SAYS);
	if (strncmp(text, first, strlen(first)) == 0)
		(void)snprintf(said->text, sizeof(said->text),
		               SAYS "line %" PRIu64 ": %s", request->line,
		               text + strlen(first));
}

static void put_refusal(struct json_writer *out, const struct request *request,
                        const struct sbx_error *failure)
{
	json_open_object(out, NULL);
	json_put_integer(out, "schema", 1);
	json_put_text(out, "id", request->id);
	json_put_unsigned(out, "line", request->line);
	json_put_text(out, "status", err_status(failure));
	json_put_text(out, "reason", err_reason(failure));
	json_put_text(out, "message", failure->text);
	json_open_object(out, "error");
	json_put_text(out, "stage",
	              sbx_stage_name((enum sbx_stage)failure->stage));
	json_put_text(out, "code", err_name(failure->code));
	json_put_text(out, "text", failure->text);
	json_close_object(out);
	json_close_object(out);
}

int reports_refuse(struct reports *reports, const struct request *request,
                   const struct sbx_error *failure, struct sbx_error *err)
{
	struct json_writer *writer = json_writer_new();
	struct sbx_error said;
	int r;

	say_line(request, failure, &said);
	if (writer)
		put_refusal(writer, request, &said);
	r = json_writer_end(writer, "\n", &reports->late);
	return r < 0 ? FAIL(err, -r, "keep a report")
	             : reports_flush(reports, err);
}
