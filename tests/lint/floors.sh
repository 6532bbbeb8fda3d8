# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# Cases of tools/lint/floors; tests/lint/run reads this file.

# includes FILE NAME: FILE includes "NAME" in its second line.
includes()
{
	printf '/* a file */\n#include "%s"\n' "$2" | put "$1"
}

# takes FILE NAME: the same with <NAME>.
takes()
{
	printf '/* a file */\n#include <%s>\n' "$2" | put "$1"
}

# Up is refused, for each pair of neighbours; down is not.
up()
{
	includes "runtime/$1/x.c" "$2/y.h"
	includes "runtime/$2/y.h" sbx.h
	finds floors "runtime/$1/x.c:2: include points up: $1/ includes $2/y.h" \
		"up from $1 to $2"
	includes "runtime/$2/x.c" "$1/y.h"
	includes "runtime/$1/y.h" sbx.h
	passes floors "down from $2 to $1"
}

up base kernel
up kernel model
up model box
up box warm
up base box
includes runtime/warm/x.c exec/y.h
finds floors 'runtime/warm/x.c:2: include points up: warm/ includes exec/y.h' \
	'up from warm to exec'
includes runtime/warm/x.c sbxd/y.h
finds floors 'runtime/warm/x.c:2: include points up: warm/ includes sbxd/y.h' \
	'up from warm to sbxd'

# The other spellings of an upward include do not hide it.
takes runtime/base/x.c box/y.h
finds floors 'runtime/base/x.c:2: include points up: base/ includes box/y.h' \
	'up, in angle brackets'
printf '\t#  include\t"box/y.h"\n' | put runtime/base/x.c
finds floors 'runtime/base/x.c:1: include points up: base/ includes box/y.h' \
	'up, with blanks'
includes runtime/base/x.c ../box/y.h
: | put runtime/box/y.h
finds floors \
	'runtime/base/x.c:2: write "../box/y.h" from runtime/: "box/y.h"' \
	'up, by a relative path'
includes runtime/base/x.c y.h
: | put runtime/base/y.h
finds floors 'runtime/base/x.c:2: write "y.h" from runtime/: "base/y.h"' \
	'not from the root'

# Sideways is allowed, and so is the ground, which itself stands on nothing.
includes runtime/model/x.c model/y.h
includes runtime/model/y.h sbx.h
: | put runtime/sbx.h
passes floors 'sideways and to the ground'
includes runtime/sbx.h base/def.h
: | put runtime/base/def.h
finds floors \
	'runtime/sbx.h:2: the ground includes base/def.h: it may include nothing of ours' \
	'the ground stands on nothing'

# A folder that is no floor, and a way out of runtime/.
: | put runtime/misc/x.c
finds floors \
	'runtime/misc/x.c:1: on no floor; they are base, kernel, model, box, warm, zygote, exec, sbxd' \
	'a folder that is no floor'
: | put runtime/x.h
finds floors \
	'runtime/x.h:1: on no floor; they are base, kernel, model, box, warm, zygote, exec, sbxd' \
	'a second file beside sbx.h'
includes runtime/base/x.c ../../tools/y.h
: | put tools/y.h
finds floors \
	'runtime/base/x.c:2: runtime/ includes tools/y.h, which is outside of it' \
	'out of runtime/'

# Programs see sbx.h, base/ and their own folder.
includes runtime/exec/x.c model/spec.h
finds floors \
	'runtime/exec/x.c:2: exec/ is a program and includes model/spec.h: it may see sbx.h, base/ and its own folder' \
	'a program sees the library'
includes runtime/exec/x.c sbxd/y.h
finds floors \
	'runtime/exec/x.c:2: exec/ is a program and includes sbxd/y.h: it may see sbx.h, base/ and its own folder' \
	'a program sees another program'
includes runtime/exec/x.c base/text.h
includes runtime/exec/y.c exec/x.h
includes runtime/exec/z.c sbx.h
: | put runtime/sbx.h
passes floors 'what a program may see'

