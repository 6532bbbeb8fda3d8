/* SPDX-License-Identifier: MIT */
/* Attacks on what is taken out of a box. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/def.h"
#include "support/child.h"
#include "support/run.h"
#include "support/scratch.h"

TestSuite(sessions, .init = scratch_make, .fini = scratch_remove,
          .timeout = 120);

/* x is a link to the word's file, and a file of its own, by turns. */
#define SWAP                                                     \
	"for (;;) { symlink $ARGV[0], q(t); rename q(t), q(x); " \
	"open F, q(>t); print F q(own); close F; rename q(t), q(x) }"

/* Whether one who follows links, as cp(1) does, is led to the secret. */
static bool is_led_astray(const char *secret)
{
	pid_t pid = child_fork();
	bool led = false;

	if (pid == 0) {
		(void)!chdir(scratch(""));
		execlp("perl", "perl", "-e", SWAP, secret, NULL);
		_exit(99);
	}
	for (double until = seconds_now() + 20;
	     !led && seconds_now() < until;) {
		int fd = open(scratch("x"), O_RDONLY | O_CLOEXEC);
		char text[16] = "";

		led = fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 &&
		      strcmp(text, "secret") == 0;
		cleanup_fd(&fd);
	}
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	return led;
}

/* A process that goes on exchanging a file when the program ends does not
 * bring a file of the host's out. */
Test(sessions, S117_swapping)
{
	const char *secret = scratch_text("secret", "secret");
	struct result result;
	int n_own = 0;

	cr_expect(is_led_astray(secret), "control");
	/* Which of the two it is at the end is chance. */
	for (int i = 0; i < 10 || (n_own == 0 && i < 100); i++) {
		struct buffer text = {0};

		RUN(&result,
		    OPTIONS("--collect", "x", "--collect-to", scratch("out"),
		            "--collect-replace", "--quiet"),
		    COMMAND("perl", "-e",
		            "if (fork) { select undef, undef, undef, .05; "
		            "exit 0 } " SWAP,
		            secret));
		cr_expect_eq(result.status, 0, "%s", result.err.data);
		result_free(&result);
		if (access(scratch("out/x"), F_OK) < 0)
			continue;
		read_file(scratch("out/x"), &text);
		cr_expect_str_eq(text.data, "own");
		n_own++;
		buffer_free(&text);
	}
	cr_expect_gt(n_own, 0, "it is brought out where it is a file");
}
