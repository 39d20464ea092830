#include "config.h"
#include "model/ledger.h"

#include <math.h>
#include <stdio.h>

#include "util/clock.h"
#include "util/mem.h"
#include "util/num.h"

#define HELD_NS      (60 * CLOCK_NS_PER_S)
#define GROWTH_MIN   (4ll << 20)	/* less is a start-up's rest, not a growth to explain */
#define GROWTH_PART  20			/* ... and a twentieth of what there was */
#define MAIN_SHARE   0.5		/* of the growth: what explains this much explains it */
#define FLAT_SHARE   0.05

static const char *const names[] = {
#define X(member, name) name,
	SAMPLE_LEDGER(X)
#undef X
};

_Static_assert(COUNT_OF(names) == SAMPLE_LEDGER_BUCKETS, "one bucket, one name");

const struct sample_ledger ledger_unknown = {
#define X(member, name) .member = LT_UNKNOWN,
	SAMPLE_LEDGER(X)
#undef X
};

int64_t ledger_bucket(const struct sample_ledger *ledger, size_t i)
{
	const int64_t v[] = {
#define X(member, name) ledger->member,
		SAMPLE_LEDGER(X)
#undef X
	};

	return v[i];
}

const char *ledger_bucket_name(size_t i)
{
	return names[i];
}

static int64_t at_least_0(int64_t v)
{
	return num_known(v) && v < 0 ? 0 : v;
}

/* a + b, where an unknown b is nothing. */
static int64_t with(int64_t a, int64_t b)
{
	return num_known(b) ? a + b : a;
}

int64_t ledger_pyheap(const struct sample_ledger *ledger)
{
	return num_known(ledger->python_live) ? with(ledger->python_live, ledger->python_free)
					      : LT_UNKNOWN;
}

int64_t ledger_native(const struct sample_ledger *ledger)
{
	const int64_t parts[] = {ledger->c_live, ledger->c_free, ledger->mapped, ledger->stacks};
	int64_t sum = ledger->other;

	if (!num_known(sum) || !num_known(ledger_pyheap(ledger)))
		return LT_UNKNOWN;
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		sum = with(sum, parts[i]);
	return sum;
}

void ledger_split(const struct ledger_facts *facts, struct sample_ledger *ret)
{
	struct sample_ledger l = ledger_unknown;
	int64_t in_c = num_known(facts->c_live) ? facts->objects_in_c : LT_UNKNOWN;
	int64_t explained = 0;

	if (!num_known(facts->rss)) {
		*ret = l;
		return;
	}
	if (num_known(facts->arenas_used))
		l.python_live = with(facts->arenas_used, in_c);
	l.python_free = at_least_0(num_delta(facts->arenas, facts->arenas_used));
	/* objects in the C heap leave it only where Python's own part takes them */
	l.c_live = num_known(l.python_live) && num_known(in_c)
		? at_least_0(facts->c_live - in_c) : facts->c_live;
	l.c_free = facts->c_free;
	l.mapped = facts->mapped;
	l.stacks = facts->stacks;
	for (size_t i = 0; i < SAMPLE_LEDGER_BUCKETS; i++)
		explained = with(explained, ledger_bucket(&l, i));
	l.other = at_least_0(facts->rss - explained);
	*ret = l;
}

void ledger_init(struct ledger *l)
{
	*l = (struct ledger){
		.now = ledger_unknown, .base = ledger_unknown, .first = ledger_unknown,
		.now_ns = LT_UNKNOWN,
	};
}

/*
 * What the base lacks is taken from the first reading after it, and was among the others before:
 * else these would seem to shrink by all that is told apart from now on.
 */
static void join_base(struct sample_ledger *base, const struct sample_ledger *now)
{
	bool any = num_known(base->other);
	int64_t told_apart = 0;

#define X(member, name) \
	if (!num_known(base->member)) { \
		base->member = now->member; \
		told_apart = with(told_apart, now->member); \
	}
	SAMPLE_LEDGER(X)
#undef X
	if (any)
		base->other = at_least_0(base->other - told_apart);
}

/* A part that can no longer be told has joined the others, which have not grown by that. */
static bool lost_a_part(const struct sample_ledger *base, const struct sample_ledger *now)
{
	for (size_t i = 0; i < SAMPLE_LEDGER_BUCKETS; i++)
		if (num_known(ledger_bucket(base, i)) && !num_known(ledger_bucket(now, i)))
			return true;
	return false;
}

void ledger_push(struct ledger *l, const struct sample_ledger *ledger, int64_t now_ns)
{
	int slot;

	if (!num_known(ledger->other))		/* known wherever anything is */
		return;
	l->now = *ledger;
	l->gap_ns = num_known(l->now_ns) ? now_ns - l->now_ns : 0;
	l->now_ns = now_ns;
	join_base(&l->base, ledger);
	join_base(&l->first, ledger);
	slot = rate_clock_mark(&l->clock, now_ns);
	for (size_t i = 0; slot >= 0 && i < SAMPLE_LEDGER_BUCKETS; i++)
		l->marks[i][slot] = ledger_bucket(ledger, i);
}

/* A large heap is read seldom: its readings are held as long as the next one may take. */
static bool is_held(const struct ledger *l, int64_t now_ns)
{
	int64_t most = 3 * l->gap_ns > HELD_NS ? 3 * l->gap_ns : HELD_NS;

	return num_known(l->now_ns) && now_ns - l->now_ns <= most;
}

void ledger_rebase(struct ledger *l)
{
	l->base = l->now;
}

void ledger_rebase_as_first(struct ledger *l)
{
	l->first = l->now;
}

