#include "config.h"
#include "model/gchealth.h"

#include <math.h>
#include <stdio.h>

#include "util/mem.h"
#include "util/num.h"

#define FROZEN_MIN       1000	/* 3.12 begins with some hundred frozen objects of its own */
#define OFTEN_PER_MINUTE 30.0
#define OFTEN_WATCHED_S  20.0
#define STARVED_S        600.0	/* without a full collection, */
#define STARVED_OBJECTS  100000	/* ... while there is something to collect */

/* The wall clock may jump; the cells of the series know how long the session is at most. */
void gchealth_facts(const struct snapshot *snap, struct gchealth_facts *ret)
{
	double session_s = (double)snap->rss.n * snap->rss.cell_s;

	*ret = (struct gchealth_facts){
		.gc = snap->gc, .full_since_base = snap->gc_full_since_base,
		.watched_s = fmax(0, fmin(snap->t - snap->base_t, session_s)),
		.objects = snap->objects,
	};
}

/* Each writes its text and says whether there is cause for it. */
typedef bool judge(const struct gchealth_facts *f, char *text, size_t size);

static bool disabled(const struct gchealth_facts *f, char *text, size_t size)
{
	snprintf(text, size, f->full_since_base > 0 ?
		 "gc is disabled: cycles are freed only when the program calls gc.collect" :
		 "gc is disabled: cycles are never freed (gc.enable, or gc.collect now and then)");
	return f->gc.enabled == 0;
}

static bool threshold_zero(const struct gchealth_facts *f, char *text, size_t size)
{
	snprintf(text, size, "gc threshold is 0: no collection begins by itself "
		 "(gc.set_threshold)");
	return f->gc.enabled != 0 && f->gc.gen[0].threshold == 0;
}

static bool garbage(const struct gchealth_facts *f, char *text, size_t size)
{
	char n[16];

	snprintf(text, size, "gc.garbage holds %s objects that are never freed",
		 num_count(f->gc.garbage, n, sizeof(n)));
	return num_known(f->gc.garbage) && f->gc.garbage > 0;
}

static bool uncollectable(const struct gchealth_facts *f, char *text, size_t size)
{
	int64_t sum = 0;
	char n[16];

	for (size_t i = 0; i < COUNT_OF(f->gc.gen); i++)
		if (num_known(f->gc.gen[i].uncollectable))
			sum += f->gc.gen[i].uncollectable;
	snprintf(text, size, "%s objects were found uncollectable so far",
		 num_count(sum, n, sizeof(n)));
	return sum > 0 && !(num_known(f->gc.garbage) && f->gc.garbage > 0);
}

static bool incremental(const struct gchealth_facts *f, char *text, size_t size)
{
	snprintf(text, size, "this Python collects in increments (3.14.0 to 3.14.4) and keeps "
		 "garbage for longer; 3.14.5 does not");
	return f->gc.incremental;
}

/* gen[2].count counts collections of the middle generation since the last full one. */
static bool starved(const struct gchealth_facts *f, char *text, size_t size)
{
	char n[16], span[16];

	snprintf(text, size, "no full collection for %s, and %s objects wait for one",
		 num_span(f->watched_s, span, sizeof(span)),
		 num_known(f->objects) ? num_count(f->objects, n, sizeof(n)) : "many");
	return f->gc.enabled != 0 && f->gc.gen[0].threshold != 0 && !f->gc.incremental &&
	       f->full_since_base == 0 && f->watched_s >= STARVED_S &&
	       num_known(f->objects) && f->objects >= STARVED_OBJECTS;
}

static bool often(const struct gchealth_facts *f, char *text, size_t size)
{
	double per_minute;

	if (!num_known(f->full_since_base) || !(f->watched_s >= OFTEN_WATCHED_S))
		return false;
	per_minute = (double)f->full_since_base * 60 / f->watched_s;
	snprintf(text, size, "%.0f full collections a minute: gc.collect in a loop, or small "
		 "thresholds", per_minute);
	return per_minute >= OFTEN_PER_MINUTE;
}

static bool frozen(const struct gchealth_facts *f, char *text, size_t size)
{
	char n[16];

	snprintf(text, size, "%s objects are frozen (gc.freeze): no collection looks at them",
		 num_count(f->gc.frozen, n, sizeof(n)));
	return num_known(f->gc.frozen) && f->gc.frozen >= FROZEN_MIN;
}

static const struct {
	bool grave;
	const char *brief;
	judge *judge;
} alarms[GCHEALTH_COUNT_OF] = {
	[GCHEALTH_DISABLED] = {true, "off", disabled},
	[GCHEALTH_THRESHOLD_ZERO] = {true, "never begins", threshold_zero},
	[GCHEALTH_GARBAGE] = {true, "leaves garbage", garbage},
	[GCHEALTH_UNCOLLECTABLE] = {true, "uncollectable ones", uncollectable},
	[GCHEALTH_INCREMENTAL] = {true, "in increments", incremental},
	[GCHEALTH_STARVED] = {true, "no full one", starved},
	[GCHEALTH_OFTEN] = {false, "very often", often},
	[GCHEALTH_FROZEN] = {false, "frozen ones", frozen},
};

size_t gchealth_judge(const struct gchealth_facts *facts, struct gchealth_alarm *ret, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < COUNT_OF(alarms) && n < max; i++) {
		struct gchealth_alarm alarm = {.id = (enum gchealth_id)i,
					       .grave = alarms[i].grave,
					       .brief = alarms[i].brief};

		if (alarms[i].judge(facts, alarm.text, sizeof(alarm.text)))
			ret[n++] = alarm;
	}
	return n;
}
