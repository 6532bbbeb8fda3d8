/* SPDX-License-Identifier: MIT */
/*
 * Classic BPF as the kernel's seccomp runs it, so that a test sees the verdict
 * of the program that is really installed, without installing it.
 */
#ifndef SBX_TESTS_BPF_H
#define SBX_TESTS_BPF_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>

/* NULL when the kernel would take the program: known instructions, loads
 * inside struct seccomp_data, jumps inside the program, a return at the end.
 * Else what is wrong with it. */
const char *bpf_check(const struct sock_filter *code, size_t n_code);

/* Runs a program. 0 and the action, or -EINVAL where it goes astray. */
int bpf_run(const struct sock_filter *code, size_t n_code,
            const struct seccomp_data *data, uint32_t *action);

#endif
