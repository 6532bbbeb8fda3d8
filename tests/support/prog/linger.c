/* SPDX-License-Identifier: MIT */
/*
 * Stays, or leaves something that tries to.
 *
 *	linger wait CANARY          says "ready" and sleeps; the word is for
 *	                            those who look for it in /proc
 *	linger daemon CANARY        leaves a process in a session of its own
 *	                            that ignores every signal; exits 7
 *	linger chain CANARY         the same, of a new generation every 10 ms
 *	linger holder CANARY        leaves a child that holds 1 and 2 open and
 *	                            says "late" after a minute; exits 0
 *	linger stop CANARY          stops everything, itself last
 *	linger deaf CANARY          says "ready", ignores all signals, spins
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static void say(const char *text)
{
	puts(text);
	fflush(stdout);
}

static void ignore_all(void)
{
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_IGN);
}

static int linger_wait(void)
{
	say("ready");
	sleep(60);
	return 0;
}

static int detach(void)
{
	if (fork() != 0)
		return 0;
	setsid();
	prctl(PR_SET_PDEATHSIG, 0);
	ignore_all();
	if (fork() != 0)
		_exit(0);
	return 1;
}

static int linger_daemon(void)
{
	if (detach()) {
		close(0);
		close(1);
		close(2);
		for (;;)
			sleep(60);
	}
	say("left");
	return 7;
}

static int linger_chain(void)
{
	const struct timespec pause = {0, 10000000};

	if (detach())
		for (;;) {
			nanosleep(&pause, NULL);
			if (fork() != 0)
				_exit(0);
		}
	nanosleep(&(struct timespec){0, 100000000}, NULL);
	say("left");
	return 7;
}

static int linger_holder(void)
{
	if (fork() == 0) {
		sleep(60);
		say("late");
		_exit(0);
	}
	fputs("early", stdout);
	fflush(stdout);
	return 0;
}

static int linger_stop(void)
{
	if (fork() == 0)
		for (;;)
			sleep(60);
	say("ready");
	kill(-1, SIGSTOP);
	raise(SIGSTOP);
	say("resumed");
	return 0;
}

static int linger_deaf(void)
{
	ignore_all();
	say("ready");
	while (getpid() > 0)
		;
	return 0;
}

static const struct {
	const char *name;
	int (*run)(void);
} verbs[] = {
	{"wait", linger_wait},   {"daemon", linger_daemon},
	{"chain", linger_chain}, {"holder", linger_holder},
	{"stop", linger_stop},   {"deaf", linger_deaf},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]);
	     i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return verbs[i].run();
	return 99;
}
