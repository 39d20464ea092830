/*
 * Samples of a living process. One sample: the kernel's figures at once, the census when the
 * borrower comes back, gc facts read from outside at that moment. Where the main thread may not be
 * borrowed the same goes on without a census, read-only, and the reason is asked for again.
 */
#include "config.h"
#include "session/session.h"

#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "census/census.h"
#include "inject/preflight.h"
#include "model/ledger.h"
#include "proc/figures.h"
#include "proc/status.h"
#include "session/collect.h"
#include "session/ledger.h"
#include "session/refusal.h"
#include "session/residue.h"
#include "session/search.h"
#include "target/python.h"
#include "util/clock.h"
#include "util/mem.h"
#include "util/num.h"

#define SLOW_EVERY_NS (10 * CLOCK_NS_PER_S)	/* PSS and USS: milliseconds of the kernel's time */
#define SLOW_SHARE 200				/* ... and never more than 1/200 of the time */
#define LEAVE_DEADLINE_NS (3 * CLOCK_NS_PER_S)
#define TRACER_POLL_NS (5 * CLOCK_NS_PER_MS)

struct session {
	struct session_options options;
	struct sample_target target;
	struct figures *figures;
	struct python python;
	struct gadgets gadgets;
	struct census *census;
	struct refusal refusal;		/* why the main thread is not borrowed now */
	struct ledger_source *ledger;
	struct ledger_objects objects;	/* of the last count */
	struct search *search;
	struct collect collect;		/* gc.collect(), when the user has asked for it */
	struct residue *before;		/* what the target looked like before we touched it */
	int end_fd;
	bool busy, ended;
	bool replaced;			/* another program runs there, and our pages are gone */
	bool known;			/* what runs there is what s->python says: may be read */
	int64_t open_ns;
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
		 s->options.readonly || s->refusal.why.code != LT_OK ? "readonly" : "thread");
	s->target.start_wall_s = fixed.start_wall_s;
	s->target.attach_wall_s = clock_wall_s();
	s->target.attach_us = LT_UNKNOWN;
	return LT_OK;
}

/*
 * Only what cannot be looked into, or is no Python, fails here: it ends leaktop. What stands
 * against borrowing is noted.
 */
static enum lt_errc find_python(struct session *s, pid_t pid, struct lt_err *err)
{
	enum lt_errc rc = preflight_read(pid, err);
	struct lt_err why;

	if (rc == LT_OK)
		rc = python_find(pid, &s->python, err);
	if (rc != LT_OK || s->options.readonly)
		return rc;
	s->refusal = (struct refusal){0};
	if (gadgets_find(&s->python, &s->gadgets, &why) == LT_OK)
		(void)refusal_ask(&s->refusal, &s->python, &why);
	else
		refusal_note(&s->refusal, &why);
	return LT_OK;
}

enum lt_errc session_open_live(pid_t pid, const struct session_options *options,
			       struct session **ret, struct lt_err *err)
{
	const struct census_options census_options = {
		.mode = options->census, .max_pause_ns = options->max_pause_ns,
		.max_cpu = options->max_cpu,
	};
	struct session *s = MEM_NEW(struct session);
	enum lt_errc rc;

	s->options = *options;
	s->end_fd = -1;
	s->open_ns = clock_mono_ns();
	if ((rc = preflight_memory(pid, err)) != LT_OK ||
	    (rc = find_python(s, pid, err)) != LT_OK ||
	    (rc = figures_new(pid, &s->figures, err)) != LT_OK ||
	    (rc = describe(s, pid, err)) != LT_OK) {
		session_free(s);
		return rc;
	}
	s->end_fd = status_pidfd_open(pid);
	s->before = residue_take(pid);
	s->ledger = ledger_source_new(&s->python.remote);
	s->objects = (struct ledger_objects){LT_UNKNOWN, LT_UNKNOWN, LT_UNKNOWN};
	s->census = census_new(&s->python, options->readonly ? NULL : &s->gadgets,
			       &census_options);
	s->search = search_new(&s->python, options->max_cpu / 2);
	s->cpu_ns = clock_cpu_ns();
	*ret = s;
	return LT_OK;
}

const struct sample_target *session_target(const struct session *s)
{
	return &s->target;
}

const struct lt_err *session_refusal(const struct session *s)
{
	return &s->refusal.why;
}

bool session_busy(const struct session *s)
{
	return s->busy;
}

int session_fd(const struct session *s)
{
	return census_fd(s->census);
}

int session_end_fd(const struct session *s)
{
	return s->end_fd;
}

