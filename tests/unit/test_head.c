/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <string.h>

#include "base/def.h"
#include "sbxd/head.h"

struct line {
	const char *name, *value;
};

static unsigned check(const char *method, const struct line *lines, size_t n)
{
	const struct objection *objection;
	struct head head = {0};

	for (size_t i = 0; i < n; i++)
		if (lines[i].name)
			head_take(&head, lines[i].name, lines[i].value);
	objection = head_check(&head, method, "10.0.0.5");
	if (objection)
		cr_expect(objection->code[0] && objection->text[0]);
	return objection ? objection->status : 0;
}

/* Which requests a browser may have sent for somebody else: what is refused,
 * and with which status. */
static const struct {
	const char *method;
	struct line lines[3];
	unsigned status;
} checks[] = {
	{"GET", {{"Host", "localhost"}}, 0},
	{"GET", {{"host", "LocalHost:8080"}}, 0},
	{"GET", {{"Host", "127.0.0.1:1"}}, 0},
	{"GET", {{"Host", "[::1]:8080"}}, 0},
	{"GET", {{"Host", "10.0.0.5:8080"}}, 0},
	{"GET", {{"Host", "10.0.0.50"}}, 403},
	{"GET", {{"Host", "10.0.0.6"}}, 403},
	{"GET", {{"Host", "localhost."}}, 403},
	{"GET", {{"Host", "localhost:"}}, 403},
	{"GET", {{"Host", "localhost:80x"}}, 403},
	{"GET", {{"Host", "localhost:80:80"}}, 403},
	{"GET", {{"Host", "localhost.example"}}, 403},
	{"GET", {{"Host", ""}}, 403},
	{"GET", {{"Host", NULL}}, 403},
	{"GET", {{NULL, NULL}}, 403},
	{"GET", {{"Host", "localhost"}, {"Host", "localhost"}}, 400},
	{"GET", {{"Host", "localhost"}, {"Origin", "http://localhost"}}, 0},
	{"GET",
         {{"Host", "localhost:1"}, {"Origin", "https://LOCALHOST:1"}},
         0},
	{"GET", {{"Host", "localhost:1"}, {"Origin", "http://localhost"}}, 403},
	{"GET", {{"Host", "localhost"}, {"Origin", "http://localhost.x"}}, 403},
	{"GET", {{"Host", "localhost"}, {"Origin", "httpx://localhost"}}, 403},
	{"GET", {{"Host", "localhost"}, {"Origin", "null"}}, 403},
	{"GET", {{"Host", "localhost"}, {"Origin", ""}}, 403},
	{"GET", {{"Host", "localhost"}, {"Sec-Fetch-Site", "none"}}, 0},
	{"GET", {{"Host", "localhost"}, {"Sec-Fetch-Site", "same-origin"}}, 0},
	{"GET", {{"Host", "localhost"}, {"Sec-Fetch-Site", "same-site"}}, 403},
	{"GET", {{"Host", "localhost"}, {"Sec-Fetch-Site", "cross-site"}}, 403},
	{"GET", {{"Host", "localhost"}, {"Sec-Fetch-Site", ""}}, 403},
	{"POST", {{"Host", "localhost"}}, 415},
	{"POST",
         {{"Host", "localhost"}, {"Content-Type", "application/json"}},
         0},
	{"POST",
         {{"Host", "localhost"},
          {"content-type", "Application/JSON;charset=utf-8"}},
         0},
	{"POST",
         {{"Host", "localhost"}, {"Content-Type", "application/json5"}},
         415},
	{"POST", {{"Host", "localhost"}, {"Content-Type", "text/plain"}}, 415},
	{"PUT", {{"Host", "localhost"}, {"Content-Type", "text/plain"}}, 0},
	{"POST",
         {{"Host", "localhost"},
          {"Content-Type", "application/json"},
          {"Content-Type", "text/plain"}},
         400},
};

Test(head, is_checked)
{
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++)
		cr_expect_eq(check(checks[i].method, checks[i].lines, 3),
		             checks[i].status, "row %zu: %s: %s", i,
		             checks[i].lines[0].value,
		             checks[i].lines[1].value);
}

/* How often the length is there, in either of its forms. */
Test(head, counts_lengths)
{
	struct head head = {0};

	head_take(&head, "content-length", "1");
	cr_expect_eq(head.n_lengths, 1);
	head_take(&head, "Transfer-Encoding", "chunked");
	cr_expect_eq(head.n_lengths, 2);
	head_take(&head, "Content-Length-Of", "1");
	cr_expect_eq(head.n_lengths, 2);
	cr_expect_not(head.doubled);
}
