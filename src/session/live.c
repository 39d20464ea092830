/*
 * Samples of a living process. One sample: the kernel's figures at once, the census when the
 * borrower comes back, gc facts read from outside at that moment.
 */
#include "config.h"
#include "session/session.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "census/census.h"
#include "inject/preflight.h"
#include "proc/figures.h"
#include "proc/status.h"
#include "session/residue.h"
#include "target/python.h"
#include "util/clock.h"
#include "util/mem.h"
#include "util/num.h"

#define SLOW_EVERY_NS (10 * CLOCK_NS_PER_S)	/* PSS and USS: milliseconds of the kernel's time */
#define SLOW_SHARE 200				/* ... and never more than 1/200 of the time */
#define HOLD_SHARE 20				/* counts hold the GIL for at most 1/20 of it */
#define DETACH_WAIT_MS 5000			/* for a count under way when leaktop ends */
#define LEAVE_DEADLINE_NS (3 * CLOCK_NS_PER_S)

struct session {
	struct session_options options;
	struct sample_target target;
	struct figures *figures;
	struct python python;
	struct gadgets gadgets;
	struct census *census;		/* NULL: readonly */
	struct residue *before;		/* what the target looked like before we touched it */
	int end_fd;
	bool busy, ended, replaced;
	int64_t open_ns;
	int64_t hold_ns, census_due_ns;	/* of the last count; when the next may be */
	int64_t slow_due_ns;
	struct figures_slow slow;	/* LT_UNKNOWN in samples in which it was not due */
	int64_t limit_bytes;		/* read as seldom: it takes half a dozen files to find */
	int64_t cpu_ns;			/* of this process, when the last sample ended */
	int64_t seq;
	struct sample sample;
	struct sample_type *types;	/* owned */
	size_t types_cap;
};

static const char *build_name(enum python_build build)
{
	return build == PYTHON_DEBUG ? "debug" : "release";
}

/* Who it is, in the words of the screen. */
static enum lt_errc describe(struct session *s, pid_t pid, struct lt_err *err)
{
	struct figures_fixed fixed;
	enum lt_errc rc = figures_read_fixed(s->figures, &fixed, err);

	if (rc != LT_OK)
		return rc;
	s->target.pid = pid;
	snprintf(s->target.python, sizeof(s->target.python), "%s", s->python.version);
	snprintf(s->target.build, sizeof(s->target.build), "%s", build_name(s->python.build));
	snprintf(s->target.exe, sizeof(s->target.exe), "%s", fixed.exe);
	snprintf(s->target.command, sizeof(s->target.command), "%s", fixed.command);
	snprintf(s->target.user, sizeof(s->target.user), "%s", fixed.user);
	snprintf(s->target.method, sizeof(s->target.method), "%s",
		 s->options.readonly ? "readonly" : "thread");
	s->target.start_wall_s = fixed.start_wall_s;
	s->target.attach_wall_s = clock_wall_s();
	s->target.attach_us = LT_UNKNOWN;
	return LT_OK;
}

static enum lt_errc find_python(struct session *s, pid_t pid, struct lt_err *err)
{
	enum lt_errc rc = s->options.readonly ? preflight_read(pid, err)
					      : preflight_inject(pid, err);

	if (rc == LT_OK)
		rc = python_find(pid, &s->python, err);
	if (rc == LT_OK && !s->options.readonly)
		rc = gadgets_find(&s->python, &s->gadgets, err);
	return rc;
}

enum lt_errc session_open_live(pid_t pid, const struct session_options *options,
			       struct session **ret, struct lt_err *err)
{
	const struct census_options census_options = {0};
	struct session *s = MEM_NEW(struct session);
	enum lt_errc rc;

	s->options = *options;
	s->end_fd = -1;
	s->open_ns = clock_mono_ns();
	if ((rc = find_python(s, pid, err)) != LT_OK ||
	    (rc = figures_new(pid, &s->figures, err)) != LT_OK ||
	    (rc = describe(s, pid, err)) != LT_OK) {
		session_free(s);
		return rc;
	}
	s->end_fd = status_pidfd_open(pid);
	s->before = residue_take(pid);
	if (!options->readonly)
		s->census = census_new(&s->python, &s->gadgets, &census_options);
	s->cpu_ns = clock_cpu_ns();
	*ret = s;
	return LT_OK;
}

const struct sample_target *session_target(const struct session *s)
{
	return &s->target;
}

bool session_busy(const struct session *s)
{
	return s->busy;
}

int session_fd(const struct session *s)
{
	return s->census ? census_fd(s->census) : -1;
}

int session_end_fd(const struct session *s)
{
	return s->end_fd;
}

