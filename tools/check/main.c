/* SPDX-License-Identifier: MIT */
/*
 * sbx-check: what can this host enforce? Every layer of a sandbox is tried, in
 * processes that are gone afterwards; nothing is believed because a file says
 * so. What fails is named with what it means for a run and what mends it.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>

#include "base/file.h"
#include "base/log.h"
#include "base/suggest.h"
#include "check.h"

#define STATUS_TROUBLE 2 /* as a failed check: nothing was proved */
#define MAX_PROFILES   64
#define MAX_PROBES     128 /* those of the table are far fewer */

struct options {
	bool json, help, version;
	const char *audit; /* a log to read instead */
	char **names;      /* NULL-terminated; none: all */
};

static const char usage[] =
	"Usage: sbx-check [--json] [CHECK...]\n"
	"       sbx-check --audit FILE\n"
	"\n"
	"Tries, layer by layer, what this host can enforce, and says what "
	"each\n"
	"failure means for a run and what mends it. With CHECK, only that "
	"one,\n"
	"and what it needs.\n"
	"\n"
	"  --json      the verdicts as one line of JSON\n"
	"  --audit FILE  whether an audit log is whole: 0, or 2 and the line\n"
	"              that is not\n"
	"  --help\n"
	"  --version\n"
	"\n"
	"Exit status:\n"
	"  0  everything passed\n"
	"  1  programs can be run; something is weaker or missing\n"
	"  2  programs cannot be run; or sbx-check itself failed, or was "
	"given\n"
	"     a wrong option\n";

static const struct option table[] = {
	{"json", no_argument, NULL, 'j'},
	{"audit", required_argument, NULL, 'a'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'v'},
	{0},
};

static int unknown(const char *word)
{
	struct suggest suggest = {.word = word + strspn(word, "-")};
	char near[SUGGEST_TEXT];

	for (const struct option *row = table; row->name; row++)
		suggest_offer(&suggest, row->name);
	(void)suggest_text(&suggest, "--", near);
	log_line(PROGRAM, "unknown option \"%s\"%s", word,
	         near[0] ? near : "; see --help");
	return -EINVAL;
}

static int read_options(int argc, char **argv, struct options *options)
{
	int got;

	opterr = 0; /* a line of ours says it */
	while ((got = getopt_long(argc, argv, ":", table, NULL)) >= 0) {
		if (got == ':') {
			log_line(PROGRAM, "%s needs a value: FILE",
			         argv[optind - 1]);
			return -EINVAL;
		}
		if (got == '?')
			return unknown(argv[optind - 1]);
		if (got == 'a')
			options->audit = optarg;
		options->json |= got == 'j';
		options->help |= got == 'h';
		options->version |= got == 'v';
	}
	options->names = argv + optind;
	return 0;
}

static int show(const char *text)
{
	return file_write_fd(STDOUT_FILENO, text, strlen(text));
}

/* How much worse than this the other may not be: a layer may be degraded, what
 * is needed by its name may not. VERDICT_FAIL: it is not needed. */
static enum verdict bound(const struct probe *probe, const struct probe *other)
{
	enum verdict bound = VERDICT_FAIL;

	for (size_t i = 0; i < ARRAY_SIZE(probe->needs) && probe->needs[i]; i++)
		if (strcmp(probe->needs[i], other->name) == 0)
			bound = VERDICT_PASS;
		else if (strcmp(probe->needs[i], other->layer) == 0)
			bound = MIN(bound, VERDICT_DEGRADED);
	return bound;
}

/* The first that a probe needs and that is not there. */
static const struct result *missing(const struct result *results, size_t n,
                                    const struct probe *probe)
{
	for (size_t i = 0; i < n; i++)
		if (results[i].finding.verdict > bound(probe, results[i].probe))
			return &results[i];
	return NULL;
}

