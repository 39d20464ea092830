#include "config.h"
#include "model/holding_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "util/mem.h"
#include "util/num.h"

#define HUGE_FULL 1000			/* CPython's own: 10 younger ones before a full one */
#define HUGE_YOUNG 100000		/* CPython's own: 700 or 2000 objects */
#define NONE_FOR_S 60.0
#define MOST 0.9			/* of the sample */

/* Appends; what does not fit is left out. Returns where the text ends. */
#define APPEND(buf, size, at, ...) \
	((at) < (size) ? (at) + (size_t)snprintf((buf) + (at), (size) - (at), __VA_ARGS__) : (at))

const char *holding_text_short(const char *type)
{
	const char *dot = strrchr(type, '.');

	return dot && dot[1] ? dot + 1 : type;
}

char *holding_text_holder(const struct holding_path *p, bool values, char *buf, size_t size)
{
	const char *path = values ? p->shown : p->path, *fan = strstr(path, "[*]");

	if (fan && fan > path && p->container[0])
		snprintf(buf, size, "%.*s", (int)(fan - path), path);
	else
		snprintf(buf, size, "%s", path);
	return buf;
}

/* From integers: the point must not depend on the locale. */
static size_t put_rate(char *buf, size_t size, size_t at, double per_second)
{
	long long tenths;

	if (!(fabs(per_second) < 1e15))		/* also NAN */
		return at;
	tenths = llround(fabs(per_second) * 10);
	return APPEND(buf, size, at, ", %s%lld.%lld/s", per_second < 0 ? "-" : "+", tenths / 10,
		      tenths % 10);
}

char *holding_text_container(const struct holding_path *p, char *buf, size_t size)
{
	char n[16];
	size_t at = 0;

	buf[0] = '\0';
	if (!p->container[0])
		return buf;
	at = APPEND(buf, size, at, "%s", p->container);
	if (!num_known(p->length))
		return buf;
	at = APPEND(buf, size, at, ", %s item%s", num_count(p->length, n, sizeof(n)),
		    p->length == 1 ? "" : "s");
	put_rate(buf, size, at, p->length_rate);
	return buf;
}

char *holding_text_ring(const struct holding_cycle *c, char *buf, size_t size)
{
	size_t at = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < c->n; i++) {
		const char *name = c->attributes[i];
		/* an item is written as one: "dict[...]", not "dict.[...]" */
		const char *dot = name[0] == '[' || name[0] == '.' || !name[0] ? "" : ".";

		at = APPEND(buf, size, at, "%s%s%s -> ", holding_text_short(c->types[i]), dot,
			    name);
	}
	if (c->n)
		APPEND(buf, size, at, "%s", holding_text_short(c->types[0]));
	return buf;
}

/* "held by", or "29% held by" where others hold more than a tenth; "the newest (1%) held by". */
static const char *held_by(const struct holding *h, const struct holding_path *p, char *buf,
			   size_t size)
{
	if (p->share >= MOST)
		return "held by";
	snprintf(buf, size, holding_has_newest(h, p) ? "the newest (%.0f%%) held by"
						     : "%.0f%% held by", 100 * p->share);
	return buf;
}

/* Its path is a sentence: "held only by C code". */
static bool is_of_c(const struct holding_path *p)
{
	return strcmp(p->root, "C code") == 0 && strncmp(p->path, "held", 4) == 0;
}

