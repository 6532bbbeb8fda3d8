# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# Cases of tools/lint/budgets; tests/lint/run reads this file.

# Length of files: at the limit is allowed, one more is not.
for top in runtime/base rootfs tools; do
	lines 400 '/* a line */' | put $top/x.c
	passes budgets "a file of 400 lines in $top"
	lines 401 '/* a line */' | put $top/x.c
	finds budgets "$top/x.c:1: 401 lines, more than 400" "401 in $top"
done
lines 600 '/* a line */' | put tests/unit/x.c
passes budgets 'a test of 600 lines'
lines 601 '/* a line */' | put tests/unit/x.c
finds budgets 'tests/unit/x.c:1: 601 lines, more than 600' '601 in tests'
lines 401 '# a line' | put tools/x.py
finds budgets 'tools/x.py:1: 401 lines, more than 400' '401 of python'
{ echo '#!/bin/sh'; lines 400 '# a line'; } | put tools/x
finds budgets 'tools/x:1: 401 lines, more than 400' '401 of a script'
lines 401 '{}' | put tools/x.json
passes budgets 'data is not measured'

# Length of functions, from the line with the name to the closing brace.
body()
{
	printf 'static int\n%s\n{\n' "$2"
	lines "$1" '	call(";}");'
	printf '}\n'
}

body 57 'f(void)' | put runtime/base/x.c
passes budgets 'a function of 60 lines'
body 58 'f(void)' | put runtime/base/x.c
finds budgets 'runtime/base/x.c:2: f() has 61 lines, more than 60' \
	'a function of 61 lines'
body 58 'Test(module, case)' | put tests/unit/x.c
finds budgets 'tests/unit/x.c:2: Test(module, case) has 61 lines, more than 60' \
	'a test of 61 lines'
{ printf 'extern "C" {\n'; body 58 'f(void)'; } | put tools/x.h
finds budgets 'tools/x.h:3: f() has 61 lines, more than 60' \
	'a function in extern "C"'
{ printf 'extern "C" {\n}\n'; body 58 'f(void)'; } | put tools/x.h
finds budgets 'tools/x.h:4: f() has 61 lines, more than 60' \
	'a function after extern "C"'
{ echo '__attribute__((noreturn))'; body 58 'f(int (*g)(int), int b)'; } |
	put tools/x.c
finds budgets 'tools/x.c:3: f() has 61 lines, more than 60' \
	'a function with an attribute and a function pointer'
{ echo 'static const int t[] = {'; lines 99 '	1,'; echo '};'; } |
	put runtime/base/x.c
passes budgets 'a long table is not a function'
{ echo 'def f():'; lines 60 '    pass'; } | put tools/x.py
finds budgets 'tools/x.py:1: f() has 61 lines, more than 60' \
	'a python function of 61 lines'
{ printf '#!/bin/sh\nf()\n{\n'; lines 58 '	:'; echo '}'; } | put tools/x
finds budgets 'tools/x:2: f() has 61 lines, more than 60' \
	'a shell function of 61 lines'

# Parameters. A variable part does not count, commas further inside neither.
put runtime/base/x.c <<'C'
int f(int a, int b, int c, int (*d)(int, int, int), int e, ...)
{
	return a;
}
int g(void)
{
	return 0;
}
C
passes budgets 'five parameters'
put runtime/base/x.c <<'C'
int
f(int a, int b, int c,
  int (*d)(int, int), int e, int g)
{
	return a;
}
C
finds budgets 'runtime/base/x.c:2: f() takes 6 parameters, more than 5' \
	'six parameters'
echo 'def f(a, b, c, d, e, *, g): pass' | put tools/x.py
finds budgets 'tools/x.py:1: f() takes 6 parameters, more than 5' \
	'six parameters of python'

# Mutable state: every shape of it.
state()
{
	printf '/* a file */\n%s\n' "$1" | put "${3:-runtime/base/x.c}"
	finds budgets \
		"${3:-runtime/base/x.c}:2: mutable state outside of an object: $2" \
		"state: $1"
}

