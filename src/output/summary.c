#include "config.h"
#include "output/summary.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "model/holding_text.h"
#include "model/ledger.h"
#include "model/verdict.h"
#include "output/sink.h"
#include "util/num.h"

/* " +12.4/s", from integers: the point must not depend on the locale. "" where unknown. */
static void put_rate(struct buf *b, double per_second)
{
	long long tenths;

	if (!(fabs(per_second) < 1e15))	/* also NAN */
		return;
	tenths = llround(fabs(per_second) * 10);
	buf_printf(b, " %s%lld.%lld/s", per_second < 0 ? "-" : "+", tenths / 10, tenths % 10);
}

/* Do they hold less than half of what is everywhere, as strings are? Then who holds what is new? */
static bool is_scattered(const struct snapshot_row *row, const struct holding *h)
{
	const struct holding_path *best = h && h->code == LT_OK ? holding_best(h) : NULL;

	return row->part && (!best || (best->share < 0.5 && !holding_has_newest(h, best)));
}

/* ", while __main__.prices grows (dict, 3 884 items, +200.1/s)" */
static bool put_growing(const struct snapshot *snap, const struct snapshot_row *row, struct buf *b)
{
	const struct growing_container *c = growing_with(snap->growing, row->rate);
	char what[HOLDING_NAME + 64];

	if (!c || !is_scattered(row, snapshot_holding(snap, row->name)))
		return false;
	buf_printf(b, ", while %s grows (%s)", c->path, growing_container(c, what, sizeof(what)));
	return true;
}

/* ", held by __main__._CONNECTIONS (list, 14 212 items, +12.4/s)"; nothing where none was found. */
static void put_holder(const struct snapshot *snap, const char *type, struct buf *b)
{
	const struct holding *h = snapshot_holding(snap, type);
	struct gchealth_facts facts;
	char text[HOLDING_TEXT + HOLDING_NAME];

	if (!h || h->code != LT_OK || (!holding_best(h) && !holding_is_cyclic(h)))
		return;
	buf_printf(b, ", %s", holding_text_line(h, false, text, sizeof(text)));
	if (!holding_is_cyclic(h))
		return;
	gchealth_facts(snap, &facts);
	buf_printf(b, "; collector %s", holding_text_collector(&facts, snap->gc_full_ago_s, text,
							       sizeof(text)));
}

/* How many suspects are neither this head nor of its group. */
static size_t others(const struct outcome *v)
{
	return v->n_suspects - v->suspects[0].group_n;
}

static void put_suspects(const struct snapshot *snap, struct buf *b)
{
	const struct outcome *v = &snap->verdict;
	const struct snapshot_row *row = &v->suspects[0];
	size_t more = others(v);

	buf_printf(b, "%s %s", row->word == RATCHET_LEAK ? "LEAK" : "suspect", row->name);
	put_rate(b, row->rate);
	if (!put_growing(snap, row, b))
		put_holder(snap, row->name, b);
	if (num_known(row->count_delta))
		buf_printf(b, ", %+" PRId64 " since the baseline", row->count_delta);
	if (row->group_n > 1)
		buf_printf(b, ", %u type%s in step with it", row->group_n - 1,
			   row->group_n == 2 ? "" : "s");
	if (more)
		buf_printf(b, ", %zu more suspect%s", more, more == 1 ? "" : "s");
}

/*
 * The row of a word that gained most objects, a class that a person wrote before Python's own;
 * NULL: none. Rows may be in any order.
 */
static const struct snapshot_row *fastest(const struct snapshot *snap, enum ratchet_word word)
{
	const struct snapshot_row *best = NULL;

	for (size_t i = 0; i < snap->n_rows; i++) {
		const struct snapshot_row *row = &snap->rows[i];

		if (row->word != word || !num_known(row->count_delta) || row->count_delta <= 0)
			continue;
		if (!best || row->own > best->own ||
		    (row->own == best->own && row->count_delta > best->count_delta))
			best = row;
	}
	return best;
}

static void put_calm(const struct snapshot *snap, struct buf *b)
{
	static const enum ratchet_word said[] = {RATCHET_GROWING, RATCHET_HOLD, RATCHET_CHURN,
						 RATCHET_SHRINK, RATCHET_FLAT};
	const struct snapshot_row *row = fastest(snap, RATCHET_GROWING);
	const char *before = ": ";

	if (!row && (row = fastest(snap, RATCHET_EARLY)) != NULL && !row->own)
		row = NULL;
	buf_puts(b, verdict_claim(&snap->verdict));
	if (snap->filter && snap->filter[0])
		buf_printf(b, " among types that match %s", snap->filter);
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		if (!snap->verdict.n[said[i]])
			continue;
		buf_printf(b, "%s%zu %s", before, snap->verdict.n[said[i]],
			   ratchet_word_text(said[i]));
		before = ", ";
	}
	if (row)
		buf_printf(b, "; most grew %s, +%" PRId64, row->name, row->count_delta);
	if (row)
		put_holder(snap, row->name, b);
}

static void put_early(const struct snapshot *snap, int64_t counted, struct buf *b)
{
	const struct snapshot_row *row = fastest(snap, RATCHET_EARLY);

	buf_printf(b, "too early: %" PRId64 " counted sample%s", counted, counted == 1 ? "" : "s");
	if (!sink_grown(snap) || !row)
		return;
	buf_printf(b, ", +%" PRId64 " objects of %s", row->count_delta, row->name);
	put_holder(snap, row->name, b);
}

/* "RSS +412.0M: 91 % C heap free but kept; Python objects flat: fragmentation, not ..." */
static void put_growth(const struct snapshot *snap, struct buf *b)
{
	struct ledger_growth growth;
	char text[200];

	ledger_growth(snap, &growth);
	buf_puts(b, ledger_text(&growth, text, sizeof(text)));
}

/* Memory grows that no object accounts for, and the ledger says where. */
static bool is_not_objects(const struct outcome *v)
{
	return v->cause == CAUSE_NATIVE || v->cause == CAUSE_FRAGMENTATION;
}

void summary_put(const struct snapshot *snap, struct buf *b)
{
	int64_t counted = snap->samples - snap->gaps;
	char why[512];

	if (counted <= 0 && snap->samples > 0)
		buf_printf(b, "no verdict: no sample was counted: %s",
			   sink_gap_text(snap, why, sizeof(why)));
	else if (counted <= 0)
		buf_puts(b, "no verdict: no sample was taken");
	else if (snap->verdict.n_suspects)
		put_suspects(snap, b);
	else if (is_not_objects(&snap->verdict))
		put_growth(snap, b);
	else if (snap->verdict.word == RATCHET_EARLY)
		put_early(snap, counted, b);
	else
		put_calm(snap, b);
}