char *holding_text_line(const struct holding *h, bool values, char *buf, size_t size)
{
	const struct holding_path *best = holding_best(h);
	char name[HOLDING_TEXT], what[HOLDING_NAME + 64], share[48];

	if (h->code != LT_OK)
		snprintf(buf, size, "holders cannot be searched: %s", h->why);
	else if (!h->sampled)
		snprintf(buf, size, "no instance was found to search from");
	else if (holding_is_cyclic(h))
		snprintf(buf, size, "garbage in cycles: %s",
			 holding_text_ring(&h->cycles[0], name, sizeof(name)));
	else if (!best && h->n_paths)
		snprintf(buf, size, "none of those that hold them grows");
	else if (!best)
		snprintf(buf, size, "no path to a holder was found");
	else if (!holding_text_container(best, what, sizeof(what))[0])
		snprintf(buf, size, "%s%s%s",
			 is_of_c(best) ? "" : held_by(h, best, share, sizeof(share)),
			 is_of_c(best) ? "" : " ",
			 holding_text_holder(best, values, name, sizeof(name)));
	else
		snprintf(buf, size, "%s %s (%s)", held_by(h, best, share, sizeof(share)),
			 holding_text_holder(best, values, name, sizeof(name)), what);
	return buf;
}

/* How a root is told, and when what it holds goes by itself. */
static const struct { const char *root, *is, *advice; } roots[] = {
	{"module ", "is a global of", NULL},
	{"class ", "is an attribute of", NULL},
	{"thread ", "is a local of a call that runs in", "They go when that call returns."},
	{"threads", "is a local of calls that run in", "They go when these calls return."},
	{"task ", "is held by", "They go when that task ends."},
	{"tasks", "is held by", "They go when these tasks end."},
	{"context variable ", "is held by", "They go when it is set to something else."},
	{"C code", NULL, "No object refers to them: a C extension does, or a call under way."},
};

static size_t root_of(const struct holding_path *p)
{
	size_t i = 0;

	while (i < COUNT_OF(roots) && strncmp(p->root, roots[i].root, strlen(roots[i].root)) != 0)
		i++;
	return i;
}

/* The global or attribute itself: "peers" of "app.net.Server.peers". */
static const char *name_in(const char *holder, const struct holding_path *p)
{
	const char *root = strchr(p->root, ' ');
	size_t len = root ? strlen(++root) : 0;

	if (len && !strncmp(holder, root, len) && holder[len] == '.' &&
	    !strpbrk(holder + len + 1, ".["))
		return holder + len + 1;
	return NULL;
}

static size_t put_growth(const struct holding_path *p, char *buf, size_t size, size_t at)
{
	const struct holding_growth *g = &p->growth;

	if (g->readings < 2 || !num_known(p->length))
		return at;
	if (!g->rises && !g->falls)
		return APPEND(buf, size, at, " Its length did not change in %d readings.",
			      g->readings);
	at = APPEND(buf, size, at, " Its length rose in %d of %d readings", g->rises,
		    g->readings - 1);
	at = put_rate(buf, size, at, p->length_rate);
	return g->falls ? APPEND(buf, size, at, ", fell in %d.", g->falls)
			: APPEND(buf, size, at, ", never fell.");
}

char *holding_text_sentence(const struct holding_path *p, bool values, char *buf, size_t size)
{
	char holder[HOLDING_TEXT];
	size_t root = root_of(p), at = 0;
	const char *name;

	holding_text_holder(p, values, holder, sizeof(holder));
	name = name_in(holder, p);
	buf[0] = '\0';
	if (root < COUNT_OF(roots) && !roots[root].is)
		at = APPEND(buf, size, at, "They are %s%s.", is_of_c(p) ? "" : "held by ", p->path);
	else if (root < COUNT_OF(roots) && (name || root >= 2))
		at = APPEND(buf, size, at, "%s %s %s.", name ? name : holder, roots[root].is,
			    p->root);
	else
		at = APPEND(buf, size, at, "%s begins at %s.", holder,
			    p->root[0] ? p->root : "a root without a name");
	put_growth(p, buf, size, at);
	return buf;
}

char *holding_text_advice(const struct holding_path *p, char *buf, size_t size)
{
	size_t root = root_of(p);

	if (root < COUNT_OF(roots) && roots[root].advice)
		snprintf(buf, size, "%s", roots[root].advice);
	else if (p->container[0])
		snprintf(buf, size, "If these objects should end, something must remove them from "
			 "this %s.", holding_text_short(p->container));
	else
		snprintf(buf, size, "If these objects should end, something must let go of this "
			 "reference.");
	return buf;
}

