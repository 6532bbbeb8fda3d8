/* SPDX-License-Identifier: MIT */
/* What a program sees of where it is. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/def.h"
#include "support/run.h"
#include "support/scratch.h"

TestSuite(inside, .init = scratch_make, .fini = scratch_remove, .timeout = 120);

/* The value behind "name" in lines of "name value". One of scratch's texts. */
static const char *value_of(const char *lines, const char *name)
{
	size_t len = strlen(name);

	for (; *lines; lines += strcspn(lines, "\n") + 1)
		if (strncmp(lines, name, len) == 0) {
			const char *value = lines + len;

			value += strspn(value, " \t");
			return text_of("%.*s", (int)strcspn(value, "\n"),
			               value);
		}
	return "(no such line)";
}

/* No capability in any of the five sets, no new privileges, a filter; one
 * user, one group, no other. */
Test(inside, has_no_rights)
{
	static const char *const rows[][2] = {
		{"CapInh:", "0000000000000000"},
		{"CapPrm:", "0000000000000000"},
		{"CapEff:", "0000000000000000"},
		{"CapBnd:", "0000000000000000"},
		{"CapAmb:", "0000000000000000"},
		{"NoNewPrivs:", "1"},
		{"Seccomp:", "2"},
		{"Uid:", "1000\t1000\t1000\t1000"},
		{"Gid:", "1000\t1000\t1000\t1000"},
		{"SigBlk:", "0000000000000000"},
		{"SigIgn:", "0000000000000000"},
		{"SigCgt:", "0000000000000000"},
		{"TracerPid:", "0"},
		{"Umask:", "0022"},
	};
	struct result result, outside;

	RUN(&result, COMMAND("cat", "/proc/self/status"));
	RUN(&outside, .outside = true, COMMAND("cat", "/proc/self/status"));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		cr_expect_str_eq(value_of(result.out.data, rows[i][0]),
		                 rows[i][1], "%s", rows[i][0]);
	cr_expect_str_neq(value_of(outside.out.data, "CapBnd:"), rows[3][1]);
	cr_expect_str_eq(value_of(outside.out.data, "Seccomp:"), "0");
	result_free(&result);
	result_free(&outside);
}

/* Without being root the groups of a caller cannot be dropped; inside, one is
 * its own and the others are nobody's. Root's are gone. */
Test(inside, has_no_group_but_the_callers)
{
	struct result result, outside;
	size_t n = 0, n_outside = 0;
	const char *word;

	RUN(&result, COMMAND("cat", "/proc/self/status"));
	RUN(&outside, .outside = true, COMMAND("cat", "/proc/self/status"));
	word = value_of(outside.out.data, "Groups:");
	for (; *word; word += strcspn(word, " "), word += strspn(word, " "))
		n_outside++;
	word = value_of(result.out.data, "Groups:");
	for (; *word;
	     word += strcspn(word, " "), word += strspn(word, " "), n++)
		cr_expect(strtol(word, NULL, 10) == 1000 ||
		                  strtol(word, NULL, 10) == 65534,
		          "%s", word);
	cr_expect_eq(n, geteuid() == 0 ? 0 : n_outside);
	result_free(&result);
	result_free(&outside);
}

/* One id inside is one id outside, and that is never root's; setgroups is
 * denied; none of the three can be written. */
Test(inside, ids_are_mapped_to_an_ordinary_user)
{
	unsigned ids[6];
	struct result result;

	RUN(&result,
	    COMMAND("sh", "-c",
	            "cat /proc/self/uid_map /proc/self/gid_map "
	            "/proc/self/setgroups; for f in uid_map gid_map "
	            "setgroups; do echo '0 0 1' >/proc/self/$f; done"));
	cr_assert_eq(sscanf(result.out.data, "%u %u %u %u %u %u", &ids[0],
	                    &ids[1], &ids[2], &ids[3], &ids[4], &ids[5]),
	             6, "%s", result.out.data);
	for (int i = 0; i < 6; i += 3) {
		cr_expect_eq(ids[i], 1000);
		cr_expect_neq(ids[i + 1], 0);
		cr_expect_eq(ids[i + 2], 1);
	}
	if (geteuid() != 0) {
		cr_expect_eq(ids[1], geteuid());
		cr_expect_eq(ids[4], getegid());
	}
	cr_expect_not_null(strstr(result.out.data, "deny\n"));
	cr_expect_neq(result.status, 0);
	result_free(&result);
}

