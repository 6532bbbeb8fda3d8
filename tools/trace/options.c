/* SPDX-License-Identifier: MIT */
/* What sbx-trace's command line has beside the fields. */
#include "options.h"

#include "base/def.h"

static const char usage[] =
	"Usage: sbx-trace [options] --profile NAME -- FILE [ARG...]\n"
	"       sbx-trace [options] --profile NAME --code TEXT [-- ARG...]\n"
	"       sbx-trace [options] [--profile NAME] --command -- PROG "
	"[ARG...]\n"
	"\n"
	"Runs one program in a sandbox, as sbx-exec does, and writes the "
	"tightest profile\n"
	"that it needs. Nothing after -- is parsed.\n";

/* clang-format off */
static const struct own_option own[] = {
	OPTION_TEXT(profile, "profile", "NAME", GROUP_PROGRAM,
	     "what runs it, and what the new one starts from"),
	OPTION_TEXT(profile_file, "profile-file", "FILE", GROUP_PROGRAM,
	     "the same from a file of any name"),
	OPTION_TEXT(code, "code", "TEXT", GROUP_PROGRAM,
	     "run this text instead of a file"),
	OPTION_FLAG(command, "command", GROUP_PROGRAM,
	     "run a command that is in the root tree"),

	OPTION_TEXT(output, "output", "FILE", GROUP_RESULT,
	     "write the profile there; else it is standard output, and the "
	     "program's own goes to standard error"),
	OPTION_TEXT(audit, "audit", "FILE", GROUP_RESULT,
	     "add a line about the run to this log"),
	OPTION_TEXT(collect_to, "collect-to", "DIR", GROUP_RESULT,
	     "where --collect puts the files"),
	OPTION_FLAG(collect_replace, "collect-replace", GROUP_RESULT,
	     "replace what is there already"),
	OPTION_FLAG(quiet, "quiet", GROUP_RESULT,
	     "say nothing on standard error"),

	OPTION_FLAG(list_profiles, "list-profiles", GROUP_INSTEAD,
	     "print the names of all profiles"),
	OPTION_TEXT(show_profile, "show-profile", "NAME", GROUP_INSTEAD,
	     "print one"),
	OPTION_FLAG(help, "help", GROUP_INSTEAD, "print this"),
	OPTION_FLAG(version, "version", GROUP_INSTEAD, "print the version"),
};
/* clang-format on */

const struct option_table trace_options = {usage, own, ARRAY_SIZE(own)};
