#include "config.h"
#include "ui/notice.h"

#include <stdio.h>
#include <string.h>

#include "model/holding_text.h"
#include "model/ledger.h"
#include "model/verdict.h"
#include "util/num.h"
#include "util/text.h"

static void say_no_count(struct notice *ret, const struct snapshot *snap,
			 const struct view_ctx *ctx)
{
	char why[240], age[24];
	bool readonly = lt_err_goes_on(snap->why.code);

	if (snap->why.code == LT_OK)
		snprintf(why, sizeof(why), "not asked for in this sample");
	else
		lt_err_text(&snap->why, why, sizeof(why));
	ret->attr = ATTR_ALERT;
	if (snap->census_t > 0)
		snprintf(ret->text, sizeof(ret->text), "%srows are %s old: %s",
			 readonly ? "read-only, " : "",
			 text_rough(ctx->now - snap->census_t, age, sizeof(age)), why);
	else
		snprintf(ret->text, sizeof(ret->text), "%s: %s",
			 readonly ? "read-only" : "no count yet", why);
}

/* Where text ends: what follows is appended there. */
static int put_leak(char *text, size_t size, const struct snapshot *snap)
{
	const struct outcome *v = &snap->verdict;
	int64_t all = snap->memory_delta.rss;
	char grown[24];
	int at = snprintf(text, size, ">> LEAK %zu group%s %s", v->leak_groups,
			  v->leak_groups == 1 ? "" : "s",
			  num_ssize(v->leak_bytes, grown, sizeof(grown)));

	/* Objects can gain more than RSS does: freed memory is used again. */
	if (num_known(all) && all > 0 && v->leak_bytes > 0 && v->leak_bytes <= all)
		at += snprintf(text + at, size - (size_t)at, ", %.0f%% of RSS growth",
			       100 * (double)v->leak_bytes / (double)all);
	return at;
}

/* ">> native memory, not objects: RSS +98.0M: 97 % C heap in use" */
static int put_cause(char *text, size_t size, const struct snapshot *snap)
{
	static const char *const names[CAUSE_COUNT_OF] = {
		[CAUSE_NATIVE] = "native memory, not objects",
		[CAUSE_FRAGMENTATION] = "no leak but fragmentation",
	};
	const char *name = names[snap->verdict.cause];
	struct ledger_growth growth;
	char main[64];

	if (!name)
		return snprintf(text, size, ">> %s", verdict_claim(&snap->verdict));
	ledger_growth(snap, &growth);
	ledger_main_text(&growth, main, sizeof(main));
	return snprintf(text, size, ">> %s%s%s", name, main[0] ? ": " : "", main);
}

/* A piece more behind text, whole or not at all. */
static void put_piece(char *text, size_t size, const char *before, const char *piece)
{
	size_t at = strlen(text);

	if (at + strlen(before) + strlen(piece) < size)
		snprintf(text + at, size - at, "%s%s", before, piece);
}

/*
 * The strongest word of the rows, which may be in any order; of a group its head. What grows counts
 * where it is a class of one's own. NULL: none.
 */
static const struct snapshot_row *first_suspect(const struct snapshot *snap)
{
	const struct snapshot_row *first = NULL;

	for (size_t i = 0; i < snap->n_rows; i++) {
		const struct snapshot_row *row = &snap->rows[i];

		bool counts = row->word <= RATCHET_SUSPECT ||
			      (row->word == RATCHET_GROWING && row->own);

		if (counts && row->head == row->id && (!first || row->word < first->word))
			first = row;
	}
	return first;
}

/* The first suspect and its holder. Figures of it stand in the table, and would flicker here. */
static void put_first(char *text, size_t size, const struct snapshot *snap, bool values)
{
	const struct snapshot_row *row = first_suspect(snap);
	const struct holding *h = row ? snapshot_holding(snap, row->name) : NULL;
	const struct holding_path *best = h && h->code == LT_OK ? holding_best(h) : NULL;
	char name[HOLDING_TEXT];

	if (h && h->code == LT_OK && holding_is_cyclic(h)) {
		put_piece(text, size, "  ", row->name);
		put_piece(text, size, "  held by ", "its own cycle");
	} else if (best) {
		put_piece(text, size, "  ", row->name);
		put_piece(text, size, "  held by ",
			  holding_text_holder(best, values, name, sizeof(name)));
	}
}

/* ">> LEAK 1 group +29.7M, 78% of RSS growth  1 suspect  3 hold  407 flat  app.Connection ..." */
static void say_summary(struct notice *ret, const struct snapshot *snap, bool values)
{
	static const enum attr attrs[RATCHET_WORDS_OF] = {
		[RATCHET_LEAK] = ATTR_SUSPECT, [RATCHET_SUSPECT] = ATTR_SUSPECT,
		[RATCHET_GROWING] = ATTR_GROW,
	};
	const struct outcome *v = &snap->verdict;
	size_t size = sizeof(ret->text);
	int at;

	ret->attr = v->cause == CAUSE_NATIVE ? ATTR_SUSPECT : attrs[v->word];
	if (v->word == RATCHET_EARLY && !v->leaking) {
		snprintf(ret->text, size, ">> too early for a verdict   %zu types", snap->n_types);
		return;
	}
	if (v->word == RATCHET_LEAK)
		at = put_leak(ret->text, size, snap);
	else
		at = put_cause(ret->text, size, snap);
	for (int word = RATCHET_SUSPECT; word <= RATCHET_FLAT; word++)
		if (v->n[word])
			at += snprintf(ret->text + at, size - (size_t)at, "%s%zu %s",
				       ret->text[at - 1] == '?' ? " " : "  ", v->n[word],
				       ratchet_word_text((enum ratchet_word)word));
	put_first(ret->text, size, snap, values);
}

void notice_pick(struct notice *ret, const struct snapshot *snap, const struct view_ctx *ctx)
{
	char clock[24];

	ret->attr = ATTR_NOTICE;
	if (snap->ended && ctx->successor) {
		ret->attr = ATTR_ALERT;
		snprintf(ret->text, sizeof(ret->text),
			 "PID %d ended %s; %d runs the same command: r watches it",
			 (int)snap->target->pid, text_clock(snap->ended_t, clock, sizeof(clock)),
			 (int)ctx->successor);
	} else if (snap->ended) {
		ret->attr = ATTR_ALERT;
		snprintf(ret->text, sizeof(ret->text),
			 "target ended %s - last screen kept, q quits",
			 text_clock(snap->ended_t, clock, sizeof(clock)));
	} else if (ctx->paused) {
		snprintf(ret->text, sizeof(ret->text),
			 "PAUSED at %s - sampling goes on, p shows it again",
			 text_clock(snap->t, clock, sizeof(clock)));
	} else if (snap->seq == 0) {
		snprintf(ret->text, sizeof(ret->text), "counting...");
	} else if (!snap->census && !(snap->why.code == LT_E_PACED && snap->census_t > 0)) {
		say_no_count(ret, snap, ctx);
	} else {
		say_summary(ret, snap, ctx->values);
	}
}

void notice_empty(char *ret, size_t size, const struct snapshot *snap)
{
	ret[0] = '\0';
	if (snap->n_rows)
		return;
	if (snap->census_t <= 0)
		snprintf(ret, size, snap->seq && !snap->census && snap->why.code != LT_OK
					    ? "nothing counted yet" : "counting...");
	else if (snap->filter[0])
		snprintf(ret, size, "no type matches the filter %s (Esc clears it)", snap->filter);
	else if (snap->hide_flat)
		snprintf(ret, size, "nothing has changed since the baseline (i shows all types)");
	else
		snprintf(ret, size, "no objects");
}
