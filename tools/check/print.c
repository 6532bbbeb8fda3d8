/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "check.h"

#define REMEDY_SIZE 1024

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = {"pass", "degraded", "fail"};

	return names[verdict];
}

static const char *verdict_word(enum verdict verdict)
{
	static const char *const words[] = {"PASS", "DEGRADED", "FAIL"};

	return words[verdict];
}

enum verdict verdict_of(const struct result *results, size_t n)
{
	enum verdict worst = VERDICT_PASS;

	for (size_t i = 0; i < n; i++)
		worst = MAX(worst, results[i].finding.verdict);
	return worst;
}

static const char *summary(enum verdict verdict)
{
	static const char *const texts[] = {
		"programs can be run, with everything that sbx has",
		"programs can be run; what is weaker or missing stands above",
		"programs cannot be run, or not safely, until that is mended",
	};

	return texts[verdict];
}

static void print_result(struct buffer *out, const struct host *host,
                         const struct result *result)
{
	const struct finding *found = &result->finding;
	char remedy[REMEDY_SIZE];

	buffer_printf(out, "  %-8s  %-17s %s\n", verdict_word(found->verdict),
	              result->probe->name, found->detail);
	/* Of what was not tried, the detail says it all. */
	if (found->verdict == VERDICT_PASS || found->remedy == REMEDY_AS_NEEDED)
		return;
	buffer_printf(out, "            for a run: %s\n",
	              result->probe->meaning);
	buffer_printf(out, "            remedy: %s\n",
	              remedy_text(host, found, remedy, sizeof(remedy)));
}

static int put(struct buffer *out)
{
	int r = out->failed ? -ENOMEM
	                    : file_write_fd(STDOUT_FILENO, out->data, out->len);

	buffer_free(out);
	return r;
}

int print_text(const struct host *host, const struct result *results, size_t n)
{
	unsigned counts[3] = {0};
	struct buffer out = {0};
	const char *layer = "";

	buffer_printf(&out,
	              PROGRAM " " SBX_VERSION ": %s, Linux %s, %s, as %s\n",
	              host->name, host->release, host->machine,
	              host->privileged ? "root" : "an ordinary user");
	for (size_t i = 0; i < n; i++) {
		if (strcmp(layer, results[i].probe->layer) != 0) {
			layer = results[i].probe->layer;
			buffer_printf(&out, "%s\n", layer);
		}
		print_result(&out, host, &results[i]);
		counts[results[i].finding.verdict]++;
	}
	buffer_printf(&out, "%u passed, %u degraded, %u failed: %s\n",
	              counts[VERDICT_PASS], counts[VERDICT_DEGRADED],
	              counts[VERDICT_FAIL], summary(verdict_of(results, n)));
	return put(&out);
}

static void write_result(struct json_writer *writer, const struct host *host,
                         const struct result *result)
{
	const struct finding *found = &result->finding;
	bool passed = found->verdict == VERDICT_PASS;
	char remedy[REMEDY_SIZE] = "";

	if (!passed)
		remedy_text(host, found, remedy, sizeof(remedy));
	json_open_object(writer, NULL);
	json_put_text(writer, "name", result->probe->name);
	json_put_text(writer, "layer", result->probe->layer);
	json_put_text(writer, "verdict", verdict_name(found->verdict));
	json_put_text(writer, "detail", found->detail);
	json_put_text(writer, "meaning", passed ? "" : result->probe->meaning);
	json_put_text(writer, "remedy", remedy);
	json_close_object(writer);
}

int print_json(const struct host *host, const struct result *results, size_t n)
{
	struct json_writer *writer = json_writer_new();
	struct buffer out CLEANUP(buffer_free) = {0};
	int r;

	if (!writer)
		return -ENOMEM;
	json_open_object(writer, NULL);
	json_put_integer(writer, "schema", 1);
	json_put_text(writer, "verdict", verdict_name(verdict_of(results, n)));
	json_open_array(writer, "checks");
	for (size_t i = 0; i < n; i++)
		write_result(writer, host, &results[i]);
	json_close_array(writer);
	json_close_object(writer);
	r = json_writer_end(writer, "\n", &out);
	return r < 0 ? r : put(&out);
}
