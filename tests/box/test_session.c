/* SPDX-License-Identifier: MIT */
/* Workspaces that outlive their runs. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/def.h"
#include "support/lab.h"
#include "support/run.h"
#include "support/scratch.h"
#include "support/session.h"

static void prepare(void)
{
	need_sessions();
	scratch_make();
}

TestSuite(session, .init = prepare, .fini = scratch_remove, .timeout = 300);

/* Each run goes on where the last one stopped: files, directories, links,
 * modes and times; what was removed is gone, also where a directory is made
 * again under the old name. */
Test(session, goes_on)
{
	session_expect(
		"ls -A; mkdir d; echo 1 >d/a; echo 2 >b; chmod 750 d; "
		"touch -d @1000000000 b; ln -s b l; echo x >-; echo y >.h",
		"");
	session_expect(
		"ls -A; cat d/a b l; stat -c '%a %Y' d b | tr '\\n' ' ' | "
		"cut -d' ' -f1,4",
		"-\n.h\nb\nd\nl\n1\n2\n2\n750 1000000000\n");
	session_expect("echo more >>b; rm -r d; mkdir d; echo 3 >d/n; rm l",
	               "");
	session_expect("ls -A . d; cat b",
	               ".:\n-\n.h\nb\nd\n\nd:\nn\n2\nmore\n");
	session_expect("mv d e; rm ./*; rm .h; ls -A; ls e", "e\nn\n");
	session_expect("ls -A; rm -r e", "e\n");
	session_expect("ls -A", "");
}

