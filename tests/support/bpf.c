/* SPDX-License-Identifier: MIT */
#include "support/bpf.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/def.h"

struct machine {
	const struct seccomp_data *data;
	uint32_t a;
	uint32_t x;
	uint32_t memory[BPF_MEMWORDS];
};

/* Every instruction that seccomp_check_filter() of the kernel lets through;
 * BPF_MOD and loads of other widths are not among them. */
static const uint16_t known[] = {
	BPF_LD | BPF_W | BPF_ABS,
	BPF_LD | BPF_W | BPF_LEN,
	BPF_LDX | BPF_W | BPF_LEN,
	BPF_LD | BPF_IMM,
	BPF_LDX | BPF_IMM,
	BPF_LD | BPF_MEM,
	BPF_LDX | BPF_MEM,
	BPF_ST,
	BPF_STX,
	BPF_RET | BPF_K,
	BPF_RET | BPF_A,
	BPF_ALU | BPF_ADD | BPF_K,
	BPF_ALU | BPF_ADD | BPF_X,
	BPF_ALU | BPF_SUB | BPF_K,
	BPF_ALU | BPF_SUB | BPF_X,
	BPF_ALU | BPF_MUL | BPF_K,
	BPF_ALU | BPF_MUL | BPF_X,
	BPF_ALU | BPF_DIV | BPF_K,
	BPF_ALU | BPF_DIV | BPF_X,
	BPF_ALU | BPF_AND | BPF_K,
	BPF_ALU | BPF_AND | BPF_X,
	BPF_ALU | BPF_OR | BPF_K,
	BPF_ALU | BPF_OR | BPF_X,
	BPF_ALU | BPF_XOR | BPF_K,
	BPF_ALU | BPF_XOR | BPF_X,
	BPF_ALU | BPF_LSH | BPF_K,
	BPF_ALU | BPF_LSH | BPF_X,
	BPF_ALU | BPF_RSH | BPF_K,
	BPF_ALU | BPF_RSH | BPF_X,
	BPF_ALU | BPF_NEG,
	BPF_MISC | BPF_TAX,
	BPF_MISC | BPF_TXA,
	BPF_JMP | BPF_JA,
	BPF_JMP | BPF_JEQ | BPF_K,
	BPF_JMP | BPF_JEQ | BPF_X,
	BPF_JMP | BPF_JGE | BPF_K,
	BPF_JMP | BPF_JGE | BPF_X,
	BPF_JMP | BPF_JGT | BPF_K,
	BPF_JMP | BPF_JGT | BPF_X,
	BPF_JMP | BPF_JSET | BPF_K,
	BPF_JMP | BPF_JSET | BPF_X,
};

static bool is_known(uint16_t code)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i] == code)
			return true;
	return false;
}

static bool is_memory(uint16_t code)
{
	return code == (BPF_LD | BPF_MEM) || code == (BPF_LDX | BPF_MEM) ||
	       code == BPF_ST || code == BPF_STX;
}

static const char *check_one(const struct sock_filter *at, size_t left)
{
	if (!is_known(at->code))
		return "an instruction that seccomp does not take";
	if (at->code == (BPF_LD | BPF_W | BPF_ABS) &&
	    (at->k % 4 || at->k > sizeof(struct seccomp_data) - 4))
		return "a load outside struct seccomp_data";
	if (is_memory(at->code) && at->k >= BPF_MEMWORDS)
		return "a memory word that there is not";
	if (at->code == (BPF_ALU | BPF_DIV | BPF_K) && at->k == 0)
		return "a division by zero";
	if ((at->code == (BPF_ALU | BPF_LSH | BPF_K) ||
	     at->code == (BPF_ALU | BPF_RSH | BPF_K)) &&
	    at->k > 31)
		return "a shift by more than 31";
	if (at->code == (BPF_JMP | BPF_JA) && at->k >= left)
		return "a jump out of the program";
	if (BPF_CLASS(at->code) == BPF_JMP && BPF_OP(at->code) != BPF_JA &&
	    (at->jt >= left || at->jf >= left))
		return "a test that leads out of the program";
	return NULL;
}