/* Started by root, runs at the same time have different users outside. */
Test(inside, root_gives_each_run_its_own_user)
{
	enum { N = 8 };
	struct live lives[N];
	struct result results[N];
	const struct call *call =
		CALL(COMMAND("sh", "-c", "cat /proc/self/uid_map; sleep 1"));

	for (int i = 0; i < N; i++)
		call_start(call, &lives[i]);
	for (int i = 0; i < N; i++)
		call_finish(&lives[i], &results[i]);
	for (int i = 0; i < N; i++)
		for (int k = 0; k < i && geteuid() == 0; k++)
			cr_expect_str_neq(results[i].out.data,
			                  results[k].out.data);
	for (int i = 0; i < N; i++) {
		cr_expect_eq(results[i].status, 0, "%s", results[i].err.data);
		result_free(&results[i]);
	}
}

/* One line of mountinfo. */
struct mount {
	char root[256], place[256], options[256], type[64];
};

static bool next_mount(const char **text, struct mount *mount)
{
	const char *dash;

	if (!**text || sscanf(*text, "%*d %*d %*s %255s %255s %255s",
	                      mount->root, mount->place, mount->options) != 3)
		return false;
	dash = strstr(*text, " - ");
	cr_assert_not_null(dash);
	cr_assert_eq(sscanf(dash, " - %63s", mount->type), 1);
	*text += strcspn(*text, "\n");
	*text += **text == '\n';
	return true;
}

static bool has_option(const struct mount *mount, const char *option)
{
	char list[260];

	(void)snprintf(list, sizeof(list), ",%s,", mount->options);
	return strstr(list, text_of(",%s,", option));
}

static bool is_one_of(const char *text, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(text, *list) == 0)
			return true;
	return false;
}

/* Every mount is nosuid; nodev but for the five devices, and for /dev/null on
 * what is masked; read-only but for the three places that the program may
 * write to. */
Test(inside, mounts_are_shut)
{
	static const char *const devices[] = {"/dev/null",    "/dev/zero",
	                                      "/dev/full",    "/dev/random",
	                                      "/dev/urandom", NULL};
	static const char *const writable[] = {"/workspace", "/tmp", "/dev/shm",
	                                       NULL};
	struct result result;
	struct mount mount;
	int n = 0, n_devices = 0, n_writable = 0;

	RUN(&result, COMMAND("cat", "/proc/self/mountinfo"));
	for (const char *at = result.out.data; next_mount(&at, &mount); n++) {
		bool mask = strncmp(mount.place, "/proc/", 6) == 0 &&
		            strcmp(mount.root, "/null") == 0;
		bool device = mask || is_one_of(mount.place, devices);
		bool rw = is_one_of(mount.place, writable);

		n_devices += device && !mask;
		n_writable += rw;
		cr_expect(has_option(&mount, "nosuid"), "%s", mount.place);
		cr_expect_eq(has_option(&mount, "nodev"), !device, "%s",
		             mount.place);
		cr_expect_eq(has_option(&mount, "rw"), rw, "%s", mount.place);
		cr_expect_eq(has_option(&mount, "ro"), !rw, "%s", mount.place);
		if (strcmp(mount.type, "proc") == 0)
			cr_expect(has_option(&mount, "noexec"), "%s",
			          mount.place);
		cr_expect_null(strstr(mount.place, "old"), "%s", mount.place);
	}
	cr_expect_geq(n, 15);
	cr_expect_eq(n_devices, 5);
	cr_expect_eq(n_writable, 3);
	result_free(&result);
}

