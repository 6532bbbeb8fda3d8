/* SPDX-License-Identifier: MIT */
/* Gives each file that it is called with to the target that it is linked
 * with. A crash is the end of it: files are given one at a time. */
#include "base/file.h"
#include "fuzz/fuzz.h"

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct buffer text = {0};

		if (file_read(argv[i], (size_t)16 << 20, &text) < 0)
			return 2;
		(void)LLVMFuzzerTestOneInput((const uint8_t *)text.data,
		                             text.len);
		buffer_free(&text);
	}
	return argc > 1 ? 0 : 2;
}
