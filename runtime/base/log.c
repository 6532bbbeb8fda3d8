/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* Below PIPE_BUF, so that a write to a pipe is one piece. */
#define LINE_SIZE   2048
#define PATIENCE_MS 1000

void log_line(const char *program, const char *format, ...)
{
	char text[LINE_SIZE], line[LINE_SIZE];
	struct pollfd room = {.fd = STDERR_FILENO, .events = POLLOUT};
	int saved = errno, used;
	ssize_t written;
	va_list args;
	size_t len;

	used = snprintf(text, sizeof(text), "%s: ", program);
	if (used < 0 || used >= LINE_SIZE)
		used = 0;
	va_start(args, format);
	if (vsnprintf(text + used, sizeof(text) - (size_t)used, format, args) <
	    0)
		text[used] = '\0';
	va_end(args);
	/* One byte less: the line end takes the place of the NUL. */
	text_escape(text, line, sizeof(line) - 1);
	len = strlen(line);
	line[len++] = '\n';
	/* A reader that takes nothing would be waited for: a line is not worth
	 * that. Where there is room, there is room for all of it. */
	if (poll(&room, 1, PATIENCE_MS) != 1) {
		errno = saved;
		return;
	}
	written = write(STDERR_FILENO, line, len);
	(void)written; /* There is nowhere left to say that it failed. */
	errno = saved;
}
