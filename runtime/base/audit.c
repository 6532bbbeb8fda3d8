/* SPDX-License-Identifier: MIT */
#include "base/audit.h"

#include <errno.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/def.h"
#include "base/file.h"
#include "base/text.h"

#define MAX_LINE 65536
#define HEX      64

/* Who may write to the log may lock it for ever: nobody waits that long. */
#define PATIENCE (5 * NS_PER_S)

/* How each line ends: ,"prev":"HEX","hash":"HEX"} */
static const char prev_key[] = ",\"prev\":\"";
static const char hash_key[] = "\",\"hash\":\"";
static const char line_end[] = "\"}\n";

#define PREV_LEN (sizeof(prev_key) - 1)
#define HASH_LEN (sizeof(hash_key) - 1)
#define END_LEN  (sizeof(line_end) - 1)
#define TAIL_LEN (PREV_LEN + HEX + HASH_LEN + HEX + END_LEN)

static const char first_prev[] = "0000000000000000000000000000000000000000"
				 "000000000000000000000000";

/* The end of a line, taken apart. */
struct tail {
	char prev[HEX + 1], hash[HEX + 1];
};

static bool take_hex(const char **at, char out[HEX + 1])
{
	memcpy(out, *at, HEX);
	out[HEX] = '\0';
	*at += HEX;
	return strspn(out, "0123456789abcdef") == HEX;
}

static bool take_text(const char **at, const char *text)
{
	size_t len = strlen(text);
	bool same = memcmp(*at, text, len) == 0;

	*at += len;
	return same;
}

/* line: with its line end. */
static bool read_tail(const char *line, size_t len, struct tail *tail)
{
	const char *at;

	if (len <= TAIL_LEN)
		return false;
	at = line + len - TAIL_LEN;
	return take_text(&at, prev_key) && take_hex(&at, tail->prev) &&
	       take_text(&at, hash_key) && take_hex(&at, tail->hash) &&
	       take_text(&at, line_end);
}

/* The hash of a line is over all that stands before it. */
static void hash_line(const char *line, size_t len, char hash[HEX + 1])
{
	text_sha256(line, len, hash);
}

/* ---- adding ---- */

/* The hash of the last line of a file of that size. */
static int last_hash(int fd, off_t size, char hash[HEX + 1])
{
	char text[TAIL_LEN + 1];
	struct tail tail;

	if (size == 0) {
		memcpy(hash, first_prev, sizeof(first_prev));
		return 0;
	}
	if (size < (off_t)sizeof(text))
		return -EBADMSG;
	if (pread(fd, text, sizeof(text), size - (off_t)sizeof(text)) !=
	    (ssize_t)sizeof(text))
		return -EIO;
	if (!read_tail(text, sizeof(text), &tail))
		return -EBADMSG;
	memcpy(hash, tail.hash, sizeof(tail.hash));
	return 0;
}

static int append_locked(int fd, const char *object, size_t len)
{
	struct buffer line CLEANUP(buffer_free) = {0};
	char prev[HEX + 1], hash[HEX + 1];
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return -errno;
	r = last_hash(fd, st.st_size, prev);
	if (r < 0)
		return r;
	buffer_append(&line, object, len - 1); /* without its "}" */
	buffer_text(&line, prev_key);
	buffer_text(&line, prev);
	if (!line.failed)
		hash_line(line.data, line.len, hash);
	buffer_text(&line, hash_key);
	buffer_text(&line, line.failed ? "" : hash);
	buffer_text(&line, line_end);
	if (line.failed)
		return -ENOMEM;
	if (line.len > MAX_LINE)
		return -EFBIG;
	r = file_write_fd(fd, line.data, line.len);
	/* A full disk leaves no half of a line. */
	if (r < 0)
		(void)!ftruncate(fd, st.st_size);
	return r;
}

int audit_append(int fd, const char *object, size_t len)
{
	int r;

	if (len < 2 || object[0] != '{' || object[len - 1] != '}')
		return -EINVAL;
	r = file_lock(fd, PATIENCE);
	if (r < 0)
		return r;
	r = append_locked(fd, object, len);
	(void)flock(fd, LOCK_UN);
	return r;
}

/* ---- reading ---- */

/* What is wrong with a line, or NULL. last: of the line before. */
static const char *judge(const char *line, size_t len, char last[HEX + 1])
{
	char hash[HEX + 1];
	struct tail tail;

	if (!read_tail(line, len, &tail))
		return "is not a line of this log";
	hash_line(line, len - END_LEN - HEX - HASH_LEN, hash);
	if (strcmp(hash, tail.hash) != 0)
		return "was changed";
	if (strcmp(tail.prev, last[0] ? last : first_prev) != 0)
		return "does not follow the line before: lines were removed, "
		       "put in or moved";
	memcpy(last, tail.hash, sizeof(tail.hash));
	return NULL;
}

/* Takes whole lines off the buffer. */
static void judge_lines(struct buffer *text, bool at_end,
                        struct audit_verdict *verdict)
{
	size_t from = 0;

	while (from < text->len && !verdict->bad) {
		const char *line = text->data + from;
		const char *end = memchr(line, '\n', text->len - from);

		if (!end && !at_end && text->len - from <= MAX_LINE)
			break;
		size_t len = end ? (size_t)(end - line) + 1 : text->len - from;
		verdict->what =
			end ? judge(line, len, verdict->last) : "has no end";
		if (verdict->what)
			verdict->bad = verdict->n_lines + 1;
		else
			verdict->n_lines++;
		from += len;
	}
	memmove(text->data, text->data + from, text->len - from);
	text->len -= from;
}

int audit_verify(int fd, struct audit_verdict *verdict)
{
	struct buffer text CLEANUP(buffer_free) = {0};
	ssize_t n = 1;

	*verdict = (struct audit_verdict){0};
	while (n > 0 && !verdict->bad) {
		char *place = buffer_reserve(&text, MAX_LINE);

		if (!place)
			return -ENOMEM;
		n = read(fd, place, MAX_LINE);
		if (n < 0 && errno == EINTR) {
			n = 1;
			continue;
		}
		if (n < 0)
			return -errno;
		text.len += (size_t)n;
		if (text.len)
			judge_lines(&text, n == 0, verdict);
	}
	return 0;
}
