/* SPDX-License-Identifier: MIT */
#include "sbxd/settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/parse.h"
#include "base/suggest.h"
#include "exec/passing.h"

#define FAIL(err, ...) err_say(err, SBX_STAGE_SPEC, EINVAL, __VA_ARGS__)

enum option {
	SOCKET,
	LISTEN,
	TOKENS,
	WARM,
	RUNS,
	QUEUE,
	BOXES,
	DRAIN,
	AUDIT,
	HELP,
	VERSION
};

struct option_row {
	const char *name, *value, *help;
	enum option option;
};

static const struct option_row rows[] = {
	{"socket", "PATH",
         "where to listen, where no socket is handed over; "
         "[$XDG_RUNTIME_DIR/sbx/sbxd.sock, for root " PASSING_SYSTEM "]",
         SOCKET},
	{"listen", "[ADDRESS:]PORT",
         "listen on TCP, too, for who has a token; [127.0.0.1] *", LISTEN},
	{"tokens", "FILE", "lines of NAME TOKEN, for TCP", TOKENS},
	{"warm", "PROFILE[=MIN[:MAX]]",
         "keep MIN boxes of the profile waiting, up to MAX under load; "
         "[python=2:8] *",
         WARM},
	{"max-runs", "N", "runs at one time; [16]", RUNS},
	{"max-queue", "N", "runs that wait for their turn; [256]", QUEUE},
	{"max-boxes", "N", "waiting boxes of all profiles together; [32]",
         BOXES},
	{"drain-time", "DUR",
         "how long a stop waits for the runs there are; [30s]", DRAIN},
	{"audit", "FILE", "add a line about each run to this log", AUDIT},
	{"help", NULL, "print this", HELP},
	{"version", NULL, "print the version", VERSION},
};

int settings_help(int fd)
{
	struct buffer out CLEANUP(buffer_free) = {0};

	buffer_text(&out, "Usage: sbxd [options]\n\nKeeps warm sandboxes and "
	                  "serves runs over a socket; see sbxd(8).\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		buffer_printf(&out, "  --%s%s%s\n        %s\n", rows[i].name,
		              rows[i].value ? " " : "",
		              rows[i].value ? rows[i].value : "", rows[i].help);
	return out.failed ? -ENOMEM : file_write_fd(fd, out.data, out.len);
}

static int read_number(const char *option, const char *text, uint64_t most,
                       unsigned *number, struct sbx_error *err)
{
	uint64_t value;

	if (parse_count(text, &value) < 0 || value > most)
		return FAIL(err, "--%s: \"%.60s\" is not a number up to %ju",
		            option, text, (uintmax_t)most);
	*number = (unsigned)value;
	return 0;
}

/* PROFILE[=MIN[:MAX]] */
static int add_warm(struct settings *settings, const char *text,
                    struct sbx_error *err)
{
	struct warm_profile *warm = &settings->warm[settings->n_warm];
	size_t len = strcspn(text, "=");
	const char *colon = strchr(text, ':');
	char number[16];
	int r = 0;

	if (settings->n_warm == MAX_WARM_PROFILES)
		return FAIL(err, "--warm: more than %d profiles",
		            MAX_WARM_PROFILES);
	if (len == 0 || len >= sizeof(warm->name))
		return FAIL(err, "--warm: \"%.60s\" does not name a profile",
		            text);
	*warm = (struct warm_profile){.min = 2, .max = 8};
	memcpy(warm->name, text, len);
	if (text[len]) {
		text += len + 1;
		(void)snprintf(number, sizeof(number), "%.*s",
		               (int)strcspn(text, ":"), text);
		r = read_number("warm", number, 1024, &warm->min, err);
		warm->max = warm->min;
	}
	if (r == 0 && colon)
		r = read_number("warm", colon + 1, 1024, &warm->max, err);
	if (r == 0 && warm->max < warm->min)
		r = FAIL(err, "--warm %s: at most %u and at least %u",
		         warm->name, warm->max, warm->min);
	settings->n_warm += r == 0;
	return r;
}

/* Every address is asked for by its name: where ":8080" is all of them
 * elsewhere, it is none here. */
static int add_listen(struct settings *settings, const char *text,
                      struct sbx_error *err)
{
	if (settings->n_listens == MAX_LISTENS)
		return FAIL(err, "--listen: more than %d addresses",
		            MAX_LISTENS);
	if (address_parse(text, &settings->listens[settings->n_listens]) < 0)
		return FAIL(err,
		            "--listen: \"%.60s\" is not like 8080, which is "
		            "127.0.0.1:8080, or like 10.0.0.5:8080, "
		            "[::1]:8080 or, for all addresses, 0.0.0.0:8080",
		            text);
	settings->n_listens++;
	return 0;
}