char *holding_text_refcounts(const struct holding *h, char *buf, size_t size)
{
	char min[16], median[16], max[16], found[16];

	buf[0] = '\0';
	if (num_known(h->refcounts.min))
		snprintf(buf, size, "references: %s to %s, median %s, of which %s found",
			 num_count(h->refcounts.min, min, sizeof(min)),
			 num_count(h->refcounts.max, max, sizeof(max)),
			 num_count(h->refcounts.median, median, sizeof(median)),
			 num_count(h->refcounts.explained, found, sizeof(found)));
	return buf;
}

/* The link that goes back: the last one of the ring. */
char *holding_text_mend(const struct holding_cycle *c, char *buf, size_t size)
{
	const char *owner = c->n ? holding_text_short(c->types[c->n - 1]) : "";
	const char *name = c->n ? c->attributes[c->n - 1] : "";

	if (!name[0] || name[0] == '[' || name[0] == '.')
		snprintf(buf, size, "break one link of the ring in close(), or make it a weakref");
	else
		snprintf(buf, size, "set %s.%s to None in close(), or make it a weakref", owner,
			 name);
	return buf;
}

static const char *why_starved(const struct gchealth_facts *f, char *buf, size_t size)
{
	char n[16];

	if (f->gc.gen[2].threshold >= HUGE_FULL)
		snprintf(buf, size, "starved: a full one comes after %s younger "
			 "(gc.set_threshold)", num_count(f->gc.gen[2].threshold, n, sizeof(n)));
	else if (f->gc.gen[0].threshold >= HUGE_YOUNG)
		snprintf(buf, size, "starved: one begins after %s new objects "
			 "(gc.set_threshold)", num_count(f->gc.gen[0].threshold, n, sizeof(n)));
	else
		return NULL;
	return buf;
}

/* "12 full collections since the baseline" */
static const char *fulls(const struct gchealth_facts *f, char *buf, size_t size)
{
	char n[16];

	snprintf(buf, size, "%s full collection%s since the baseline",
		 num_count(f->full_since_base, n, sizeof(n)), f->full_since_base == 1 ? "" : "s");
	return buf;
}

char *holding_text_collector(const struct gchealth_facts *f, double full_ago_s, char *buf,
			     size_t size)
{
	struct gchealth_alarm alarm;
	char full[64], span[16];

	if (f->gc.enabled == 0 && f->full_since_base > 0)
		snprintf(buf, size, "off (gc.disable), but %s", fulls(f, full, sizeof(full)));
	else if (f->gc.enabled == 0)
		snprintf(buf, size, "off (gc.disable): cycles are never freed");
	else if (f->gc.gen[0].threshold == 0)
		snprintf(buf, size, "idle: threshold 0, it never begins by itself "
			 "(gc.set_threshold)");
	else if (why_starved(f, buf, size))
		return buf;
	else if (gchealth_judge(f, &alarm, 1) && alarm.grave)
		snprintf(buf, size, "%s", alarm.text);
	else if (f->full_since_base == 0 && f->watched_s >= NONE_FOR_S)
		snprintf(buf, size, "on, but no full collection for %s",
			 num_span(f->watched_s, span, sizeof(span)));
	else if (num_known(f->full_since_base) && f->full_since_base > 0)
		snprintf(buf, size, "keeping up: %s%s%s%s", fulls(f, full, sizeof(full)),
			 isfinite(full_ago_s) ? ", the last " : "",
			 isfinite(full_ago_s) ? num_span(full_ago_s, span, sizeof(span)) : "",
			 isfinite(full_ago_s) ? " ago" : "");
	else
		snprintf(buf, size, num_known(f->gc.enabled) ? "on" : "unknown");
	return buf;
}