/* The root has these names and no other: no /home, /root, /var, /run, /sys. */
Test(inside, root_is_exact)
{
	static const char *const names[] = {
		".empty", "bin",   "dev",    "etc",       "lib",
		"lib32",  "lib64", "libx32", "opt",       "proc",
		"sbin",   "tmp",   "usr",    "workspace", NULL};
	struct result result;
	char *rest, *name;
	int n = 0;

	RUN(&result, COMMAND("ls", "-A", "/"));
	for (rest = result.out.data; (name = strsep(&rest, "\n")) && *name; n++)
		cr_expect(is_one_of(name, names), "/%s", name);
	cr_expect_geq(n, 7);
	result_free(&result);
	RUN(&result,
	    COMMAND("@peek", "open", "r", "/home", "/root", "/var", "/run",
	            "/sys", "/boot", "/mnt", "/srv", "/lost+found", "/usr"));
	cr_expect_str_eq(result.out.data,
	                 "/home ENOENT\n/root ENOENT\n/var ENOENT\n"
	                 "/run ENOENT\n/sys ENOENT\n/boot ENOENT\n"
	                 "/mnt ENOENT\n/srv ENOENT\n/lost+found ENOENT\n"
	                 "/usr ok\n");
	result_free(&result);
}

/* /dev has these names, of these kinds, and no other can be made. */
Test(inside, dev_is_exact)
{
	struct result result;

	RUN(&result, COMMAND("ls", "-A", "/dev"));
	cr_expect_str_eq(result.out.data,
	                 "fd\nfull\nnull\nrandom\nshm\nstderr\nstdin\nstdout\n"
	                 "urandom\nzero\n");
	result_free(&result);
	RUN(&result,
	    COMMAND("@peek", "dev", "/dev/null", "/dev/zero", "/dev/full",
	            "/dev/random", "/dev/urandom", "/dev/shm", "/dev/fd"));
	cr_expect_str_eq(result.out.data,
	                 "/dev/null char 1:3 0666\n/dev/zero char 1:5 0666\n"
	                 "/dev/full char 1:7 0666\n/dev/random char 1:8 0666\n"
	                 "/dev/urandom char 1:9 0666\n/dev/shm dir 0:0 1777\n"
	                 "/dev/fd link 0:0 0777\n");
	result_free(&result);
	RUN(&result, COMMAND("@poke", "nodes", "/tmp"));
	cr_expect_str_eq(result.out.data, "char EPERM\nblock EPERM\nfifo ok\n");
	result_free(&result);
}

/* The devices work: nothing, zeros, a full disk, and random bytes that differ
 * from run to run. */
Test(inside, devices_work)
{
	struct result one, two;
	static const char script[] =
		"echo x >/dev/null && head -c 4 /dev/zero | od -An -tx1; "
		"echo x 2>&1 >/dev/full | grep -o 'No space'; echo e "
		">/dev/stderr; head -c 16 /dev/urandom | od -An -tx1";

	RUN(&one, COMMAND("sh", "-c", script));
	RUN(&two, COMMAND("sh", "-c", script));
	cr_expect_eq(strncmp(one.out.data, " 00 00 00 00\n", 13), 0, "%s",
	             one.out.data);
	cr_expect_str_eq(one.err.data, "e\n");
	cr_expect_str_neq(one.out.data, two.out.data);
	result_free(&one);
	result_free(&two);
}

/* A profile that asks for it has a pts instance of its own, empty but for what
 * the program opens. */
Test(inside, pts_is_private)
{
	const char *path =
		scratch_text("p", "{\"extends\": \"base\", \"pty\": true}");
	struct result result;

	RUN(&result, OPTIONS("--profile-file", path),
	    COMMAND("sh", "-c",
	            "ls /dev/pts; exec 3<>/dev/ptmx; ls /dev/pts; "
	            "grep -c ' /dev/pts ' /proc/self/mountinfo"));
	cr_expect_str_eq(result.out.data, "ptmx\n0\nptmx\n1\n", "%s",
	                 result.err.data);
	result_free(&result);
}