static int take(struct settings *settings, const struct option_row *row,
                const char *value, struct sbx_error *err)
{
	switch (row->option) {
	case SOCKET:
		if (strlen(value) >= sizeof(settings->socket))
			return FAIL(err, "--socket: the path is longer than "
			                 "107 bytes");
		(void)strcpy(settings->socket, value);
		return 0;
	case LISTEN:
		return add_listen(settings, value, err);
	case TOKENS:
		settings->tokens = value;
		return 0;
	case WARM:
		return add_warm(settings, value, err);
	case RUNS:
		return read_number(row->name, value, 4096, &settings->max_runs,
		                   err);
	case QUEUE:
		return read_number(row->name, value, 65536,
		                   &settings->max_queue, err);
	case BOXES:
		return read_number(row->name, value, 4096, &settings->max_boxes,
		                   err);
	case DRAIN:
		if (parse_duration(value, &settings->drain_ns) < 0)
			return FAIL(err,
			            "--drain-time: \"%.60s\" is not a "
			            "time like 30s",
			            value);
		return 0;
	case AUDIT:
		settings->audit = value;
		return 0;
	case HELP:
		settings->help = true;
		return 0;
	default:
		settings->version = true;
		return 0;
	}
}

static const struct option_row *find(const char *word, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strlen(rows[i].name) == len &&
		    strncmp(rows[i].name, word, len) == 0)
			return &rows[i];
	return NULL;
}

static int unknown(const char *word, struct sbx_error *err)
{
	struct suggest suggest = {.word = word};
	char hint[SUGGEST_TEXT];

	if (strncmp(word, "--", 2) == 0)
		suggest.word = word + 2;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		suggest_offer(&suggest, rows[i].name);
	(void)suggest_text(&suggest, "--", hint);
	return FAIL(err, "unknown option \"%.60s\"%s", word,
	            hint[0] ? hint : "; see --help");
}

/* Where the caller's own daemon listens, or root's. */
static int usual_socket(struct settings *settings, struct sbx_error *err)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	int len;

	if (settings->socket[0])
		return 0;
	if (runtime && runtime[0] == '/')
		len = snprintf(settings->socket, sizeof(settings->socket),
		               "%s/sbx/sbxd.sock", runtime);
	else if (geteuid() == 0)
		len = snprintf(settings->socket, sizeof(settings->socket),
		               PASSING_SYSTEM);
	else
		return FAIL(err, "XDG_RUNTIME_DIR is not set; say where to "
		                 "listen with --socket PATH");
	if ((size_t)len >= sizeof(settings->socket))
		return FAIL(err, "XDG_RUNTIME_DIR: the path is too long; say "
		                 "where to listen with --socket PATH");
	return 0;
}

int settings_parse(int argc, char *const *argv, struct settings *settings,
                   struct sbx_error *err)
{
	struct settings made = {
		.max_runs = 16,
		.max_queue = 256,
		.max_boxes = 32,
		.drain_ns = 30 * NS_PER_S,
	};
	int r = 0;

	for (int i = 1; i < argc && r == 0; i++) {
		const char *word = argv[i] + 2, *value;
		const struct option_row *row = NULL;

		if (strncmp(argv[i], "--", 2) == 0)
			row = find(word, strcspn(word, "="));
		if (!row)
			return unknown(argv[i], err);
		value = strchr(word, '=');
		value = value ? value + 1 : row->value ? argv[++i] : NULL;
		if (!row->value != !value)
			return FAIL(err, "--%s %s%s", row->name,
			            row->value ? "needs a value: "
			                       : "takes no value",
			            row->value ? row->value : "");
		r = take(&made, row, value ? value : "", err);
	}
	if (r == 0 && made.n_warm == 0)
		r = add_warm(&made, "python=2:8", err);
	if (r == 0 && made.max_runs == 0)
		r = FAIL(err, "--max-runs: 0 would serve nobody");
	if (r == 0 && made.n_listens > 0 && !made.tokens)
		r = FAIL(err, "--listen: TCP is for who has a token: add "
		              "--tokens FILE; see sbxd(8)");
	if (r == 0 && !made.help && !made.version)
		r = usual_socket(&made, err);
	if (r == 0)
		*settings = made;
	return r;
}