/* Root's trees and layers are beside its sessions, for everybody to see. */
Test(session, is_private_and_its_place_is_not)
{
	mode_t mask = umask(022);
	struct stat st;

	session_expect("true", "");
	(void)umask(mask);
	cr_assert_eq(stat(scratch("data/sbx"), &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0755);
	cr_assert_eq(stat(scratch("data/sbx/sessions"), &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0700);
}

/* What is not in the workspace is gone, and sessions are apart. */
Test(session, keeps_files_only)
{
	struct result result;

	session_expect(
		"echo x >/tmp/t; echo x >/dev/shm/s; export A=b; umask 77; "
		"sleep 100 & echo w >w",
		"");
	session_expect("ls /tmp /dev/shm; echo ${A-none} $(umask); cat "
	               "/proc/[0-9]*/comm | grep sleep; cat w",
	               "/dev/shm:\n\n/tmp:\nnone 0022\nw\n");
	RUN(&result, OPTIONS("--session", "other"),
	    .env = session_environment(), COMMAND("ls", "-A"));
	cr_expect_str_eq(result.out.data, "");
	result_free(&result);
	/* The control: without a session nothing stays. */
	RUN(&result, COMMAND("sh", "-c", "ls -A; echo x >f"));
	cr_expect_str_eq(result.out.data, "");
	result_free(&result);
}

/* A run that was stopped leaves its state; one that was cancelled, or could
 * not start, does not. */
Test(session, commits_by_verdict)
{
	struct result result;
	struct live live;
	struct call call = {
		OPTIONS("--session", "s"), .env = session_environment(),
		COMMAND("sh", "-c", "echo cancelled >f; echo up; sleep 100")};

	session_turn(&result, "echo failed >f; exit 3");
	cr_expect_eq(result.status, 3);
	cr_expect_str_eq(report_at(&result, "session"), "s");
	result_free(&result);
	session_expect("cat f", "failed\n");
	RUN(&result, OPTIONS("--session", "s", "--wall-time", "1"),
	    .env = session_environment(),
	    COMMAND("sh", "-c", "echo late >f; sleep 100"));
	cr_expect_eq(result.status, 124);
	result_free(&result);
	session_expect("cat f", "late\n");
	call_start(&call, &live);
	cr_expect(call_expect(&live, "up\n"));
	(void)kill(live.pid, SIGTERM);
	call_finish(&live, &result);
	cr_expect_eq(result.status, 143);
	result_free(&result);
	session_expect("cat f", "late\n");
}

/* Ids that are no names, or another's path, are refused and make nothing. */
Test(session, bad_ids)
{
	char longest[70] = "";
	const char *const ids[] = {"",     ".",    "..",       "../x", "/abs",
	                           "a/b",  "a\nb", "\xc3\xa4", "-rf",  "%2e%2e",
	                           ".hid", "a b",  longest};
	struct result result;

	memset(longest, 'a', 65);
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		RUN(&result, OPTIONS("--session", ids[i]),
		    .env = session_environment(), COMMAND("echo", "ran"));
		cr_expect_eq(result.status, 125, "%s", ids[i]);
		cr_expect_eq(result.out.len, 0, "%s", ids[i]);
		cr_expect(is_one_line(&result.err), "%s: %s", ids[i],
		          result.err.data);
		result_free(&result);
	}
	cr_expect_neq(access(scratch("data"), F_OK), 0);
	longest[64] = '\0';
	RUN(&result, OPTIONS("--session", longest),
	    .env = session_environment(), COMMAND("echo", "ran"));
	cr_expect_eq(result.status, 0, "%s", result.err.data);
	result_free(&result);
}

/* One that no run has come to is none. */
Test(session, is_not_made_for_nothing)
{
	struct result result;

	RUN(&result, OPTIONS("--session", "s", "--dry-run"),
	    .env = session_environment(), COMMAND("true"), .no_report = true);
	cr_expect_eq(result.status, 0, "%s", result.err.data);
	result_free(&result);
	cr_expect_neq(access(scratch("data/sbx/sessions/s"), F_OK), 0);
	RUN(&result, OPTIONS("--session", "s"), .env = session_environment(),
	    COMMAND("no-such-program"));
	cr_expect_eq(result.status, 127);
	result_free(&result);
	cr_expect_neq(access(scratch("data/sbx/sessions/s"), F_OK), 0);
}

/* Disk and inodes are the whole session's, not each run's. */
Test(session, limits_are_the_sessions)
{
	struct result result;

	session_expect("head -c 60M /dev/zero >a", "");
	session_turn(&result, "head -c 60M /dev/zero >b");
	cr_expect_neq(result.status, 0);
	cr_expect_str_eq(report_at(&result, "events.disk_full"), "true");
	result_free(&result);
	session_expect("rm a b", "");
	session_expect("head -c 60M /dev/zero >b; rm b", "");
	session_expect("for i in $(seq 40); do echo >f$i; done", "");
	RUN(&result, OPTIONS("--session", "s", "--inodes", "60"),
	    .env = session_environment(),
	    COMMAND("sh", "-c", "for i in $(seq 40); do echo >g$i; done"));
	cr_expect_neq(result.status, 0);
	result_free(&result);
	RUN(&result, OPTIONS("--session", "s", "--inodes", "20"),
	    .env = session_environment(), COMMAND("echo", "ran"));
	cr_expect_eq(result.status, 125);
	cr_expect_not_null(strstr(result.err.data, "--inodes"));
	result_free(&result);
}

/* A second run waits for the first; the order is that of the waiting. */
Test(session, one_run_at_a_time)
{
	struct call call = {
		OPTIONS("--session", "s"), .env = session_environment(),
		COMMAND("sh", "-c", "echo up; sleep 1; echo first >>f")};
	struct result result;
	struct live live;

	call_start(&call, &live);
	cr_expect(call_expect(&live, "up\n"));
	session_expect("echo second >>f; cat f", "first\nsecond\n");
	call_finish(&live, &result);
	cr_expect_eq(result.status, 0);
	result_free(&result);
}

/* It does not wait for ever. */
Test(session, says_busy)
{
	struct call call = {OPTIONS("--session", "s"),
	                    .env = session_environment(),
	                    COMMAND("sh", "-c", "echo up; sleep 100")};
	struct result result;
	struct live live;

	call_start(&call, &live);
	cr_expect(call_expect(&live, "up\n"));
	session_turn(&result, "echo ran");
	cr_expect_eq(result.status, 125);
	cr_expect_not_null(strstr(result.err.data, "busy"));
	cr_expect_eq(result.out.len, 0);
	result_free(&result);
	(void)kill(live.pid, SIGKILL);
	call_finish(&live, &result);
	result_free(&result);
	session_expect("echo ran", "ran\n");
}

static size_t n_special, n_seen;

static int look(const char *path, const struct stat *st, int kind,
                struct FTW *ftw)
{
	bool whiteout = S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);

	(void)path;
	(void)kind;
	(void)ftw;
	n_seen++;
	if (st->st_mode & 07000 ||
	    (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode) &&
	     !S_ISLNK(st->st_mode) && !whiteout))
		n_special++;
	return 0;
}