state 'static int x;' 'static int x'
state 'int x = 1;' 'int x'
state 'static int x __attribute__((aligned(8)));' 'static int x'
state 'static int x[3];' 'static int x[3]'
state 'static int x[ROWS(y)] = {1};' 'static int x[ROWS(y)]'
state 'static struct s x = {.a = f(1)};' 'static struct s x'
state 'struct s { int a; } x;' 'struct s {} x'
state 'static const char *x;' 'static const char *x'
state 'static const char *x[] = {"a"};' 'static const char *x[]'
state 'static int (*x)(void);' 'static int (*x)(void)'
state 'static _Thread_local int x;' 'static _Thread_local int x'
state 'extern int x;' 'extern int x' runtime/model/x.h
state 'static volatile sig_atomic_t x;' 'static volatile sig_atomic_t x'
state 'static int x;' 'static int x' runtime/exec/x.c
state 'static int x;' 'static int x' runtime/sbxd/x.c
printf 'int f(void)\n{\n\tstatic int x = 1;\n\treturn x++;\n}\n' |
	put runtime/base/x.c
finds budgets \
	'runtime/base/x.c:3: mutable state outside of an object: static int x' \
	'state inside a function'
put runtime/base/x.c <<'C'
#define TABLE(x) \
	int y = x;
struct s;
struct s {
	int a;
};
struct p {
	int a;
} __attribute__((packed));
enum e { A, B = F(1) };
typedef int (*handler)(int);
_Static_assert(sizeof(int) == 4, "x; int y;");
int f(int a[static 2], int (*g)(void));
static const int t[] = {1, 2};
static const char *const names[] = {"int x;"};
static int (*const table[])(void) = {f};
static const struct s rows[ROWS(t)] = {{.a = 1}};
extern const struct s more[];
/* int z; */
int f(int a[static 2], int (*g)(void))
{
	static const char *const local = "x";
	int b = 1;

	return a[0] + b;
}
C
passes budgets 'constants, types and functions are no state'
echo 'static volatile sig_atomic_t stop;' | put runtime/exec/x.c
echo 'static int x;' | put tools/x.c
echo 'static int x;' | put tests/unit/x.c
passes budgets 'a signal flag of a program, and state outside of runtime/'

# Notes left behind, in comments, code and scripts.
for note in "TO""DO" "FIX""ME" "X""XX"; do
	printf '/* a file */\n/* %s: later */\n' $note | put runtime/base/x.c
	finds budgets "runtime/base/x.c:2: $note left" "$note in C"
	printf '# a file\n# %s\n' $note | put tests/x.sh
	finds budgets "tests/x.sh:2: $note left" "$note in a script"
done
echo 'static const char *const name = "/tmp/x-XXXXXX";' | put tools/x.c
passes budgets 'the name of a temporary file is no note'

# Calls that a library does not make.
call()
{
	printf 'void f(void)\n{\n\t%s\n}\n' "$1" | put runtime/model/x.c
	finds budgets "runtime/model/x.c:3: $2" "call: $1"
	printf 'void f(void)\n{\n\t%s\n}\n' "$1" | put runtime/exec/x.c
	passes budgets "call in a program: $1"
}

for name in exit quick_exit abort printf vprintf puts putchar perror getenv \
	secure_getenv system popen; do
	call "$name(1);" "the library calls $name()"
done
call 'fprintf(stderr, "x");' 'the library prints: fprintf(... stderr)'
call 'fputs("a;b", stdout);' 'the library prints: fputs(... stdout)'
put runtime/model/x.c <<'C'
/* printf("x") and exit(1) are for programs. */
void f(struct s *s)
{
	dprintf_like(3, "exit(1)");
	snprintf(s->text, 3, "x");
	s->exit(s);
	_exit(1);
	g(s->stderr, s->report.stdout);
}
C
passes budgets 'what only looks like such a call'
