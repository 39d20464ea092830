#include "config.h"
#include "session/recline.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/clean.h"
#include "util/mem.h"
#include "util/num.h"

#define VERSION 1
#define FIGURE_MAX (1LL << 55)		/* sums of some of them must not overflow */
#define WALL_MAX 9e9			/* seconds since 1970; in nanoseconds it fits 63 bits */
#define NAME_MAX_BYTES 256		/* with its NUL: what the model keeps of a type's name */

/* ---- values ------------------------------------------------------------------------------ */

/* A figure is never negative; what is, or is beyond reason, is not known. */
static int64_t figure(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);
	int64_t i = json_is_integer(v) ? (int64_t)json_integer_value(v) : -1;

	return i >= 0 && i <= FIGURE_MAX ? i : LT_UNKNOWN;
}

static int64_t figure_or(const json_t *object, const char *key, int64_t otherwise)
{
	int64_t v = figure(object, key);

	return num_known(v) ? v : otherwise;
}

static double real(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);

	return json_is_number(v) ? json_number_value(v) : NAN;
}

/* 0 where it is no time. */
static double wall(const json_t *object, const char *key)
{
	double t = real(object, key);

	return t > 0 && t < WALL_MAX ? t : 0;
}

static bool flag(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

static void text(char *ret, size_t size, const json_t *v)
{
	if (json_is_string(v))
		clean_text(ret, size, json_string_value(v), json_string_length(v));
	else
		ret[0] = '\0';
}

static void text_of(char *ret, size_t size, const json_t *object, const char *key)
{
	text(ret, size, json_object_get(object, key));
}

#define TEXT_OF(array, object, key) text_of(array, sizeof(array), object, key)

/* ---- attach and detach ------------------------------------------------------------------- */

static void read_attach(struct recline *l, const json_t *root)
{
	struct sample_target *t = &l->target;
	int64_t pid = figure(root, "pid"), confirm_us = figure(root, "confirm_us");

	*t = (struct sample_target){.attach_wall_s = l->t};
	t->pid = pid > 0 && pid <= INT32_MAX ? (pid_t)pid : 0;
	TEXT_OF(t->python, root, "python");
	TEXT_OF(t->build, root, "build");
	TEXT_OF(t->exe, root, "exe");
	TEXT_OF(t->command, root, "command");
	TEXT_OF(t->user, root, "user");
	TEXT_OF(t->method, root, "method");
	t->start_wall_s = wall(root, "started");
	t->attach_us = figure(root, "attach_us");
	l->confirm_ns = num_known(confirm_us) && confirm_us <= FIGURE_MAX / 1000
		? confirm_us * 1000 : LT_UNKNOWN;
}

/* ---- sample ------------------------------------------------------------------------------ */

static void read_memory(struct sample *s, const json_t *root)
{
	const json_t *m = json_object_get(root, "memory"), *read = json_object_get(root, "read");
	bool pss = !read || flag(read, "pss");

	s->memory = (struct sample_memory){
		.rss = figure(m, "rss"), .vsz = figure(m, "vsz"), .swap = figure(m, "swap"),
		.pss = pss ? figure(m, "pss") : LT_UNKNOWN,
		.uss = pss ? figure(m, "uss") : LT_UNKNOWN,
		.limit = figure(m, "limit"), .threads = figure(m, "threads"),
	};
	m = !read || flag(read, "ledger") ? json_object_get(root, "ledger") : NULL;
#define X(member, name) s->ledger.member = figure(m, #member);
	SAMPLE_LEDGER(X)
#undef X
	s->oom_score = figure(root, "oom_score");
}

static void read_gc(struct sample_gc *gc, const json_t *g)
{
	const json_t *on = json_object_get(g, "enabled"), *gens = json_object_get(g, "generations");

	gc->enabled = json_is_boolean(on) ? json_is_true(on) : LT_UNKNOWN;
	gc->frozen = figure(g, "frozen");
	gc->garbage = figure(g, "garbage");
	gc->incremental = flag(g, "incremental");
	for (size_t i = 0; i < COUNT_OF(gc->gen); i++) {
		const json_t *gen = json_array_get(gens, i);

		gc->gen[i] = (struct sample_generation){
			.objects = figure(gen, "objects"), .count = figure(gen, "count"),
			.threshold = figure(gen, "threshold"),
			.collections = figure(gen, "collections"),
			.collected = figure(gen, "collected"),
			.uncollectable = figure(gen, "uncollectable"),
		};
	}
}

static void read_cost(struct sample_cost *cost, const json_t *c)
{
	*cost = (struct sample_cost){
		.stops = figure_or(c, "stops", 0), .stopped_us = figure_or(c, "stopped_us", 0),
		.pause_us = figure_or(c, "pause_us", 0), .cpu_us = figure_or(c, "cpu_us", 0),
		.longest_us = figure_or(c, "longest_us", 0),
	};
}

static void read_way(struct recline *l, const json_t *c)
{
	char by[8];

	TEXT_OF(by, c, "by");
	TEXT_OF(l->why, c, "why");
	l->sample.way = (struct sample_way){
		.scan = strcmp(by, "scan") == 0, .changed = flag(c, "changed"),
		.approximate = flag(c, "approximate"), .why = l->why,
		.period_ns = figure_or(c, "period_us", 0) < FIGURE_MAX / 1000
			? figure_or(c, "period_us", 0) * 1000 : 0,
		.explained = real(c, "explained"),
	};
}

/* An error that this leaktop does not know is one all the same. */
static void read_why(struct lt_err *why, const json_t *w)
{
	char code[40];

	if (!w)
		return;
	TEXT_OF(code, w, "code");
	if (strcmp(code, "not-asked") == 0)
		return;
	why->code = LT_E_SYS;
	for (int i = LT_OK + 1; i < LT_E_COUNT; i++)
		if (strcmp(lt_err_info((enum lt_errc)i)->code, code) == 0)
			why->code = (enum lt_errc)i;
	TEXT_OF(why->detail, w, "detail");
	why->sys_errno = (int)(figure_or(w, "errno", 0) & 0xfff);
}

/* Names first, types then: the memory of the names moves while it grows. */
static size_t read_names(struct recline *l, const json_t *types)
{
	size_t n = json_array_size(types), at = 0;

	if (n * NAME_MAX_BYTES > l->names_cap) {
		l->names_cap = n * NAME_MAX_BYTES;
		free(l->names);
		l->names = mem_array(n, NAME_MAX_BYTES);
	}
	if (n > l->types_cap) {
		l->types_cap = n;
		free(l->types);
		l->types = mem_array(n, sizeof(*l->types));
	}
	for (size_t i = 0; i < n; i++) {
		const json_t *type = json_array_get(types, i);
		char *name = l->names + at * NAME_MAX_BYTES;
		int64_t count = figure(type, "count");

		text_of(name, NAME_MAX_BYTES, type, "type");
		if (name[0] && num_known(count))
			l->types[at++] = (struct sample_type){name, count, figure(type, "bytes")};
	}
	return at;
}

static void read_lengths(struct recline *l, const json_t *held)
{
	size_t n = json_array_size(held);

	l->n_lengths = n < RECLINE_LENGTHS_MAX ? n : RECLINE_LENGTHS_MAX;
	for (size_t i = 0; i < l->n_lengths; i++) {
		const json_t *one = json_array_get(held, i);
		const json_t *lengths = json_object_get(one, "lengths");
		struct recline_lengths *to = &l->lengths[i];

		TEXT_OF(to->type, one, "type");
		to->n = json_array_size(lengths);
		to->n = to->n < HOLDING_PATHS ? to->n : HOLDING_PATHS;
		for (size_t k = 0; k < to->n; k++) {
			const json_t *v = json_array_get(lengths, k);
			int64_t length = json_is_integer(v) ? json_integer_value(v) : -1;

			to->lengths[k] = length >= 0 && length <= FIGURE_MAX ? length : LT_UNKNOWN;
		}
	}
}

static void read_sample(struct recline *l, const json_t *root)
{
	const json_t *types = json_object_get(root, "types"), *gap = json_object_get(root, "gap");
	struct sample *s = &l->sample;
	int64_t mono_us = figure(root, "mono_us");

	l->base = wall(root, "base");
	*s = (struct sample){.t = l->t, .seq = figure_or(root, "seq", 1)};
	s->mono_ns = num_known(mono_us) && mono_us < INT64_MAX / 16000
		? mono_us * 1000 : (int64_t)(l->t * 1e6) * 1000;
	read_memory(s, root);
	read_gc(&s->gc, json_object_get(root, "gc"));
	read_cost(&s->cost, json_object_get(root, "cost"));
	read_way(l, json_object_get(root, "census"));
	read_lengths(l, json_object_get(root, "held"));
	s->census = !gap && json_is_array(types);
	s->objects = s->census ? figure(root, "objects") : LT_UNKNOWN;
	read_why(&s->why, gap ? gap : json_object_get(root, "refusal"));
	s->n_types = s->census ? read_names(l, types) : 0;
	s->types = l->types;
}

/* ---- collect ----------------------------------------------------------------------------- */

static void read_change(const json_t *pair, int64_t *before, int64_t *after)
{
	*before = figure(pair, "before");
	*after = figure(pair, "after");
}

static void read_collect(struct recline *l, const json_t *root)
{
	struct sample_collect *c = &l->collect;

	*c = (struct sample_collect){
		.t = l->t, .unreachable = figure(root, "unreachable"),
		.took_us = figure(root, "took_us"),
	};
	read_change(json_object_get(root, "objects"), &c->objects_before, &c->objects_after);
	read_change(json_object_get(root, "rss"), &c->rss_before, &c->rss_after);
}

/* ---- verdict: who holds it ----------------------------------------------------------------- */

/* The same for the same path: the target's own address is not written, and says nothing later. */
static uint64_t address_of(const char *path)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (; *path; path++)
		h = (h ^ (unsigned char)*path) * 0x100000001b3u;
	return h | 1;
}

