/*
 * Comma-separated values after RFC 4180: a header, then lines of one form for everything, so that
 * one table holds a run. A sample is a line for the process and one per type; what a line does
 * not have is an empty cell. A spreadsheet takes what begins with = + - @ for a formula: in a text
 * such a beginning gets an apostrophe.
 */
#include "config.h"
#include "output/sink.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "output/summary.h"
#include "util/num.h"

/* X(ID, name in the header): what every line has, the figures of a type, those of the process. */
#define COLUMNS(X) \
	X(TIME, "time") X(PID, "pid") X(SEQ, "seq") X(KIND, "kind") \
	X(TYPE, "type") X(COUNT, "count") X(BYTES, "bytes") X(COUNT_DELTA, "count_delta") \
	X(BYTES_DELTA, "bytes_delta") X(RATE, "rate") X(VERDICT, "verdict") \
	X(RSS, "rss") X(VSZ, "vsz") X(PSS, "pss") X(USS, "uss") X(SWAP, "swap") \
	X(LIMIT, "limit") X(PYTHON_LIVE, "python_live") X(PYTHON_FREE, "python_free") \
	X(C_LIVE, "c_live") X(C_FREE, "c_free") X(MAPPED, "mapped") X(STACKS, "stacks") \
	X(OTHER, "other") X(FULL, "full_collections") X(GARBAGE, "garbage") X(STOPS, "stops") \
	X(STOPPED_US, "stopped_us") X(PAUSE_US, "pause_us") X(CPU_US, "cpu_us") \
	X(TEXT, "text")

enum column {
#define X(id, name) COL_##id,
	COLUMNS(X)
#undef X
	COLUMNS_OF
};

struct line {			/* zero it to begin; put_line() ends it */
	struct buf cell[COLUMNS_OF];
};

static void put_int(struct line *l, enum column at, int64_t v)
{
	if (num_known(v))
		buf_printf(&l->cell[at], "%" PRId64, v);
}

static void put_text(struct line *l, enum column at, const char *s)
{
	struct buf *cell = &l->cell[at];
	bool quoted = s[strcspn(s, ",\"\r\n")] != '\0';

	if (quoted)
		buf_putc(cell, '"');
	if (*s && strchr("=+-@\t\r", *s))
		buf_putc(cell, '\'');
	for (; *s; s++) {
		if (*s == '"')
			buf_putc(cell, '"');
		buf_putc(cell, *s);
	}
	if (quoted)
		buf_putc(cell, '"');
}

static void put_line(struct line *l, struct buf *out)
{
	for (int i = 0; i < COLUMNS_OF; i++) {
		if (i)
			buf_putc(out, ',');
		buf_put(out, buf_text(&l->cell[i]), l->cell[i].len);
		buf_done(&l->cell[i]);
	}
	buf_puts(out, "\r\n");
}

/* Before the first line of all, whatever that is. */
static void put_header(struct sink *s, struct buf *out)
{
	static const char *const names[] = {
#define X(id, name) name,
		COLUMNS(X)
#undef X
	};
	struct line l = {0};

	if (s->begun)
		return;
	s->begun = true;
	for (int i = 0; i < COLUMNS_OF; i++)
		put_text(&l, (enum column)i, names[i]);
	put_line(&l, out);
}

/* ISO 8601 in UTC with milliseconds, which spreadsheets and data frames take for a time. */
static void put_time(struct line *l, double wall_s)
{
	int64_t ms = llround(wall_s * 1000);
	time_t t = (time_t)(ms / 1000);
	char text[32];
	struct tm tm;

	if (gmtime_r(&t, &tm) && strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm))
		buf_printf(&l->cell[COL_TIME], "%s.%03dZ", text, (int)(ms % 1000));
}

static struct line begin(const struct snapshot *snap, const char *kind)
{
	struct line l = {0};

	put_time(&l, snap->seq ? snap->t : snap->target->attach_wall_s);
	put_int(&l, COL_PID, snap->target->pid);
	put_int(&l, COL_SEQ, snap->seq);
	put_text(&l, COL_KIND, kind);
	return l;
}

static void put_word(struct line *l, enum ratchet_word word)
{
	if (word != RATCHET_EARLY)
		put_text(l, COL_VERDICT, ratchet_word_text(word));
}

