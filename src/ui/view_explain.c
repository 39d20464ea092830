#include "config.h"
#include "ui/view_explain.h"

#include <stdio.h>
#include <string.h>

#include "util/mem.h"
#include "util/num.h"

#define PAGE_LINES 14
#define PAGE_WIDTH 78

struct page {
	const char *title;
	const char *lines[PAGE_LINES];	/* NULL ends them; %s once: what depends on the target */
};

struct explain_state {
	const struct page *page;
	bool may;			/* y does it */
	int top;			/* lines scrolled away */
	int most;			/* that can be */
};

/*
 * gc.collect() runs finalizers, which is code of the target's: nothing that leaktop could take
 * back, nor bound. So it says what it costs, and asks.
 */
static const struct page act_page = {"act on the target: gc.collect()", {
	"One full collection tells garbage that waits in cycles from what is held:",
	"+COUNT falls behind it where it was garbage, and stays where it is held.",
	"",
	"It runs on the target's main thread when that comes back to Python code. It",
	"runs finalizers and callbacks of the target's, and all its threads wait:",
	"%s",
	"A thread that does not come by in 30 s is left alone.",
	"",
	"  y              do it now; objects and RSS before and after are shown",
	"  b              a new baseline first, so that +COUNT is the change",
	"  any other key  no",
	NULL,
}};

static const struct page act_not_page = {"act on the target: gc.collect()", {
	"One full collection tells garbage that waits in cycles from what is held.",
	"It cannot be had here:",
	"",
	"%s",
	"",
	"To do it yourself, in the target, from a console or a handler of its own:",
	"",
	"  import gc; gc.collect()",
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

/* Why the target is not to be acted on; NULL: it may be tried. */
static const char *act_refusal(const struct snapshot *snap, const struct view_ctx *ctx)
{
	if (ctx->replay)
		return "this is a recording.";
	if (snap->ended)
		return "the target has ended.";
	if (ctx->readonly)
		return "leaktop was started with --readonly.";
	return lt_err_goes_on(snap->why.code) ? lt_err_info(snap->why.code)->cause : NULL;
}

/* How many objects it goes through, as far as that is known: those of a scan are a few more. */
static int64_t collector_objects(const struct snapshot *snap)
{
	int64_t sum = 0;

	for (size_t i = 0; i < COUNT_OF(snap->gc.gen); i++) {
		if (!num_known(snap->gc.gen[i].objects))
			return snap->objects;
		sum += snap->gc.gen[i].objects;
	}
	return sum ? sum : snap->objects;
}

/* An object, of a full collection: doc/performance.md. */
#define LEAST_NS 70
#define MOST_NS	 400

static const char *act_cost(const struct snapshot *snap, char *buf, size_t size)
{
	int64_t n = collector_objects(snap);
	char count[32];

	if (!num_known(n))
		return "for how long is not known, for the objects are not counted yet.";
	snprintf(buf, size, "%.2f to %.2f s for %s objects, and as long as finalizers take.",
		 (double)n * LEAST_NS / 1e9, (double)n * MOST_NS / 1e9,
		 num_count(n, count, sizeof(count)));
	return buf;
}

static void explain_draw(void *state, const struct snapshot *snap, struct canvas *c,
			 const struct view_ctx *ctx)
{
	struct explain_state *st = state;
	int n = 0, width = c->cols < PAGE_WIDTH ? c->cols : PAGE_WIDTH;
	int y = c->rows > PAGE_LINES + 8 ? 6 : 0, col = (c->cols - width) / 2, page;
	const struct page *shown = st->page;
	char title[96], text[128];
	const char *say = NULL;

	if (shown == &act_page) {
		say = act_refusal(snap, ctx);
		st->may = !say;
		if (say)
			shown = &act_not_page;
		else
			say = act_cost(snap, text, sizeof(text));
	}
	while (shown->lines[n])
		n++;
	page = c->rows - y - 1 < n ? c->rows - y - 1 : n;
	st->most = n - page;
	if (st->top > st->most)
		st->top = st->most;
	snprintf(title, sizeof(title), "%s   (%sEsc:back)", shown->title,
		 st->most > 0 ? "Up Down:scroll " : "");
	row_draw(c, y, col, width, ATTR_HEAD, title);
	for (int i = 0; i < page; i++) {
		const char *line = shown->lines[st->top + i];

		row_draw(c, y + 1 + i, col, width, ATTR_MENU, strcmp(line, "%s") ? line : say);
	}
	c->cursor_row = y;
	c->cursor_col = col;
}

/* Where yes is asked for everything else is no, but for what has nothing to do with it. */
static bool is_everywhere(enum keys_action action)
{
	return action == KEYS_QUIT || action == KEYS_SUSPEND || action == KEYS_REDRAW ||
	       action == KEYS_UP || action == KEYS_DOWN;
}

static enum view_result explain_key(void *state, const struct snapshot *snap, int key,
				    enum keys_action action, struct ui_request *ret)
{
	struct explain_state *st = state;

	ret->ask = UI_REDRAW;
	if (action == KEYS_BACK || action == KEYS_ACT || action == KEYS_ALLOC)
		return VIEW_CLOSE;
	if (key == 'y' && st->may) {
		ret->ask = UI_COLLECT;
		return VIEW_CLOSE;
	}
	if (action == KEYS_UP && st->top > 0)
		st->top--;
	else if (action == KEYS_DOWN && st->top < st->most)
		st->top++;
	else if (action == KEYS_BASELINE_NOW && st->page == &act_page)
		ret->ask = UI_BASELINE_NOW;
	else if (st->page == &act_page && !is_everywhere(action))
		return VIEW_CLOSE;
	else
		return VIEW_IGNORED;
	return VIEW_DONE;
}

const struct view_ops view_act = {
	.name = "act",
	.help = "gc.collect() in the target: what it costs, and whether to",
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
