/* SPDX-License-Identifier: MIT */
/* Boxes that are made ahead for one kind of run. Each is used once. */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "box/box.h"
#include "warm/agent.h"
#include "warm/leaving.h"
#include "warm/pool.h"
#include "warm/zygote.h"

/* After a box that could not be made: so long until the next try, and twice as
 * long after each further one. */
#define FIRST_PAUSE   (100 * NS_PER_MS)
#define LONGEST_PAUSE (60 * NS_PER_S)

struct sbx_pool {
	struct sbx_plan *plan;
	struct sbx_box **boxes; /* idle ones, and one that is on its way */
	unsigned n_boxes, size, most;
	uint64_t pause_ns, not_before_ns;
	bool held;            /* makes none now */
	bool own_name;        /* for files that are named as the agent's */
	struct zygote zygote; /* forks them; or they start one by one */
	bool forked;          /* it has done so */
	struct keeper keeper;
	struct leaving own; /* unless they leave to somewhere else */
};

/* The name that the program's file has in the box. */
static const char *name_of(const struct sbx_spec *spec)
{
	const char *slash;

	if (spec->program.kind != PROGRAM_FILE)
		return spec->file;
	slash = strrchr(spec->program.path, '/');
	return slash ? slash + 1 : spec->program.path;
}

/* The agent's text; "{file}" stands for its own name. */
static void write_agent(const struct agent *agent, const char *name,
                        struct buffer *text)
{
	static const char mark[] = "{file}";
	const char *at = strstr(agent->text, mark);
	size_t before = at ? (size_t)(at - agent->text) : 0;

	buffer_append(text, agent->text, before);
	if (at)
		buffer_text(text, name ? name : "program");
	buffer_text(text, agent->text + before + (at ? strlen(mark) : 0));
}

/* What keeps the spec from being started ahead, or 0. */
static int check(const struct sbx_spec *spec, const struct agent *agent,
                 struct sbx_error *err)
{
	const char *profile = spec->profile ? spec->profile : "base";
	char names[128];

	if (spec->warm == WARM_NONE)
		return err_say(err, SBX_STAGE_PLAN, ENOTSUP,
		               "profile %s does not say \"warm\": nothing of "
		               "it can be started ahead",
		               profile);
	if (spec->build.command.n > 0)
		return err_say(err, SBX_STAGE_PLAN, ENOTSUP,
		               "profile %s builds first: nothing of it can be "
		               "started ahead",
		               profile);
	if (spec->limits[LIMIT_FUEL].value != LIMIT_OFF)
		return err_say(err, SBX_STAGE_PLAN, ENOTSUP,
		               "profile %s has limits.fuel, which counts from "
		               "the start of an interpreter: nothing of it can "
		               "be started ahead",
		               profile);
	if (agent || spec->preload.n == 0)
		return 0;
	return err_say(err, SBX_STAGE_PLAN, ENOTSUP,
	               "warm: there is no agent for %s that loads modules "
	               "ahead; those with one are %s",
	               spec->command.n ? spec->command.items[0] : "a command",
	               agent_names(names, sizeof(names)));
}

/* The agent of the spec's interpreter, or NULL. */
static const struct agent *agent_of(const struct sbx_spec *spec)
{
	if (spec->program.kind == PROGRAM_COMMAND || spec->command.n == 0)
		return NULL;
	return agent_find(spec->command.items[0]);
}

/* What stands for the program where it is told later: a plan needs one. */
static const char *stand_in(const struct sbx_spec *spec)
{
	if (spec->program.kind == PROGRAM_COMMAND)
		return spec->program.arguments.items[0];
	return spec->command.n ? spec->command.items[0] : "sh";
}

/* The plan of the agent in the place of a program. What else the spec says is
 * the same, and so are its walls. */
static int make_plans(struct sbx_pool *pool, const struct sbx_spec *spec,
                      struct sbx_error *err)
{
	const struct agent *agent = agent_of(spec);
	struct buffer text CLEANUP(buffer_free) = {0};
	const char *words[] = {stand_in(spec), NULL};
	struct sbx_spec own = *spec;
	int r = check(spec, agent, err);