static void put_memory(struct line *l, const struct snapshot *snap)
{
	const struct sample_memory *memory = &snap->memory;
	const struct sample_ledger *ledger = &snap->ledger.now;

	put_int(l, COL_RSS, memory->rss);
	put_int(l, COL_VSZ, memory->vsz);
	put_int(l, COL_PSS, memory->pss);
	put_int(l, COL_USS, memory->uss);
	put_int(l, COL_SWAP, memory->swap);
	put_int(l, COL_LIMIT, memory->limit);
	put_int(l, COL_PYTHON_LIVE, ledger->python_live);
	put_int(l, COL_PYTHON_FREE, ledger->python_free);
	put_int(l, COL_C_LIVE, ledger->c_live);
	put_int(l, COL_C_FREE, ledger->c_free);
	put_int(l, COL_MAPPED, ledger->mapped);
	put_int(l, COL_STACKS, ledger->stacks);
	put_int(l, COL_OTHER, ledger->other);
}

/* A line for the process; its count is that of all objects, its text why there is none. */
static void put_process(const struct snapshot *snap, struct buf *out)
{
	struct line l = begin(snap, "process");
	char why[512];

	if (snap->census)
		put_int(&l, COL_COUNT, snap->objects);
	else
		put_text(&l, COL_TEXT, sink_gap_text(snap, why, sizeof(why)));
	put_memory(&l, snap);
	put_int(&l, COL_FULL, snap->gc.gen[2].collections);
	put_int(&l, COL_GARBAGE, snap->gc.garbage);
	put_int(&l, COL_STOPS, snap->cost.stops);
	put_int(&l, COL_STOPPED_US, snap->cost.stopped_us);
	put_int(&l, COL_PAUSE_US, snap->cost.pause_us);
	put_int(&l, COL_CPU_US, snap->cost.cpu_us);
	put_line(&l, out);
}

static void put_type(const struct snapshot *snap, const struct snapshot_row *row, struct buf *out)
{
	struct line l = begin(snap, "type");
	bool grown = sink_grown(snap);
	char rate[32];

	put_text(&l, COL_TYPE, row->name);
	put_int(&l, COL_COUNT, row->count);
	put_int(&l, COL_BYTES, row->bytes);
	put_int(&l, COL_COUNT_DELTA, grown ? row->count_delta : LT_UNKNOWN);
	put_int(&l, COL_BYTES_DELTA, grown ? row->bytes_delta : LT_UNKNOWN);
	buf_puts(&l.cell[COL_RATE], num_decimal(row->rate, 6, true, rate, sizeof(rate)));
	put_word(&l, row->word);
	put_line(&l, out);
}

static enum lt_errc attach(struct sink *s, const struct snapshot *snap, struct lt_err *err)
{
	struct buf b = {0};

	put_header(s, &b);
	return sink_write(s, &b, err);
}

static enum lt_errc sample(struct sink *s, const struct snapshot *snap, struct lt_err *err)
{
	size_t n = sink_rows(s, snap);
	struct buf b = {0};

	put_header(s, &b);
	put_process(snap, &b);
	for (size_t i = 0; i < n; i++)
		put_type(snap, &snap->rows[i], &b);
	return sink_write(s, &b, err);
}

static enum lt_errc verdict(struct sink *s, const struct snapshot *snap, struct lt_err *err)
{
	struct line l = begin(snap, "verdict");
	struct buf b = {0}, summary = {0};

	summary_put(snap, &summary);
	put_word(&l, snap->verdict.word);
	put_text(&l, COL_TEXT, buf_text(&summary));
	buf_done(&summary);
	put_header(s, &b);
	put_line(&l, &b);
	return sink_write(s, &b, err);
}

static enum lt_errc error(struct sink *s, const struct lt_err *what, struct lt_err *err)
{
	struct line l = {0};
	struct buf b = {0};
	char text[512];

	put_text(&l, COL_KIND, "error");
	put_text(&l, COL_TEXT, lt_err_text(what, text, sizeof(text)));
	put_header(s, &b);
	put_line(&l, &b);
	return sink_write(s, &b, err);
}

const struct sink_ops sink_csv = {
	.name = "csv", .help = "comma-separated values, for spreadsheets and data frames",
	.default_top = 0,
	.attach = attach, .sample = sample, .verdict = verdict, .detach = sink_no_detach,
	.error = error,
};
