/* SPDX-License-Identifier: MIT */
#include "sbxd/page.h"

#include <string.h>

#include "base/text.h"

static const char page[] = {
#include "page.inc"
};

static int value(char digit)
{
	return digit <= '9' ? digit - '0' : digit - 'a' + 10;
}

/* The hash of what is between the two tags, as a policy has it. */
static void put_hash(struct buffer *out, const char *begin, const char *end)
{
	const char *from = strstr(page, begin);
	const char *to = from ? strstr(from, end) : NULL;
	unsigned char bytes[32];
	char hex[65];

	if (!to) {
		out->failed = true;
		return;
	}
	from += strlen(begin);
	text_sha256(from, (size_t)(to - from), hex);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(value(hex[2 * i]) << 4 |
		                           value(hex[2 * i + 1]));
	buffer_text(out, "'sha256-");
	text_base64(out, bytes, sizeof(bytes));
	buffer_text(out, "'; ");
}

/* What the page may do: run its own script and style, by their hashes, and ask
 * this daemon. */
static void make_policy(struct buffer *out)
{
	buffer_text(out, "default-src 'none'; script-src ");
	put_hash(out, "<script>", "</script>");
	buffer_text(out, "style-src ");
	put_hash(out, "<style>", "</style>");
	buffer_text(out, "connect-src 'self'; base-uri 'none'; "
	                 "form-action 'none'; frame-ancestors 'none'");
	buffer_append(out, "", 1);
}

void page_answer(struct exchange *exchange, const char *rest)
{
	struct buffer *policy = &exchange->daemon->page_policy;

	(void)rest;
	if (policy->len == 0)
		make_policy(policy);
	buffer_append(&exchange->answer, page, strlen(page));
	if (policy->failed || exchange->answer.failed) {
		answer_error(exchange, 503, "no_memory", "no memory left");
		return;
	}
	exchange->status = 200;
	exchange->type = "text/html; charset=utf-8";
	exchange->policy = policy->data;
}
