/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/parse.h"
#include "base/suggest.h"

#define FAIL(err, ...) err_say(err, SBX_STAGE_SPEC, EINVAL, __VA_ARGS__)

const char options_help[] =
	"Usage: sbx-batch [options] FILE|-\n"
	"       sbx-batch merge [--output FILE] REQUESTS REPORTS...\n"
	"\n"
	"Runs many programs, each in a fresh sandbox: a line of JSON in for "
	"each (see\n"
	"--request of sbx-exec), a report as a line of JSON out, in the order "
	"of the ends.\n"
	"\n"
	"  --output FILE           where reports go [standard output]\n"
	"  --resume                go on with a FILE that has reports: what is "
	"in it is\n"
	"                          not run again\n"
	"  --jobs N                sandboxes at one time [as many as there are "
	"processors]\n"
	"  --pool[=SOCKET]         let sbxd run them, in warm sandboxes\n"
	"  --shard I/N             only the I-th of N parts of the requests\n"
	"  --summary table|json|none\n"
	"                          what to tell at the end: on standard output "
	"if --output\n"
	"                          names a file, else on standard error "
	"[table]\n"
	"  --audit FILE            add a line about each run to this log\n"
	"  --help, --version       print this; the version\n"
	"\n"
	"SIGTERM and SIGINT let what runs come to its end, and stop; a second "
	"one ends\n"
	"what runs. merge proves that each request has exactly one report, and "
	"puts the\n"
	"files of REPORTS together.\n"
	"\n"
	"Exit status: 0 each request was run; 1 for one there was an error in "
	"place of a\n"
	"run, or merge found something wrong; 125 sbx-batch itself failed; "
	"128+n signal\n"
	"n stopped it.\n";

static int read_shard(const char *text, struct shard *shard,
                      struct sbx_error *err)
{
	const char *slash = strchr(text, '/');
	char index[24];
	int len = slash ? (int)(slash - text) : -1;

	if (len > 0 && (size_t)len < sizeof(index)) {
		(void)snprintf(index, sizeof(index), "%.*s", len, text);
		if (parse_count(index, &shard->index) == 0 &&
		    parse_count(slash + 1, &shard->count) == 0 &&
		    shard->index >= 1 && shard->index <= shard->count)
			return 0;
	}
	return FAIL(err, "--shard \"%.40s\": write I/N, with I from 1 to N",
	            text);
}

static int read_jobs(const char *text, size_t *jobs, struct sbx_error *err)
{
	uint64_t count;

	if (parse_count(text, &count) < 0 || count < 1 || count > MAX_JOBS)
		return FAIL(err, "--jobs \"%.40s\": is not a count of 1 to %d",
		            text, MAX_JOBS);
	*jobs = (size_t)count;
	return 0;
}

static int read_summary(const char *text, enum summary *summary,
                        struct sbx_error *err)
{
	static const char *const words[] = {
		[SUMMARY_TABLE] = "table",
		[SUMMARY_JSON] = "json",
		[SUMMARY_NONE] = "none",
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i], text) == 0) {
			*summary = (enum summary)i;
			return 0;
		}
	return FAIL(err, "--summary \"%.40s\": is not table, json or none",
	            text);
}

static size_t default_jobs(void)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set)
	                                                     : 1;

	return (size_t)MAX(n, 1);
}

enum choice {
	OUTPUT,
	RESUME,
	JOBS,
	POOL,
	SHARD,
	SUMMARY,
	AUDIT,
	HELP,
	VERSION
};

static const struct option table[] = {
	{"output", required_argument, NULL, OUTPUT},
	{"resume", no_argument, NULL, RESUME},
	{"jobs", required_argument, NULL, JOBS},
	{"pool", optional_argument, NULL, POOL},
	{"shard", required_argument, NULL, SHARD},
	{"summary", required_argument, NULL, SUMMARY},
	{"audit", required_argument, NULL, AUDIT},
	{"help", no_argument, NULL, HELP},
	{"version", no_argument, NULL, VERSION},
	{0},
};

static int unknown(const char *word, struct sbx_error *err)
{
	const char *name = word + strspn(word, "-");
	char hint[SUGGEST_TEXT], copy[SUGGEST_MAX + 1];
	struct suggest suggest = {.word = copy};

	(void)snprintf(copy, sizeof(copy), "%.*s", (int)strcspn(name, "="),
	               name);
	for (const struct option *row = table; row->name; row++)
		suggest_offer(&suggest, row->name);
	(void)suggest_text(&suggest, "--", hint);
	return FAIL(err, "unknown option \"%.40s\"%s", word,
	            hint[0] ? hint : "; see --help");
}

static int take(struct options *options, int choice, const char *word,
                struct sbx_error *err)
{
	switch (choice) {
	case OUTPUT:
		options->output = optarg;
		return 0;
	case RESUME:
		options->resume = true;
		return 0;
	case JOBS:
		return read_jobs(optarg, &options->jobs, err);
	case POOL:
		options->pool = optarg ? optarg : "";
		return 0;
	case SHARD:
		return read_shard(optarg, &options->shard, err);
	case SUMMARY:
		return read_summary(optarg, &options->summary, err);
	case AUDIT:
		options->audit = optarg;
		return 0;
	case HELP:
		options->help = true;
		return 0;
	case VERSION:
		options->version = true;
		return 0;
	case ':':
		return FAIL(err, "%.40s needs a value; see --help", word);
	default:
		return unknown(word, err);
	}
}

static int take_words(struct options *options, int n, char **words,
                      struct sbx_error *err)
{
	options->merge = n > 0 && strcmp(words[0], "merge") == 0;
	if (options->help || options->version)
		return 0;
	if (options->merge && n < 3)
		return FAIL(err, "merge: give the file of the requests, and "
		                 "the files of their reports");
	if (!options->merge && n != 1)
		return FAIL(err, n ? "more than one file of requests"
		                   : "the file of the requests is missing; - "
		                     "is standard input");
	if (options->pool && options->audit)
		return FAIL(err, "--audit and --pool exclude each other: sbxd "
		                 "has a log of its own");
	if (options->resume && !options->output)
		return FAIL(err, "--resume: --output names the file to go on "
		                 "with");
	options->requests = words[options->merge];
	options->reports = (const char *const *)words + 2;
	return 0;
}

int options_parse(int argc, char **argv, struct options *options,
                  struct sbx_error *err)
{
	int choice, row = 0, r = 0;

	*options = (struct options){.jobs = default_jobs(),
	                            .shard = {.index = 1, .count = 1}};
	opterr = 0;
	while (r == 0 &&
	       (choice = getopt_long(argc, argv, ":", table, &row)) != -1) {
		const char letter[] = {'-', (char)optopt, '\0'};
		const char *word =
			argv[optind - 1 - (optarg == argv[optind - 1])];

		/* It takes the beginning of a name for all of it. */
		if (choice != '?' && choice != ':' &&
		    strcspn(word + 2, "=") != strlen(table[row].name))
			choice = '?';
		/* In the middle of such a word, it is not there yet. */
		if (choice == '?' && strncmp(word, "--", 2) != 0)
			word = letter;
		r = take(options, choice, word, err);
	}
	return r < 0 ? r
	             : take_words(options, argc - optind, argv + optind, err);
}
