#include "config.h"
#include "ui/pane.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/gchealth.h"
#include "model/holding_text.h"
#include "model/verdict.h"
#include "ui/keys.h"
#include "ui/pane_held.h"
#include "util/mem.h"
#include "util/num.h"

#define LABEL_WIDTH 7			/* as the header's on a screen that has a pane */
#define TEXT 40

static bool rises(const struct snapshot_row *row)
{
	return row->word <= RATCHET_GROWING;
}

/* "+12 680 in 12m41s; 14 of 15 epochs set a new floor; longest rest 42s; ... (straight)" */
static void why_put(struct line *l, const struct snapshot *snap, const struct snapshot_row *row,
		    const struct view_ctx *ctx)
{
	const struct ratchet_reason *r = &row->reason;
	char text[200], grown[TEXT], span[TEXT];

	if (!rises(row) || r->epochs < 2) {
		line_put_cut(l, ATTR_PLAIN, verdict_reason(row, text, sizeof(text)));
		return;
	}
	if (num_known(row->count_delta))
		line_put(l, ATTR_PLAIN, "%s in %s; ",
			 num_signed(row->count_delta, grown, sizeof(grown)),
			 num_span(snap->t - snap->base_t, span, sizeof(span)));
	line_put(l, ATTR_PLAIN, "%d of %d epochs set a new floor", r->records, r->epochs - 1);
	if (r->rest_s > 0)
		line_put(l, ATTR_PLAIN, "; longest rest %s",
			 num_span((double)r->rest_s, span, sizeof(span)));
	line_put(l, ATTR_PLAIN, "; 2nd half / 1st half = %.2f (%s)", (double)r->bend,
		 verdict_straightness((double)r->bend));
}

/*
 * What the collector's runs tell of a type that rises: garbage that waits, or held for good. Where
 * a search has found who holds it there is nothing left to guess.
 */
static const char *proof_of(const struct snapshot *snap, const struct snapshot_row *row,
			    const struct holding *h)
{
	if (h && h->code == LT_OK && holding_is_held(h))
		return "held by a live reference, which no collection ends";
	if (snap->gc.enabled == 0 && !(snap->gc_full_since_base > 0))
		return "the collector is off: what is in cycles is never freed";
	if (row->reason.note == RATCHET_AWAITS)
		return "a full collection is due: it may free some of them";
	if (row->reason.full >= 3)
		return "none brought it back: held by a live reference, not an uncollected cycle";
	if (row->reason.full > 0)
		return "none brought it back: three are proof";
	return "some of it may be garbage in cycles";
}

static void gc_put(struct line *l, const struct snapshot *snap, const struct snapshot_row *row,
		   const struct view_ctx *ctx)
{
	int64_t full = rises(row) ? row->reason.full : snap->gc_full_since_base;
	const struct holding *h = snapshot_holding(snap, row->name);
	struct gchealth_facts facts;
	struct gchealth_alarm alarm;
	char text[200];

	if (!num_known(snap->gc.enabled))
		return;
	gchealth_facts(snap, &facts);
	if (h && h->code == LT_OK && holding_is_cyclic(h)) {
		line_put_cut(l, ATTR_PLAIN, "garbage for the collector, which is ");
		line_put_cut(l, ATTR_PLAIN,
			     holding_text_collector(&facts, snap->gc_full_ago_s, text,
						    sizeof(text)));
		return;
	}
	if (num_known(full) && full > 0)
		line_put(l, ATTR_PLAIN, "%lld full collection%s since base", (long long)full,
			 full == 1 ? "" : "s");
	else if (num_known(full))
		line_put(l, ATTR_PLAIN, "no full collection since base");
	if (rises(row)) {
		line_put_cut(l, ATTR_PLAIN, full > 0 ? ", " : ": ");
		line_put_cut(l, ATTR_PLAIN, proof_of(snap, row, h));
		return;
	}
	if (gchealth_judge(&facts, &alarm, 1) > 0) {
		line_put_cut(l, ATTR_PLAIN, "; ");
		line_put_cut(l, ATTR_PLAIN, alarm.text);
	}
}

/* leaktop does not read tracemalloc's tables: only how the target was started is known. */
static void alloc_put(struct line *l, const struct snapshot *snap, const struct snapshot_row *row,
		      const struct view_ctx *ctx)
{
	const char *command = snap->target->command;

	if (strstr(command, "-X tracemalloc") || strstr(command, "-Xtracemalloc"))
		line_put_cut(l, ATTR_PLAIN,
			     "the target traces allocations: tracemalloc.take_snapshot() in it "
			     "says where");
	else
		line_put_cut(l, ATTR_PLAIN,
			     "leaktop cannot tell; tracemalloc can, where the target was started "
			     "with -X tracemalloc");
}

/* Keys that lead on from here, with the names of the table of keys; no room is wasted on how. */
static const struct { enum keys_action action; const char *text; } nexts[] = {
	{KEYS_WHO, "who holds"}, {KEYS_ALLOC, "where allocated"}, {KEYS_CYCLES, "cycles"},
	{KEYS_TAG, "tag"},
	{KEYS_BASELINE_NOW, "new baseline here"},
	{KEYS_ACT, "act on the target"},
};

static void next_put(struct line *l, const struct snapshot *snap, const struct snapshot_row *row,
		     const struct view_ctx *ctx)
{
	for (size_t i = 0; i < COUNT_OF(nexts); i++) {
		const char *names = keys_row(nexts[i].action)->names;

		line_put(l, ATTR_KEY, "%.*s ", (int)strcspn(names, " "), names);
		line_put(l, ATTR_PLAIN, "%s   ", nexts[i].text);
	}
}

static const struct pane_line lines[] = {
	{"why", "what of its count makes the word", why_put},
	{"gc", "what the collector's runs say of it", gc_put},
	{"held", "who holds the objects", pane_held_put},
	{"grows", "containers that grow, whatever is in them", pane_held_put_growing},
	{"alloc", "how to learn where they are made", alloc_put},
	{"next", "keys that lead on", next_put},
};

const struct pane_line *pane_lines(size_t *ret_n)
{
	*ret_n = COUNT_OF(lines);
	return lines;
}

int pane_rows(void)
{
	return 1 + (int)COUNT_OF(lines);
}

static void title_draw(struct canvas *c, int y, const char *name)
{
	int at = canvas_put(c, y, 0, c->cols, ATTR_PLAIN, "-- ");

	at += canvas_put_tail(c, y, at, c->cols - at - 4, ATTR_TITLE, name);
	if (at < c->cols)
		at++;
	while (at < c->cols)
		at += canvas_put(c, y, at, c->cols - at, ATTR_PLAIN, "-");
}

void pane_draw(struct canvas *c, int y, const struct snapshot *snap,
	       const struct snapshot_row *row, const struct view_ctx *ctx)
{
	if (!row)
		return;
	title_draw(c, y++, row->name);
	for (size_t i = 0; i < COUNT_OF(lines); i++, y++) {
		struct line l = line_begin(c, y);

		line_put(&l, ATTR_LABEL, "%-*s", LABEL_WIDTH, lines[i].label);
		l.at = LABEL_WIDTH;
		lines[i].put(&l, snap, row, ctx);
	}
}