const char *bpf_check(const struct sock_filter *code, size_t n_code)
{
	if (n_code == 0 || n_code > BPF_MAXINSNS)
		return "no instruction, or too many";
	for (size_t i = 0; i < n_code; i++) {
		const char *wrong = check_one(&code[i], n_code - 1 - i);

		if (wrong)
			return wrong;
	}
	if (BPF_CLASS(code[n_code - 1].code) != BPF_RET)
		return "no return at the end";
	return NULL;
}

static uint32_t calculate(uint16_t code, uint32_t a, uint32_t b)
{
	switch (BPF_OP(code)) {
	case BPF_ADD:
		return a + b;
	case BPF_SUB:
		return a - b;
	case BPF_MUL:
		return a * b;
	case BPF_DIV:
		return a / b;
	case BPF_AND:
		return a & b;
	case BPF_OR:
		return a | b;
	case BPF_XOR:
		return a ^ b;
	case BPF_LSH:
		return a << (b & 31);
	case BPF_RSH:
		return a >> (b & 31);
	default:
		return -a;
	}
}

static bool holds(uint16_t code, uint32_t a, uint32_t b)
{
	switch (BPF_OP(code)) {
	case BPF_JEQ:
		return a == b;
	case BPF_JGE:
		return a >= b;
	case BPF_JGT:
		return a > b;
	default:
		return a & b;
	}
}

static uint32_t load(const struct machine *machine,
                     const struct sock_filter *at)
{
	uint32_t word;

	switch (BPF_MODE(at->code)) {
	case BPF_ABS:
		memcpy(&word, (const char *)machine->data + at->k,
		       sizeof(word));
		return word;
	case BPF_MEM:
		return machine->memory[at->k];
	case BPF_LEN:
		return sizeof(struct seccomp_data);
	default:
		return at->k;
	}
}

/* Anything but a jump and a return. */
static void step(struct machine *machine, const struct sock_filter *at)
{
	uint32_t b = BPF_SRC(at->code) == BPF_X ? machine->x : at->k;

	switch (BPF_CLASS(at->code)) {
	case BPF_LD:
		machine->a = load(machine, at);
		break;
	case BPF_LDX:
		machine->x = load(machine, at);
		break;
	case BPF_ST:
		machine->memory[at->k] = machine->a;
		break;
	case BPF_STX:
		machine->memory[at->k] = machine->x;
		break;
	case BPF_ALU:
		machine->a = calculate(at->code, machine->a, b);
		break;
	default:
		if (at->code == (BPF_MISC | BPF_TAX))
			machine->x = machine->a;
		else
			machine->a = machine->x;
		break;
	}
}

/* How many instructions a jump skips. */
static size_t jump(const struct machine *machine, const struct sock_filter *at)
{
	uint32_t b = BPF_SRC(at->code) == BPF_X ? machine->x : at->k;

	if (BPF_OP(at->code) == BPF_JA)
		return at->k;
	return holds(at->code, machine->a, b) ? at->jt : at->jf;
}

int bpf_run(const struct sock_filter *code, size_t n_code,
            const struct seccomp_data *data, uint32_t *action)
{
	struct machine machine = {.data = data};

	for (size_t i = 0; i < n_code; i++) {
		const struct sock_filter *at = &code[i];

		if (check_one(at, n_code - 1 - i))
			return -EINVAL;
		if (BPF_CLASS(at->code) == BPF_JMP) {
			i += jump(&machine, at);
		} else if (BPF_CLASS(at->code) == BPF_RET) {
			*action =
				BPF_RVAL(at->code) == BPF_A ? machine.a : at->k;
			return 0;
		} else if (at->code == (BPF_ALU | BPF_DIV | BPF_X) &&
		           machine.x == 0) {
			*action = SECCOMP_RET_KILL_THREAD;
			return 0;
		} else {
			step(&machine, at);
		}
	}
	return -EINVAL;
}
