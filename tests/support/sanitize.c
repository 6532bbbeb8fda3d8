/* SPDX-License-Identifier: MIT */
/* Read by the sanitizers where the tests are built with them. */

const char *__lsan_default_suppressions(void);

/* Criterion keeps a few bytes of its own until the end. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libcriterion\n";
}