/* What a hostile run leaves becomes plain files; nothing special is in the
 * store but the marks of what is gone. */
Test(session, store_is_inert)
{
	session_expect(
		"echo a >s; chmod 6755 s; mkfifo p; mkdir t; chmod 1777 t; "
		"perl -MIO::Socket::UNIX -e "
		"'IO::Socket::UNIX->new(Local=>\"u\",Listen=>1)'; ln -s "
		"/etc/shadow l; echo >gone; chmod 0 t; mkdir .git; echo x "
		">.git/config",
		"");
	session_expect("ls -A; rm gone", ".git\ngone\nl\ns\nt\n");
	cr_assert_eq(nftw(scratch("data"), look, 16, FTW_PHYS), 0);
	cr_expect_gt(n_seen, 8);
	cr_expect_eq(n_special, 0);
}

/* Inputs take the place of what is there, and are led nowhere by a link. */
Test(session, inputs_over_what_is_there)
{
	const char *path = scratch_text("in", "new\n");
	struct result result;

	session_expect("echo old >in; ln -s /etc out; ln -s /etc/passwd link; "
	               "mkdir dir",
	               "");
	RUN(&result,
	    OPTIONS("--session", "s", "--input", path, "--input",
	            text_of("%s:link", path)),
	    .env = session_environment(),
	    COMMAND("sh", "-c", "cat in link; head -c4 /etc/passwd"));
	cr_expect_str_eq(result.out.data, "new\nnew\nroot", "%s",
	                 result.err.data);
	result_free(&result);
	for (int i = 0; i < 2; i++) {
		RUN(&result,
		    OPTIONS("--session", "s", "--input",
		            text_of("%s:%s", path, i ? "out/new" : "dir")),
		    .env = session_environment(), COMMAND("ls", "/etc"));
		cr_expect_eq(result.status, 125, "%s", result.out.data);
		cr_expect(is_one_line(&result.err), "%s", result.err.data);
		result_free(&result);
	}
}

static void spoil(const char *command)
{
	cr_assert_eq(system(text_of("cd %s && %s", // NOLINT
	                            scratch("data/sbx/sessions/s"), command)),
	             0);
}

/* A store that somebody changed is one clear line, and nothing runs. */
Test(session, store_was_changed)
{
	static const struct {
		const char *spoil, *mend, *named;
	} rows[] = {
		{"cp manifest.json m; echo '{' >manifest.json",
	         "mv m manifest.json", "manifest"},
		{"cp manifest.json m; echo "
	         "'{\"states\":[{}],\"next_layer\":1}' "
	         ">manifest.json",
	         "mv m manifest.json", "manifest"},
		{"cp manifest.json m; sed -i 's/\\[1\\]/[7]/' manifest.json",
	         "mv m manifest.json", "layer 7"},
		{"mv manifest.json m; ln -s m manifest.json",
	         "mv m manifest.json", "manifest"},
		{"chmod 755 .", "chmod 700 .", "open to others"},
		{"chmod 777 ..", "chmod 700 ..", "others may write"},
		{"mv ../s ../t; ln -s t ../s", "rm ../s; mv ../t ../s",
	         "session s"},
	};
	struct result result;

	session_expect("echo 1 >f", "");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		spoil(text_of("cp -a layers/1 ../../keep; %s", rows[i].spoil));
		session_turn(&result, "echo ran");
		cr_expect_eq(result.status, 125, "%zu", i);
		cr_expect(is_one_line(&result.err), "%zu: %s", i,
		          result.err.data);
		cr_expect_not_null(strstr(result.err.data, rows[i].named),
		                   "%zu: %s", i, result.err.data);
		result_free(&result);
		cr_assert_eq(system(text_of("cd %s/data/sbx/sessions/s && %s "
		                            "&& mkdir -p layers && { [ -d "
		                            "layers/1 ] || cp -a ../../keep "
		                            "layers/1; } && rm -rf ../../keep",
		                            scratch(""), rows[i].mend)),
		             0, "%zu", i);
		session_expect("cat f", "1\n");
		spoil("sed -i 's/.*/{\"schema\":1,\"next_layer\":2,\"states\":"
		      "[{\"number\":1,\"time\":1,\"bytes\":4096,\"inodes\":1,"
		      "\"layers\":[1]}]}/' manifest.json");
	}
}

