/* SPDX-License-Identifier: MIT */
/* sbxd: keep warm sandboxes, and serve runs over a socket. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "exec/scope.h"
#include "sbxd/apart.h"
#include "sbxd/capabilities.h"
#include "sbxd/door.h"
#include "sbxd/ending.h"
#include "sbxd/http.h"
#include "sbxd/jobs.h"
#include "sbxd/listen.h"
#include "sbxd/notify.h"
#include "sbxd/pools.h"
#include "sbxd/recent.h"
#include "sbxd/tokens.h"
#include "sbxd/turns.h"

#define TICK (250 * NS_PER_MS)

/* Who waits for an answer has the processor first, before a box is made in the
 * place of the one that was used. */
#define BREATH (NS_PER_MS / 3)

/* Boxes that may be left standing by answers without a pause. */
#define MAX_OVER 16

/* After the last run: for answers that are still on their way out. */
#define FAREWELL (200 * NS_PER_MS)

struct signals {
	struct source source; /* first */
	struct daemon *daemon;
	int fd;
};

static void drain(struct daemon *daemon)
{
	if (daemon->draining)
		return;
	notify("STOPPING=1");
	daemon->draining = true;
	daemon->drained_by_ns = clock_ns() + daemon->settings.drain_ns;
	door_close(daemon);
}

/* Profiles, maxima, tokens and the audit log anew. What runs is not touched. */
static void reload(struct daemon *daemon)
{
	struct audit_logs logs = AUDIT_NONE;
	struct pools *before = daemon->pools;
	struct tokens *tokens = NULL;
	struct sbx_error err;
	int r = audit_open(&logs, daemon->settings.audit, &err);

	notify("RELOADING=1");
	if (r == 0 && daemon->tokens)
		r = tokens_open(daemon->settings.tokens, &tokens, &err);
	if (r == 0)
		r = pools_open(daemon, &err);
	if (r < 0) {
		log_line("sbxd", "reload: %s; everything stays as it was",
		         err.text);
		audit_close(&logs);
		tokens_close(tokens);
	} else {
		pools_close(before);
		tokens_close(daemon->tokens);
		daemon->tokens = tokens;
		audit_close(&daemon->audit);
		daemon->audit = logs;
	}
	notify("READY=1");
}

static void on_signal(struct source *source, uint32_t events)
{
	struct signals *signals = (struct signals *)source;
	struct signalfd_siginfo info;

	(void)events;
	if (read(signals->fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGHUP)
		reload(signals->daemon);
	else
		drain(signals->daemon);
}

static int open_signals(struct daemon *daemon, struct signals *signals)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	signals->daemon = daemon;
	signals->source.ready = on_signal;
	signals->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals->fd < 0)
		return -errno;
	return loop_add(daemon->loop, signals->fd, EPOLLIN, &signals->source);
}

/* Each box takes a dozen descriptors. */
static void raise_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* What a run takes is given back at its end, and taken again for the next: not
 * from the kernel each time. */
static void keep_memory(void)
{
	(void)mallopt(M_TRIM_THRESHOLD, 16 << 20);
	(void)mallopt(M_TOP_PAD, 1 << 20);
}

static int open_daemon(struct daemon *daemon, struct signals *signals,
                       struct sbx_error *err)
{
	int r;

	daemon->n_inherited = listen_inherited();
	profile_dirs_init(&daemon->dirs);
	raise_files();
	keep_memory();
	silents_init(&daemon->silents);
	r = loop_open(&daemon->loop);
	if (r == 0)
		r = open_signals(daemon, signals);
	if (r == 0 && !(daemon->recent = recent_new()))
		r = -ENOMEM;
	if (r < 0)
		return err_set(err, SBX_STAGE_WATCH, -r, "start");
	/* Once it is confined it can ask nobody. */
	scope_try();
	r = sbx_confine_maker(err);
	if (r == 0)
		r = audit_open(&daemon->audit, daemon->settings.audit, err);
	if (r == 0 && daemon->settings.tokens)
		r = tokens_open(daemon->settings.tokens, &daemon->tokens, err);
	if (r == 0)
		r = http_open(daemon, err);
	if (r == 0)
		r = pools_open(daemon, err);
	if (r == 0)
		r = door_open(daemon, err);
	return r;
}

