/*
 * The table of batch mode: what `top -b` users expect, the content of the screen as lines. It is
 * for people; no name is ever cut, and no cell empty. Programs have the other formats.
 */
#include "config.h"
#include "output/sink.h"

#include <inttypes.h>
#include <math.h>
#include <time.h>

#include "model/cells.h"
#include "output/summary.h"
#include "util/clean.h"
#include "util/mem.h"
#include "util/num.h"

#define WORD 32
#define CELL 300		/* a name of 255 bytes and its mark */
#define NAME_MOST 60

static char *dash(char *buf)
{
	snprintf(buf, WORD, "-");
	return buf;
}

/* 48213, or "-"; no groups of three, which would be two words. */
static char *plain(int64_t v, char *buf)
{
	if (!num_known(v))
		return dash(buf);
	snprintf(buf, WORD, "%" PRId64, v);
	return buf;
}

static char *size_of(int64_t bytes, char *buf)
{
	return num_known(bytes) ? num_size(bytes, buf, WORD) : dash(buf);
}

static char *size_with_sign(int64_t bytes, char *buf)
{
	return num_known(bytes) ? num_ssize(bytes, buf, WORD) : dash(buf);
}

/* One decimal below ten, none above; from integers, for the point must not depend on the locale. */
static char *tenths(double v, const char *plus, char *buf)
{
	const char *sign = v < 0 ? "-" : plus;
	double a = fabs(v);
	long long n;

	if (!(a < 1e15))	/* also NAN */
		return dash(buf);
	n = llround(a * 10);
	if (n == 0)
		snprintf(buf, WORD, "0");
	else if (n < 100)
		snprintf(buf, WORD, "%s%lld.%lld", sign, n / 10, n % 10);
	else
		snprintf(buf, WORD, "%s%lld", sign, llround(a));
	return buf;
}

static char *ms_of(int64_t us, char *buf)
{
	if (!num_known(us) || us < 0)
		return dash(buf);
	snprintf(buf, WORD, "%" PRId64 ".%02" PRId64, us / 1000, us % 1000 / 10);
	return buf;
}