static void blank_sample(struct session *s)
{
	struct sample *p = &s->sample;

	*p = (struct sample){
		.t = clock_wall_s(), .mono_ns = clock_mono_ns(), .seq = ++s->seq,
		.memory = {LT_UNKNOWN, LT_UNKNOWN, LT_UNKNOWN, LT_UNKNOWN, LT_UNKNOWN, LT_UNKNOWN,
			   LT_UNKNOWN},
		.gc = {.enabled = LT_UNKNOWN, .frozen = LT_UNKNOWN, .garbage = LT_UNKNOWN},
		.objects = LT_UNKNOWN,
		.types = s->types,
	};
	for (size_t i = 0; i < COUNT_OF(p->gc.gen); i++)
		p->gc.gen[i] = (struct sample_generation){
			LT_UNKNOWN, LT_UNKNOWN, LT_UNKNOWN, LT_UNKNOWN, LT_UNKNOWN, LT_UNKNOWN,
		};
}

/* The next reading of smaps_rollup waits longer where it is expensive (I5). */
static void read_slow(struct session *s)
{
	int64_t begin = clock_mono_ns(), rest;

	s->slow = (struct figures_slow){LT_UNKNOWN, LT_UNKNOWN};
	if (begin < s->slow_due_ns)
		return;
	(void)figures_read_slow(s->figures, &s->slow, NULL);
	s->limit_bytes = figures_memory_limit(s->target.pid);
	rest = (clock_mono_ns() - begin) * SLOW_SHARE;
	s->slow_due_ns = begin + (rest > SLOW_EVERY_NS ? rest : SLOW_EVERY_NS);
}

/* Where the kernel can tell (pidfd, Linux 5.3) it is asked; elsewhere others are believed. */
static bool has_ended(const struct session *s)
{
	struct pollfd fd = {.fd = s->end_fd, .events = POLLIN};

	return s->end_fd < 0 || poll(&fd, 1, 0) != 0;
}

static bool read_memory(struct session *s)
{
	struct figures_quick quick;
	struct sample_memory *m = &s->sample.memory;

	if (figures_read(s->figures, &quick, NULL) == LT_E_GONE)
		return false;
	read_slow(s);
	*m = (struct sample_memory){
		.rss = quick.rss_bytes, .vsz = quick.vsz_bytes, .swap = quick.swap_bytes,
		.pss = s->slow.pss_bytes, .uss = s->slow.uss_bytes,
		.limit = s->limit_bytes, .threads = quick.threads,
	};
	return true;
}

/* Another program under the same PID: look at it anew. What was in the old one died with it. */
static enum lt_errc follow_exec(struct session *s, struct lt_err *err)
{
	enum lt_errc rc = find_python(s, s->target.pid, err);

	if (rc != LT_OK)
		return rc;
	s->replaced = false;
	residue_free(s->before);
	s->before = residue_take(s->target.pid);
	return describe(s, s->target.pid, err);
}

/* What its objects can take at most; 0 where it is not known. */
static int64_t size_bytes(const struct sample_memory *m)
{
	if (!num_known(m->rss))
		return 0;
	return m->rss + (num_known(m->swap) ? m->swap : 0);
}

static enum lt_errc begin_census(struct session *s, struct lt_err *err)
{
	enum lt_errc rc;

	if (s->replaced && (rc = follow_exec(s, err)) != LT_OK)
		return rc;
	if ((rc = preflight_inject(s->target.pid, err)) != LT_OK)
		return rc;
	if (clock_mono_ns() < s->census_due_ns)
		return lt_err_set(err, LT_E_PACED, 0, "the last count held the GIL for %lld ms",
				  (long long)(s->hold_ns / CLOCK_NS_PER_MS));
	return census_begin(s->census, size_bytes(&s->sample.memory),
			    clock_mono_ns() + s->options.call_deadline_ns, err);
}

void session_request(struct session *s)
{
	if (s->busy || s->ended)
		return;
	blank_sample(s);
	s->busy = true;
	/* the number may belong to another process by now */
	if ((s->end_fd >= 0 && has_ended(s)) || !read_memory(s)) {
		s->ended = true;
		return;
	}
	if (s->census && begin_census(s, &s->sample.why) == LT_E_REPLACED) {
		census_forget(s->census);
		s->replaced = true;
	}
}

