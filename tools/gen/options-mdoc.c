/* SPDX-License-Identifier: MIT */
/*
 * options-mdoc PROGRAM
 *
 * Prints the options of sbx-exec or sbx-trace as mdoc(7), from the tables that
 * the parser walks. They take the place of the line @OPTIONS@ in the manual
 * page, man/PROGRAM.1.in.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../trace/options.h"
#include "exec/help.h"

int main(int argc, char **argv)
{
	bool traces = argc > 1 && strcmp(argv[1], "sbx-trace") == 0;
	int r = help_mdoc(traces ? &trace_options : &exec_options,
	                  STDOUT_FILENO);

	if (r < 0)
		fprintf(stderr, "options-mdoc: %s\n", strerror(-r));
	return r < 0;
}
