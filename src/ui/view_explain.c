#include "config.h"
#include "ui/view_explain.h"

#include <stdio.h>
#include <string.h>

#define PAGE_LINES 14
#define PAGE_WIDTH 78

struct page {
	const char *title;
	const char *lines[PAGE_LINES];	/* NULL ends them; %d once: the PID */
};

struct explain_state {
	const struct page *page;
	int top;			/* lines scrolled away */
	int most;			/* that can be */
};

/*
 * gc.collect() runs finalizers, which is code of the target's: nothing that leaktop could take
 * back, nor bound. So it says how, and leaves the doing to the one who owns the process.
 */
static const struct page act_page = {"act on the target: gc.collect()", {
	"One full collection tells garbage that waits in cycles from what is held:",
	"+COUNT falls behind it where it was garbage, and stays where it is held.",
	"",
	"leaktop does not run it: it would run the target's finalizers and hold all",
	"its threads until it is done, for seconds on a large heap. To do it yourself:",
	"",
	"  b                              here: a new baseline, so +COUNT is the change",
	"  import gc; gc.collect()        in the target, from a console or a handler",
	"  sys.remote_exec(%d, 'FILE')  from a Python of its version, 3.14 and later,",
	"                                 with that line in FILE",
	"",
	"Then look at +COUNT, and at \"full #\" in the header, which goes up by one.",
	NULL,
}};

static const struct page alloc_page = {"where they are allocated", {
	"leaktop reads objects, and an object does not say where it was made. Python's",
	"tracemalloc does, for what is made while it is on; it costs time and memory.",
	"",
	"  python3 -X tracemalloc=10 app.py     from the start, 10 frames each; or",
	"  PYTHONTRACEMALLOC=10                 in its environment; or",
	"  import tracemalloc; tracemalloc.start(10)        in the target, while it runs",
	"",
	"Then in the target, twice, some minutes apart, and the difference:",
	"",
	"  a = tracemalloc.take_snapshot()",
	"  b = tracemalloc.take_snapshot()",
	"  b.compare_to(a, 'lineno')[:10]",
	NULL,
}};

static void act_open(void *state, const struct view_ctx *ctx)
{
	((struct explain_state *)state)->page = &act_page;
}

static void alloc_open(void *state, const struct view_ctx *ctx)
{
	((struct explain_state *)state)->page = &alloc_page;
}

static void row_draw(struct canvas *c, int y, int col, int width, enum attr attr, const char *text)
{
	canvas_blank(c, y, col, width, attr);
	canvas_put(c, y, col + 1, width - 1, attr, text);
}

/* A fixed format for each line: only those with a PID have one. */
static const char *line_text(const char *line, int pid, char *buf, size_t size)
{
	const char *at = strstr(line, "%d");

	if (!at)
		return line;
	snprintf(buf, size, "%.*s%d%s", (int)(at - line), line, pid, at + 2);
	return buf;
}

static void explain_draw(void *state, const struct snapshot *snap, struct canvas *c,
			 const struct view_ctx *ctx)
{
	struct explain_state *st = state;
	int n = 0, width = c->cols < PAGE_WIDTH ? c->cols : PAGE_WIDTH;
	int y = c->rows > PAGE_LINES + 8 ? 6 : 0, col = (c->cols - width) / 2, page;
	char title[96], text[128];

	while (st->page->lines[n])
		n++;
	page = c->rows - y - 1 < n ? c->rows - y - 1 : n;
	st->most = n - page;
	if (st->top > st->most)
		st->top = st->most;
	snprintf(title, sizeof(title), "%s   (%sEsc:back)", st->page->title,
		 st->most > 0 ? "Up Down:scroll " : "");
	row_draw(c, y, col, width, ATTR_HEAD, title);
	for (int i = 0; i < page; i++)
		row_draw(c, y + 1 + i, col, width, ATTR_MENU,
			 line_text(st->page->lines[st->top + i], (int)snap->target->pid, text,
				   sizeof(text)));
	c->cursor_row = y;
	c->cursor_col = col;
}

static enum view_result explain_key(void *state, const struct snapshot *snap, int key,
				    enum keys_action action, struct ui_request *ret)
{
	struct explain_state *st = state;

	ret->ask = UI_REDRAW;
	if (action == KEYS_BACK || action == KEYS_ACT || action == KEYS_ALLOC)
		return VIEW_CLOSE;
	if (action == KEYS_UP && st->top > 0)
		st->top--;
	else if (action == KEYS_DOWN && st->top < st->most)
		st->top++;
	else if (action == KEYS_BASELINE_NOW && st->page == &act_page)
		ret->ask = UI_BASELINE_NOW;
	else
		return VIEW_IGNORED;
	return VIEW_DONE;
}

const struct view_ops view_act = {
	.name = "act",
	.help = "what acts on the target, and what it costs",
	.state_size = sizeof(struct explain_state),
	.overlay = true,
	.modal = true,
	.open = act_open,
	.draw = explain_draw,
	.key = explain_key,
};

const struct view_ops view_alloc = {
	.name = "alloc",
	.help = "how to learn where objects are allocated",
	.state_size = sizeof(struct explain_state),
	.overlay = true,
	.modal = true,
	.open = alloc_open,
	.draw = explain_draw,
	.key = explain_key,
};
