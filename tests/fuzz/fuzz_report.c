/* SPDX-License-Identifier: MIT */
/* A report of any run: one line of JSON, that says what there was. The input
 * is numbers of the run, and what the program wrote. */
#include <signal.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "model/outcome.h"
#include "support/facts.h"

struct numbers {
	uint8_t cause, flags;
	uint16_t out_len, n_refused;
	int32_t wait_status, code;
	uint32_t stage, call, arch;
	uint64_t start, end, user, system, memory, disk, bytes;
	char text[64];
};

static struct run make_run(const struct numbers *numbers, char *rest,
                           size_t len)
{
	size_t out = numbers->out_len < len ? numbers->out_len : len;
	struct run run = {
		.started = numbers->flags & 1,
		.ended = true,
		.cause = (enum cause)(numbers->cause % (CAUSE_LOST + 1)),
		.wait_status = numbers->wait_status,
		.start_ns = numbers->start,
		.end_ns = numbers->end,
		.user_ns = numbers->user,
		.system_ns = numbers->system,
		.memory_peak = numbers->memory,
		.disk_bytes = numbers->disk,
		.disk_full = numbers->flags & 2,
	};

	for (unsigned i = 0; i < numbers->n_refused % 80; i++)
		run_add_refused(&run, &(struct refused_call){
					      .arch = numbers->arch,
					      .number = numbers->call + i});
	run.output[0] = (struct run_output){
		.bytes = numbers->bytes,
		.truncated = numbers->flags & 4,
		.captured = true,
		.data = {rest, out, out, false},
	};
	run.output[1] = (struct run_output){
		.captured = numbers->flags & 8,
		.data = {rest + out, len - out, len - out, false},
	};
	return run;
}

/* One line of UTF-8 without control bytes, that our own reader takes. */
static void check(const struct sbx_plan *plan, const struct run *run,
                  const struct sbx_error *failure)
{
	const struct json *root = NULL, *text;
	struct buffer out = {0};
	struct arena arena = {0};
	struct sbx_error err;

	CHECK(report_make(plan, run, failure, &out) == 0);
	CHECK(out.len > 1 && out.data[out.len - 1] == '\n');
	for (size_t i = 0; i < out.len - 1; i++)
		CHECK((unsigned char)out.data[i] >= ' ');
	CHECK(text_is_utf8(out.data, out.len));
	if (out.len <= JSON_MAX_SIZE) {
		CHECK(json_parse(&arena, out.data, out.len, &root, &err) == 0);
		CHECK(json_get(root, "status") && json_get(root, "schema"));
		text = run && !failure ? json_get(root, "stdout") : NULL;
		if (text) {
			const struct buffer *data = &run->output[0].data;

			CHECK(text->len == data->len ||
			      (run->output[0].truncated &&
			       text->len + 3 >= data->len));
			CHECK(memcmp(text->text, data->data, text->len) == 0);
		}
	}
	arena_free(&arena);
	buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sbx_error failure = {0};
	struct numbers numbers;
	struct sbx_plan *plan;
	struct run run;
	char *rest;

	if (size < sizeof(numbers))
		return 0;
	memcpy(&numbers, data, sizeof(numbers));
	size -= sizeof(numbers);
	rest = malloc(size + 1);
	CHECK(rest);
	memcpy(rest, data + sizeof(numbers), size);
	run = make_run(&numbers, rest, size);
	failure.code = numbers.code;
	failure.stage = numbers.stage;
	memcpy(failure.text, numbers.text, sizeof(numbers.text));
	plan = made_plan(&facts_user, NULL);
	check(plan, &run, NULL);
	check(plan, NULL, &failure);
	check(NULL, NULL, &failure);
	sbx_plan_free(plan);
	free(rest);
	return 0;
}