static void judge(const struct host *host, struct result *results, size_t n)
{
	const struct probe *probe = results[n].probe;
	const struct result *needed = missing(results, n, probe);
	struct finding *found = &results[n].finding;
	const char *name;

	if (!needed) {
		trial_run(probe, host, found);
		return;
	}
	*found = (struct finding){.verdict = probe->worst};
	/* The first of a chain is what is to be mended. */
	name = needed->finding.remedy == REMEDY_AS_NEEDED
	               ? needed->finding.argument
	               : needed->probe->name;
	(void)found_wrong(found, 0, "not tried: it needs \"%s\"", name);
	found_remedy(found, REMEDY_AS_NEEDED, name);
}

/* Keeps what is named, and what that needs. A row comes after what it needs,
 * so that one look from the end will do. Returns how many, or -EINVAL. */
static int choose(const struct probe **chosen, size_t n, char *const *names)
{
	bool wanted[MAX_PROBES] = {false};
	size_t n_kept = 0;

	for (; *names; names++) {
		struct suggest suggest = {.word = *names};
		char near[SUGGEST_TEXT];
		bool known = false;

		for (size_t i = 0; i < n; i++) {
			suggest_offer(&suggest, chosen[i]->name);
			if (strcmp(chosen[i]->name, *names) == 0)
				known = wanted[i] = true;
		}
		if (!known) {
			(void)suggest_text(&suggest, "", near);
			log_line(PROGRAM, "no check \"%s\"%s", *names,
			         near[0] ? near
			                 : "; their names are in the output "
			                   "without one");
			return -EINVAL;
		}
	}
	for (size_t i = n; i-- > 0;)
		for (size_t k = 0; wanted[i] && k < i; k++)
			wanted[k] |= bound(chosen[i], chosen[k]) < VERDICT_FAIL;
	for (size_t i = 0; i < n; i++)
		if (wanted[i])
			chosen[n_kept++] = chosen[i];
	return (int)n_kept;
}

static int check(const struct options *options)
{
	const struct probe *chosen[MAX_PROBES];
	struct result results[MAX_PROBES];
	struct probe profiles[MAX_PROFILES];
	size_t n_profiles;
	bool named = options->names && options->names[0];
	struct host host;
	int n = 0, r;

	host_look(&host);
	for (size_t i = 0; i < n_probes; i++)
		if (named || !probes[i].by_name)
			chosen[n++] = &probes[i];
	n_profiles = profiles_find(&host, profiles, MAX_PROFILES);
	for (size_t i = 0; i < n_profiles; i++)
		chosen[n++] = &profiles[i];
	if (named)
		n = choose(chosen, (size_t)n, options->names);
	if (n < 0)
		return STATUS_TROUBLE;
	/* What a trial leaves behind comes to us, and is ended. */
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	for (int i = 0; i < n; i++) {
		results[i].probe = chosen[i];
		judge(&host, results, (size_t)i);
	}
	r = options->json ? print_json(&host, results, (size_t)n)
	                  : print_text(&host, results, (size_t)n);
	return r < 0 ? r : (int)verdict_of(results, (size_t)n);
}

int main(int argc, char **argv)
{
	struct options options = {0};
	int r;

	if (file_ensure_stdio() < 0)
		return STATUS_TROUBLE;
	if (getauxval(AT_SECURE)) {
		log_line(PROGRAM, "is setuid, setgid or has file "
		                  "capabilities; it needs none of them, and "
		                  "refuses to run with them");
		return STATUS_TROUBLE;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGCHLD,
	             SIG_DFL); /* ignored, no child could be waited for */
	if (read_options(argc, argv, &options) < 0)
		return STATUS_TROUBLE;
	if (options.help)
		r = show(usage);
	else if (options.version)
		r = show(PROGRAM " " SBX_VERSION "\n");
	else if (options.audit)
		r = audit_check(options.audit);
	else
		r = check(&options);
	if (r < 0) {
		log_line(PROGRAM, "%s", strerror(-r));
		return STATUS_TROUBLE;
	}
	return r;
}
