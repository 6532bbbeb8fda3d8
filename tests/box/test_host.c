/* SPDX-License-Identifier: MIT */
/* Hosts that refuse what a sandbox takes: one line that says what to do, and
 * nothing has run. Never a run with less. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/def.h"
#include "base/file.h"
#include "support/lab.h"
#include "support/run.h"
#include "support/scratch.h"

TestSuite(host, .timeout = 120);

struct refusal {
	long call;
	int code;
	const char *name, *stage;
};

/* In the child: what a container's filter does. */
static void refuse(const void *data)
{
	const struct refusal *refusal = data;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
	                 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)refusal->call, 0,
	                 1),
		BPF_STMT(BPF_RET | BPF_K,
	                 SECCOMP_RET_ERRNO | (unsigned)refusal->code),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {ARRAY_SIZE(code), code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		_exit(98);
}

/* Each system call of the launch that a container is known to refuse. */
Test(host, refuses_a_system_call)
{
	static const struct refusal rows[] = {
		{SYS_clone3, EPERM, "EPERM", "clone"},
		{SYS_clone3, ENOSYS, "ENOSYS", "clone"},
		{SYS_clone3, ENOSPC, "ENOSPC", "clone"},
		{SYS_clone3, EAGAIN, "EAGAIN", "clone"},
		{SYS_fsopen, EPERM, "EPERM", "mount"},
		{SYS_fsmount, EPERM, "EPERM", "mount"},
		{SYS_setns, EPERM, "EPERM", "clone"},
		{SYS_open_tree, ENOSYS, "ENOSYS", "mount"},
		{SYS_mount_setattr, ENOSYS, "ENOSYS", "mount"},
		{SYS_move_mount, EPERM, "EPERM", "mount"},
		{SYS_pivot_root, EPERM, "EPERM", "mount"},
		{SYS_umount2, EPERM, "EPERM", "mount"},
		{SYS_sethostname, EPERM, "EPERM", "init"},
		{SYS_seccomp, EINVAL, "EINVAL", "filter"},
		{SYS_setsid, EPERM, "EPERM", "payload"},
		{SYS_capset, EPERM, "EPERM", "payload"},
	};
	struct result result;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		RUN(&result, .prepare = refuse, .data = &rows[i],
		    COMMAND("echo", "ran"));
		cr_expect_eq(result.status, 125, "row %zu: %d: %s", i,
		             result.status, result.err.data);
		cr_expect_eq(result.out.len, 0, "row %zu", i);
		cr_expect(is_one_line(&result.err), "row %zu: %s", i,
		          result.err.data);
		cr_expect_str_eq(report_at(&result, "status"), "error");
		cr_expect_str_eq(report_at(&result, "error.stage"),
		                 rows[i].stage, "row %zu: %s", i,
		                 result.err.data);
		cr_expect_str_eq(report_at(&result, "error.code"), rows[i].name,
		                 "row %zu: %s", i, result.err.data);
		result_free(&result);
	}
}

/* The two that people meet say where to look. */
Test(host, tells_the_remedy)
{
	static const struct {
		struct refusal refusal;
		const char *remedy;
	} rows[] = {
		{{SYS_clone3, EPERM, NULL, NULL},
	         "apparmor_restrict_unprivileged_userns"},
		{{SYS_clone3, EPERM, NULL, NULL}, "unprivileged_userns_clone"},
		{{SYS_clone3, ENOSYS, NULL, NULL}, "container"},
		{{SYS_clone3, ENOSPC, NULL, NULL}, "/proc/sys/user/max_"},
		{{SYS_clone3, EAGAIN, NULL, NULL}, "ulimit -u"},
	};
	struct result result;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		RUN(&result, .prepare = refuse, .data = &rows[i].refusal,
		    COMMAND("echo", "ran"));
		cr_expect_not_null(strstr(result.err.data, rows[i].remedy),
		                   "row %zu: %s", i, result.err.data);
		result_free(&result);
	}
}

static void none_of(struct lab *lab, const char *sysctl)
{
	struct result result;

	RUN(&result, COMMAND("echo", "ran"));
	if (result.status != 0 || strcmp(result.out.data, "ran\n") != 0)
		lab_fail(lab, "control: %d: %s", result.status,
		         result.err.data);
	result_free(&result);
	if (file_put(AT_FDCWD, sysctl, "0") < 0)
		lab_fail(lab, "%s cannot be set", sysctl);
	RUN(&result, COMMAND("echo", "ran"));
	if (result.status != 125 || result.out.len != 0 ||
	    !is_one_line(&result.err) ||
	    !strstr(result.err.data, "/proc/sys/user/max_"))
		lab_fail(lab, "%d: %s", result.status, result.err.data);
	if (strcmp(report_at(&result, "error.stage"), "clone") != 0)
		lab_fail(lab, "stage %s", report_at(&result, "error.stage"));
	result_free(&result);
}

static void no_user_namespaces(struct lab *lab)
{
	none_of(lab, "/proc/sys/user/max_user_namespaces");
}

static void no_network_namespaces(struct lab *lab)
{
	none_of(lab, "/proc/sys/user/max_net_namespaces");
}

/* A sysctl that allows no user namespace, or no network namespace, which is
 * made apart. Without it the same call works, also inside of a user namespace
 * that is there already. */
Test(host, allows_no_namespaces)
{
	lab_run(no_user_namespaces, true);
	lab_run(no_network_namespaces, true);
}

static void covered_proc(struct lab *lab)
{
	struct result result;

	if (mount("none", "/proc/sys", "tmpfs", 0, NULL) < 0)
		lab_fail(lab, "mount");
	RUN(&result, COMMAND("echo", "ran"));
	/* What root may still do is no failure; to others it is refused. */
	if (result.status == 0)
		return;
	if (result.status != 125 || result.out.len != 0 ||
	    !is_one_line(&result.err) || !strstr(result.err.data, "/proc"))
		lab_fail(lab, "%d: %s", result.status, result.err.data);
	result_free(&result);
}

/* A container that covers parts of its own /proc: a fresh one cannot be
 * mounted there. */
Test(host, covers_proc)
{
	lab_run(covered_proc, true);
}

/* Helpers that other sandboxes look for along the caller's PATH are not run
 * here, nor is anything of it. */
Test(host, caller_path_is_not_searched, .init = scratch_make,
     .fini = scratch_remove)
{
	static const char *const names[] = {"newuidmap", "newgidmap", "mount",
	                                    "ip",        "echo",      "bash"};
	static const char evil[] = "#!/bin/sh\ntouch \"$0.ran\"\n";
	struct result result;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		(void)scratch_file(names[i], evil, sizeof(evil) - 1, 0755);
	RUN(&result, .env = WORDS(text_of("PATH=%s", scratch(""))),
	    OPTIONS("--profile", "bash", "--code", "echo fine"));
	cr_expect_str_eq(result.out.data, "fine\n", "%s", result.err.data);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		cr_expect_eq(access(scratch(text_of("%s.ran", names[i])), F_OK),
		             -1, "%s", names[i]);
	result_free(&result);
}
