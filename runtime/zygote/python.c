/* SPDX-License-Identifier: MIT */
/*
 * A zygote of CPython: two functions for its agent (runtime/zygotes/python.py).
 * One makes boxes, when they are asked for; it does not come back in the
 * zygote, and comes back in the program's process of every box. The other is a
 * short end for these. They come from an extension module that is never
 * imported: a module would have more of the interpreter in it.
 *
 * It is built from the objects that make any box, put into the zygote's root
 * by the zygote's plan, and needs of Python what is in the stable ABI.
 */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/error.h"
#include "box/pack.h"
#include "box/setup.h"
#include "box/wire.h"
#include "kernel/ns.h"
#include "kernel/sys.h"

/* Of the interpreter, which has no header here. */
extern void *const PyExc_ImportError;
void PyErr_SetString(void *type, const char *text);
void PyOS_BeforeFork(void);
void PyOS_AfterFork_Parent(void);
void PyOS_AfterFork_Child(void);
long PyLong_AsLong(void *number);
unsigned long long PyLong_AsUnsignedLongLong(void *number);
void *PyLong_FromUnsignedLongLong(unsigned long long number);
int PySys_SetObject(const char *name, void *object);
void Py_DecRef(void *object);

/* PyMethodDef, and how it becomes a function of one argument. */
struct method {
	const char *name;
	void *(*call)(void *self, void *argument);
	int flags;
	const char *doc;
};
#define METH_NOARGS 4
#define METH_O      8
void *PyCFunction_NewEx(struct method *method, void *self, void *module);

__attribute__((visibility("default"))) void *PyInit_zygote(void);

struct zygote {
	struct setup setup; /* first: resume() gets it */
	const struct packed *packed;
	jmp_buf back;
};

static int take_loads(struct dl_phdr_info *info, size_t size, void *loads)
{
	(void)size;
	*(unsigned long long *)loads = info->dlpi_adds;
	return 1;
}

/* How many shared objects have been loaded so far. */
static unsigned long long count_loads(void)
{
	unsigned long long loads = 0;

	(void)dl_iterate_phdr(take_loads, &loads);
	return loads;
}

/* The end of the process without the interpreter's: see quick_end() of the
 * agent. What the shared objects of the zygote would do then touches pages of
 * each; where the program has loaded others, theirs is done, and so is all. */
static void *leave(void *loads, void *status)
{
	int code = (int)PyLong_AsLong(status);

	if (count_loads() != PyLong_AsUnsignedLongLong(loads))
		exit(code);
	(void)fflush(NULL);
	_exit(code);
}

/* The program's process of a box, where any other would execute the program:
 * it is as if the interpreter had just been executed. */
static __attribute__((noreturn)) void resume(const struct setup *setup)
{
	struct zygote *zygote = (struct zygote *)setup;

	if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0 ||
	    close_range(AGENT_CONTROL + 1, ~0u, 0) < 0 || close(INIT_WIRE) < 0)
		_exit(125);
	PyOS_AfterFork_Child();
	longjmp(zygote->back, 1);
}

/* Unpacks the plan where it is mapped: only the pages that this writes to are
 * the zygote's own, and all are its boxes'. */
static int open_plan(struct zygote *zygote)
{
	CLEANUP_FD int fd = open(ZYGOTE_PLAN, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *memory;

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size <= 0)
		return -1;
	memory = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE,
	              MAP_PRIVATE, fd, 0);
	if (memory == MAP_FAILED)
		return -1;
	zygote->packed = pack_open(memory, (size_t)st.st_size);
	return zygote->packed && caps_prepare(&zygote->setup.caps) == 0 ? 0
	                                                                : -1;
}

/* Its end is not waited for, and says so itself. The handlers of the
 * interpreter are what the program's process inherits through pid 1. */
static pid_t fork_box(const struct setup *setup)
{
	struct clone_args args = {.exit_signal = SIGCHLD};
	sigset_t all, before;
	pid_t pid;
	int code;

	for (size_t i = 0; i < n_namespaces; i++)
		args.flags |= namespaces[i].flag;
	if (setup->cgroup >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)setup->cgroup;
	}
	sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, &before);
	pid = sys_clone3(&args);
	code = errno;
	if (pid == 0) {
		(void)signal(SIGCHLD, SIG_DFL);
		init_main(setup);
	}
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	errno = code;
	return pid;
}

static void make_box(struct zygote *zygote, const int *fds)
{
	struct wire_message failed = {.kind = WIRE_FAILED};
	int n = 1;
	pid_t pid;

	zygote->setup.wire = fds[0];
	zygote->setup.uid_lock =
		zygote->packed->plan.privileged ? fds[n++] : -1;
	zygote->setup.cgroup = fds[n];
	PyOS_BeforeFork();
	pid = fork_box(&zygote->setup);
	if (pid < 0) {
		(void)err_set(&failed.error, SBX_STAGE_CLONE, errno,
		              "clone a zygote into new namespaces");
		(void)wire_send(fds[0], &failed, NULL, 0);
	}
	PyOS_AfterFork_Parent();
}

static _Noreturn void serve(struct zygote *zygote)
{
	struct wire_message message;
	int fds[WIRE_MAX_FDS];
	int r;

	(void)signal(SIGCHLD, SIG_IGN);
	(void)!write(AGENT_CONTROL, ".", 1);
	for (;;) {
		r = wire_receive(AGENT_CONTROL, &message, fds, 0);
		if (r != 1 || message.kind != WIRE_FORK || fds[0] < 0)
			_exit(r == 0 ? 0 : 125);
		make_box(zygote, fds);
		for (int i = 0; i < WIRE_MAX_FDS; i++)
			cleanup_fd(&fds[i]);
	}
}

static void *fork_boxes(void *self, void *nothing)
{
	struct zygote zygote = {.setup.resume = resume};

	(void)self;
	(void)nothing;
	if (open_plan(&zygote) < 0) {
		PyErr_SetString(PyExc_ImportError, "the plan cannot be read");
		return NULL;
	}
	zygote.setup.plan = &zygote.packed->plan;
	zygote.setup.loopback = zygote.packed->loopback;
	if (setjmp(zygote.back) == 0)
		serve(&zygote);
	return PyLong_FromUnsignedLongLong(0);
}

/* As members of sys, from where the agent takes them away. */
static int offer(const struct method *method, void *self)
{
	void *function =
		self ? PyCFunction_NewEx((struct method *)method, self, NULL)
		     : NULL;
	int r = function ? PySys_SetObject(method->name, function) : -1;

	Py_DecRef(function);
	return r;
}

void *PyInit_zygote(void)
{
	static const struct method methods[] = {
		{"_fork", fork_boxes, METH_NOARGS, NULL},
		{"_exit", leave, METH_O, NULL},
	};
	void *loads = PyLong_FromUnsignedLongLong(count_loads());

	for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
		if (offer(&methods[i], loads) < 0)
			return NULL;
	PyErr_SetString(PyExc_ImportError, "offered");
	return NULL;
}
