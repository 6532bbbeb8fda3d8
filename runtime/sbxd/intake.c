/* SPDX-License-Identifier: MIT */
#include "sbxd/intake.h"

#include <errno.h>
#include <string.h>

/* Of all that is large, at one time; of one user half of that. */
#define MAX_HELD ((size_t)128 << 20)

/* What is not: what as many as may come at one time have without a count. */
#define SMALL ((size_t)64 << 10)

static int digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at =
		c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;

	return at ? (int)(at - digits) : -1;
}

int intake_path(const char *raw, char **path)
{
	char *out = malloc(strlen(raw) + 1), *at = out;

	if (!out)
		return -ENOMEM;
	while (*raw) {
		int high = 0, low = 0;

		if (*raw != '%') {
			*at++ = *raw++;
			continue;
		}
		high = digit(raw[1]);
		low = high < 0 ? -1 : digit(raw[2]);
		if (low < 0 || (high == 0 && low == 0)) {
			free(out);
			return -EINVAL;
		}
		*at++ = (char)(16 * high + low);
		raw += 3;
	}
	*at = '\0';
	*path = out;
	return 0;
}

static size_t held_by(const struct daemon *daemon, const struct who *who)
{
	size_t sum = 0;

	for (const struct exchange *at = daemon->holding; at;
	     at = at->next_holding)
		if (who_is(&at->who, who))
			sum += at->held;
	return sum;
}

/* What comes beyond what is small is counted. */
static int hold(struct exchange *exchange, size_t before, size_t len)
{
	struct daemon *daemon = exchange->daemon;
	size_t more =
		before + len <= SMALL ? 0 : MIN(len, before + len - SMALL);

	if (more == 0)
		return 0;
	if (more > MAX_HELD - daemon->held ||
	    more > MAX_HELD / 2 - held_by(daemon, &exchange->who))
		return -EAGAIN;
	if (exchange->held == 0) {
		exchange->next_holding = daemon->holding;
		daemon->holding = exchange;
	}
	daemon->held += more;
	exchange->held += more;
	return 0;
}

int intake_hold(struct exchange *exchange, size_t len)
{
	return hold(exchange, 0, len);
}

void intake_release(struct exchange *exchange)
{
	struct exchange **at = &exchange->daemon->holding;

	buffer_free(&exchange->body);
	if (exchange->held == 0)
		return;
	while (*at != exchange)
		at = &(*at)->next_holding;
	*at = exchange->next_holding;
	exchange->daemon->held -= exchange->held;
	exchange->held = 0;
}

int intake_body(struct exchange *exchange, const char *data, size_t len)
{
	struct buffer *body = &exchange->body;
	size_t max = strcmp(exchange->method, "PUT") == 0 ? MAX_FILE : MAX_BODY;
	int r;

	if (len > max - body->len)
		return -EFBIG;
	r = hold(exchange, body->len, len);
	if (r < 0)
		return r;
	buffer_append(body, data, len);
	return body->failed ? -ENOMEM : 0;
}

static const struct refusal {
	int r;
	unsigned status;
	const char *code, *text;
} refusals[] = {
	{-EFBIG, 413, "too_large",
         "the request is larger than 1M, or its file than 16M"},
	{-EINVAL, 400, "bad_request",
         "the path has a % that stands for no byte, or for NUL"},
	{-EAGAIN, 429, "no_room", "too much is on its way; try again later"},
	{0, 503, "no_memory", "no memory left"}, /* all others */
};

void intake_refuse(struct exchange *exchange, int fault)
{
	const struct refusal *row = refusals;

	while (row->r != fault && row->r != 0)
		row++;
	answer_error(exchange, row->status, row->code, row->text);
}
