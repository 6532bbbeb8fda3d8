/* SPDX-License-Identifier: MIT */
/* The program's text is looked at before it runs: what is against the rules
 * is told with its place, and nothing of it has run then. */
#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/def.h"
#include "support/run.h"
#include "support/scratch.h"

TestSuite(check, .init = scratch_make, .fini = scratch_remove, .timeout = 240);

/* A profile of Python with these rules. */
static const char *profile(const char *rules)
{
	return scratch_text(
		"profile.json",
		text_of("{\"extends\": \"base\", \"file\": \"code.py\", "
	                "\"command\": [\"python3\", \"{file}\"], "
	                "\"check\": {%s}}",
	                rules));
}

static void check(struct result *result, const char *rules, const char *code)
{
	RUN(result, OPTIONS("--profile-file", profile(rules), "--code", code));
}

/* Writes to standard output, as all that is rejected here would. */
#define SAY "print('ran')"

#define OS   "\"blocked_modules\": [\"os\"]"
#define MATH "\"allowed_modules\": [\"math\", \"xml.dom\"]"
#define EVAL "\"blocked_calls\": [\"eval\", \"os.system\", \".pop\"]"

/* A line of a program, and what is found in it; NULL: nothing. */
struct line {
	const char *text, *finding;
};

#define MAX_LINES 20

/* Each way to say something, with rule, column and text. */
static const struct {
	const char *rules;
	struct line lines[MAX_LINES];
} texts[] = {
	{OS,
         {{SAY, NULL},
          {"import os", "blocked_modules 1 import of 'os'"},
          {"import math, os as o", "blocked_modules 1 import of 'os'"},
          {"if 1: import os.path", "blocked_modules 7 import of 'os'"},
          {"from os import path", "blocked_modules 1 import of 'os'"},
          {"from os.path import join", "blocked_modules 1 import of 'os'"},
          {"from os import *", "blocked_modules 1 import of 'os'"},
          {"a = __import__('os')", "blocked_modules 5 import of 'os'"},
          {"a = __import__('o' + 's')",
           "blocked_modules 5 import of a module that is not named"},
          {"f = __import__",
           "blocked_modules 5 import of a module that is not named"},
          {"import importlib as i, sys", NULL},
          {"i.import_module('os')", "blocked_modules 1 import of 'os'"},
          {"sys.modules['os']", "blocked_modules 1 import of 'os'"},
          {"exec('import os')", "blocked_modules 1 import of 'os'"},
          {"from . import os", "blocked_modules 1 import of 'os'"}}},
	{"\"blocked_modules\": [\"os.path\"], "
         "\"allowed_modules\": [\"math\", \"os\", \"xml.dom\"]",
         {{SAY, NULL},
          {"import os, math, xml.dom", NULL},
          {"from xml.dom.minidom import parse", NULL},
          {"from xml import dom", NULL},
          {"from os import path", "blocked_modules 1 import of 'os.path'"},
          {"import xml", "allowed_modules 1 import of 'xml'"},
          {"from xml import dom, sax", "allowed_modules 1 import of 'xml'"}}},
	{EVAL,
         {{SAY, NULL},
          {"eval('1')", "blocked_calls 1 use of 'eval'"},
          {"list(map(eval, 'a'))", "blocked_calls 10 use of 'eval'"},
          {"import builtins as b, os, os as o, re", NULL},
          {"b.eval('1')", "blocked_calls 1 use of 'eval'"},
          {"os.system('')", "blocked_calls 1 use of 'os.system'"},
          {"o.system('')", "blocked_calls 1 use of 'os.system'"},
          {"from os import system as s", NULL},
          {"s('')", "blocked_calls 1 use of 'os.system'"},
          {"from os import *", "blocked_calls 1 import of all of 'os', "
                               "with 'os.system'"},
          {"x = os; y = x", NULL},
          {"y.system('')", "blocked_calls 1 use of 'os.system'"},
          {"getattr(os, 'system')('')", "blocked_calls 1 use of 'os.system'"},
          {"vars(os)['system']('')", "blocked_calls 1 use of 'os.system'"},
          {"__import__('os').system('')", "blocked_calls 1 use of 'os.system'"},
          {"[1].pop()", "blocked_calls 1 use of '.pop'"},
          {"getattr([], 'pop')", "blocked_calls 13 use of 'pop'"},
          {"re.eval('a')", NULL}}},
	{EVAL, /* ways behind an object */
         {{SAY, NULL},
          {"().__class__.__subclasses__()",
           "private 1 use of '__subclasses__'"},
          {"(lambda: 0).__globals__", "private 1 use of '__globals__'"},
          {"getattr(print, '__self__')", "private 16 use of '__self__'"},
          {"'{0.__code__}'.format(f)", "private 1 use of '__code__'"},
          {"__builtins__.open", "private 1 use of '__builtins__'"},
          {"(x for x in []).gi_frame", "private 1 use of 'gi_frame'"}}},
	{OS, {{SAY, NULL}, {" x = (", "syntax 1 unexpected indent"}}},
	{OS, {{"x = '\1'", NULL}, {"x = (", "syntax 5 '(' was never closed"}}},
};

