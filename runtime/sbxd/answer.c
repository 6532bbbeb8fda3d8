/* SPDX-License-Identifier: MIT */
/* What all answers have. */
#include "base/json.h"
#include "sbxd/exchange.h"

void answer_json(struct exchange *exchange, unsigned status,
                 struct json_writer *writer)
{
	exchange->answer.len = 0;
	exchange->type = NULL;
	exchange->status = 503;
	if (json_writer_end(writer, "\n", &exchange->answer) == 0)
		exchange->status = status;
}

void answer_error(struct exchange *exchange, unsigned status, const char *code,
                  const char *text)
{
	struct json_writer *writer = json_writer_new();

	if (writer) {
		json_open_object(writer, NULL);
		json_open_object(writer, "error");
		json_put_text(writer, "code", code);
		json_put_text(writer, "text", text);
		json_close_object(writer);
		json_close_object(writer);
	}
	answer_json(exchange, status, writer);
}

size_t answer_headers(const struct exchange *exchange,
                      struct answer_header headers[MAX_ANSWER_HEADERS])
{
	const char *policy = exchange->policy;
	const bool careful = exchange->over_tcp || policy;
	const struct {
		bool wanted;
		struct answer_header header;
	} rows[MAX_ANSWER_HEADERS] = {
		{true,
	         {"Content-Type",
	          exchange->type ? exchange->type : "application/json"}},
		{exchange->status == 429, {"Retry-After", "1"}},
		{exchange->allowed[0], {"Allow", exchange->allowed}},
		/* Where one thing was not understood, nor is what follows. */
		{exchange->status == 400, {"Connection", "close"}},
		{exchange->status == 401,
	         {"WWW-Authenticate", "Bearer realm=\"sbxd\""}},
		{policy, {"Content-Security-Policy", policy}},
		{policy, {"Referrer-Policy", "no-referrer"}},
		{careful, {"X-Content-Type-Options", "nosniff"}},
		{careful, {"Cache-Control", "no-store"}},
	};
	size_t n = 0;

	for (size_t i = 0; i < MAX_ANSWER_HEADERS; i++)
		if (rows[i].wanted)
			headers[n++] = rows[i].header;
	return n;
}