/* What cannot be kept leaves the last state, and says so. */
Test(session, too_deep_to_keep)
{
	struct result result;

	session_expect("echo 1 >f", "");
	session_turn(&result,
	             "echo 2 >f; "
	             "perl -e 'for (1..1000) { mkdir q(d); chdir q(d) }'");
	cr_expect_eq(result.status, 125);
	cr_expect_str_eq(report_at(&result, "error.stage"), "session");
	cr_expect_not_null(strstr(result.err.data, "last state stays"));
	result_free(&result);
	session_expect("cat f; ls", "1\nf\n");
}

/* More runs than a state may have layers: all their files are there. */
Test(session, many_turns)
{
	struct result result;

	for (int i = 1; i <= 30; i++)
		session_expect(text_of("echo %d >>all; echo >f%d; rm -f f%d", i,
		                       i, i - 3),
		               "");
	session_turn(&result, "wc -l <all; ls | wc -l");
	cr_expect_str_eq(result.out.data, "30\n4\n");
	result_free(&result);
	session_tool(&result, WORDS("show", "s"));
	size_t n = 0;
	for (size_t i = 0; i < result.out.len; i++)
		n += result.out.data[i] == '\n';
	cr_expect_eq(n, 16);
	result_free(&result);
}

/* A slip is one line that says what would be right. */
Test(session, says_what_was_meant)
{
	struct result result;

	session_tool(&result, WORDS("exprot", "s", "d"));
	cr_expect_not_null(strstr(result.err.data, "did you mean \"export\""),
	                   "%s", result.err.data);
	result_free(&result);
	session_expect("true", "");
	session_tool(&result, WORDS("export", "s", scratch("")));
	cr_expect_not_null(strstr(result.err.data, "that is not, it is made"),
	                   "%s", result.err.data);
	result_free(&result);
}

