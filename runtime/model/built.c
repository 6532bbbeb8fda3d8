/* SPDX-License-Identifier: MIT */
/* An entry of the text is a head, its path with a NUL, and its data. Numbers
 * are the host's own: the text never leaves it. */
#include "model/built.h"

#include <errno.h>
#include <string.h>

#include "base/def.h"
#include "model/checks.h"
#include "sbx.h"

const mode_t built_modes[] = {
	[BUILT_DIRECTORY] = 0755,
	[BUILT_FILE] = 0444,
	[BUILT_PROGRAM] = 0555,
};

struct head {
	uint32_t kind;
	uint32_t path_len; /* with the NUL */
	uint64_t len;
};

void built_append(struct buffer *text, enum built_kind kind, const char *path,
                  size_t len)
{
	struct head head = {
		.kind = kind,
		.path_len = (uint32_t)strlen(path) + 1,
		.len = len,
	};

	buffer_append(text, &head, sizeof(head));
	buffer_append(text, path, head.path_len);
}

/* Whether it is a path below the place, in its one form. */
static bool is_below(const char *path, size_t len)
{
	char absolute[BUILT_MAX_PATH + 2] = "/";

	if (len < 2 || len > BUILT_MAX_PATH || path[len - 1] ||
	    memchr(path, '\0', len - 1) || path[len - 2] == '/')
		return false;
	memcpy(absolute + 1, path, len);
	return path_ok(absolute);
}

/* The entry at *at, which is moved behind it. */
static bool read_entry(const char **at, const char *end,
                       struct built_entry *entry)
{
	struct head head;

	if ((size_t)(end - *at) < sizeof(head))
		return false;
	memcpy(&head, *at, sizeof(head));
	*at += sizeof(head);
	if (head.kind > BUILT_PROGRAM || head.path_len > (size_t)(end - *at) ||
	    !is_below(*at, head.path_len))
		return false;
	entry->kind = (enum built_kind)head.kind;
	entry->path = *at;
	*at += head.path_len;
	if (head.len > (size_t)(end - *at) ||
	    (entry->kind == BUILT_DIRECTORY && head.len > 0))
		return false;
	entry->data = *at;
	entry->len = (size_t)head.len;
	*at += head.len;
	return true;
}

int built_parse(struct buffer *text, struct sbx_built **built)
{
	struct sbx_built *made = text->failed ? NULL : calloc(1, sizeof(*made));
	int r = 0;

	if (!made) {
		buffer_free(text);
		return -ENOMEM;
	}
	made->tree = made->lock = -1;
	made->text = *text;
	*text = (struct buffer){0};
	const char *at = made->text.data, *end = at + made->text.len;
	while (at < end && r == 0) {
		if (made->n_entries == BUILT_MAX_ENTRIES)
			r = -E2BIG;
		else if (!read_entry(&at, end,
		                     &made->entries[made->n_entries++]))
			r = -EBADMSG;
	}
	if (r < 0)
		sbx_built_free(made);
	else
		*built = made;
	return r;
}

void sbx_built_free(struct sbx_built *built)
{
	if (!built)
		return;
	buffer_free(&built->text);
	cleanup_fd(&built->tree);
	cleanup_fd(&built->lock);
	free(built);
}
