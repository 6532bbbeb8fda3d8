/* SPDX-License-Identifier: MIT */
/* Any bytes as the head of a request over TCP, lines of "Name: value", and as a
 * file of tokens. What passes names this host; and nobody has a token whose
 * text was never seen. */
#include <string.h>
#include <strings.h>

#include "fuzz/fuzz.h"
#include "sbxd/head.h"
#include "sbxd/tokens.h"

#define TOKEN "0123456789abcdefghijklmnopqrstuv"

static void check_head(const struct head *head)
{
	const struct objection *objection =
		head_check(head, "POST", "10.0.0.5");

	if (objection) {
		CHECK(objection->status >= 400 && objection->text[0]);
		return;
	}
	CHECK(head->host && head->type);
	CHECK(strncasecmp(head->host, "localhost", 9) == 0 ||
	      strchr("1[", head->host[0]));
	CHECK(!head->origin || strstr(head->origin, "://"));
	CHECK(!strpbrk(head->host, "@/ \t,"));
}

static void check_token(const char *authorization)
{
	static struct tokens tokens;
	const char *name;

	if (tokens.n == 0)
		CHECK(tokens_parse("a " TOKEN, 34, &tokens, NULL) == 0);
	name = tokens_name(&tokens, authorization);
	if (name)
		CHECK(strcmp(name, "a") == 0 &&
		      strcmp(strrchr(authorization, ' ') + 1, TOKEN) == 0);
}

static void check_file(const char *text, size_t size)
{
	static struct tokens tokens;
	struct sbx_error err = {0};

	if (tokens_parse(text, size, &tokens, &err) < 0) {
		CHECK(err.code > 0 && err.text[0]);
		return;
	}
	CHECK(tokens.n > 0 && tokens.n <= MAX_TOKENS);
	for (unsigned i = 0; i < tokens.n; i++) {
		CHECK(strlen(tokens.rows[i].sha256) == 64);
		CHECK(tokens.rows[i].name[0] &&
		      !strpbrk(tokens.rows[i].name, "/ \n"));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *at = text, *line;
	struct head head = {0};

	CHECK(text);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	check_file(text, size);
	while ((line = strsep(&at, "\n")) != NULL) {
		char *value = strstr(line, ": ");

		if (!value)
			continue;
		*value = '\0';
		head_take(&head, line, value + 2);
	}
	check_head(&head);
	check_token(head.authorization);
	free(text);
	return 0;
}
