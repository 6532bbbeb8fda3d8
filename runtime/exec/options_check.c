/* SPDX-License-Identifier: MIT */
/* What a command line must say, and what excludes what. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/error.h"
#include "base/parse.h"
#include "exec/options.h"

#define FAIL(err, ...) err_say(err, SBX_STAGE_SPEC, EINVAL, __VA_ARGS__)

int options_check_report(struct options *options, struct sbx_error *err)
{
	uint64_t fd;

	if (!options->report)
		return 0;
	if (!options->report[0])
		return FAIL(err, "--report needs a value: FILE or fd:N");
	if (strcmp(options->report, "-") == 0)
		return FAIL(err, "--report: \"-\" is no file: standard output "
		                 "is fd:1");
	if (strncmp(options->report, "fd:", 3) != 0)
		return 0;
	if (parse_count(options->report + 3, &fd) < 0 || fd > INT_MAX)
		return FAIL(err,
		            "--report: \"%.60s\" is not fd: and the number of "
		            "a descriptor",
		            options->report);
	options->report_fd = (int)fd;
	options->report = NULL;
	return 0;
}

/* A request names the profile and the program itself. */
static int check_request(struct options *options, struct sbx_error *err)
{
	const char *other = options->profile        ? "--profile"
	                    : options->profile_file ? "--profile-file"
	                    : options->code         ? "--code"
	                    : options->command      ? "--command"
	                                            : NULL;

	if (other)
		return FAIL(err,
		            "--request and %s exclude each other: the request "
		            "says what to run",
		            other);
	if (options->n_arguments > 0)
		return FAIL(err, "--request takes no program after \"--\": the "
		                 "request says what to run");
	options->json = true;
	return 0;
}

static int check_program(const struct options *options, struct sbx_error *err)
{
	if (options->code && options->command)
		return FAIL(err, "--code and --command exclude each other");
	if (options->code || options->n_arguments > 0)
		return 0;
	if (options->command)
		return FAIL(err, "the command is missing: --command -- PROG");
	return FAIL(err, "the program is missing: -- FILE, or --code TEXT, or "
	                 "--command -- PROG");
}

static int check_profile(struct options *options, struct sbx_error *err)
{
	if (options->profile && options->profile_file)
		return FAIL(err, "--profile and --profile-file exclude each "
		                 "other");
	if (options->profile && strchr(options->profile, '/'))
		return FAIL(err,
		            "--profile: \"%.60s\" is a path; give it to "
		            "--profile-file",
		            options->profile);
	if (options->profile || options->profile_file)
		return 0;
	if (!options->command)
		return FAIL(err, "the profile is missing: --profile NAME; "
		                 "--list-profiles shows them");
	options->profile = "base";
	return 0;
}

static bool is_set(const struct options *options, const char *path)
{
	for (size_t i = 0; i < options->n_settings; i++)
		if (strcmp(options->settings[i].path, path) == 0)
			return true;
	return false;
}

/* What is collected must have somewhere to go. */
static int check_collect(const struct options *options, struct sbx_error *err)
{
	bool reported = options->json || options->request || options->report ||
	                options->report_fd >= 0;

	if (is_set(options, "collect") && !options->collect_to && !reported)
		return FAIL(err, "--collect: the files go nowhere: add "
		                 "--collect-to DIR, or --json");
	if (options->collect_replace && !options->collect_to)
		return FAIL(err, "--collect-replace: --collect-to is missing");
	return 0;
}

/* The daemon has a log of its own. */
static int check_pool(const struct options *options, struct sbx_error *err)
{
	if (options->pool && options->audit)
		return FAIL(err, "--audit and --pool exclude each other: add "
		                 "--cold");
	return 0;
}

int options_check(struct options *options, struct sbx_error *err)
{
	int r = options_check_report(options, err);

	if (options->cold)
		options->pool = NULL;
	if (options->help || options->version || options->list_profiles ||
	    options->show_profile)
		return r;
	if (r == 0)
		r = check_collect(options, err);
	if (r == 0)
		r = check_pool(options, err);
	if (r == 0 && options->request)
		return check_request(options, err);
	if (r == 0)
		r = check_program(options, err);
	return r < 0 ? r : check_profile(options, err);
}
