#include "config.h"
#include "session/replay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "session/lexicon.h"
#include "session/reading.h"
#include "session/recline.h"
#include "util/clock.h"
#include "util/mem.h"
#include "util/num.h"

#define MEMORY_MAX (512u << 20)
#define GONE (-1)			/* a count: the type was not in that sample */

struct change {				/* of a type since the sample before */
	int64_t count, bytes;
	uint32_t id;
};

struct frame {
	struct sample sample;		/* without its types */
	uint32_t target;
	uint32_t n_changes, n_lengths;
	uint32_t n_verdicts;		/* lines that followed it */
	bool begins, collects;
	enum replay_base base;
	double ended;
};

struct level {				/* of a type, by its id */
	int64_t count, bytes;
	bool there;			/* in the sample that is being read */
};

struct levels {
	struct level *v;		/* owned */
	size_t n;
};

struct replay {
	struct reading reading;
	struct recline line;
	bool complete, any;		/* all is read; a sample was found */
	struct lt_err damage;
	struct lexicon names;
	struct sample_target *targets;	/* owned, as all arrays here */
	size_t n_targets, targets_cap;
	struct frame *frames;
	size_t n_frames, frames_cap;
	struct change *changes;		/* of all frames, one behind the other */
	size_t n_changes, changes_cap;
	struct recline_lengths *lengths;	/* the same */
	size_t n_lengths, lengths_cap;
	struct buf verdicts;		/* the same: lines with their NUL */
	struct sample_collect *collects;	/* of the frames that have one */
	size_t n_collects, collects_cap;
	struct levels loaded, played;	/* at the last frame, at the cursor */
	bool begins;			/* the next sample is a part's first one */
	double last_t, last_base, first_base;	/* of the sample before, and of its part's first */
	int64_t confirm_ns;
	size_t at, at_change, at_length, at_verdict, at_collect;	/* the cursor, in each */
	struct recline verdict;		/* read again */
	struct holding *holdings;	/* of the frame under the cursor */
	size_t n_holdings, holdings_cap;
	struct sample_type *types;
	size_t types_cap;
	struct replay_lengths *shown;
	size_t shown_cap;
};

static void *grow(void *p, size_t *cap, size_t need, size_t size)
{
	if (need <= *cap)
		return p;
	*cap = need + need / 2 + 16;
	return mem_resize(p, *cap, size);
}

enum lt_errc replay_open(const char *path, struct replay **ret, struct lt_err *err)
{
	struct replay *r;
	int fd;

	if (strcmp(path, "-") == 0)
		fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	else
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return lt_err_set(err, LT_E_SYS, errno, "opening the recording");
	r = MEM_NEW(struct replay);
	r->reading.fd = fd;
	r->confirm_ns = LT_UNKNOWN;
	*ret = r;
	return LT_OK;
}

void replay_free(struct replay *r)
{
	if (!r)
		return;
	reading_done(&r->reading);
	recline_done(&r->line);
	recline_done(&r->verdict);
	lexicon_done(&r->names);
	buf_done(&r->verdicts);
	free(r->targets);
	free(r->frames);
	free(r->changes);
	free(r->lengths);
	free(r->collects);
	free(r->loaded.v);
	free(r->played.v);
	free(r->holdings);
	free(r->types);
	free(r->shown);
	free(r);
}

/* ---- reading ----------------------------------------------------------------------------- */

static size_t memory_of(const struct replay *r)
{
	return r->frames_cap * sizeof(*r->frames) + r->changes_cap * sizeof(*r->changes) +
	       r->lengths_cap * sizeof(*r->lengths) + r->verdicts.cap +
	       r->targets_cap * sizeof(*r->targets) + r->collects_cap * sizeof(*r->collects);
}

static struct level *level_of(struct levels *levels, size_t id)
{
	size_t had = levels->n;

	if (id >= levels->n) {
		levels->n = id + id / 2 + 256;
		levels->v = mem_resize(levels->v, levels->n, sizeof(*levels->v));
		for (size_t i = had; i < levels->n; i++)
			levels->v[i] = (struct level){.count = GONE};
	}
	return &levels->v[id];
}