/* The finding of a number, as the lines above have it. */
static const char *finding(const struct result *result, size_t n)
{
	static const char *const keys[] = {"rule", "column", "text"};
	static char text[256];
	size_t len = 0;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		len += (size_t)snprintf(
			text + len, sizeof(text) - len, "%s%s", i ? " " : "",
			report_at(result,
		                  text_of("findings.%zu.%s", n, keys[i])));
	return text;
}

Test(check, rejects_with_the_place)
{
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const struct line *line = texts[i].lines;
		struct buffer code = {0};
		struct result result;
		size_t n = 0;

		for (size_t l = 0; l < MAX_LINES && line[l].text; l++)
			buffer_printf(&code, "%s\n", line[l].text);
		buffer_append(&code, "", 1);
		check(&result, texts[i].rules, code.data);
		for (size_t l = 0; l < MAX_LINES && line[l].text; l++) {
			if (!line[l].finding)
				continue;
			cr_expect_str_eq(finding(&result, n), line[l].finding);
			cr_expect_eq(
				report_number(&result,
			                      text_of("findings.%zu.line", n)),
				(double)l + 1, "%s", line[l].text);
			n++;
		}
		cr_expect_str_eq(report_at(&result, text_of("findings.%zu", n)),
		                 "(none)");
		cr_expect_eq(result.status, 126, "%d", result.status);
		cr_expect_str_eq(report_at(&result, "status"), "rejected");
		cr_expect_str_eq(report_at(&result, "reason"), "check");
		cr_expect_str_eq(result.out.data, "");
		result_free(&result);
		buffer_free(&code);
	}
}

/* What honest programs say is not against any of these rules. */
Test(check, lets_pass)
{
	static const char *const rules[] = {OS, MATH, EVAL};
	static const char code[] =
		"import math, xml.dom\n"
		"from xml.dom import Node\n"
		"class A:\n"
		"  'Not os, not eval, not __globals__.'\n"
		"  def __init__(self, os=1): self.eval = self.__class__\n"
		"if __name__ == '__main__':\n"
		"  print(type(A()).__name__, 'import os', math.pi > 3)\n";
	struct result result;

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		check(&result, rules[i], code);
		cr_expect_str_eq(result.out.data, "A import os True\n", "%s",
		                 result.err.data);
		cr_expect_str_eq(report_at(&result, "stages.check.status"),
		                 "success");
		cr_expect_str_eq(report_at(&result, "stages.run.status"),
		                 "success");
		result_free(&result);
	}
}

/* The verdict is the checker's alone. The program cannot write it: it is not
 * run, and nothing of its workspace is. Where there is none, it is a no. */
Test(check, cannot_be_forged)
{
	static const char forge[] =
		"print('{\"findings\": [], \"n_findings\": 0}')\n"
		"raise SystemExit(0)\n";
	char deep[20001];
	struct result result;

	memset(deep, '(', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	check(&result, OS, deep);
	cr_expect_eq(result.status, 126, "%d", result.status);
	cr_expect_str_eq(report_at(&result, "status"), "rejected");
	result_free(&result);

	/* Its own ast, json and sitecustomize. */
	const char *more[] = {"ast.py", "json.py", "sitecustomize.py"};
	for (size_t i = 0; i < ARRAY_SIZE(more); i++) {
		RUN(&result, OPTIONS("--profile-file", profile(OS), "--env",
		                     "PYTHONPATH=/workspace", "--input",
		                     scratch_text(more[i], forge), "--code",
		                     SAY "; import os"));
		cr_expect_eq(result.status, 126, "%s: %d", more[i],
		             result.status);
		cr_expect_str_eq(report_at(&result, "findings.0.rule"),
		                 "blocked_modules");
		result_free(&result);
	}
	/* What the loader looks at is the program's. */
	RUN(&result, OPTIONS("--profile-file", profile(OS), "--env",
	                     "LD_TRACE_LOADED_OBJECTS=1", "--code", SAY));
	cr_expect_eq(result.status, 0, "%d %s", result.status, result.err.data);
	cr_expect_not_null(strstr(result.out.data, "libc.so.6"));
	result_free(&result);
}

/* A checker that comes to no end is no yes. */
Test(check, without_a_verdict_is_a_no)
{
	static const struct {
		const char *option, *value, *word;
	} rows[] = {
		{"--memory", "4M", "memory"},
		{"--cpu-time", "1ms", "CPU time"},
		{"--file-size", "0", NULL}, /* which a checker does not need */
	};
	/* Long, so that nobody is through with it before it is measured. */
	char code[100 * 1024] = "import os\n";
	struct result result;

	for (size_t at = strlen(code); at + 10 < sizeof(code); at += 9)
		memcpy(code + at, "x = 1234\n", 9);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		RUN(&result,
		    OPTIONS("--profile-file", profile(OS), rows[i].option,
		            rows[i].value, "--code", code));
		cr_expect_eq(result.status, 126, "%d", result.status);
		cr_expect_str_eq(report_at(&result, "status"), "rejected");
		if (rows[i].word)
			cr_expect(strstr(report_at(&result, "message"),
			                 rows[i].word),
			          "%s", report_at(&result, "message"));
		result_free(&result);
	}
}

