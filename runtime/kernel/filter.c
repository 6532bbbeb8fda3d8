/* SPDX-License-Identifier: MIT */
/*
 * From the sets to a program: each call number becomes the node where its
 * verdict is settled, runs of numbers with one node become spans, and a switch
 * over the spans is the program. Nothing is allocated.
 */
#include "kernel/filter.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/buffer.h"
#include "base/error.h"
#include "kernel/filter_args.h"
#include "kernel/filter_graph.h"

#define SETS_MAX 16
#define X32_END  0x80000000u

/* What is composed, and how far each set has been read. */
struct sets {
	enum {
		PROGRAM,
		SUPERVISOR,
		ZYGOTE,
		MAKER
	} reader; /* whose it is to be */
	const struct filter_set *set[SETS_MAX];
	size_t next[SETS_MAX]; /* the first rule that is not read yet */
	size_t n_sets;
};

/* What is said to a call that is not allowed, and to one that is not known, or
 * hides what it does; and to one of another architecture. */
static const struct answer {
	uint32_t refuse, unknown, foreign;
} answers[] = {
	[PROGRAM] = {SECCOMP_RET_USER_NOTIF, SECCOMP_RET_ERRNO | ENOSYS,
                     SECCOMP_RET_USER_NOTIF},
	[SUPERVISOR] = {SECCOMP_RET_ERRNO | EPERM, SECCOMP_RET_ERRNO | ENOSYS,
                        SECCOMP_RET_KILL_PROCESS},
	[ZYGOTE] = {SECCOMP_RET_TRACE, SECCOMP_RET_TRACE, SECCOMP_RET_TRACE},
	[MAKER] = {SECCOMP_RET_TRACE, SECCOMP_RET_TRACE, SECCOMP_RET_TRACE},
};

/* What pid 1 of a box and the process of its program call before there is a
 * program, whatever the arguments. */
static const uint16_t launch_calls[] = {
	SYS_capset,     SYS_clone3,
	SYS_fsconfig,   SYS_fsmount,
	SYS_fsopen,     SYS_ioprio_set,
	SYS_kcmp,       SYS_mount_setattr,
	SYS_move_mount, SYS_open_tree,
	SYS_openat2,    SYS_pivot_root,
	SYS_prctl,      SYS_sched_setaffinity,
	SYS_seccomp,    SYS_sethostname,
	SYS_setresgid,  SYS_setresuid,
	SYS_umount2,    SYS_unshare,
};

static bool is_launch_call(unsigned call)
{
	for (size_t i = 0; i < ARRAY_SIZE(launch_calls); i++)
		if (launch_calls[i] == call)
			return true;
	return false;
}

struct verdicts {
	uint16_t allow;
	uint16_t refuse;  /* the listener answers, and notes the call */
	uint16_t unknown; /* ENOSYS */
	uint16_t foreign; /* of another architecture */
};

struct spans {
	size_t n_spans;
	bool full;
	struct graph_span span[GRAPH_SPANS];
};

static const struct filter_set *find(const char *name, bool own)
{
	for (size_t i = 0; i < n_filter_sets; i++)
		if (filter_sets[i].own == own &&
		    !strcmp(filter_sets[i].name, name))
			return &filter_sets[i];
	return NULL;
}

const struct filter_set *filter_set_find(const char *name)
{
	return find(name, false);
}

static int unknown_set(const char *name, struct sbx_error *err)
{
	struct buffer known = {0};
	int ret;

	for (size_t i = 0; i < n_filter_sets; i++)
		if (!filter_sets[i].own)
			buffer_printf(&known, "%s%s", known.len ? ", " : "",
			              filter_sets[i].name);
	ret = err_say(err, SBX_STAGE_PLAN, EINVAL,
	              "seccomp: no set is named \"%s\"; there are %.*s", name,
	              (int)known.len, known.len ? known.data : "");
	buffer_free(&known);
	return ret;
}

/* A set that is named twice is there once. */
static bool sets_add(struct sets *sets, const struct filter_set *set)
{
	for (size_t i = 0; i < sets->n_sets; i++)
		if (sets->set[i] == set)
			return true;
	if (sets->n_sets == SETS_MAX)
		return false;
	sets->set[sets->n_sets++] = set;
	return true;
}

static int sets_find(const char *const *names, struct sets *sets,
                     struct sbx_error *err)
{
	if (!names || !names[0])
		return err_say(err, SBX_STAGE_PLAN, EINVAL,
		               "seccomp: names no set; \"base\" is the least "
		               "that a program needs");
	for (size_t i = 0; names[i]; i++) {
		const struct filter_set *set =
			find(names[i], sets->reader == SUPERVISOR);

		if (!set)
			return unknown_set(names[i], err);
		if (!sets_add(sets, set))
			return err_say(err, SBX_STAGE_PLAN, EINVAL,
			               "seccomp: more than %d sets", SETS_MAX);
	}
	return 0;
}