/* ISO 8601 in UTC: a log is read in another time zone than it was written in. */
static char *utc(double wall_s, char *buf)
{
	time_t t = (time_t)wall_s;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || strftime(buf, WORD, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return dash(buf);
	return buf;
}

static void put_memory(struct buf *b, const struct snapshot *snap)
{
	const struct sample_memory *now = &snap->memory, *delta = &snap->memory_delta;
	bool grown = snap->samples > 1;		/* the first sample has grown by nothing yet */
	char w[6][WORD];

	buf_printf(b, "%s  pid %d  sample %" PRId64 "  RSS %s %s  PSS %s %s",
		   utc(snap->t, w[0]), (int)snap->target->pid, snap->seq, size_of(now->rss, w[1]),
		   size_with_sign(grown ? delta->rss : LT_UNKNOWN, w[2]), size_of(now->pss, w[3]),
		   size_with_sign(grown ? delta->pss : LT_UNKNOWN, w[4]));
	buf_printf(b, "  USS %s  swap %s  VSZ %s  limit %s  threads %s\n",
		   size_of(now->uss, w[0]), size_of(now->swap, w[1]), size_of(now->vsz, w[2]),
		   size_of(now->limit, w[3]), plain(now->threads, w[4]));
}

static void put_gc(struct buf *b, const struct snapshot *snap)
{
	const struct sample_gc *gc = &snap->gc;
	char w[4][WORD];

	buf_printf(b, "gc %s", !num_known(gc->enabled) ? "-" : gc->enabled ? "on" : "off");
	for (size_t i = 0; i < COUNT_OF(gc->gen); i++)
		buf_printf(b, "  gen%zu %s/%s", i, plain(gc->gen[i].count, w[0]),
			   plain(gc->gen[i].threshold, w[1]));
	buf_printf(b, "  full %s  garbage %s  frozen %s  objects %s\n",
		   plain(gc->gen[2].collections, w[0]), plain(gc->garbage, w[1]),
		   plain(gc->frozen, w[2]),
		   plain(snap->census ? snap->objects : LT_UNKNOWN, w[3]));
}

static void put_cost(struct buf *b, const struct snapshot *snap)
{
	const struct sample_cost *cost = &snap->cost;
	char w[5][WORD];

	buf_printf(b, "cost  pause %s ms  stops %s  longest %s ms  cpu %s ms  %s%% of a core\n",
		   ms_of(cost->pause_us, w[0]), plain(cost->stops, w[1]),
		   ms_of(cost->longest_us, w[2]), ms_of(cost->cpu_us, w[3]),
		   tenths(snap->cost_share * 100, "", w[4]));
}

/* Without a choice all of the screen's columns, but not its pictures. */
static struct cells_choice columns_of(const struct sink *s)
{
	const struct cells_choice *asked = &s->options.columns;
	struct cells_choice choice = {0};
	int n = asked->n ? asked->n : CELLS_OF;

	for (int i = 0; i < n; i++) {
		int id = asked->n ? asked->at[i] : i;

		if (id != CELLS_TREND)
			choice.at[choice.n++] = (unsigned char)id;
	}
	return choice;
}

/* No name is cut: the column is as wide as its longest, or that one's row goes beyond it. */
static int name_width(const struct snapshot *snap, size_t n)
{
	int least = cells_columns[CELLS_TYPE].width, width = least;

	for (size_t i = 0; i < n; i++) {
		int own = clean_width(snap->rows[i].name) +
			  (cells_member(snap, i) ? clean_width(CELLS_MEMBER) : 0);

		width = own > width && own <= NAME_MOST ? own : width;
	}
	return width;
}

static void put_cell(struct buf *b, enum cells_id id, int width, const char *text, bool last)
{
	int blanks = width - clean_width(text);

	if (cells_columns[id].right)
		buf_printf(b, "%*s", blanks > 0 ? blanks : 0, "");
	buf_puts(b, text);
	if (!cells_columns[id].right && !last)
		buf_printf(b, "%*s", blanks > 0 ? blanks : 0, "");
	buf_putc(b, last ? '\n' : ' ');
}

/* The first count has grown by nothing: that is unknown, and no 0. */
static struct snapshot_row shown_of(const struct snapshot_row *row, bool grown)
{
	struct snapshot_row shown = *row;

	if (!grown)
		shown.count_delta = shown.bytes_delta = LT_UNKNOWN;
	return shown;
}

/* The screen's table, with a dash where it has a blank. */
static void put_rows(struct buf *b, const struct sink *s, const struct snapshot *snap)
{
	const struct cells_choice columns = columns_of(s);
	size_t n = sink_rows(s, snap);
	int names = name_width(snap, n);
	char text[CELL];

	for (int i = 0; i < columns.n; i++)
		put_cell(b, columns.at[i],
			 columns.at[i] == CELLS_TYPE ? names : cells_columns[columns.at[i]].width,
			 cells_columns[columns.at[i]].title, i + 1 == columns.n);
	for (size_t at = 0; at < n; at++) {
		struct snapshot_row row = shown_of(&snap->rows[at], sink_grown(snap));

		for (int i = 0; i < columns.n; i++) {
			enum cells_id id = columns.at[i];
			struct cells_cell cell = {
				snap, &row, id == CELLS_TYPE ? names : cells_columns[id].width,
				TEXT_AUTO, cells_member(snap, at),
			};
			const char *said = cells_text(id, &cell, text, sizeof(text));

			put_cell(b, id, cell.width, said[0] ? said : "-", i + 1 == columns.n);
		}
	}
}

static const char *known(const char *s)
{
	return s[0] ? s : "-";
}

static enum lt_errc attach(struct sink *s, const struct snapshot *snap, struct lt_err *err)
{
	const struct sample_target *target = snap->target;
	struct buf b = {0};
	char w[WORD];

	buf_printf(&b, "leaktop %d  python %s %s  method %s  attached in %s ms  %s\n",
		   (int)target->pid, known(target->python), known(target->build),
		   known(target->method), ms_of(target->attach_us, w), known(target->command));
	return sink_write(s, &b, err);
}

static enum lt_errc sample(struct sink *s, const struct snapshot *snap, struct lt_err *err)
{
	struct buf b = {0};
	char why[512];

	sink_account(s, snap);
	buf_putc(&b, '\n');
	put_memory(&b, snap);
	put_gc(&b, snap);
	put_cost(&b, snap);
	if (!snap->census)
		buf_printf(&b, "no count: %s\n", sink_gap_text(snap, why, sizeof(why)));
	put_rows(&b, s, snap);
	return sink_write(s, &b, err);
}

static enum lt_errc verdict(struct sink *s, const struct snapshot *snap, struct lt_err *err)
{
	struct buf b = {0};

	buf_puts(&b, "\n>> ");
	summary_put(snap, &b);
	buf_putc(&b, '\n');
	return sink_write(s, &b, err);
}

static enum lt_errc detach(struct sink *s, const struct snapshot *snap,
			   const struct sample_left *left, double now, struct lt_err *err)
{
	struct buf b = {0};
	char w[6][WORD];

	buf_printf(&b, "%s  detached  samples %" PRId64 "  longest pause %s ms"
		   "  left behind: threads %s  fds %s  maps %s\n",
		   utc(now, w[0]), snap->samples, ms_of(snap->cost_total.pause_us, w[1]),
		   plain(left->threads, w[2]), plain(left->fds, w[3]), plain(left->maps, w[4]));
	return sink_write(s, &b, err);
}

/* A person reads the error on stderr, where cli/ puts it: here what went before is pushed out. */
static enum lt_errc error(struct sink *s, const struct lt_err *what, struct lt_err *err)
{
	struct buf nothing = {0};

	return sink_write(s, &nothing, err);
}

const struct sink_ops sink_table = {
	.name = "table", .help = "a table per sample, for people",
	.default_top = 20,
	.attach = attach, .sample = sample, .verdict = verdict, .detach = detach, .error = error,
};