	if (r < 0)
		return r;
	own.program = (struct program){
		.kind = PROGRAM_COMMAND,
		.arguments = {.items = words, .n = 1},
	};
	if (agent) {
		own.file = name_of(spec);
		write_agent(agent, own.file, &text);
		own.program = (struct program){
			.kind = PROGRAM_CODE,
			.code = text.data,
			.code_len = text.len,
		};
	}
	if (text.failed)
		return err_memory(err, SBX_STAGE_PLAN);
	own.stdin_path.text = own.stdin_text = own.id = NULL;
	own.inputs = NULL;
	own.check = (struct check){0};
	r = plan_make_waiting(&own, agent != NULL, &pool->plan, err);
	if (r < 0 || !agent)
		return r;
	return zygote_plan(&pool->zygote, &own, pool->plan, agent, err);
}

int sbx_pool_open(const struct sbx_spec *spec, unsigned size,
                  struct sbx_pool **pool, struct sbx_error *err)
{
	struct sbx_pool *made = calloc(1, sizeof(*made));
	int r;

	if (!made)
		return err_memory(err, SBX_STAGE_PLAN);
	made->keeper.epoll = epoll_create1(EPOLL_CLOEXEC);
	made->keeper.leaving = &made->own;
	made->zygote.keeper = &made->keeper;
	made->boxes = calloc((size_t)size + 1, sizeof(struct sbx_box *));
	made->size = made->most = size;
	made->pause_ns = FIRST_PAUSE;
	if (made->keeper.epoll < 0 || !made->boxes)
		r = err_set(err, SBX_STAGE_PLAN, made->boxes ? errno : ENOMEM,
		            "a pool");
	else
		r = make_plans(made, spec, err);
	if (r < 0)
		sbx_pool_close(made);
	else
		*pool = made;
	return r;
}

int sbx_pool_fd(const struct sbx_pool *pool)
{
	return pool->keeper.epoll;
}

void pool_leave_to(struct sbx_pool *pool, struct leaving *leaving)
{
	pool->keeper.leaving = leaving;
}

void pool_resize(struct sbx_pool *pool, unsigned size)
{
	pool->size = MIN(size, pool->most);
}

void pool_hold(struct sbx_pool *pool, bool held)
{
	pool->held = held;
}

bool pool_has_zygote(const struct sbx_pool *pool)
{
	return pool->zygote.current || pool->zygote.next;
}

void pool_wear(struct sbx_pool *pool, unsigned most_forks)
{
	pool->zygote.most_forks = most_forks;
}

unsigned pool_count(const struct sbx_pool *pool)
{
	return pool->n_boxes;
}

/* Out of the pool; the box is the caller's now. */
static struct sbx_box *take_out(struct sbx_pool *pool, unsigned at)
{
	struct sbx_box *box = pool->boxes[at];

	(void)epoll_ctl(pool->keeper.epoll, EPOLL_CTL_DEL, sbx_box_fd(box),
	                NULL);
	pool->boxes[at] = pool->boxes[--pool->n_boxes];
	return box;
}

static void let_go(struct sbx_pool *pool, unsigned at)
{
	leaving_add(pool->keeper.leaving, take_out(pool, at));
}

static int fill(struct sbx_pool *pool, struct sbx_error *err)
{
	int r = zygote_box(&pool->zygote, pool->plan,
	                   &pool->boxes[pool->n_boxes], err);

	pool->n_boxes += r == 0;
	return r;
}

bool pool_hurry(struct sbx_pool *pool, bool more)
{
	struct sbx_error unheard;

	if (!pool->zygote.current)
		return false;
	if ((more || pool->n_boxes == 0) && pool->n_boxes < pool->most &&
	    clock_ns() >= pool->not_before_ns)
		(void)fill(pool, &unheard);
	return pool->n_boxes > 0;
}

static void pause_filling(struct sbx_pool *pool)
{
	pool->not_before_ns = clock_ns() + pool->pause_ns;
	pool->pause_ns = MIN(2 * pool->pause_ns, LONGEST_PAUSE);
}

/* Lets every box go on. A failed one is let go, and the failure told. */
static int step_boxes(struct sbx_pool *pool, unsigned *n_idle,
                      struct sbx_error *err)
{
	int r, result = 0;