static bool call_is_known(unsigned call)
{
	return filter_known[call / 8] >> (call % 8) & 1;
}

/* The node where the verdict of a call is settled. Calls come in order. */
static uint16_t call_verdict(struct graph *graph, struct sets *sets,
                             const struct verdicts *verdicts, unsigned call)
{
	struct args_rules rules;

	args_init(&rules);
	for (size_t i = 0; i < sets->n_sets; i++) {
		const struct filter_set *set = sets->set[i];
		size_t *next = &sets->next[i];

		for (; *next < set->n_rules && set->rules[*next].call == call;
		     ++*next)
			args_add(&rules, &set->rules[*next]);
	}
	if (sets->reader >= ZYGOTE && is_launch_call(call))
		return verdicts->allow;
	return args_build(graph, &rules, verdicts->allow,
	                  call_is_known(call) ? verdicts->refuse
	                                      : verdicts->unknown);
}

static void spans_add(struct spans *spans, uint32_t first, uint16_t node)
{
	if (spans->n_spans && spans->span[spans->n_spans - 1].node == node)
		return;
	if (spans->n_spans == GRAPH_SPANS) {
		spans->full = true;
		return;
	}
	spans->span[spans->n_spans++] = (struct graph_span){first, node};
}

static uint16_t program_build(struct graph *graph, struct sets *sets)
{
	const struct answer *answer = &answers[sets->reader];
	struct verdicts verdicts = {
		.allow = graph_return(graph, SECCOMP_RET_ALLOW),
		.refuse = graph_return(graph, answer->refuse),
		.unknown = graph_return(graph, answer->unknown),
		.foreign = graph_return(graph, answer->foreign),
	};
	struct spans spans;
	uint16_t node;

	spans.n_spans = 0;
	spans.full = false;
	for (unsigned call = 0; call < filter_known_end; call++)
		spans_add(&spans, call,
		          call_verdict(graph, sets, &verdicts, call));
	spans_add(&spans, filter_known_end, verdicts.unknown);
	if (FILTER_X32_BIT) {
		spans_add(&spans, FILTER_X32_BIT, verdicts.foreign);
		/* The kernel has no calls here either way; -1 is one. */
		spans_add(&spans, X32_END, verdicts.unknown);
	}
	if (spans.full)
		graph->full = true;
	node = graph_switch(graph, spans.span, spans.n_spans);
	node = graph_load(graph, offsetof(struct seccomp_data, nr), UINT32_MAX,
	                  node);
	/* Before all else: a number means nothing without its architecture. */
	node = graph_equal(graph, FILTER_ARCH, node, verdicts.foreign);
	return graph_load(graph, offsetof(struct seccomp_data, arch),
	                  UINT32_MAX, node);
}

static int compile_found(struct sets *sets, struct sock_filter *code,
                         size_t *n_code, struct sbx_error *err)
{
	struct graph graph;
	int ret;

	graph_init(&graph);
	ret = graph_emit(&graph, program_build(&graph, sets), code, n_code);
	if (ret < 0)
		return err_say(err, SBX_STAGE_PLAN, -ret,
		               "seccomp: the sets make a filter of more than "
		               "%d instructions",
		               FILTER_MAX);
	return 0;
}

static int compile(struct sets *sets, const char *const *names,
                   struct sock_filter *code, size_t *n_code,
                   struct sbx_error *err)
{
	int ret = sets_find(names, sets, err);

	return ret < 0 ? ret : compile_found(sets, code, n_code, err);
}

int filter_compile(const char *const *names, struct sock_filter *code,
                   size_t *n_code, struct sbx_error *err)
{
	struct sets sets = {.reader = PROGRAM};

	return compile(&sets, names, code, n_code, err);
}

int filter_compile_own(const char *const *names, struct sock_filter *code,
                       size_t *n_code, struct sbx_error *err)
{
	struct sets sets = {.reader = SUPERVISOR};

	return compile(&sets, names, code, n_code, err);
}

int filter_compile_zygote(const char *const *names, struct sock_filter *code,
                          size_t *n_code, struct sbx_error *err)
{
	struct sets sets = {.reader = ZYGOTE};

	return compile(&sets, names, code, n_code, err);
}

int filter_compile_maker(struct sock_filter *code, size_t *n_code,
                         struct sbx_error *err)
{
	struct sets sets = {.reader = MAKER};

	for (size_t i = 0; i < n_filter_sets; i++)
		if (!sets_add(&sets, &filter_sets[i]))
			return err_say(err, SBX_STAGE_PLAN, EINVAL,
			               "seccomp: more than %d sets", SETS_MAX);
	return compile_found(&sets, code, n_code, err);
}