/* Whether there is nothing left to do. */
static bool is_over(struct daemon *daemon, uint64_t *quiet_since)
{
	uint64_t now = clock_ns();

	if (!daemon->draining)
		return false;
	if (now >= daemon->drained_by_ns) {
		jobs_cancel_all(daemon);
		apart_end_all(daemon);
		endings_hurry(daemon);
	}
	if (daemon->jobs || daemon->aparts || daemon->endings ||
	    daemon->n_endings > 0)
		*quiet_since = now;
	return now - *quiet_since >= FAREWELL;
}

/* What an answer need not wait for: boxes that are over are taken down, and
 * new ones made in their place. */
static void tidy(struct daemon *daemon)
{
	jobs_clear(daemon, false);
	leaving_tidy(&daemon->leaving);
	if (daemon->refill)
		pools_tick(daemon->pools);
	daemon->refill = false;
}

/* Rounded up: what is due then is due once that is over. */
static int ms_until(uint64_t time)
{
	uint64_t now = clock_ns();

	return now < time ? (int)((time - now) / NS_PER_MS) + 1 : 0;
}

static int serve(struct daemon *daemon)
{
	uint64_t next_tick = 0, next_word = 0, quiet_since = 0;
	uint64_t watchdog = notify_watchdog_ns();
	int r = 0;

	while (r == 0 && !is_over(daemon, &quiet_since)) {
		uint64_t now = clock_ns();
		int patience;

		if (now >= next_tick) {
			door_rest(daemon, false);
			closing_tidy(&daemon->closing);
			silents_tidy(&daemon->silents);
			host_refresh(&daemon->host, now);
			daemon->refill = true;
			next_tick = now + TICK;
		}
		if (watchdog && now >= next_word) {
			notify("WATCHDOG=1");
			next_word = now + watchdog;
		}
		patience = http_turn(daemon->http);
		jobs_try_again(daemon);
		turns_take(daemon);
		endings_take(daemon);
		if (daemon->answered) /* a turn of its own takes it out */
			patience = 0;
		else if (clock_ns() - daemon->told_ns < BREATH)
			patience = 1;
		else
			tidy(daemon);
		if (daemon->n_over >= MAX_OVER)
			jobs_clear(daemon, true);
		daemon->answered = false;
		/* What is due by time is done by time, so that no request that
		 * comes in between has to wait for it. */
		r = loop_turn(daemon->loop, MIN(patience, ms_until(next_tick)));
	}
	return r;
}

static void close_daemon(struct daemon *daemon)
{
	door_close(daemon);
	jobs_cancel_all(daemon);
	jobs_clear(daemon, true);
	http_close(daemon->http);
	pools_close(daemon->pools);
	leaving_end(&daemon->leaving);
	host_free(&daemon->host);
	tokens_close(daemon->tokens);
	free(daemon->recent);
	capabilities_free(daemon);
	buffer_free(&daemon->page_policy);
	audit_close(&daemon->audit);
	cleanup_fd(&daemon->loop);
}

static int run(struct daemon *daemon)
{
	struct signals signals = {.fd = -1};
	struct sbx_error err;
	int r = open_daemon(daemon, &signals, &err);

	if (r < 0) {
		log_line("sbxd", "%s", err.text);
	} else {
		notify("READY=1");
		r = serve(daemon);
		if (r < 0)
			log_line("sbxd", "wait: %s", strerror(-r));
	}
	close_daemon(daemon);
	cleanup_fd(&signals.fd);
	return r < 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct daemon daemon = {.loop = -1, .audit = AUDIT_NONE};
	struct sbx_error err;

	daemon.last_job = &daemon.jobs;
	if (file_ensure_stdio() < 0)
		return 1;
	if (getauxval(AT_SECURE)) {
		log_line("sbxd", "is setuid, setgid or has file capabilities; "
		                 "it needs none of them");
		return 1;
	}
	if (settings_parse(argc, argv, &daemon.settings, &err) < 0) {
		log_line("sbxd", "%s", err.text);
		return 2;
	}
	if (daemon.settings.help)
		return settings_help(STDOUT_FILENO) < 0;
	if (daemon.settings.version)
		return printf("sbxd " SBX_VERSION "\n") < 0 ||
		       fflush(stdout) != 0;
	return run(&daemon);
}