/* Files beside the program are looked at as well, and may be imported. */
Test(check, sees_the_inputs)
{
	static const struct {
		const char *helper;
		int status;
	} rows[] = {{"x = 'helped'\n", 0}, {"import os\n", 126}};
	struct result result;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		RUN(&result,
		    OPTIONS("--profile-file", profile(MATH), "--input",
		            scratch_text("helper.py", rows[i].helper), "--code",
		            "import helper; print(helper.x)"));
		cr_expect_eq(result.status, rows[i].status, "%s",
		             result.err.data);
		cr_expect_str_eq(i ? report_at(&result, "findings.0.file")
		                   : result.out.data,
		                 i ? "helper.py" : "helped\n");
		result_free(&result);
	}
}

/* A request makes a profile's rules stricter, and never weaker. */
Test(check, of_a_request_adds_to_the_profile)
{
	static const struct {
		const char *check, *code;
		int status;
	} rows[] = {
		{"\"blocked_modules\": []", "import os", 126},
		{"\"allowed_modules\": [\"os\", \"math\"]", "import os", 126},
		{"\"allowed_modules\": [\"os\"]", "import math", 126},
		{"\"allowed_modules\": [\"math\"]", "import math", 0},
		{"\"max_code_bytes\": \"1M\"", "import math  #########", 126},
		{"\"max_code_bytes\": 11", "import math ", 126},
		{"\"max_code_bytes\": 11", "import math", 0},
	};
	char home[PATH_MAX];
	const char *env[] = {home, NULL};
	struct result result;

	(void)snprintf(home, sizeof(home), "XDG_CONFIG_HOME=%s", scratch(""));
	cr_assert_eq(mkdir(scratch("sbx"), 0755), 0);
	cr_assert_eq(mkdir(scratch("sbx/profiles"), 0755), 0);
	(void)scratch_text(
		"sbx/profiles/strict.json",
		"{\"extends\": \"base\", \"file\": \"code.py\", \"command\": "
		"[\"python3\", \"{file}\"], \"check\": {\"blocked_modules\": "
		"[\"os\"], \"allowed_modules\": [\"math\", \"os\"], "
		"\"max_code_bytes\": 20}}");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *request = scratch_text(
			"request.json",
			text_of("{\"profile\": \"strict\", \"code\": \"%s\", "
		                "\"check\": {%s}}",
		                rows[i].code, rows[i].check));

		RUN(&result, .env = env, OPTIONS("--request", request));
		cr_expect_eq(result.status, rows[i].status, "%s %s: %s",
		             rows[i].check, rows[i].code, result.err.data);
		cr_expect_str_eq(report_at(&result, "status"),
		                 rows[i].status ? "rejected" : "success");
		result_free(&result);
	}
}

/* The size is of every language, and nothing is built or started first. */
Test(check, of_the_size_is_for_all_languages)
{
	struct result result;

	RUN(&result,
	    OPTIONS("--profile-file",
	            scratch_text("profile.json",
	                         "{\"extends\": \"base\", \"command\": "
	                         "[\"sh\", \"{file}\"], \"check\": "
	                         "{\"max_code_bytes\": 10}}"),
	            "--code", "int main(void) { return 0; }"));
	cr_expect_eq(result.status, 126);
	cr_expect_str_eq(report_at(&result, "status"), "rejected");
	cr_expect_str_eq(report_at(&result, "stages"), "(none)");
	cr_expect_str_eq(report_at(&result, "message"),
	                 "rejected: program is 28 bytes, more than 10 "
	                 "(check.max_code_bytes)");
	result_free(&result);
}

/* Rules that nothing could hold the program to are an error, and no run. */
Test(check, that_cannot_be_made_is_an_error)
{
	static const char *const rows[][2] = {
		{"\"command\": [\"perl\", \"{file}\"]",
	         "check: there is no checker for perl, only for python; "
	         "max_code_bytes is for all"},
		{"\"command\": [\"python3\", \"{file}\"], \"build\": "
	         "{\"command\": [\"true\"]}",
	         "check: of a program that is built first, only "
	         "max_code_bytes can be checked"},
	};
	struct result result;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		RUN(&result,
		    OPTIONS("--profile-file",
		            scratch_text("profile.json",
		                         text_of("{\"extends\": \"base\", "
		                                 "\"check\": {" OS "}, %s}",
		                                 rows[i][0])),
		            "--code", "1"));
		cr_expect_eq(result.status, 125);
		cr_expect_str_eq(report_at(&result, "message"), rows[i][1]);
		result_free(&result);
	}
	RUN(&result,
	    OPTIONS("--profile-file", profile(OS), "--command", "--", "true"));
	cr_expect_eq(result.status, 125);
	cr_expect_str_eq(report_at(&result, "message"),
	                 "check: a command has no text to look at; give the "
	                 "program as a file or as code");
	result_free(&result);
}