static double share_of(const json_t *object, const char *key)
{
	double v = real(object, key);

	return v >= 0 && v <= 1 ? v : 0;
}

static void read_paths(struct holding *h, const json_t *holders)
{
	size_t n = json_array_size(holders);

	h->n_paths = n < HOLDING_PATHS ? n : HOLDING_PATHS;
	for (size_t i = 0; i < h->n_paths; i++) {
		const json_t *from = json_array_get(holders, i);
		struct holding_path *p = &h->paths[i];

		TEXT_OF(p->path, from, "path");
		TEXT_OF(p->shown, from, "path");
		TEXT_OF(p->root, from, "root");
		TEXT_OF(p->container, from, "container");
		p->length = figure(from, "length");
		p->length_rate = real(from, "length_rate");
		p->address = num_known(p->length) ? address_of(p->path) : 0;
		p->share = share_of(from, "share");
		p->low = share_of(from, "low");
		p->high = share_of(from, "high");
		p->samples = (size_t)figure_or(from, "samples", 0);
		p->newest = (size_t)figure_or(from, "newest", 0);
	}
}

static void read_cycles(struct holding *h, const json_t *cycles)
{
	size_t n = json_array_size(cycles);

	h->n_cycles = n < HOLDING_CYCLES ? n : HOLDING_CYCLES;
	for (size_t i = 0; i < h->n_cycles; i++) {
		const json_t *from = json_array_get(cycles, i);
		const json_t *types = json_object_get(from, "types");
		const json_t *attributes = json_object_get(from, "attributes");
		struct holding_cycle *c = &h->cycles[i];

		c->n = json_array_size(types);
		c->n = c->n < HOLDING_RING ? c->n : HOLDING_RING;
		for (size_t k = 0; k < c->n; k++) {
			text(c->types[k], sizeof(c->types[k]), json_array_get(types, k));
			text(c->attributes[k], sizeof(c->attributes[k]),
			     json_array_get(attributes, k));
		}
		c->samples = (size_t)figure_or(from, "samples", 0);
		c->instances = figure(from, "instances");
		c->since = wall(from, "since");
	}
}