/* The commands of sbx-session. */
Test(session, is_looked_after)
{
	struct result result;

	session_tool(&result, WORDS("list"));
	cr_expect_eq(result.status, 0, "%s", result.err.data);
	cr_expect_eq(result.out.len, 0);
	result_free(&result);
	session_expect("mkdir d; echo 1 >d/f", "");
	session_expect("echo 2 >d/f; ln -s /etc/passwd l", "");
	session_tool_ends(WORDS("fork", "s", "t"), 0);
	session_tool_ends(WORDS("fork", "s", "t"), 125);
	session_tool_ends(WORDS("fork", "nosuch", "u"), 125);
	session_tool_ends(WORDS("fork", "s", "../u"), 125);
	session_tool_ends(WORDS("rollback", "s"), 0);
	session_tool_ends(WORDS("rollback", "s"), 125);
	session_expect("cat d/f", "1\n");
	session_tool_ends(WORDS("export", "t", scratch("out")), 0);
	session_tool_ends(WORDS("export", "t", scratch("out")), 125);
	struct buffer text = {0};
	read_file(scratch("out/d/f"), &text);
	cr_expect_str_eq(text.data, "2\n");
	buffer_free(&text);
	session_tool_ends(WORDS("import", "u", scratch("out")), 0);
	RUN(&result, OPTIONS("--session", "u"), .env = session_environment(),
	    COMMAND("cat", "d/f"));
	cr_expect_str_eq(result.out.data, "2\n", "%s", result.err.data);
	result_free(&result);
	session_tool(&result, WORDS("list"));
	for (int i = 0; i < 3; i++)
		cr_expect_not_null(strstr(result.out.data,
		                          text_of("%c\t4096\t", "stu"[i])),
		                   "%s", result.out.data);
	result_free(&result);
	session_tool_ends(WORDS("remove", "t"), 0);
	session_tool_ends(WORDS("remove", "t"), 125);
	session_tool_ends(WORDS("expire", "1h", "5K"), 0);
	session_tool(&result, WORDS("list"));
	cr_expect_null(strstr(result.out.data, "t\t"));
	cr_expect_not_null(strstr(result.out.data, "u\t"));
	result_free(&result);
	session_tool_ends(WORDS("expire", "soon"), 125);
	session_tool_ends(WORDS("nosuch"), 125);
	session_tool_ends(WORDS("--help", "list"), 0);
	session_tool_ends(WORDS("show"), 125);
}

/* A session that is in use is neither expired nor removed under its run; the
 * control is the same when the run is over. */
Test(session, one_in_use_stays)
{
	struct call call = {OPTIONS("--session", "s"),
	                    .env = session_environment(),
	                    COMMAND("sh", "-c", "echo up; read x; cat f")};
	struct result result;
	struct live live;
	int in[2];

	session_expect("echo kept >f", "");
	cr_assert_eq(pipe2(in, O_CLOEXEC), 0);
	call.fds[0] = (struct given_fd){0, in[0]};
	call.n_fds = 1;
	call_start(&call, &live);
	cr_expect(call_expect(&live, "up\n"));
	session_tool(&result, WORDS("list"));
	cr_expect_str_eq(result.out.data, "s\tbusy\n");
	result_free(&result);
	session_tool_ends(WORDS("expire", "1h", "1"), 0);
	session_tool_ends(WORDS("remove", "s"), 125);
	cr_assert_eq(write(in[1], "\n", 1), 1);
	call_finish(&live, &result);
	cr_expect_not_null(strstr(result.out.data, "kept"), "%s",
	                   result.err.data);
	result_free(&result);
	session_tool(&result, WORDS("expire", "1h", "1"));
	cr_expect_str_eq(result.out.data, "s\n");
	result_free(&result);
	session_expect("ls", "");
	(void)close(in[0]);
	(void)close(in[1]);
}

/* A deep tree of many directories goes with its session, and a link in it
 * leads the removal nowhere. */
Test(session, removal_follows_nothing)
{
	const char *canary = scratch_text("canary", "alive");

	session_expect(
		text_of("ln -s %s l; mkdir -p a/b; ln -s %s a/b/d; for i in "
	                "$(seq 90); do mkdir x && cd x; done; echo >f; "
	                "cd /workspace; chmod 0 a",
	                canary, scratch("")),
		"");
	session_tool_ends(WORDS("remove", "s"), 0);
	cr_expect_eq(access(canary, F_OK), 0);
	cr_expect_eq(rmdir(scratch("data/sbx/sessions")), 0);
}

/* Many deep trees, and whatever their names are, in whichever order they are
 * found. What was too deep to be kept holds up no later run either. */
Test(session, removal_is_held_up_by_nothing)
{
	static const char chains[] =
		"for i in $(seq 5); do mkdir c$i; (cd c$i; for j in $(seq %d); "
		"do mkdir x; cd x; done); done; ";
	static const char own[] = "mkdir -p .sbx-deeper/x; >.sbx-deeper/f; ";
	char kept[512], deep[512];
	struct result result;

	for (int i = 0; i < 2; i++) {
		(void)snprintf(kept, sizeof(kept), chains, 90);
		(void)snprintf(deep, sizeof(deep), chains, 150);
		session_expect(text_of("%s%s", i ? own : kept, i ? kept : own),
		               "");
		session_turn(&result, text_of("rm -r c* .s*; %s%s",
		                              i ? own : deep, i ? deep : own));
		cr_expect_eq(result.status, 125, "%s", result.err.data);
		result_free(&result);
		session_expect("ls -A | wc -l", "6\n");
		session_tool_ends(WORDS("remove", "s"), 0);
	}
	cr_expect_eq(rmdir(scratch("data/sbx/sessions")), 0);
}

