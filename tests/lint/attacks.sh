# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# Cases of tools/lint/attacks; tests/lint/run reads this file.

# table ROW...: these rows, from the third line on.
table()
{
	printf '| id | idea |\n|---|---|\n' >"$tree/.rows"
	printf '%s\n' "$@" >>"$tree/.rows"
	put tests/attack/README.md <"$tree/.rows"
	rm "$tree/.rows"
}

# attack_test LAYER NAME: a test of suite s there, in its first line.
attack_test()
{
	printf 'Test(s, %s)\n{\n}\n' "$2" | put "tests/$1/test_$2.c"
}

readme=tests/attack/README.md

attack_test attack F01_x
table "| F01 | i | c | l | \`s/F01_x\` |"
passes attacks "a row and its test"

attack_test box y
table "| F01 | i | c | l | \`box/s/y\` |" "| F02 | i | c | l | none: later |" \
	"| F02b | i | c | l | none: later |" "| K53 | i | c | l | none: later |"
passes attacks "a test of another layer, no test with a reason"

printf 'def test_x(build):\n    pass\n' | put tests/sbxd/test_http.py
table "| D01 | i | c | l | \`sbxd/http/x\` |"
passes attacks "a test in Python"

table "| D01 | i | c | l | \`sbxd/http/x\` |"
finds attacks "$readme:3: D01: there is no test sbxd/http/x" \
	"a test in Python that is not there"

attack_test attack F01_x
table "| F02 | i | c | l | \`s/F01_x\` |"
finds attacks "tests/attack/test_F01_x.c:1: s/F01_x is in no row of F01" \
	"a test in another's row"

attack_test attack F01_x
finds attacks "tests/attack/test_F01_x.c:1: s/F01_x is in no row of F01" \
	"a test without a row"

table "| F01 | i | c | l | \`s/F01_x\` |"
finds attacks "$readme:3: F01: there is no test s/F01_x" "a row without a test"

table "| F01 | i | c | l | \`box/s/y\` |"
finds attacks "$readme:3: F01: there is no test box/s/y" \
	"a row without a test of another layer"

table "| F01 | i | c | l | - |"
finds attacks "$readme:3: F01 has no test and does not say why" "no reason"

table "| F01 | i |  | l | none: later |"
finds attacks "$readme:3: F01 has an empty cell" "an empty cell"

table "| F01 | i | c | none: later |"
finds attacks "$readme:3: F01 has 4 cells, not 5" "a missing cell"

table "| F01 | i | c | l | none: later |" "| F01 | i | c | l | none: later |"
finds attacks "$readme:4: F01 is there twice" "an id that comes twice"

table "| F01 | i | c | l | none: later |" "| F03 | i | c | l | none: later |"
finds attacks "$readme:4: F03 does not follow F01" "a gap"

attack_test attack F01_x
table "| F01 | i | c | l | \`s/F01_x\` |"
echo "1 ideas, 1 attack tests" | put SECURITY.md
passes attacks "the numbers are right"

attack_test attack F01_x
table "| F01 | i | c | l | \`s/F01_x\` |"
echo "1 ideas, 2 attack tests" | put SECURITY.md
finds attacks "SECURITY.md:1: 1 attack tests, not 2" "a number that is not"