/*
 * A part is below the one before it, beside it or further up: what is drawn as a tree is one. The
 * object's address is not written: 0.
 */
static void read_keeps(struct holding_inside *in, const json_t *keeps)
{
	const json_t *parts = json_object_get(keeps, "parts");
	size_t n = json_array_size(parts);
	unsigned below = 0;

	in->n = n < HOLDING_PARTS ? n : HOLDING_PARTS;
	for (size_t i = 0; i < in->n; i++) {
		const json_t *from = json_array_get(parts, i);
		struct holding_part *p = &in->parts[i];
		int64_t depth = figure_or(from, "depth", 0);

		p->depth = depth < 1 ? i > 0 : depth < below ? (unsigned)depth : below;
		below = p->depth + 1;
		TEXT_OF(p->name, from, "name");
		TEXT_OF(p->shown, from, "name");
		TEXT_OF(p->type, from, "type");
		p->shared = flag(from, "shared");
		p->bytes = p->shared ? 0 : figure_or(from, "bytes", 0);
		p->length = figure(from, "length");
	}
	in->bytes = figure_or(keeps, "bytes", 0);
	in->untold = (size_t)figure_or(keeps, "untold", 0);
	in->incomplete = !flag(keeps, "complete");
}

static void read_holding(struct holding *h, const json_t *suspect)
{
	const json_t *counts = json_object_get(suspect, "refcounts");
	const json_t *search = json_object_get(suspect, "search");
	char type[HOLDING_NAME];

	TEXT_OF(type, suspect, "type");
	holding_init(h, type);
	h->t = wall(search, "t");
	h->refcounts.min = figure(counts, "min");
	h->refcounts.median = figure(counts, "median");
	h->refcounts.max = figure(counts, "max");
	h->refcounts.explained = figure(counts, "explained");
	read_paths(h, json_object_get(suspect, "holders"));
	read_cycles(h, json_object_get(suspect, "cycles"));
	read_keeps(&h->inside, json_object_get(suspect, "keeps"));
	h->instances = figure(search, "instances");
	h->sampled = (size_t)figure_or(search, "sampled", 0);
	h->newest = (size_t)figure_or(search, "newest", 0);
	h->newest_cyclic = (size_t)figure_or(search, "newest_cyclic", 0);
	h->freed = (size_t)figure_or(search, "freed", 0);
	h->no_path = (size_t)figure_or(search, "no_path", 0);
	h->c_only = (size_t)figure_or(search, "c_only", 0);
	h->incomplete = json_is_false(json_object_get(search, "complete"));
	h->time_ns = figure_or(search, "time_us", 0) % (FIGURE_MAX / 1000) * 1000;
	h->cpu_ns = figure_or(search, "cpu_us", 0) % (FIGURE_MAX / 1000) * 1000;
}

