# sbx: one plain Makefile, no configure step. `make help` lists the targets.
# Programs land in build/bin, libraries in build/lib, and run from there.

VERSION := 0.1.0
B ?= build
PREFIX ?= /usr/local
DESTDIR ?=
CC ?= gcc
PKGS := libseccomp libcap libnl-3.0 yajl nettle
.DEFAULT_GOAL := all

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wformat=2 -Wvla -Wpointer-arith -Wwrite-strings -Werror
HARDEN := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection
OPT ?= -O2 -g
CPPFLAGS += -D_GNU_SOURCE -Iruntime -I$(B)/gen
CFLAGS += -std=gnu11 $(OPT) -fPIC -fvisibility=hidden $(WARN) $(HARDEN) -MMD -MP
LDFLAGS += -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack
