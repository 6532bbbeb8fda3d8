/* SPDX-License-Identifier: MIT */
#include "box/told.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/parse.h"

/* The words between at and end, as a list at told->words[first]. Returns the
 * place behind it, or 0 if there are too many. */
static size_t read_list(struct told *told, size_t first, char **at,
                        const char *end, uint64_t most)
{
	size_t i = first;

	for (; *at < end && i - first < most; i++) {
		if (i >= ARRAY_SIZE(told->words) - 1)
			return 0;
		told->words[i] = *at;
		*at += strlen(*at) + 1;
	}
	told->words[i] = NULL;
	return i + 1;
}

int told_read(int control, struct told *told, struct sbx_error *err)
{
	ssize_t len = recv(control, told->text, TOLD_MAX, MSG_DONTWAIT);
	char *at = told->text, *end = told->text + MAX(len, 0);
	uint64_t n = 0;
	size_t next;

	if (len < 0)
		return err_set(err, SBX_STAGE_INIT, errno, "what to run");
	*end = '\0';
	told->executable = at;
	at += MIN(strlen(at) + 1, (size_t)MAX(len, 0));
	if (parse_count(at, &n) < 0 || n == 0)
		return err_set(err, SBX_STAGE_INIT, EPROTO, "what to run");
	at += strlen(at) + 1;
	next = read_list(told, 0, &at, end, n);
	if (next != n + 1 || !read_list(told, next, &at, end, TOLD_WORDS))
		return err_set(err, SBX_STAGE_INIT, EPROTO, "what to run");
	told->argv = told->words;
	told->envp = told->words + next;
	return 0;
}