static void fill_gc(struct session *s, const struct census_result *r)
{
	struct python_gc gc;
	struct sample_gc *to = &s->sample.gc;

	python_gc_read(&s->python, &gc);
	to->enabled = gc.enabled;
	to->garbage = gc.garbage;
	to->frozen = r && s->python.heads[3] ? r->list_objects[3] : LT_UNKNOWN;
	for (size_t i = 0; i < COUNT_OF(to->gen); i++)
		to->gen[i] = (struct sample_generation){
			.objects = r ? r->list_objects[i] : LT_UNKNOWN,
			.count = gc.gen[i].count, .threshold = gc.gen[i].threshold,
			.collections = gc.gen[i].collections, .collected = gc.gen[i].collected,
			.uncollectable = gc.gen[i].uncollectable,
		};
}

static void fill_types(struct session *s, const struct census_result *r)
{
	if (s->types_cap < r->n_types) {
		s->types_cap = r->n_types * 2;
		s->types = mem_resize(s->types, s->types_cap, sizeof(*s->types));
	}
	for (size_t i = 0; i < r->n_types; i++)
		s->types[i] = (struct sample_type){
			.name = r->types[i].name,
			.count = (int64_t)r->types[i].count, .bytes = (int64_t)r->types[i].bytes,
		};
	s->sample.types = s->types;
	s->sample.n_types = r->n_types;
	s->sample.objects = r->objects;
	s->sample.census = true;
	s->hold_ns = r->hold_ns;
	s->census_due_ns = clock_mono_ns() + r->hold_ns * HOLD_SHARE;
}

static void fill_cost(struct session *s, const struct census_result *r)
{
	int64_t cpu = clock_cpu_ns(), pause = 0;

	if (r)
		pause = r->hold_ns > r->longest_stop_ns ? r->hold_ns : r->longest_stop_ns;
	s->sample.cost = (struct sample_cost){
		.stops = r ? r->stops : 0,
		.stopped_us = r ? r->stopped_ns / 1000 : 0,
		.pause_us = pause / 1000,
		.cpu_us = (cpu - s->cpu_ns + (r ? r->cpu_ns : 0)) / 1000,
	};
	s->cpu_ns = cpu;
}

/* The first count tells how long the way in took and by which door. */
static void note_attach(struct session *s, const struct census_result *r)
{
	if (num_known(s->target.attach_us))
		return;
	s->target.attach_us = (clock_mono_ns() - s->open_ns) / 1000;
	/* leaktop's own pages must not look like the target's growth: read its memory again */
	s->slow_due_ns = 0;
	(void)read_memory(s);
	snprintf(s->target.method, sizeof(s->target.method), "%s",
		 r->pending ? "pending" : "thread");
}

static enum session_step finish(struct session *s, const struct census_result *r,
				const struct sample **ret)
{
	struct lt_err why = r ? r->err : s->sample.why;

	s->busy = false;
	/* a thread that executes another program takes over the main thread's number: main is gone,
	 * the process is not */
	if (why.code == LT_E_GONE && !has_ended(s))
		why.code = LT_E_REPLACED;
	if (why.code == LT_E_GONE || why.code == LT_E_ZOMBIE)
		s->ended = true;
	if (s->ended)
		return SESSION_ENDED;
	fill_gc(s, r && r->err.code == LT_OK ? r : NULL);
	if (r && r->err.code == LT_OK) {
		fill_types(s, r);
		note_attach(s, r);
	} else if (r) {
		s->sample.why = why;
		s->replaced = why.code == LT_E_REPLACED;
		if (s->replaced)
			census_forget(s->census);
	}
	fill_cost(s, r);
	*ret = &s->sample;
	return SESSION_SAMPLE;
}

enum session_step session_advance(struct session *s, const struct sample **ret)
{
	struct census_result r;

	if (!s->busy)
		return s->ended ? SESSION_ENDED : SESSION_WAIT;
	if (s->ended || !s->census || !census_busy(s->census))
		return finish(s, NULL, ret);
	census_end(s->census, &r);
	return finish(s, &r, ret);
}

void session_detach(struct session *s, struct sample_left *ret)
{
	struct census_result r;
	struct pollfd fd = {.fd = session_fd(s), .events = POLLIN};

	if (fd.fd >= 0 && poll(&fd, 1, DETACH_WAIT_MS) > 0)
		census_end(s->census, &r);
	else if (fd.fd >= 0)
		census_abandon(s->census);
	/* what has ended has taken our pages with it */
	if (s->census && !s->ended && !(s->end_fd >= 0 && has_ended(s)))
		(void)census_leave(s->census, clock_mono_ns() + LEAVE_DEADLINE_NS, &r);
	residue_compare(s->before, ret);
	if (s->census)
		ret->maps = census_mappings(s->census);
	s->ended = true;
}

void session_free(struct session *s)
{
	if (!s)
		return;
	census_free(s->census);
	figures_free(s->figures);
	residue_free(s->before);
	if (s->end_fd >= 0)
		close(s->end_fd);
	free(s->types);
	free(s);
}
