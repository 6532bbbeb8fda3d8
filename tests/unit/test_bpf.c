/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>

#include "base/def.h"
#include "support/bpf.h"

static const struct seccomp_data data = {
	.nr = 7,
	.arch = 0xc000003e,
	.args = {0x1122334455667788, 3},
};

struct row {
	const char *what;
	struct sock_filter code[6];
	size_t n_code;
	uint32_t action;
};

#define K(code, k)                \
	{                         \
		(code), 0, 0, (k) \
	}
#define TEST(op, k, t, f)                     \
	{                                     \
		BPF_JMP | (op), (t), (f), (k) \
	}
#define LOAD(k) K(BPF_LD | BPF_W | BPF_ABS, (k))
#define END     K(BPF_RET | BPF_A, 0)

static const struct row rows[] = {
	{"the number", {LOAD(0), END}, 2, 7},
	{"the architecture", {LOAD(4), END}, 2, 0xc000003e},
	{"a low half", {LOAD(16), END}, 2, 0x55667788},
	{"a high half", {LOAD(20), END}, 2, 0x11223344},
	{"and", {LOAD(16), K(BPF_ALU | BPF_AND, 0xff), END}, 3, 0x88},
	{"shift", {LOAD(0), K(BPF_ALU | BPF_LSH, 4), END}, 3, 0x70},
	{"negation", {LOAD(0), K(BPF_ALU | BPF_NEG, 0), END}, 3, -7u},
	{"length", {K(BPF_LD | BPF_W | BPF_LEN, 0), END}, 2, 64},
	{"x", {K(BPF_LDX | BPF_IMM, 9), K(BPF_MISC | BPF_TXA, 0), END}, 3, 9},
	{"memory",
         {LOAD(0), K(BPF_ST, 15), K(BPF_LD | BPF_IMM, 1),
          K(BPF_LD | BPF_MEM, 15), END},
         5,
         7},
	{"division by x = 0 ends the thread",
         {LOAD(0), K(BPF_ALU | BPF_DIV | BPF_X, 0), END},
         3,
         0},
	{"jump", {K(BPF_JMP | BPF_JA, 1), K(BPF_RET, 1), K(BPF_RET, 2)}, 3, 2},
	{"equal holds",
         {LOAD(0), TEST(BPF_JEQ, 7, 0, 1), K(BPF_RET, 1), K(BPF_RET, 2)},
         4,
         1},
	{"equal does not hold",
         {LOAD(0), TEST(BPF_JEQ, 8, 0, 1), K(BPF_RET, 1), K(BPF_RET, 2)},
         4,
         2},
	{"greater or equal, unsigned",
         {LOAD(4), TEST(BPF_JGE, 8, 0, 1), K(BPF_RET, 1), K(BPF_RET, 2)},
         4,
         1},
	{"greater is not equal",
         {LOAD(0), TEST(BPF_JGT, 7, 0, 1), K(BPF_RET, 1), K(BPF_RET, 2)},
         4,
         2},
	{"any bit",
         {LOAD(0), TEST(BPF_JSET, 12, 0, 1), K(BPF_RET, 1), K(BPF_RET, 2)},
         4,
         1},
};

/* Each instruction does what the kernel's does. */
Test(bpf, runs)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint32_t action = 12345;

		cr_assert_null(bpf_check(rows[i].code, rows[i].n_code), "%s",
		               rows[i].what);
		cr_assert_eq(
			bpf_run(rows[i].code, rows[i].n_code, &data, &action),
			0, "%s", rows[i].what);
		cr_assert_eq(action, rows[i].action, "%s: %u", rows[i].what,
		             action);
	}
}

static const struct row wrong[] = {
	{"a load between two words", {LOAD(2), END}, 2, 0},
	{"a load behind the data", {LOAD(64), END}, 2, 0},
	{"a byte", {K(BPF_LD | BPF_B | BPF_ABS, 0), END}, 2, 0},
	{"a remainder", {K(BPF_ALU | BPF_MOD, 3), END}, 2, 0},
	{"a division by zero", {K(BPF_ALU | BPF_DIV, 0), END}, 2, 0},
	{"a shift too far", {K(BPF_ALU | BPF_LSH, 32), END}, 2, 0},
	{"a memory word 16", {K(BPF_ST, 16), END}, 2, 0},
	{"a jump to the end", {K(BPF_JMP | BPF_JA, 1), END}, 2, 0},
	{"a test to the end", {LOAD(0), TEST(BPF_JEQ, 8, 0, 1), END}, 3, 0},
	{"no return", {LOAD(0), LOAD(0)}, 2, 0},
	{"nothing", {END}, 0, 0},
};

/* What the kernel would not install is named, and does not run. */
Test(bpf, refuses)
{
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		uint32_t action = 12345;

		cr_assert_not_null(bpf_check(wrong[i].code, wrong[i].n_code),
		                   "%s", wrong[i].what);
		cr_assert_eq(
			bpf_run(wrong[i].code, wrong[i].n_code, &data, &action),
			-EINVAL, "%s", wrong[i].what);
		cr_assert_eq(action, 12345);
	}
}
