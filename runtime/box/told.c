/* SPDX-License-Identifier: MIT */
#include "box/told.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/parse.h"

/* Mapped, since pid 1 may not allocate, and of a large stack frame each page is
 * touched in every launch. */
struct message {
	char text[TOLD_MAX + 1];
	char *words[TOLD_WORDS + 2];
};

/* The words between at and end, as a list at words[first]. Returns the place
 * behind it, or 0 if there are too many. */
static size_t read_list(struct message *message, size_t first, char **at,
                        const char *end, uint64_t most)
{
	size_t i = first;

	for (; *at < end && i - first < most; i++) {
		if (i >= ARRAY_SIZE(message->words) - 1)
			return 0;
		message->words[i] = *at;
		*at += strlen(*at) + 1;
	}
	message->words[i] = NULL;
	return i + 1;
}

int told_read(int control, struct told *told, struct sbx_error *err)
{
	struct message *message =
		mmap(NULL, sizeof(*message), PROT_READ | PROT_WRITE,
	             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ssize_t len = message == MAP_FAILED ? -1
	                                    : recv(control, message->text,
	                                           TOLD_MAX, MSG_DONTWAIT);
	uint64_t n = 0;
	size_t next;
	char *at, *end;

	if (len < 0)
		return err_set(err, SBX_STAGE_INIT, errno, "what to run");
	at = message->text;
	end = at + len;
	*end = '\0';
	told->executable = at;
	at += MIN(strlen(at) + 1, (size_t)len);
	if (parse_count(at, &n) < 0 || n == 0)
		return err_set(err, SBX_STAGE_INIT, EPROTO, "what to run");
	at += strlen(at) + 1;
	next = read_list(message, 0, &at, end, n);
	if (next != n + 1 || !read_list(message, next, &at, end, TOLD_WORDS))
		return err_set(err, SBX_STAGE_INIT, EPROTO, "what to run");
	told->argv = message->words;
	told->envp = message->words + next;
	return 0;
}