/* /etc is made up: nothing in it is of this host but which libraries and
 * alternatives there are. */
Test(inside, etc_is_synthetic)
{
	static const char *const names[] = {
		"alternatives", "group",       "hostname",      "hosts",
		"ld.so.cache",  "localtime",   "nsswitch.conf", "passwd",
		"protocols",    "resolv.conf", "services",      NULL};
	struct result result;
	char *rest, *name, host[256];

	cr_assert_eq(gethostname(host, sizeof(host)), 0);
	RUN(&result, COMMAND("ls", "-A", "/etc"));
	for (rest = result.out.data; (name = strsep(&rest, "\n")) && *name;)
		cr_expect(is_one_of(name, names), "/etc/%s", name);
	result_free(&result);
	RUN(&result,
	    COMMAND("sh", "-c",
	            "cd /etc; cat passwd group hostname hosts resolv.conf "
	            "nsswitch.conf; id; uname -n; whoami"));
	cr_expect_not_null(strstr(result.out.data, "sbx:x:1000:1000:"));
	cr_expect_not_null(strstr(result.out.data, "127.0.0.1 localhost\n"));
	cr_expect_not_null(strstr(
		result.out.data,
		"uid=1000(sbx) gid=1000(sbx) groups=1000(sbx)\nsbx\nsbx\n"));
	if (strlen(host) > 3)
		cr_expect_null(strstr(result.out.data, host));
	result_free(&result);
	RUN(&result, COMMAND("@peek", "open", "r", "/etc/shadow",
	                     "/etc/machine-id", "/etc/ssh", "/etc/sbx"));
	cr_expect_str_eq(result.out.data,
	                 "/etc/shadow ENOENT\n/etc/machine-id ENOENT\n"
	                 "/etc/ssh ENOENT\n/etc/sbx ENOENT\n");
	result_free(&result);
}

/* Only the workspace, /tmp and /dev/shm can be written to. */
Test(inside, little_is_writable)
{
	struct result result;

	RUN(&result,
	    COMMAND("sh", "-c",
	            "for d in / /bin/ /usr /usr/bin /usr/lib /etc /dev /proc "
	            "/proc/sys /workspace /tmp /dev/shm; do if (: >$d/x) "
	            "2>/dev/null; then echo $d; fi; done"));
	cr_expect_str_eq(result.out.data, "/workspace\n/tmp\n/dev/shm\n");
	result_free(&result);
}

/* The program starts in the workspace, which is empty, its own, and whose
 * parent is the root of the box. */
Test(inside, starts_in_the_workspace)
{
	struct result result;

	RUN(&result, COMMAND("sh", "-c",
	                     "readlink /proc/self/cwd; ls -A; cd ..; pwd; cd "
	                     "..; pwd; stat -c %U:%G:%a /workspace"));
	cr_expect_str_eq(result.out.data, "/workspace\n/\n/\nsbx:sbx:755\n");
	result_free(&result);
}

/* Nothing that one run leaves in a place to write is there in the next, or in
 * one that runs at the same time. */
Test(inside, runs_share_nothing)
{
	static const char script[] =
		"ls -A /tmp /workspace /dev/shm | grep left; for d in /tmp "
		"/workspace /dev/shm; do echo x >$d/left; done; sleep 0.5";
	const struct call *call = CALL(COMMAND("sh", "-c", script));
	struct live live[2];
	struct result result;

	call_start(call, &live[0]);
	call_start(call, &live[1]);
	for (int i = 0; i < 2; i++) {
		call_finish(&live[i], &result);
		cr_expect_eq(result.status, 0);
		cr_expect_str_eq(result.out.data, "");
		result_free(&result);
	}
	call_run(call, &result);
	cr_expect_str_eq(result.out.data, "");
	result_free(&result);
}