/* Whenever sbx-exec is killed, also while it commits, the session is in one of
 * the two whole states: each run looks at what the one before has left. The
 * moments are of all that a run takes, however slow the machine is. */
Test(session, survives_kill)
{
	struct call call = {OPTIONS("--session", "s"),
	                    .env = session_environment(),
	                    COMMAND("sh", "-c",
	                            "[ $(cat a b c d | sort -u | wc -l) = 1 ] "
	                            "|| echo >>torn; n=$(($(cat a) + 1)); for "
	                            "f in a b c d; do echo $n >$f; done")};
	const unsigned n_kills = 200 / (unsigned)slowness();
	unsigned committed = 0, n_torn = 0;
	struct result result;
	double usual = 0;

	session_expect("for f in a b c d; do echo 0 >$f; done", "");
	for (int i = 0; i < 5; i++) {
		call_run(&call, &result);
		usual += result.seconds / 5;
		result_free(&result);
	}
	srandom(7);
	for (unsigned i = 0; i < n_kills; i++) {
		struct live live;

		call_start(&call, &live);
		seconds_sleep(usual * (double)(random() % 1200) / 1000);
		(void)kill(live.pid, SIGKILL);
		call_finish(&live, &result);
		result_free(&result);
		if (i % 10 != 9)
			continue;
		session_turn(&result,
		             "cat a b c d | sort -u | wc -l; cat a; ls torn");
		cr_expect_eq(strncmp(result.out.data, "1\n", 2), 0, "%u: %s %s",
		             i, result.out.data, result.err.data);
		committed =
			(unsigned)strtoul(result.out.data + 2, NULL, 10) - 5;
		n_torn += strstr(result.out.data, "torn") != NULL;
		result_free(&result);
	}
	cr_expect_eq(n_torn, 0);
	/* The control: some were in time, some were not. */
	cr_expect_gt(committed, 0);
	cr_expect_lt(committed, n_kills);
	cr_log_info("%u of %u runs were committed", committed, n_kills);
}

static void fill_the_store(struct lab *lab)
{
	struct result result;
	const char *const *env =
		WORDS("PATH=/usr/bin:/bin", "XDG_DATA_HOME=/tmp/small");

	(void)mkdir("/tmp/small", 0755);
	if (mount("none", "/tmp/small", "tmpfs", 0, "size=1M,mode=755") < 0)
		lab_fail(lab, "no small disk");
	RUN(&result, OPTIONS("--session", "s"), .env = env,
	    COMMAND("sh", "-c", "echo 1 >f"));
	if (result.status != 0)
		lab_fail(lab, "control: %s", result.err.data);
	result_free(&result);
	RUN(&result, OPTIONS("--session", "s"), .env = env,
	    COMMAND("sh", "-c", "echo 2 >f; head -c 3M /dev/urandom >g"));
	if (result.status != 125 || !is_one_line(&result.err) ||
	    !strstr(result.err.data, "last state stays"))
		lab_fail(lab, "%d: %s", result.status, result.err.data);
	result_free(&result);
	RUN(&result, OPTIONS("--session", "s"), .env = env,
	    COMMAND("sh", "-c", "cat f; ls"));
	if (strcmp(result.out.data, "1\nf\n") != 0)
		lab_fail(lab, "after: %s %s", result.out.data, result.err.data);
	result_free(&result);
}

/* A disk that is full while a state is kept leaves the last one. */
Test(session, full_disk_leaves_the_last_state)
{
	lab_run(fill_the_store, false);
}
