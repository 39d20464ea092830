#include "config.h"
#include "ui/view_help.h"

#include "ui/line.h"
#include "util/mem.h"

#define TWO_COLUMNS 80			/* columns of screen from which keys stand in two */
#define NAMES_WIDTH 8

struct help_state {
	int top;			/* lines scrolled away */
	int page, lines;		/* when last drawn */
};

static const char *const legend[] = {
	"VERDICT: growing, suspect (straight), LEAK (suspect that lasts), hold (grew and",
	"rests), churn, shrink; blank flat. +COUNT +SIZE since the baseline, RATE lately,",
	"TREND the floor of COUNT: dots unchanged, blank unknown. * sampling now.",
	"1-7: VERDICT TYPE COUNT SIZE +COUNT +SIZE RATE. Filters: regular expressions.",
	"In front of a row: > the cursor, + a tag, * both. `- grows with the row above.",
	"%GROW: of the growth of RSS. LAST: since it last rose. Sizes: K is 1024 bytes.",
};

static void key_draw(struct canvas *c, int y, int col, int width, const struct keys_row *row)
{
	canvas_put(c, y, col, NAMES_WIDTH, ATTR_KEY, row->names);
	canvas_put(c, y, col + NAMES_WIDTH + 1, width - NAMES_WIDTH - 1, ATTR_PLAIN, row->help);
}

/* Line i of the body: keys in one or two columns, then the legend. */
static void body_draw(struct canvas *c, int y, int i, int key_lines, bool two)
{
	const struct keys_row *rows;
	int width = two ? c->cols / 2 : c->cols;
	size_t n, right;

	rows = keys_rows(&n);
	right = (size_t)i + (size_t)key_lines;
	if (i >= key_lines) {
		canvas_put(c, y, 0, c->cols, ATTR_PLAIN, legend[i - key_lines]);
		return;
	}
	key_draw(c, y, 0, width - 1, &rows[i]);
	if (two && right < n)
		key_draw(c, y, width, width, &rows[right]);
}

static void help_draw(void *state, const struct snapshot *snap, struct canvas *c,
		      const struct view_ctx *ctx)
{
	struct help_state *st = state;
	struct line title = line_begin(c, 0);
	bool two = c->cols >= TWO_COLUMNS;
	int key_lines;
	size_t n;

	keys_rows(&n);
	key_lines = two ? (int)(n + 1) / 2 : (int)n;
	st->page = c->rows - 2;
	st->lines = key_lines + (int)COUNT_OF(legend);
	if (st->top > st->lines - st->page)
		st->top = st->lines > st->page ? st->lines - st->page : 0;
	line_put(&title, ATTR_TITLE, "leaktop %s   ", PACKAGE_VERSION_TEXT);
	line_put(&title, ATTR_PLAIN, "keys and marks");
	if (st->lines > st->page)
		line_put(&title, ATTR_PLAIN, "   lines %d to %d of %d", st->top + 1,
			 st->top + st->page, st->lines);
	for (int i = 0; i < st->page && st->top + i < st->lines; i++)
		body_draw(c, 1 + i, st->top + i, key_lines, two);
	canvas_put(c, c->rows - 1, 0, c->cols, ATTR_KEY,
		   st->lines > st->page ? "Esc:back Up Down PgDn:more q:quit" : "Esc:back q:quit");
}

static enum view_result help_key(void *state, const struct snapshot *snap, int key,
				 enum keys_action action, struct ui_request *ret)
{
	struct help_state *st = state;
	int step = action == KEYS_UP ? -1 : action == KEYS_DOWN ? 1
		   : action == KEYS_PAGE_UP ? -st->page : action == KEYS_PAGE_DOWN ? st->page : 0;

	if (action == KEYS_HELP || action == KEYS_BACK)
		return VIEW_CLOSE;
	if (step == 0)
		return VIEW_IGNORED;
	st->top += step;
	if (st->top > st->lines - st->page)
		st->top = st->lines - st->page;
	if (st->top < 0)
		st->top = 0;
	ret->ask = UI_REDRAW;
	return VIEW_DONE;
}

const struct view_ops view_help = {
	.name = "help",
	.help = "keys, columns and marks",
	.state_size = sizeof(struct help_state),
	.modal = true,
	.draw = help_draw,
	.key = help_key,
};
