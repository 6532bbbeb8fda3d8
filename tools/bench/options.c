/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/parse.h"

static const char usage[] =
	"usage: sbx-bench [options]\n"
	"Times sandboxes side by side and prints ratios.\n"
	"\n"
	"  --group NAME    only this one of: %s\n"
	"  --blocks N      blocks, each with its own ratio; default 50, of\n"
	"                  loops 6\n"
	"  --samples K     of each contender in each block; default 20, of\n"
	"                  loops 1\n"
	"  --gap DUR       mean pause before each sample; default 0: none\n"
	"  --time DUR      of a loop, which a sample of the groups sustained\n"
	"                  is; default 5s\n"
	"  --sbx FILE      the sbx-exec to measure; default: of this build\n"
	"  --json FILE     every number and the environment, as JSON\n"
	"  --help\n"
	"\n"
	"A block is flagged as disturbed when a fixed loop takes more than\n"
	"%.2f times, or a bare program %.2f times, what it took in the best\n"
	"block, or when tasks waited for a processor in %d %% of that time.\n"
	"\n"
	"Exit status:\n"
	"  0    there is a verdict\n"
	"  1    a contender failed, or did not prove where it ran\n"
	"  2    no verdict: more than %d %% of the blocks are flagged, or the\n"
	"       reference is not installed\n"
	"  125  a wrong option, or trouble of its own\n";

/* The names of all groups: "cold, python". */
static const char *group_names(char *names, size_t size)
{
	size_t len = 0;

	for (size_t i = 0; i < n_groups && len < size; i++)
		len += (size_t)snprintf(names + len, size - len, "%s%s",
		                        i ? ", " : "", groups[i].name);
	return names;
}

int options_help(void)
{
	char names[256];

	return printf(usage, group_names(names, sizeof(names)),
	              FLAG_LOOP_MILLI / 1000.0, FLAG_SPAWN_MILLI / 1000.0,
	              FLAG_STALL_MILLI / 10, FLAGGED_MAX_MILLI / 10);
}

static int read_count(const char *option, const char *text, size_t *count)
{
	uint64_t number;

	if (parse_count(text, &number) < 0 || number < 1 || number > 10000) {
		log_line(PROGRAM,
		         "--%s \"%s\": a count of 1 to 10000 is wanted", option,
		         text);
		return -EINVAL;
	}
	*count = (size_t)number;
	return 0;
}

static int read_time(const char *option, const char *text, uint64_t least,
                     uint64_t *ns)
{
	if (parse_duration(text, ns) == 0 && *ns >= least &&
	    *ns <= 60 * NS_PER_S)
		return 0;
	log_line(PROGRAM, "--%s \"%s\": a time up to 60s is wanted, as 100ms",
	         option, text);
	return -EINVAL;
}

static int read_group(const char *text, const char **group)
{
	char names[256];

	for (size_t i = 0; i < n_groups; i++)
		if (strcmp(groups[i].name, text) == 0) {
			*group = text;
			return 0;
		}
	log_line(PROGRAM, "--group \"%s\": it is one of %s", text,
	         group_names(names, sizeof(names)));
	return -EINVAL;
}

int options_read(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {
		{"blocks", required_argument, NULL, 'b'},
		{"samples", required_argument, NULL, 'k'},
		{"gap", required_argument, NULL, 'p'},
		{"time", required_argument, NULL, 't'},
		{"group", required_argument, NULL, 'g'},
		{"sbx", required_argument, NULL, 's'},
		{"json", required_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int r = 0, got;

	while (r == 0 && (got = getopt_long(argc, argv, "", known, NULL)) >= 0)
		if (got == 'b')
			r = read_count("blocks", optarg,
			               &options->order.n_blocks);
		else if (got == 'k')
			r = read_count("samples", optarg,
			               &options->order.n_samples);
		else if (got == 'p')
			r = read_time("gap", optarg, 0, &options->order.gap_ns);
		else if (got == 't')
			r = read_time("time", optarg, NS_PER_MS,
			              &options->order.time_ns);
		else if (got == 'g')
			r = read_group(optarg, &options->group);
		else if (got == 's')
			options->sbx = optarg;
		else if (got == 'j')
			options->json = optarg;
		else
			r = got == 'h' ? 1 : -EINVAL;
	if (r == 0 && optind < argc) {
		log_line(PROGRAM, "\"%s\": no argument is wanted; see --help",
		         argv[optind]);
		r = -EINVAL;
	}
	return r;
}
