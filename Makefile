# sbx: one plain Makefile, no configure step. `make help` lists the targets.
# Programs land in build/bin, libraries in build/lib, and run from there.

VERSION := 0.1.0
B ?= build
PREFIX ?= /usr/local
DESTDIR ?=
ifeq ($(origin CC),default)
CC := gcc
endif
# make V=1 shows the commands.
Q := $(if $(V),,@)
PKGS := libseccomp libcap libnl-3.0 yajl nettle
.DEFAULT_GOAL := all
comma := ,

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wformat=2 -Wvla -Wpointer-arith -Wwrite-strings -Werror
HARDEN := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection
# Where the processor can check jumps.
HARDEN += $(if $(filter x86_64,$(shell uname -m)),-fcf-protection)
OPT ?= -O2 -g
CPPFLAGS += -D_GNU_SOURCE -Iruntime -I$(B)/gen
CFLAGS += -std=gnu11 $(OPT) -fPIC -fvisibility=hidden $(WARN) $(HARDEN) -MMD -MP
LDFLAGS += -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack

# ---- what there is ----
LIB_SRC := $(wildcard runtime/base/*.c runtime/kernel/*.c runtime/model/*.c runtime/box/*.c \
	runtime/warm/*.c)
EXEC_SRC := $(wildcard runtime/exec/*.c)
SBXD_SRC := $(wildcard runtime/sbxd/*.c) runtime/exec/profiles.c runtime/exec/place.c \
	runtime/exec/audit.c runtime/exec/cache.c runtime/exec/scope.c
GEN_SRC := $(wildcard tools/gen/filter-*.c)
SETS := $(wildcard profiles/seccomp/*.json)
PROFILES := $(wildcard profiles/*.json)
BATCH_SRC := $(wildcard tools/batch/*.c)
PROGRAMS := $(addprefix $(B)/bin/,sbx-exec sbx-batch sbx-check sbx-session sbx-trace sbxd sbx-rootfs)
MAN := $(addprefix $(B)/share/man/,$(foreach page,$(notdir $(basename $(wildcard man/*.in)) $(filter-out %.in,$(wildcard man/*))),\
	man$(subst .,,$(suffix $(page)))/$(page)))
ROOTFS_LIB := $(wildcard rootfs/lib/*.py)
RECIPES := $(wildcard rootfs/recipes/*.json)
SUPPORT_SRC := $(wildcard tests/support/*.c)
PROG_SRC := $(wildcard tests/support/prog/*.c tests/attack/prog/*.c)

obj = $(patsubst %.c,$(B)/obj/%.o,$(1))
LIB_OBJ := $(call obj,$(LIB_SRC)) $(B)/obj/gen/filter_sets.o
EXEC_OBJ := $(call obj,$(EXEC_SRC))
CHECK_OBJ := $(call obj,$(wildcard tools/check/*.c))
TRACE_OBJ := $(call obj,$(wildcard tools/trace/*.c))
SBXD_OBJ := $(call obj,$(SBXD_SRC))

CFLAGS_LIBS := $(shell pkg-config --cflags $(PKGS))
# sbx-exec is linked statically: loading five libraries costs as much as a
# third of a sandbox. libsbx.so is linked as any library is.
STATIC_LIBS := -l:libseccomp.a -l:libcap.a -l:libnl-3.a -l:libyajl_s.a -l:libnettle.a
# libnl's archive drags resolver calls in, which nobody makes; ld warns of them.
QUIET := -Wl,--no-warnings
SHARED_LIBS := $(shell pkg-config --libs $(PKGS))

.PHONY: all run check check-vm lint asan bench bench-vm install uninstall clean deps help
.PHONY: objects tests fuzz fuzzers man fidelity slurm soak load soak-vm thorough deb wheel
all: $(PROGRAMS) $(B)/libexec/sbx/sbx-scope \
  $(B)/lib/libsbx.a $(B)/lib/libsbx.so $(B)/lib/pkgconfig/sbx.pc \
  $(B)/share/sbx/profiles $(MAN)

objects: $(call obj,$(wildcard tools/scope/*.c)) $(LIB_OBJ) $(EXEC_OBJ) $(CHECK_OBJ) $(TRACE_OBJ) $(SBXD_OBJ) $(call obj,$(BATCH_SRC) $(wildcard tools/bench/*.c))

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(CFLAGS_LIBS) -c -o $@ $<

$(B)/obj/tests/%.o: CPPFLAGS += -Itests -Itools/gen

$(B)/obj/gen/filter_sets.o: $(B)/gen/filter_sets.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

# The rule sets become constant tables at build time.
$(B)/gen/filter_sets.c: $(B)/tool/filter-sets $(SETS)
	@mkdir -p $(@D)
	$(Q)$(B)/tool/filter-sets $(SETS) >$@.tmp && mv $@.tmp $@

# Agents and checkers are texts in the library: a row of name and text for each.
# CPython keeps what it has parsed of its main file, to free it at its end, in
# the way of every run: that agent is a text which the file compiles.
FIRST_python := "exec(compile(r\"\"\"\n"
LAST_python := "\"\"\", \"sbx\", \"exec\"))\n"
$(B)/gen/agents.inc: $(wildcard runtime/zygotes/*)
	@mkdir -p $(@D)
	$(Q){ $(foreach agent,$(basename $(notdir $^)),\
	  printf '%s\n' '{"$(agent)",' '$(FIRST_$(agent))'; \
	  $(AS_C_STRINGS) $(wildcard runtime/zygotes/$(agent).*); \
	  printf '%s\n' '$(LAST_$(agent))},';) } >$@
$(B)/gen/checkers.inc: $(wildcard runtime/checkers/*)
	@mkdir -p $(@D)
	$(Q){ $(foreach checker,$(basename $(notdir $^)),\
	  echo '{"$(checker)",'; \
	  $(AS_C_STRINGS) $(wildcard runtime/checkers/$(checker).*); echo '},';) } >$@
# The dashboard of sbxd is text in it, too.
$(B)/gen/page.inc: runtime/sbxd/page.html
	@mkdir -p $(@D)
	$(Q)$(AS_C_STRINGS) $< >$@
$(B)/obj/runtime/sbxd/page.o: $(B)/gen/page.inc
AS_C_STRINGS := sed -e 's/\\/\\\\/g; s/"/\\"/g; s/^/"/; s/$$/\\n"/'
$(B)/obj/runtime/warm/agent.o: $(B)/gen/agents.inc
$(B)/obj/runtime/model/check.o: $(B)/gen/checkers.inc

# A zygote's module is bytes in the library: it is made of the library's own
# objects, but for those that hold it.
CORE_OBJ := $(filter-out $(B)/obj/runtime/warm/%,$(LIB_OBJ))
$(B)/lib/zygote/%.so: $(B)/obj/runtime/zygote/%.o $(CORE_OBJ)
	@mkdir -p $(@D)
	$(Q)rm -f $(B)/obj/core.a && ar rcs $(B)/obj/core.a $(CORE_OBJ)
	$(Q)$(CC) -shared -s $(CFLAGS) $(LDFLAGS) -Wl,--gc-sections \
	  -Wl,--exclude-libs,ALL -o $@ $< $(B)/obj/core.a $(STATIC_LIBS)

$(B)/gen/zygote-%.inc: $(B)/lib/zygote/%.so
	@mkdir -p $(@D)
	$(Q)od -An -v -tu1 $< | sed 's/  *\([0-9]\)/,\1/g; 1s/^,//' >$@
$(B)/obj/runtime/warm/module.o: $(B)/gen/zygote-python.inc

$(B)/tool/filter-sets: $(call obj,$(GEN_SRC) $(wildcard runtime/base/*.c))
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lseccomp -lyajl -lnettle

$(B)/bin/sbx-exec: $(EXEC_OBJ)
$(B)/bin/sbx-check: $(CHECK_OBJ) $(call obj,$(addprefix runtime/exec/,profiles.c scope.c place.c))
$(B)/bin/sbx-session: $(call obj,$(wildcard tools/session/*.c))
$(B)/bin/sbx-trace: $(TRACE_OBJ) $(filter-out %/main.o,$(EXEC_OBJ))
$(B)/bin/sbx-batch: $(call obj,$(BATCH_SRC) $(addprefix runtime/exec/,profiles.c place.c scope.c client.c audit.c store.c cache.c run.c))
$(addprefix $(B)/bin/,sbx-exec sbx-check sbx-session sbx-trace sbx-batch): $(LIB_OBJ)
	@mkdir -p $(@D)
	$(Q)$(CC) -static-pie $(CFLAGS) $(LDFLAGS) $(QUIET) -o $@ $^ $(STATIC_LIBS)

# The one program that loads libsystemd.
$(B)/libexec/sbx/sbx-scope: $(call obj,$(wildcard tools/scope/*.c))
	@mkdir -p $(@D)
	$(Q)$(CC) -pie $(CFLAGS) $(LDFLAGS) -o $@ $^ -lsystemd

# Of the programs this one alone needs HTTP.
$(B)/bin/sbxd: $(SBXD_OBJ) $(LIB_OBJ)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(SHARED_LIBS) -lmicrohttpd

$(B)/lib/libsbx.a: $(LIB_OBJ)
	@mkdir -p $(@D)
	$(Q)rm -f $@ && ar rcs $@ $^

$(B)/lib/libsbx.so: $(LIB_OBJ) runtime/sbx.map
	@mkdir -p $(@D)
	$(Q)$(CC) -shared $(CFLAGS) $(LDFLAGS) -Wl,-soname,libsbx.so.0 \
	  -Wl,--version-script=runtime/sbx.map -o $@ $(LIB_OBJ) $(SHARED_LIBS)
	@ln -sf libsbx.so $(B)/lib/libsbx.so.0

$(B)/share/sbx/profiles: $(PROFILES)
	@mkdir -p $@
	$(Q)cp $(PROFILES) $@/
	@touch $@

# Not compiled: it finds the rest in share/sbx next to its own directory.
$(B)/bin/sbx-rootfs: rootfs/sbx-rootfs $(ROOTFS_LIB) $(RECIPES)
	@mkdir -p $(B)/bin $(B)/share/sbx/rootfs $(B)/share/sbx/recipes
	$(Q)cp $(ROOTFS_LIB) $(B)/share/sbx/rootfs/
	$(Q)cp $(RECIPES) $(B)/share/sbx/recipes/
	$(Q)cp $< $@

$(B)/lib/pkgconfig/sbx.pc: Makefile
	@mkdir -p $(@D)
	$(Q)printf '%s\n' 'prefix=$(PREFIX)' 'Name: sbx' \
	  'Description: run untrusted programs in a sandbox' 'Version: $(VERSION)' \
	  'Requires.private: $(PKGS)' 'Libs: -L$${prefix}/lib -lsbx' \
	  'Cflags: -I$${prefix}/include' >$@

# ---- the manual ----
man: $(MAN)

$(B)/tool/options-mdoc: $(call obj,tools/gen/options-mdoc.c runtime/exec/help.c runtime/exec/options.c runtime/exec/options_check.c runtime/exec/options_table.c tools/trace/options.c) $(B)/lib/libsbx.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(SHARED_LIBS)

OPTION_PAGES := $(addprefix $(B)/share/man/man1/,sbx-exec.1 sbx-trace.1)
$(OPTION_PAGES): $(B)/share/man/man1/%: man/%.in $(B)/tool/options-mdoc
	@mkdir -p $(@D)
	$(Q)$(B)/tool/options-mdoc $(basename $*) | sed -e '/^@OPTIONS@$$/{r /dev/stdin' -e 'd}' $< >$@

# The example in the manual is the one that is built and run.
$(B)/share/man/man3/sbx.3: man/sbx.3.in examples/run.c
	@mkdir -p $(@D)
	$(Q)sed -e 's/\\/\\e/g' examples/run.c | \
	  sed -e '/^@EXAMPLE@$$/{r /dev/stdin' -e 'd}' $< >$@

$(filter-out $(OPTION_PAGES) %/sbx.3,$(MAN)): $(wildcard man/*)
	@mkdir -p $(@D)
	$(Q)cp man/$(@F) $@

# ---- the bench ----
BENCH_SRC := $(wildcard tools/bench/*.c)
BENCH_OBJ := $(call obj,$(BENCH_SRC))
BENCH_DATA := $(addprefix $(B)/lib/bench/,nsprobe floor code.py code.js arrays.py forks.py waits.js)

BENCH_OBJ += $(B)/obj/runtime/exec/client.o
$(B)/bin/sbx-bench: $(BENCH_OBJ) $(B)/lib/libsbx.a $(BENCH_DATA)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(BENCH_OBJ) $(B)/lib/libsbx.a -lyajl -lnettle

# What the contenders run: it proves where it ran; and the least of them.
$(B)/lib/bench/nsprobe $(B)/lib/bench/floor: $(B)/lib/bench/%: tools/bench/inside/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -std=gnu11 -Os $(WARN) -static -o $@ $<

$(filter %.py %.js,$(BENCH_DATA)): $(B)/lib/bench/%: tools/bench/inside/%
	@mkdir -p $(@D)
	$(Q)cp $< $@

# ---- tests ----
# Criterion test programs: one for each layer, every file of it linked in.
TEST_LIBS := -lcriterion $(SHARED_LIBS)
GEN_OBJ := $(filter-out %/filter-sets.o,$(call obj,$(GEN_SRC)))
# What of sbxd is pure.
SBXD_PURE := $(call obj,$(addprefix runtime/sbxd/,address.c head.c peer.c silent.c tokens.c who.c))
SUPPORT_OBJ := $(call obj,$(SUPPORT_SRC))
TEST_LAYERS := unit gen golden box warm attack fault
TEST_SCRIPTS := example lint bench python check trace sbxd pool tree rootfs fuzz audit soak languages launch vm

define test_program
$(B)/test/$(1): $$(call obj,$$(wildcard tests/$(1)/test_*.c)) $(SUPPORT_OBJ) $(LIB_OBJ) \
  $$(filter-out %/main.o,$(EXEC_OBJ)) $(if $(filter gen,$(1)),$(GEN_OBJ)) \
  $$(if $$(filter unit,$(1)),$$(filter-out %/main.o,$(CHECK_OBJ) $(TRACE_OBJ)) $(SBXD_PURE))
	@mkdir -p $$(@D)
	$$(Q)$(CC) $(CFLAGS) -o $$@ $$^ $(TEST_LIBS)
endef
$(foreach layer,$(TEST_LAYERS),$(eval $(call test_program,$(layer))))

# What the tests run inside of boxes: static, so that it is the same everywhere.
PROG := $(patsubst %.c,$(B)/test/prog/%,$(notdir $(PROG_SRC)))
vpath %.c tests/support/prog tests/attack/prog
$(B)/test/prog/%: %.c
	@mkdir -p $(@D)
	$(Q)$(CC) -D_GNU_SOURCE -std=gnu11 -O2 $(WARN) -static -pthread -o $@ $<

# sbx-exec with a layer taken out: what proves that an attack is one.
WRAPPED := sbx_plan_make sbx_box_confine sbx_confine_maker landlock_restrict pmu_open caps_drop idmap_write prctl close_range setsid
$(B)/test/sbx-weak: $(call obj,tests/attack/weak.c) $(EXEC_OBJ) $(LIB_OBJ)
	@mkdir -p $(@D)
	$(Q)$(CC) -static-pie $(CFLAGS) $(LDFLAGS) $(QUIET) \
	  $(addprefix -Wl$(comma)--wrap=,$(WRAPPED)) -o $@ $^ $(STATIC_LIBS)

$(B)/test/example-run: examples/run.c $(B)/lib/libsbx.so
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c11 -pedantic -Wall -Wextra -Werror -Iruntime -o $@ $< \
	  -L$(B)/lib -lsbx -Wl,-rpath,$(abspath $(B)/lib)

# Fuzz targets: with a main that replays files for make check, and as libFuzzer
# wants them for make fuzz, in a build of their own.
FUZZ := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_OBJ := $(call obj,tests/support/facts.c tests/support/child.c) $(SBXD_PURE) $(LIB_OBJ)
$(B)/test/fuzz/%: $(B)/obj/tests/fuzz/fuzz_%.o $(call obj,tests/fuzz/replay.c) $(FUZZ_OBJ)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(SHARED_LIBS)

$(B)/fuzz/%: $(B)/obj/tests/fuzz/fuzz_%.o $(FUZZ_OBJ)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -fsanitize=fuzzer,address,undefined -o $@ $^ $(SHARED_LIBS)

.SECONDARY: $(FUZZ:%=$(B)/obj/tests/fuzz/fuzz_%.o) $(call obj,tests/fuzz/replay.c)
fuzzers: $(FUZZ:%=$(B)/fuzz/%)

tests: $(FUZZ:%=$(B)/test/fuzz/%) $(if $(filter box,$(TEST_LAYERS)),$(PROG) $(B)/test/example-run $(B)/test/sbx-weak) $(addprefix $(B)/test/,$(TEST_LAYERS))

check: export SBX_MUST_WORK ?=
check:
	@tools/deps check
	@tools/deps vm || :
	@+$(MAKE) --no-print-directory -s all tests $(B)/bin/sbx-bench
	@tests/run $(B) $(TEST_LAYERS) $(TEST_SCRIPTS)

# What wants a machine of its own, in QEMU: with systemd and a delegated cgroup.
# KERNEL=backports: with a newer kernel; =ubuntu: its AppArmor. soak-vm has no
# bounds on what takes long: an hour.
check-vm soak-vm: export SBX_MUST_WORK ?=
check-vm soak-vm:
	@tools/deps check
	@tools/deps vm
	@+$(MAKE) --no-print-directory -s all tests
	@tests/vm/run $(B) --kernel $(or $(KERNEL),stable) $(if $(filter soak-vm,$@),--full)

# The pure layers again, with every memory error and every undefined
# operation an end.
ASAN_OPT := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
asan:
	@tools/deps check
	@+$(MAKE) --no-print-directory -s B=$(B)-asan OPT='$(ASAN_OPT)' HARDEN= TEST_LAYERS='unit gen golden' tests
	@tests/run $(B)-asan unit gen golden fuzz

# Every target hunts for T seconds. What it finds new stays in build-fuzz.
FUZZ_OPT := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
fuzz:
	@tools/deps lint
	@+$(MAKE) --no-print-directory -s B=$(B)-fuzz CC=clang OPT='$(FUZZ_OPT)' HARDEN= fuzzers
	@tests/fuzz/hunt $(B)-fuzz $(or $(T),60) $(FUZZ)

lint:
	@tools/deps lint
	@+$(MAKE) --no-print-directory -s $(B)/gen/filter_sets.c $(B)/gen/agents.inc $(B)/gen/checkers.inc $(B)/gen/page.inc $(B)/gen/zygote-python.inc
	@tools/lint/run

bench:
	@tools/deps check
	@+$(MAKE) --no-print-directory -s all $(B)/bin/sbx-bench
	$(B)/bin/sbx-bench
	tools/bench/batch $(B)
	tools/bench/languages $(B)

# What a cgroup costs a run, where one is delegated: back to back, and with
# pauses. Each ends without a verdict if the host has other work.
bench-vm:
	@tools/deps build
	@tools/deps vm
	@+$(MAKE) --no-print-directory -s all $(B)/bin/sbx-bench
	@status=0; for gap in 0 200ms; do \
	  tools/vm/run --timeout 7200 --copy $(B)/bin --copy $(B)/share \
	    --copy $(B)/lib/bench -- \
	    $(B)/bin/sbx-bench --group cgroup --gap $$gap || status=$$?; \
	done; exit $$status

# The suites of CPython, Perl and Node.js packages, outside and inside a box:
# a quarter of an hour.
fidelity:
	@tools/deps check
	@+$(MAKE) --no-print-directory -s all
	@tests/fidelity/run $(B)

# N runs of all kinds, and 200 whose sbx-exec is killed at any moment: 20000
# runs are half an hour on two processors.
soak:
	@tools/deps check
	@+$(MAKE) --no-print-directory -s all tests
	@tests/soak/run $(B) $(or $(N),20000)
	@tests/soak/run --only 'killed*' $(B) 200

# sbxd under mixed load for T seconds, with what dies at random; an hour.
load:
	@tools/deps check
	@+$(MAKE) --no-print-directory -s all
	@tests/sbxd/load $(B) $(or $(T),3600)

# sbx-slurm-submit on a cluster in miniature, which loses a node: some minutes.
slurm:
	@tools/deps slurm
	@+$(MAKE) --no-print-directory -s all
	@tests/slurm/run $(B)

# What takes the place of subprocess, in full: batches that are killed 50 times
# over, all harnesses. Root trees and layers of real packages, from their
# mirrors. A quarter of an hour.
thorough:
	@tools/deps check
	@+$(MAKE) --no-print-directory -s all
	@SBX_THOROUGH=1 tests/python/run $(B)
	@SBX_THOROUGH=1 tests/rootfs/run $(B)

# ---- use ----
deps:
	@tools/deps check

run:
	@tools/deps run
	@+$(MAKE) --no-print-directory -s all
	$(B)/bin/sbx-exec --profile python --code 'print("hello from a sandbox:", 6 * 7)'

DATA := $(DESTDIR)$(PREFIX)/share/sbx
# Where Debian's interpreter looks: for local software with its own version.
PYTHON_LIB = $(if $(filter /usr,$(PREFIX)),python3,$(shell python3 -c \
  'import sys; print("python%d.%d" % sys.version_info[:2])'))
PYTHON = $(DESTDIR)$(PREFIX)/lib/$(PYTHON_LIB)/dist-packages/sbx
# By which pip knows the package, and pytest its plugin.
DIST = $(PYTHON)-$(VERSION).dist-info
# AppArmor 4 alone knows of user namespaces.
AA := $(DESTDIR)/etc/apparmor.d
APPARMOR ?= $(if $(wildcard $(AA)/abi/4.0),yes)
UNITS := $(DESTDIR)$(PREFIX)/lib/systemd
install: all
	install -D -t $(DESTDIR)$(PREFIX)/bin $(PROGRAMS)
	install -D -t $(DESTDIR)$(PREFIX)/libexec/sbx $(B)/libexec/sbx/sbx-scope
	install -D -m644 -t $(DESTDIR)$(PREFIX)/include runtime/sbx.h
	install -D -m644 -t $(DESTDIR)$(PREFIX)/lib $(B)/lib/libsbx.a
	install -D -m644 $(B)/lib/libsbx.so $(DESTDIR)$(PREFIX)/lib/libsbx.so.$(VERSION)
	ln -sf libsbx.so.$(VERSION) $(DESTDIR)$(PREFIX)/lib/libsbx.so.0
	ln -sf libsbx.so.0 $(DESTDIR)$(PREFIX)/lib/libsbx.so
	install -d $(DESTDIR)$(PREFIX)/lib/pkgconfig
	sed 's|^prefix=.*|prefix=$(PREFIX)|' $(B)/lib/pkgconfig/sbx.pc >$(DESTDIR)$(PREFIX)/lib/pkgconfig/sbx.pc
	install -D -m644 -t $(DATA)/profiles $(PROFILES)
	install -D -t $(DESTDIR)$(PREFIX)/bin tools/slurm/sbx-slurm-submit
	install -D -m644 -t $(DATA)/slurm tools/slurm/shard.sbatch
	install -D -m644 -t $(DATA)/rootfs $(ROOTFS_LIB)
	install -D -m644 -t $(DATA)/recipes $(RECIPES)
	install -D -m644 -t $(PYTHON) tools/python/sbx/py.typed $(wildcard tools/python/sbx/*.py)
	install -d $(DIST)
	printf 'Metadata-Version: 2.1\nName: sbx\nVersion: %s\n' $(VERSION) >$(DIST)/METADATA
	printf '[pytest11]\nsbx = sbx.pytest_plugin\n' >$(DIST)/entry_points.txt
	tools/systemd/units $(UNITS) $(PREFIX)/bin
	$(if $(filter yes,$(APPARMOR)),install -d $(AA) && \
	  sed 's|@PREFIX@|$(PREFIX)|' tools/apparmor/sbx >$(AA)/sbx)
	$(foreach page,$(MAN:$(B)/%=%),install -D -m644 $(B)/$(page) $(DESTDIR)$(PREFIX)/$(page) &&) :
	for kind in system user; do \
	  install -D -m644 -t $(UNITS)/$$kind tools/systemd/sbxd.socket; \
	  sed 's|@PREFIX@|$(PREFIX)|' tools/systemd/sbxd.service >$(UNITS)/$$kind/sbxd.service; done
	$(if $(DESTDIR),,-[ "$$(id -u)" != 0 ] || PATH=$$PATH:/sbin:/usr/sbin ldconfig)

uninstall:
	rm -f $(AA)/sbx $(DESTDIR)$(PREFIX)/bin/sbx-slurm-submit
	rm -f $(patsubst $(B)/%,$(DESTDIR)$(PREFIX)/%,$(PROGRAMS)) $(DESTDIR)$(PREFIX)/include/sbx.h
	rm -f $(DESTDIR)$(PREFIX)/lib/libsbx.* $(DESTDIR)$(PREFIX)/lib/pkgconfig/sbx.pc
	rm -f $(patsubst $(B)/%,$(DESTDIR)$(PREFIX)/%,$(MAN))
	rm -f $(foreach kind,system user,$(addprefix $(UNITS)/$(kind)/,\
	  sbx@.service sbx-once@.service sbx-once@.timer sbxd.socket sbxd.service))
	rm -rf $(DATA) $(wildcard $(DESTDIR)$(PREFIX)/lib/python3*/dist-packages/sbx)
	rm -rf $(wildcard $(DESTDIR)$(PREFIX)/lib/python3*/dist-packages/sbx-*.dist-info) $(DESTDIR)$(PREFIX)/libexec/sbx

# What can be handed on: a Debian package of all, and a wheel of the Python part.
deb: all
	@tools/debian/build $(B) $(B)
wheel:
	@mkdir -p $(B)
	@tools/python/wheel $(B)

help:
	@sed -n 's/^\([a-z-]*\):.*/\1/p' Makefile | sort -u

clean:
	rm -rf build build-*

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