# tests/ and tools/ may include anything of runtime/.
includes tools/bench/x.c box/y.h
includes tests/unit/x.c exec/y.h
passes floors 'tools/ and tests/ see everything'

# A circle, of headers and of modules; one through three; none where the
# includes meet in one place.
includes runtime/base/a.h base/b.h
includes runtime/base/b.h base/a.h
finds floors \
	'runtime/base/b.h:2: include circle: runtime/base/a -> runtime/base/b -> runtime/base/a' \
	'a circle of headers'
includes runtime/base/a.c base/b.h
includes runtime/base/b.c base/a.h
: | put runtime/base/a.h
: | put runtime/base/b.h
finds floors \
	'runtime/base/b.c:2: include circle: runtime/base/a -> runtime/base/b -> runtime/base/a' \
	'a circle of modules'
includes runtime/base/a.h base/b.h
includes runtime/base/b.h base/c.h
includes runtime/base/c.h base/a.h
finds floors \
	'runtime/base/c.h:2: include circle: runtime/base/a -> runtime/base/b -> runtime/base/c -> runtime/base/a' \
	'a circle of three'
includes runtime/base/a.c base/a.h
includes runtime/base/a.h base/c.h
includes runtime/base/b.h base/c.h
includes runtime/base/d.c base/a.h
: | put runtime/base/c.h
passes floors 'no circle'

# Files of one noun are one module; that does not hide a circle with another.
includes runtime/base/a.c base/a_part.h
includes runtime/base/a_part.h base/a.h
: | put runtime/base/a.h
passes floors 'the parts of a module'
includes runtime/base/a.h base/a_part.h
includes runtime/base/a_part.h base/a.h
finds floors \
	'runtime/base/a_part.h:2: include circle: runtime/base/a.h -> runtime/base/a_part.h -> runtime/base/a.h' \
	'a circle inside of a module'
includes runtime/base/a_part.c base/b.h
includes runtime/base/b.c base/a.h
: | put runtime/base/a.h
: | put runtime/base/b.h
finds floors \
	'runtime/base/b.c:2: include circle: runtime/base/a -> runtime/base/b -> runtime/base/a' \
	'a circle through a part of a module'
includes runtime/base/a_x.c base/a_y.h
includes runtime/base/a_y.c base/a_x.h
: | put runtime/base/a_x.h
: | put runtime/base/a_y.h
finds floors \
	'runtime/base/a_y.c:2: include circle: runtime/base/a_x -> runtime/base/a_y -> runtime/base/a_x' \
	'a circle of two that only share a prefix'

# A library's header has its one place, and tests and tools are held to it.
library()
{
	takes "$1" "$2"
	finds floors "$1:2: <$2> is for $3 only" "$2 in $1"
}

filter='runtime/kernel/filter*.c and tools/gen*'
library runtime/kernel/notify.c seccomp.h "$filter"
library tests/unit/x.c seccomp.h "$filter"
library runtime/kernel/filter.h seccomp.h "$filter"
library runtime/kernel/ns.c sys/capability.h runtime/kernel/caps.c
library runtime/box/host.c netlink/netlink.h runtime/kernel/net.c
library runtime/model/spec.c yajl/yajl_parse.h 'runtime/base/json*.c'
library tools/bench/x.c yajl/yajl_gen.h 'runtime/base/json*.c'
library runtime/base/file.c nettle/sha2.h runtime/base/hash.c
takes runtime/kernel/filter.c seccomp.h
takes runtime/kernel/filter_build.c seccomp.h
takes tools/gen/known.c seccomp.h
takes runtime/kernel/caps.c sys/capability.h
takes runtime/kernel/net.c netlink/route/link.h
takes runtime/base/json.c yajl/yajl_parse.h
takes runtime/base/json_write.c yajl/yajl_gen.h
takes runtime/base/hash.c nettle/sha2.h
takes runtime/kernel/notify.c linux/seccomp.h
passes floors 'libraries in their place'