	*n_idle = 0;
	for (unsigned i = 0; i < pool->n_boxes;) {
		r = sbx_box_step(pool->boxes[i], err);
		if (r == 0) {
			*n_idle += pool->boxes[i++]->idle;
			continue;
		}
		let_go(pool, i);
		result = r < 0 ? r : -ECHILD;
	}
	return result;
}

/* Where none can be had, as in a root tree with another libc, the boxes are
 * started one by one, as they are: they are the same boxes. Returns as
 * zygote_step(). */
static int step_zygote(struct sbx_pool *pool, struct sbx_error *err)
{
	struct zygote *zygote = &pool->zygote;
	int r;

	if (!zygote->plan)
		return 1;
	if (pool->size == 0) {
		zygote_stop(zygote);
		return 0;
	}
	if (!zygote->current && !zygote->next &&
	    clock_ns() < pool->not_before_ns)
		return 0;
	r = zygote_step(zygote, err);
	if (r < 0 && !pool->forked)
		zygote_free(zygote);
	pool->forked |= r > 0;
	return r;
}

int sbx_pool_step(struct sbx_pool *pool, struct sbx_error *err)
{
	unsigned n_idle;
	int r = step_boxes(pool, &n_idle, err);
	int ready = step_zygote(pool, r < 0 ? NULL : err);

	r = MIN(r, ready);
	while (pool->n_boxes > pool->size)
		let_go(pool, pool->n_boxes - 1);
	leaving_tidy(&pool->own);
	if (r == 0 && n_idle > 0)
		pool->pause_ns = FIRST_PAUSE;
	/* One at a time: more would take the processors from those who run. */
	if (r == 0 && ready > 0 && !pool->held && pool->n_boxes < pool->size &&
	    n_idle == pool->n_boxes && clock_ns() >= pool->not_before_ns)
		r = fill(pool, err);
	if (r < 0)
		pause_filling(pool);
	return r < 0 ? r : (int)MIN(n_idle, pool->n_boxes);
}

/* Whether its interpreter has an agent: a box without one would do, but the
 * run would begin later. */
static bool wants_agent(const struct sbx_plan *plan)
{
	return plan->file_at > 0 && agent_find(plan->argv[0]);
}

static bool fits(const struct sbx_pool *pool, const struct sbx_plan *plan)
{
	size_t at = pool->plan->file_at;

	return pool->plan->has_agent == wants_agent(plan) &&
	       plan_same_box(pool->plan, plan) &&
	       (!pool->own_name ||
	        strcmp(pool->plan->argv[at], plan->argv[at]) == 0);
}

int sbx_pool_start(struct sbx_pool *pool, const struct sbx_plan *plan,
                   const struct sbx_stdio *stdio, struct sbx_box **box,
                   struct sbx_error *err)
{
	unsigned n_idle, i = 0;
	int r;

	/* One may have died, and nobody has looked since. */
	(void)step_boxes(pool, &n_idle, NULL);
	while (i < pool->n_boxes && !pool->boxes[i]->idle)
		i++;
	if (i < pool->n_boxes)
		pool->own_name = pool->boxes[i]->own_name;
	if (!fits(pool, plan))
		return err_say(err, SBX_STAGE_PLAN, ESTALE,
		               "the run asks for another box");
	if (i == pool->n_boxes)
		return err_say(err, SBX_STAGE_PLAN, EAGAIN,
		               "no box of the pool is idle");
	r = box_assign(pool->boxes[i], plan, stdio, err);
	if (r == -E2BIG)
		return r;
	if (r < 0)
		let_go(pool, i);
	else
		*box = take_out(pool, i);
	return r;
}

void sbx_pool_close(struct sbx_pool *pool)
{
	if (!pool)
		return;
	while (pool->n_boxes > 0)
		let_go(pool, pool->n_boxes - 1);
	zygote_free(&pool->zygote);
	leaving_end(&pool->own);
	cleanup_fd(&pool->keeper.epoll);
	free(pool->boxes);
	sbx_plan_free(pool->plan);
	free(pool);
}