/* Another process, or the same number after a reboot or for another program. */
static bool is_same(const struct sample_target *a, const struct sample_target *b)
{
	return a->pid == b->pid && a->start_wall_s == b->start_wall_s;
}

static void take_attach(struct replay *r)
{
	const struct sample_target *now = &r->line.target;

	r->begins = r->begins || r->n_targets == 0 ||
		    !is_same(&r->targets[r->n_targets - 1], now);
	r->targets = grow(r->targets, &r->targets_cap, r->n_targets + 1, sizeof(*r->targets));
	r->targets[r->n_targets++] = *now;
	if (num_known(r->line.confirm_ns))
		r->confirm_ns = r->line.confirm_ns;
}

static void note_change(struct replay *r, uint32_t id, int64_t count, int64_t bytes)
{
	r->changes = grow(r->changes, &r->changes_cap, r->n_changes + 1, sizeof(*r->changes));
	r->changes[r->n_changes++] = (struct change){count, bytes, id};
}

/* Both are bounded (recline.h), and so is how often a name is summed: a line's length. */
static int64_t sum_of(int64_t a, int64_t b)
{
	int64_t sum;

	if (!num_known(a) || !num_known(b))
		return LT_UNKNOWN;
	return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

/* A name may come twice, as that of all types beyond the bound does. */
static void take_types(struct replay *r, const struct sample *s)
{
	struct level *next = mem_array(lexicon_count(&r->names) + s->n_types + 1, sizeof(*next));

	for (size_t i = 0; i < s->n_types; i++) {
		uint32_t id = lexicon_id(&r->names, s->types[i].name);
		struct level *to = &next[id];

		to->count = to->there ? sum_of(to->count, s->types[i].count) : s->types[i].count;
		to->bytes = to->there ? sum_of(to->bytes, s->types[i].bytes) : s->types[i].bytes;
		to->there = true;
	}
	for (uint32_t id = 0; id < lexicon_count(&r->names); id++) {
		struct level *level;

		if (!next[id].there)
			next[id] = (struct level){.count = GONE};
		level = level_of(&r->loaded, id);
		if (level->count == next[id].count && level->bytes == next[id].bytes)
			continue;
		level->count = next[id].count;
		level->bytes = next[id].bytes;
		note_change(r, id, level->count, level->bytes);
	}
	free(next);
}

static void take_lengths(struct replay *r)
{
	size_t n = r->line.n_lengths;

	r->lengths = grow(r->lengths, &r->lengths_cap, r->n_lengths + n, sizeof(*r->lengths));
	if (n)
		memcpy(r->lengths + r->n_lengths, r->line.lengths, n * sizeof(*r->lengths));
	r->n_lengths += n;
}

/*
 * A line has the time of its baseline. One at the sample before was set by a key, and one back at
 * the first by another; a model finds by itself that the first count is one.
 */
static enum replay_base take_base(struct replay *r)
{
	double base = r->line.base, before = r->begins ? 0 : r->last_base;
	enum replay_base ret = REPLAY_BASE_KEPT;

	if (before > 0 && base > 0 && base != before) {
		if (base == r->last_t)
			ret = REPLAY_BASE_NOW;
		else if (base == r->first_base)
			ret = REPLAY_BASE_FIRST;
	}
	if (before == 0 || base == r->line.t)
		r->first_base = base;
	r->last_base = base;
	r->last_t = r->line.t;
	return ret;
}

static void take_sample(struct replay *r)
{
	size_t before = r->n_changes;
	struct frame *f;

	if (r->n_targets == 0)
		take_attach(r);		/* none was told: nothing is known of it */
	if (r->line.sample.census)
		take_types(r, &r->line.sample);
	take_lengths(r);
	r->frames = grow(r->frames, &r->frames_cap, r->n_frames + 1, sizeof(*r->frames));
	f = &r->frames[r->n_frames++];
	*f = (struct frame){
		.sample = r->line.sample, .target = (uint32_t)(r->n_targets - 1),
		.n_changes = (uint32_t)(r->n_changes - before),
		.n_lengths = (uint32_t)r->line.n_lengths, .begins = r->begins,
		.base = take_base(r),
	};
	f->sample.types = NULL;
	f->sample.way.why = lexicon_of(&r->names, lexicon_id(&r->names, r->line.sample.way.why));
	r->begins = false;
	r->any = true;
}

static void take_verdict(struct replay *r, const char *text, size_t n)
{
	if (r->line.n_holdings == 0 || r->n_frames == 0)
		return;
	buf_put(&r->verdicts, text, n);
	buf_putc(&r->verdicts, '\0');
	r->frames[r->n_frames - 1].n_verdicts++;
}

/* It stands behind the sample that counted what was left. */
static void take_collect(struct replay *r)
{
	struct frame *f = r->n_frames ? &r->frames[r->n_frames - 1] : NULL;

	if (!f)
		return;
	if (!f->collects) {
		r->collects = grow(r->collects, &r->collects_cap, r->n_collects + 1,
				   sizeof(*r->collects));
		r->n_collects++;
		f->collects = true;
	}
	r->collects[r->n_collects - 1] = r->line.collect;
}

static void take_line(struct replay *r, const char *text, size_t n)
{
	switch (r->line.kind) {
	case RECLINE_ATTACH:
		take_attach(r);
		break;
	case RECLINE_SAMPLE:
		take_sample(r);
		break;
	case RECLINE_VERDICT:
		take_verdict(r, text, n);
		break;
	case RECLINE_DETACH:
		if (r->line.ended && r->n_frames)
			r->frames[r->n_frames - 1].ended = r->line.t;
		break;
	case RECLINE_COLLECT:
		take_collect(r);
		break;
	case RECLINE_OTHER:
		break;
	}
}

/* Nothing was read so far: then it is no recording; else it is one that is damaged there. */
static void give_up(struct replay *r, const struct lt_err *why)
{
	bool whole = why->code == LT_E_RECORDING_VERSION || why->code == LT_E_SYS;
	bool first = r->n_targets == 0 && !r->any;

	r->complete = true;
	if (whole || (first && !r->reading.cut && why->code == LT_E_NO_RECORDING))
		r->damage = *why;
	else
		lt_err_set(&r->damage, LT_E_DAMAGED, 0, "line %lld %s%s",
			   (long long)r->reading.line, r->reading.cut ? "is cut off: " : ": ",
			   why->detail);
}

static bool is_blank(const char *text, size_t n)
{
	return strspn(text, " \t\r") >= n;
}

static void end_reading(struct replay *r)
{
	r->complete = true;
	if (r->reading.line == 0)
		lt_err_set(&r->damage, LT_E_NO_RECORDING, 0, "it is empty");
	else if (!r->any)
		lt_err_set(&r->damage, LT_E_NO_RECORDING, 0, "there is no sample in it");
}

enum replay_load replay_load(struct replay *r, int64_t budget_ns)
{
	int64_t end = clock_mono_ns() + budget_ns;
	struct lt_err err = {0};
	const char *text;
	size_t n;

	while (!r->complete) {
		switch (reading_next(&r->reading, &text, &n, &err)) {
		case READING_WAIT:
			return REPLAY_WAIT;
		case READING_END:
			end_reading(r);
			break;
		case READING_FAILED:
			give_up(r, &err);
			break;
		case READING_LINE:
			if (is_blank(text, n))
				break;
			if (recline_parse(&r->line, text, n, &err) != LT_OK)
				give_up(r, &err);
			else
				take_line(r, text, n);
			break;
		}
		if (memory_of(r) > MEMORY_MAX) {
			lt_err_set(&err, LT_E_DAMAGED, 0, "what comes is more than leaktop holds");
			give_up(r, &err);
		}
		if (!r->complete && clock_mono_ns() >= end)
			return REPLAY_MORE;
	}
	return REPLAY_COMPLETE;
}

int replay_fd(const struct replay *r)
{
	return r->complete ? -1 : r->reading.fd;
}

const struct lt_err *replay_damage(const struct replay *r)
{
	return &r->damage;
}

/* ---- playing ----------------------------------------------------------------------------- */

/* The verdict and the end that belong to the last one follow it. */
size_t replay_count(const struct replay *r)
{
	return r->complete || r->n_frames == 0 ? r->n_frames : r->n_frames - 1;
}

double replay_time(const struct replay *r, size_t i)
{
	return r->frames[i].sample.t;
}

int64_t replay_confirm_ns(const struct replay *r)
{
	return r->confirm_ns;
}

static void play_types(struct replay *r, const struct frame *f)
{
	size_t n = 0;

	for (uint32_t i = 0; i < f->n_changes; i++) {
		const struct change *c = &r->changes[r->at_change++];

		*level_of(&r->played, c->id) = (struct level){.count = c->count, .bytes = c->bytes};
	}
	if (!f->sample.census)
		return;
	r->types = grow(r->types, &r->types_cap, r->played.n, sizeof(*r->types));
	for (size_t id = 0; id < r->played.n; id++)
		if (r->played.v[id].count != GONE)
			r->types[n++] = (struct sample_type){
				lexicon_of(&r->names, (uint32_t)id), r->played.v[id].count,
				r->played.v[id].bytes,
			};
	r->frames[r->at].sample.types = r->types;
	r->frames[r->at].sample.n_types = n;
}

/* They were read without a fault before. */
static void play_verdicts(struct replay *r, const struct frame *f)
{
	r->n_holdings = 0;
	for (uint32_t i = 0; i < f->n_verdicts; i++) {
		const char *text = r->verdicts.data + r->at_verdict;
		size_t n = strlen(text), found;

		r->at_verdict += n + 1;
		if (recline_parse(&r->verdict, text, n, NULL) != LT_OK)
			continue;
		found = r->verdict.n_holdings;
		r->holdings = grow(r->holdings, &r->holdings_cap, r->n_holdings + found,
				   sizeof(*r->holdings));
		for (size_t k = 0; k < found; k++) {
			r->holdings[r->n_holdings] = r->verdict.holdings[k];
			r->holdings[r->n_holdings++].mono_ns = f->sample.mono_ns;
		}
	}
}

static void play_lengths(struct replay *r, const struct frame *f)
{
	r->shown = grow(r->shown, &r->shown_cap, f->n_lengths, sizeof(*r->shown));
	for (uint32_t i = 0; i < f->n_lengths; i++) {
		const struct recline_lengths *l = &r->lengths[r->at_length++];

		r->shown[i] = (struct replay_lengths){l->type, l->lengths, l->n};
	}
}

bool replay_next(struct replay *r, struct replay_step *ret)
{
	struct frame *f;

	if (r->at >= replay_count(r))
		return false;
	f = &r->frames[r->at];
	play_types(r, f);
	play_verdicts(r, f);
	play_lengths(r, f);
	*ret = (struct replay_step){
		.sample = &f->sample, .target = &r->targets[f->target], .begins = f->begins,
		.holdings = r->holdings, .n_holdings = r->n_holdings,
		.lengths = r->shown, .n_lengths = f->n_lengths, .ended = f->ended,
		.base = f->base,
		.collect = f->collects ? &r->collects[r->at_collect++] : NULL,
	};
	r->at++;
	return true;
}

bool replay_begins(const struct replay *r)
{
	return r->at < replay_count(r) && r->frames[r->at].begins;
}

void replay_rewind(struct replay *r)
{
	r->at = r->at_change = r->at_length = r->at_verdict = r->at_collect = 0;
	for (size_t i = 0; i < r->played.n; i++)
		r->played.v[i] = (struct level){.count = GONE};
}

/* Moves what is behind `from` of n elements to the front. */
static size_t keep_rest(void *v, size_t from, size_t n, size_t size)
{
	if (from && n > from)
		memmove(v, (char *)v + from * size, (n - from) * size);
	return n - from;
}

void replay_forget(struct replay *r)
{
	r->n_frames = keep_rest(r->frames, r->at, r->n_frames, sizeof(*r->frames));
	r->n_changes = keep_rest(r->changes, r->at_change, r->n_changes, sizeof(*r->changes));
	r->n_lengths = keep_rest(r->lengths, r->at_length, r->n_lengths, sizeof(*r->lengths));
	r->n_collects = keep_rest(r->collects, r->at_collect, r->n_collects,
				  sizeof(*r->collects));
	r->verdicts.len = keep_rest(r->verdicts.data, r->at_verdict, r->verdicts.len, 1);
	r->at = r->at_change = r->at_length = r->at_verdict = r->at_collect = 0;
}
