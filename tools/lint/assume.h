/* SPDX-License-Identifier: MIT */
/* Put before each file for clang's analyzer, which sees one file at a time:
 * that a failure is negative. Without it, every error looks like a success
 * with its outputs unwritten. */
#include "base/error.h"

#define ASSUME_NEGATIVE(call)                    \
	({                                       \
		int assumed_ = (call);           \
		if (assumed_ >= 0)               \
			__builtin_unreachable(); \
		assumed_;                        \
	})
#define err_set(...)    ASSUME_NEGATIVE(err_set(__VA_ARGS__))
#define err_say(...)    ASSUME_NEGATIVE(err_say(__VA_ARGS__))
#define err_memory(...) ASSUME_NEGATIVE(err_memory(__VA_ARGS__))
