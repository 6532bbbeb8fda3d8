/* SPDX-License-Identifier: MIT */
/* What sbx-exec's command line has beside the fields. */
#include "base/def.h"
#include "exec/options.h"

static const char usage[] =
	"Usage: sbx-exec [options] --profile NAME -- FILE [ARG...]\n"
	"       sbx-exec [options] --profile NAME --code TEXT [-- ARG...]\n"
	"       sbx-exec [options] [--profile NAME] --command -- PROG "
	"[ARG...]\n"
	"       sbx-exec [options] --request FILE|-\n"
	"\n"
	"Runs one program in a fresh sandbox and says how it ended. FILE is "
	"copied in;\n"
	"- is standard input, /dev/fd/N a descriptor. Nothing after -- is "
	"parsed.\n";

/* clang-format off */
static const struct own_option own[] = {
	OPTION_TEXT(profile, "profile", "NAME", GROUP_PROGRAM,
	     "what runs it, and how; base for a command"),
	OPTION_TEXT(profile_file, "profile-file", "FILE", GROUP_PROGRAM,
	     "the same from a file of any name"),
	OPTION_TEXT(code, "code", "TEXT", GROUP_PROGRAM,
	     "run this text instead of a file"),
	OPTION_FLAG(command, "command", GROUP_PROGRAM,
	     "run a command that is in the root tree"),

	OPTION_TEXT(request, "request", "FILE|-", GROUP_PROGRAM,
	     "run one JSON request; the answer is as with --json"),

	OPTION_TEXT(pool, "pool", "[=SOCKET]", GROUP_PROGRAM,
	     "take a warm sandbox from the daemon sbxd"),
	OPTION_FLAG(cold, "cold", GROUP_PROGRAM,
	     "never take one, whatever --pool says; the default"),

	OPTION_FLAG(json, "json", GROUP_RESULT,
	     "print the report, with the output in it, and nothing else"),
	OPTION_TEXT(report, "report", "FILE|fd:N", GROUP_RESULT,
	     "write the report there as well"),
	OPTION_TEXT(audit, "audit", "FILE", GROUP_RESULT,
	     "add a line about the run to this log"),
	OPTION_TEXT(collect_to, "collect-to", "DIR", GROUP_RESULT,
	     "where --collect puts the files"),
	OPTION_FLAG(collect_replace, "collect-replace", GROUP_RESULT,
	     "replace what is there already"),
	OPTION_FLAG(quiet, "quiet", GROUP_RESULT,
	     "say nothing on standard error; the report does"),

	OPTION_FLAG(dry_run, "dry-run", GROUP_INSTEAD,
	     "print the plan, step by step"),
	OPTION_FLAG(list_profiles, "list-profiles", GROUP_INSTEAD,
	     "print the names of all profiles"),
	OPTION_TEXT(show_profile, "show-profile", "NAME", GROUP_INSTEAD,
	     "print one"),
	OPTION_FLAG(help, "help", GROUP_INSTEAD, "print this"),
	OPTION_FLAG(version, "version", GROUP_INSTEAD, "print the version"),
};
/* clang-format on */

const struct option_table exec_options = {usage, own, ARRAY_SIZE(own)};