/* Suspects that were not searched for, and more than a model keeps, are no news. */
static void read_verdict(struct recline *l, const json_t *root)
{
	const json_t *suspects = json_object_get(root, "suspects");
	size_t n = json_array_size(suspects);

	l->n_holdings = 0;
	for (size_t i = 0; i < n && l->n_holdings < RECLINE_LENGTHS_MAX; i++) {
		const json_t *one = json_array_get(suspects, i);

		if (!json_is_array(json_object_get(one, "holders")))
			continue;
		if (l->n_holdings == l->holdings_cap) {
			l->holdings_cap = l->holdings_cap ? 2 * l->holdings_cap : 2;
			l->holdings = mem_resize(l->holdings, l->holdings_cap,
						 sizeof(*l->holdings));
		}
		read_holding(&l->holdings[l->n_holdings++], one);
	}
}

/* ---- the line ---------------------------------------------------------------------------- */

/* A tree takes ten times the memory of its text, or more where it has many small values. */
static bool is_huge(const char *s, size_t n)
{
	size_t values = 0;

	for (size_t i = 0; i < n; i++)
		values += s[i] == ',' || s[i] == '[' || s[i] == '{';
	return values > RECLINE_VALUES_MAX;
}

static enum recline_kind kind_of(const json_t *root)
{
	static const char *const words[] = {
		[RECLINE_ATTACH] = "attach", [RECLINE_SAMPLE] = "sample",
		[RECLINE_VERDICT] = "verdict", [RECLINE_DETACH] = "detach",
		[RECLINE_COLLECT] = "collect",
	};
	const char *kind = json_string_value(json_object_get(root, "kind"));
	int i = 0;

	while (i < RECLINE_OTHER && strcmp(words[i], kind) != 0)
		i++;
	return (enum recline_kind)i;
}

static enum lt_errc read_root(struct recline *l, const json_t *root, struct lt_err *err)
{
	const json_t *v = json_object_get(root, "v");

	if (!json_is_integer(v) || !json_is_string(json_object_get(root, "kind")))
		return lt_err_set(err, LT_E_NO_RECORDING, 0,
				  "an object without \"v\" and \"kind\"");
	if (json_integer_value(v) != VERSION)
		return lt_err_set(err, LT_E_RECORDING_VERSION, 0, "version %lld, not %d",
				  (long long)json_integer_value(v), VERSION);
	l->kind = kind_of(root);
	l->t = wall(root, "t");
	if (l->kind != RECLINE_OTHER && l->t <= 0)
		return lt_err_set(err, LT_E_DAMAGED, 0, "there is no time \"t\" in it");
	switch (l->kind) {
	case RECLINE_ATTACH:
		read_attach(l, root);
		break;
	case RECLINE_SAMPLE:
		read_sample(l, root);
		break;
	case RECLINE_VERDICT:
		read_verdict(l, root);
		break;
	case RECLINE_DETACH:
		l->ended = flag(root, "ended");
		break;
	case RECLINE_COLLECT:
		read_collect(l, root);
		break;
	case RECLINE_OTHER:
		break;
	}
	return LT_OK;
}

enum lt_errc recline_parse(struct recline *l, const char *line, size_t n, struct lt_err *err)
{
	json_error_t fault;
	char clean[100];
	enum lt_errc rc;
	json_t *root;

	if (is_huge(line, n))
		return lt_err_set(err, LT_E_DAMAGED, 0, "it has more than %d values",
				  RECLINE_VALUES_MAX);
	root = json_loadb(line, n, JSON_REJECT_DUPLICATES, &fault);
	if (!root) {
		clean_text(clean, sizeof(clean), fault.text, strlen(fault.text));
		return lt_err_set(err, LT_E_NO_RECORDING, 0, "%s", clean);
	}
	rc = read_root(l, root, err);
	json_decref(root);
	return rc;
}

void recline_done(struct recline *l)
{
	free(l->holdings);
	free(l->types);
	free(l->names);
	*l = (struct recline){0};
}
