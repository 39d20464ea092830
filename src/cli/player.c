#include "config.h"
#include "cli/player.h"

#include <math.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "session/retell.h"
#include "util/clock.h"
#include "util/num.h"

#define FIRST_NS (100 * CLOCK_NS_PER_MS)
#define DAY_S 86400.0

/* ---- models ------------------------------------------------------------------------------ */

/* One that shows what another shows, in the same order, and knows nothing yet. */
static struct model *model_like(const struct player *p, struct model *other,
				const struct sample_target *target)
{
	const struct snapshot *snap = model_snapshot(other);
	struct model *m = model_new(target);

	model_sort(m, snap->sort, snap->sort_reversed);
	(void)model_filter(m, snap->filter, NULL, 0);
	model_hide_flat(m, snap->hide_flat);
	model_confirm(m, p->confirm_ns);
	return m;
}

static void become(struct model **m, struct model *other)
{
	model_free(*m);
	*m = other;
}

static bool push(struct player *p, struct model **m, size_t *at)
{
	struct replay_step step;

	if (!replay_next(p->replay, &step))
		return false;
	if (step.begins)
		become(m, model_like(p, *m, step.target));
	retell_step(*m, &step);
	if (++*at == p->base)
		model_baseline_now(*m);
	if (step.collect) {
		p->collect = *step.collect;
		p->collect_at = *at;
	}
	return true;
}

/* No row was followed on the way: the order is right at once, not only steady. */
static void sort_anew(struct model *m)
{
	const struct snapshot *snap = model_snapshot(m);

	model_sort(m, snap->sort, snap->sort_reversed);
}

/* ---- begin and end ----------------------------------------------------------------------- */

/* What is no recording at all is known now, before a screen is opened. */
static enum lt_errc wait_for_first(struct player *p, struct lt_err *err)
{
	while (replay_count(p->replay) == 0) {
		struct pollfd in = {.fd = replay_fd(p->replay), .events = POLLIN};

		switch (replay_load(p->replay, FIRST_NS)) {
		case REPLAY_WAIT:
			(void)poll(&in, 1, -1);
			break;
		case REPLAY_COMPLETE:
			if (replay_count(p->replay))
				break;
			*err = *replay_damage(p->replay);
			return err->code;
		case REPLAY_MORE:
			break;
		}
	}
	return LT_OK;
}

enum lt_errc player_open(struct player *p, const struct player_options *options,
			 struct lt_err *err)
{
	static const struct sample_target nobody;
	enum lt_errc rc = replay_open(options->path, &p->replay, err);

	if (rc == LT_OK)
		rc = wait_for_first(p, err);
	if (rc != LT_OK)
		return rc;
	p->model = model_new(&nobody);
	p->confirm_ns = options->confirm_ns;
	if (!num_known(p->confirm_ns))
		p->confirm_ns = replay_confirm_ns(p->replay);
	if (!num_known(p->confirm_ns))
		p->confirm_ns = MODEL_CONFIRM_NS;
	model_sort(p->model, options->sort, options->reversed);
	if (options->filter)
		(void)model_filter(p->model, options->filter, NULL, 0);	/* options.c has tried it */
	return LT_OK;
}

void player_done(struct player *p)
{
	model_free(p->next);
	model_free(p->model);
	replay_free(p->replay);
	*p = (struct player){0};
}

/* ---- forward and back -------------------------------------------------------------------- */

bool player_seeking(const struct player *p)
{
	return p->next || p->at < p->goal;
}

static void arrive(struct player *p)
{
	become(&p->model, p->next);
	p->next = NULL;
	p->at = p->next_at;
}

bool player_advance(struct player *p, int64_t budget_ns)
{
	struct model **m = p->next ? &p->next : &p->model;
	size_t *at = p->next ? &p->next_at : &p->at, from = *at;
	int64_t end = clock_mono_ns() + budget_ns;
	bool more = true;

	while (more && *at < p->goal && (*at == from || clock_mono_ns() < end))
		more = push(p, m, at);
	if (!more && replay_fd(p->replay) < 0)
		p->goal = *at;			/* there is no more to come */
	if (*at > from + 1)
		sort_anew(*m);
	if (p->next && (p->next_at >= p->goal || !more)) {
		arrive(p);
		return true;
	}
	return !p->next && *at > from;
}

bool player_begins(const struct player *p)
{
	return p->at && replay_begins(p->replay);
}

bool player_step(struct player *p)
{
	bool some = push(p, &p->model, &p->at);

	if (some)
		replay_forget(p->replay);
	return some;
}

void player_go(struct player *p, size_t to)
{
	p->goal = to ? to : 1;
	if (p->next ? p->goal >= p->next_at : p->goal >= p->at)
		return;
	if (!p->next)
		p->next = model_like(p, p->model, model_snapshot(p->model)->target);
	else
		become(&p->next, model_like(p, p->next, model_snapshot(p->next)->target));
	p->next_at = 0;
	replay_rewind(p->replay);
}

void player_based(struct player *p, bool first)
{
	p->base = first ? 0 : p->at;
}

/* ---- times ------------------------------------------------------------------------------- */

/* Digits and a ':' or the end behind them. */
static bool take_two(const char **s, int most, int *ret)
{
	const char *end = *s + strlen(*s);
	uint64_t v;

	if (!num_scan(s, end, 10, &v) || v > (uint64_t)most)
		return false;
	*ret = (int)v;
	return true;
}

/* "14:05:30" on the day of `from`, as a person there reads a clock. */
static bool time_of_day(const char *s, double from, double *ret)
{
	time_t day = (time_t)from;
	struct tm tm;

	if (!localtime_r(&day, &tm))
		return false;
	tm.tm_sec = 0;
	tm.tm_isdst = -1;
	if (!take_two(&s, 23, &tm.tm_hour) || *s++ != ':' || !take_two(&s, 59, &tm.tm_min))
		return false;
	if (*s == ':' && (s++, !take_two(&s, 60, &tm.tm_sec)))
		return false;
	*ret = (double)mktime(&tm);
	return *s == '\0';
}

static bool parse_time(const char *s, double from, double first, double last, double *ret)
{
	int64_t ns;

	if (*s == '+' || *s == '-') {
		if (!num_parse_duration(s + 1, &ns))
			return false;
		*ret = from + (*s == '+' ? 1 : -1) * (double)ns / 1e9;
		return true;
	}
	if (!time_of_day(s, from, ret))
		return false;
	/* a recording may go past midnight: the day on which there is something to show */
	if (*ret > last && *ret - DAY_S >= first - 60)
		*ret -= DAY_S;
	else if (*ret < first && *ret + DAY_S <= last)
		*ret += DAY_S;
	return true;
}

static size_t sample_at(const struct replay *r, double t)
{
	size_t n = replay_count(r), to = 1;

	for (size_t i = 0; i < n; i++)
		if (replay_time(r, i) <= t)
			to = i + 1;
	return to;
}

bool player_jump(struct player *p, const char *text)
{
	size_t n = replay_count(p->replay), here = p->goal < n ? p->goal : n;
	double t;

	if (strcmp(text, "begin") == 0) {
		player_go(p, 1);
		return true;
	}
	if (strcmp(text, "end") == 0) {
		player_go(p, SIZE_MAX);
		return true;
	}
	if (!parse_time(text, replay_time(p->replay, here ? here - 1 : 0),
			replay_time(p->replay, 0), replay_time(p->replay, n - 1), &t))
		return false;
	player_go(p, sample_at(p->replay, t));
	return true;
}