static void blank_sample(struct session *s)
{
	struct sample *p = &s->sample;

	*p = (struct sample){
		/* as fine as a recording has them: a replay is to show the same */
		.t = round(clock_wall_s() * 1e3) / 1e3,
		.mono_ns = clock_mono_ns() / 1000 * 1000, .seq = ++s->seq,
		.memory = {LT_UNKNOWN, LT_UNKNOWN, LT_UNKNOWN, LT_UNKNOWN, LT_UNKNOWN, LT_UNKNOWN,
			   LT_UNKNOWN},
		.gc = {.enabled = LT_UNKNOWN, .frozen = LT_UNKNOWN, .garbage = LT_UNKNOWN},
		.ledger = ledger_unknown, .oom_score = LT_UNKNOWN,
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

/* false: it is gone, or about to be, for a process gives up its memory before it is a zombie. */
static bool read_quick(struct session *s, struct figures_quick *ret)
{
	return figures_read(s->figures, ret, NULL) != LT_E_GONE && ret->vsz_bytes != 0;
}

static bool read_memory(struct session *s)
{
	struct figures_quick quick;
	struct sample_memory *m = &s->sample.memory;

	if (!read_quick(s, &quick))
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
	enum lt_errc rc;

	search_forget(s->search);
	rc = find_python(s, s->target.pid, err);
	if (rc != LT_OK)
		return rc;
	census_forget(s->census);
	s->replaced = false;
	ledger_source_forget(s->ledger);
	s->objects = (struct ledger_objects){LT_UNKNOWN, LT_UNKNOWN, LT_UNKNOWN};
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

/* Our own borrower is no other tracer. */
static enum lt_errc may_borrow(struct session *s, struct lt_err *err)
{
	enum lt_errc rc = refusal_ask(&s->refusal, &s->python, err);

	if (rc != LT_E_TRACED || !census_borrows(s->census))
		return rc;
	s->refusal = (struct refusal){0};
	*err = (struct lt_err){0};
	return LT_OK;
}

static enum lt_errc begin_census(struct session *s, struct lt_err *err)
{
	struct census_request request = {
		.size_bytes = size_bytes(&s->sample.memory),
		.deadline_ns = clock_mono_ns() + s->options.call_deadline_ns,
	};

	if (!s->options.readonly)
		(void)may_borrow(s, &request.refusal);
	return census_begin(s->census, &request, err);
}

static void begin_count(struct session *s, struct lt_err *why)
{
	/* where it can only not be read just now it is the same one later, and our pages with it */
	s->known = (!s->replaced && python_same(&s->python)) || follow_exec(s, why) == LT_OK;
	if (s->known && begin_census(s, why) == LT_E_REPLACED) {
		census_forget(s->census);
		s->replaced = true;
		s->known = false;
	}
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
	begin_count(s, &s->sample.why);
}

static void fill_gc(struct session *s, const struct census_result *r)
{
	struct python_gc gc;
	struct sample_gc *to = &s->sample.gc;

	python_gc_read(&s->python, &gc);
	to->enabled = gc.enabled;
	to->garbage = gc.garbage;
	to->incremental = s->python.layout->walk == LAYOUT_WALK_VISIT;
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
	s->objects = (struct ledger_objects){r->arena_bytes, r->block_bytes, r->large_bytes};
	s->sample.way = (struct sample_way){
		.scan = r->way == CENSUS_BY_SCAN, .changed = r->changed_way,
		.approximate = r->approximate, .why = r->why, .period_ns = r->period_ns,
		.explained = r->block_bytes > 0 ? (double)r->explained / (double)r->block_bytes
						: NAN,
	};
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
		.longest_us = r ? r->longest_stop_ns / 1000 : 0,
		.cpu_us = (cpu - s->cpu_ns + (r ? r->cpu_ns : 0)) / 1000,
	};
	s->cpu_ns = cpu;
}

/* Why there is no count, and whether it is a reason to expect none for a while. */
static void note_why(struct session *s, const struct lt_err *why)
{
	s->sample.why = *why;
	refusal_note(&s->refusal, why);
	if (s->refusal.why.code != LT_OK && !num_known(s->target.attach_us))
		snprintf(s->target.method, sizeof(s->target.method), "readonly");
}

/*
 * By which door leaktop comes in. A scan needs none: then it is the one that is open now, for the
 * walk that the scan is held against.
 */
static const char *method_of(const struct session *s, const struct census_result *r)
{
	struct status_syscall now;

	if (r->way == CENSUS_BY_WALK)
		return r->pending ? "pending" : "thread";
	if (s->options.readonly || s->options.census == CENSUS_SCAN ||
	    s->refusal.why.code != LT_OK)
		return "readonly";
	return status_syscall_read(s->target.pid, s->target.pid, &now) && now.nr >= 0 ? "thread"
										      : "pending";
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
	snprintf(s->target.method, sizeof(s->target.method), "%s", method_of(s, r));
}

/*
 * On its way out, or into another program, a process refuses in many words - not ready, not
 * permitted -, but has no memory then: the next sample tells what has become of it.
 */
static void doubt_refusal(struct session *s, struct lt_err *why)
{
	struct figures_quick quick;

	if ((why->code == LT_OK && s->refusal.why.code == LT_OK) || read_quick(s, &quick))
		return;
	s->refusal = (struct refusal){0};
	if (why->code != LT_OK)
		why->code = LT_E_REPLACED;
}

static enum session_step finish(struct session *s, const struct census_result *r,
				const struct sample **ret)
{
	struct lt_err why = r ? r->err : s->sample.why;
	struct ledger_heap heap = {0};

	s->busy = false;
	/* a thread that executes another program takes over the main thread's number: main is gone,
	 * the process is not */
	if (why.code == LT_E_GONE && !has_ended(s))
		why.code = LT_E_REPLACED;
	if (why.code == LT_E_GONE || why.code == LT_E_ZOMBIE)
		s->ended = true;
	if (s->ended)
		return SESSION_ENDED;
	doubt_refusal(s, &why);
	if (r && r->err.code == LT_OK) {
		fill_types(s, r);
		note_attach(s, r);
		s->sample.why = s->refusal.why;
	} else if (r) {
		note_why(s, &why);
		s->replaced = why.code == LT_E_REPLACED;
		if (s->replaced) {
			s->known = false;
			census_forget(s->census);
		}
	}
	heap.totals = census_heap(s->census, &heap.n_passes);
	ledger_source_read(s->ledger, &s->objects, &heap, &s->sample);
	if (s->known)
		fill_gc(s, r && r->err.code == LT_OK ? r : NULL);
	fill_cost(s, r);
	*ret = &s->sample;
	return SESSION_SAMPLE;
}

enum session_step session_advance(struct session *s, const struct sample **ret)
{
	struct census_result r;

	if (!s->busy)
		return s->ended ? SESSION_ENDED : SESSION_WAIT;
	if (s->ended || !census_busy(s->census))
		return finish(s, NULL, ret);
	return census_advance(s->census, &r) ? finish(s, &r, ret) : SESSION_WAIT;
}

struct search *session_search(struct session *s)
{
	return s->known && !s->ended && !s->replaced ? s->search : NULL;
}

enum lt_errc session_collect(struct session *s, struct lt_err *err)
{
	if (s->options.readonly)
		return lt_err_set(err, LT_E_USAGE, 0, "leaktop was started with --readonly");
	if (s->ended || !s->known || s->replaced)
		return lt_err_set(err, LT_E_REPLACED, 0, "the process is not known yet, or gone");
	if (may_borrow(s, err) != LT_OK)
		return err->code;
	collect_ask(&s->collect);
	return LT_OK;
}

bool session_collected(struct session *s, struct sample_collect *ret)
{
	return collect_advance(&s->collect, s->census, ret);
}

/*
 * Another leaktop is in there for moments only, and then gone: with something to take out, that is
 * waited for. A debugger stays, and what is ours with it.
 */
static enum lt_errc wait_for_tracer(const struct session *s)
{
	int64_t give_up = clock_mono_ns() + LEAVE_DEADLINE_NS;
	enum lt_errc rc = preflight_inject(s->target.pid, NULL);

	while (rc == LT_E_TRACED && census_mappings(s->census) && clock_mono_ns() < give_up) {
		clock_sleep_ns(TRACER_POLL_NS);
		rc = preflight_inject(s->target.pid, NULL);
	}
	return rc;
}

/*
 * ^Z holds nobody who only takes his things, and a vfork is over in a moment: the borrower waits
 * for that without a stop. One short stop of a leaktop that somebody has made nicer meanwhile is
 * better than pages that stay. Anything else could hold leaktop, or do harm.
 */
static bool may_leave(const struct session *s)
{
	enum lt_errc rc = wait_for_tracer(s);

	return !s->ended && (rc == LT_OK || rc == LT_E_STOPPED || rc == LT_E_VFORK ||
			     rc == LT_E_NICE || rc == LT_E_CPU_LIMIT);
}

void session_detach(struct session *s, struct sample_left *ret)
{
	struct census_result r;

	census_settle(s->census);
	if (may_leave(s))
		(void)census_leave(s->census, clock_mono_ns() + LEAVE_DEADLINE_NS, &r);
	else
		census_abandon(s->census);
	residue_compare(s->before, ret);
	ret->maps = census_mappings(s->census);
	s->ended = true;
}

void session_free(struct session *s)
{
	if (!s)
		return;
	search_free(s->search);
	census_free(s->census);
	figures_free(s->figures);
	ledger_source_free(s->ledger);
	residue_free(s->before);
	if (s->end_fd >= 0)
		close(s->end_fd);
	free(s->types);
	free(s);
}