void ledger_rebase_first(struct ledger *l)
{
	l->base = l->first;
}

void ledger_show(const struct ledger *l, int64_t now_ns, struct snapshot_ledger *ret)
{
	bool held = is_held(l, now_ns);
	struct rate_span span = rate_clock_span(&l->clock, held ? l->now_ns : 0, now_ns,
						rate_window_ns(l->gap_ns));

	ret->now = held ? l->now : ledger_unknown;
#define X(member, name) ret->delta.member = num_delta(ret->now.member, l->base.member);
	SAMPLE_LEDGER(X)
#undef X
	if (lost_a_part(&l->base, &ret->now))
		ret->delta.other = LT_UNKNOWN;
	for (size_t i = 0; i < SAMPLE_LEDGER_BUCKETS; i++)
		ret->rate[i] = held ? rate_over(&span, l->marks[i], ledger_bucket(&l->now, i))
				    : NAN;
}

/* The ledger is read less often than RSS: the growth is that of its own moment. */
void ledger_growth(const struct snapshot *snap, struct ledger_growth *ret)
{
	const struct snapshot_ledger *l = &snap->ledger;

	*ret = (struct ledger_growth){
		.rss = LT_UNKNOWN, .rss_delta = LT_UNKNOWN, .delta = l->delta,
		.steady = snap->rss_goes_on, .objects = snap->verdict.objects,
		.large_counted = snap->way.scan && num_known(l->now.python_live),
	};
	if (!num_known(l->now.other) || !num_known(l->delta.other))
		return;
	ret->rss = ret->rss_delta = 0;
	for (size_t i = 0; i < SAMPLE_LEDGER_BUCKETS; i++) {
		ret->rss = with(ret->rss, ledger_bucket(&l->now, i));
		ret->rss_delta = with(ret->rss_delta, ledger_bucket(&l->delta, i));
	}
}

static double share(const struct ledger_growth *g, int64_t delta)
{
	return num_known(delta) ? (double)delta / (double)g->rss_delta : 0;
}

static bool grew(const struct ledger_growth *g)
{
	return num_known(g->rss) && num_known(g->rss_delta) && g->rss_delta >= GROWTH_MIN &&
	       g->rss_delta >= (g->rss - g->rss_delta) / GROWTH_PART;
}

int ledger_main_bucket(const struct ledger_growth *g)
{
	double most = 0;
	int main = -1;

	for (size_t i = 0; grew(g) && i < SAMPLE_LEDGER_BUCKETS; i++) {
		double part = share(g, ledger_bucket(&g->delta, i));

		if (part > most) {
			most = part;
			main = (int)i;
		}
	}
	return main;
}

/*
 * Types that leak decide. Without one it is memory that no object accounts for: kept though free
 * (fragmentation: it may go on for long, and asks for another cure than a leak), or in use by C
 * code. Pages of files can be given back at any time and accuse nobody.
 */
enum outcome_cause ledger_cause(const struct ledger_growth *g)
{
	double kept, native;

	if (g->objects)
		return g->cycle ? CAUSE_CYCLE : CAUSE_OBJECTS;
	if (!grew(g) || !g->steady)
		return CAUSE_NONE;
	kept = share(g, g->delta.c_free) + share(g, g->delta.python_free);
	native = share(g, g->delta.c_live);
	if (num_known(g->delta.python_live))	/* else Python's heap is among the others */
		native += share(g, g->delta.other);
	if (kept >= MAIN_SHARE && kept >= native)
		return CAUSE_FRAGMENTATION;
	/* a str of more than 512 bytes lies in the C heap too: only where those are counted is it
	 * known that these are none */
	return native >= MAIN_SHARE && g->large_counted ? CAUSE_NATIVE : CAUSE_NONE;
}

static const char *conclusion(const struct ledger_growth *g)
{
	switch (ledger_cause(g)) {
	case CAUSE_OBJECTS:
		return ": an object leak";
	case CAUSE_CYCLE:
		return ": cycles that only a full collection frees";
	case CAUSE_NATIVE:
		return ": native memory, not an object leak";
	case CAUSE_FRAGMENTATION:
		return ": fragmentation, not an object leak";
	case CAUSE_NONE:
	case CAUSE_COUNT_OF:
		break;
	}
	return "";
}

/* "Python objects flat" */
static const char *objects_text(const struct ledger_growth *g, char *buf, size_t size)
{
	char number[16];

	if (!num_known(g->delta.python_live))
		return "Python objects not measured";
	if (fabs(share(g, g->delta.python_live)) < FLAT_SHARE)
		return "Python objects flat";
	snprintf(buf, size, "Python objects %s",
		 num_ssize(g->delta.python_live, number, sizeof(number)));
	return buf;
}

/* Parts may shrink while others grow: more than all of the growth is all of it. */
char *ledger_main_text(const struct ledger_growth *g, char *buf, size_t size)
{
	int main = ledger_main_bucket(g);
	char number[16];

	buf[0] = '\0';
	if (main >= 0)
		snprintf(buf, size, "RSS %s: %.0f %% %s",
			 num_ssize(g->rss_delta, number, sizeof(number)),
			 fmin(1, share(g, ledger_bucket(&g->delta, (size_t)main))) * 100,
			 names[main]);
	return buf;
}

char *ledger_text(const struct ledger_growth *g, char *buf, size_t size)
{
	char main[64], objects[48];

	buf[0] = '\0';
	if (ledger_main_text(g, main, sizeof(main))[0])
		snprintf(buf, size, "%s; %s%s", main, objects_text(g, objects, sizeof(objects)),
			 conclusion(g));
	return buf;
}
