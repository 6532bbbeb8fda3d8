/* SPDX-License-Identifier: MIT */
/*
 * options-mdoc
 *
 * Prints the options of sbx-exec as mdoc(7), from the tables that the parser
 * walks. They take the place of the line @OPTIONS@ in man/sbx-exec.1.in.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "exec/help.h"

int main(void)
{
	int r = help_mdoc(&exec_options, STDOUT_FILENO);

	if (r < 0)
		fprintf(stderr, "options-mdoc: %s\n", strerror(-r));
	return r < 0;
}
