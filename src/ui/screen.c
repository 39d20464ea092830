#include "config.h"
#include "ui/screen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/columns.h"
#include "ui/picture.h"
#include "ui/prompt.h"
#include "ui/view_cycles.h"
#include "ui/view_explain.h"
#include "ui/view_help.h"
#include "ui/view_holders.h"
#include "ui/view_pick.h"
#include "ui/view_plain.h"
#include "ui/view_sort.h"
#include "ui/view_types.h"
#include "util/clock.h"
#include "util/mem.h"
#include "util/num.h"

#define DEPTH_MAX 4
#define DELAY_LEAST_S 0.1
#define DELAY_MOST_S 3600.0
#define TEXT_OF_(x) #x
#define TEXT_OF(x) TEXT_OF_(x)

struct layer {
	const struct view_ops *ops;
	void *state;			/* owned */
};

struct screen {
	struct layer layers[DEPTH_MAX];
	int depth;			/* at least 1: the table of types */
	struct picture picture;		/* what is shown; always the ui's own */
	struct processes processes;	/* the same of a list to choose from; owns its rows */
	struct view_ctx ctx;
	bool hide_flat, color, mouse, repaint;
	struct canvas_clicks clicks;	/* of the last drawing, and the row of its cursor */
	int cursor_row;
	enum keys_action asking;	/* FIND, FILTER, DELAY, JUMP: a prompt is open */
	struct prompt prompt;
	char find[sizeof(((struct prompt *)0)->text)];
};

static struct layer *top_of(struct screen *s)
{
	return &s->layers[s->depth - 1];
}

static void layer_push(struct screen *s, const struct view_ops *ops)
{
	if (s->depth == DEPTH_MAX)
		return;
	s->layers[s->depth++] = (struct layer){ops, mem_alloc(ops->state_size)};
	if (ops->open)
		ops->open(top_of(s)->state, &s->ctx);
}

static void layer_pop(struct screen *s)
{
	free(top_of(s)->state);
	s->depth--;
}

struct screen *screen_new(const struct screen_options *options)
{
	struct screen *s = MEM_NEW(struct screen);
	static const struct snapshot nothing = {.filter = ""};

	s->ctx.delay_s = options->delay_s;
	s->ctx.ascii = options->ascii;
	s->ctx.replay = options->replay;
	s->ctx.readonly = options->readonly;
	s->ctx.columns = options->columns;
	s->color = options->color;
	s->mouse = options->mouse;
	s->ctx.unit = options->unit;
	s->ctx.blank_zeros = options->blank_zeros;
	picture_take(&s->picture, &nothing);
	s->ctx.processes = options->pick ? &s->processes : NULL;
	layer_push(s, options->pick ? &view_pick : &view_types);
	return s;
}

void screen_free(struct screen *s)
{
	if (!s)
		return;
	while (s->depth > 0)
		layer_pop(s);
	picture_done(&s->picture);
	free((void *)(uintptr_t)s->processes.rows);
	free(s);
}

void screen_message(struct screen *s, const char *text)
{
	snprintf(s->ctx.message, sizeof(s->ctx.message), "%s", text);
}

void screen_successor(struct screen *s, pid_t pid)
{
	s->ctx.successor = pid;
}

void screen_plain(struct screen *s, const char *text)
{
	snprintf(s->ctx.plain, sizeof(s->ctx.plain), "%s", text);
	layer_push(s, &view_plain);
}

void screen_state(struct screen *s, const char *text, bool alert)
{
	snprintf(s->ctx.state, sizeof(s->ctx.state), "%s", text);
	s->ctx.state_alert = alert;
}

bool screen_paused(const struct screen *s)
{
	return s->ctx.paused;
}

bool screen_color(const struct screen *s)
{
	return s->color;
}

bool screen_mouse_on(const struct screen *s)
{
	return s->mouse;
}

void screen_look(const struct screen *s, struct ui_look *ret)
{
	ret->mouse = s->mouse;
	ret->unit = s->ctx.unit;
	ret->blank_zeros = s->ctx.blank_zeros;
}

bool screen_take_repaint(struct screen *s)
{
	bool repaint = s->repaint;

	s->repaint = false;
	return repaint;
}

/* Actions. Each fills the request; what the model must do is only asked for. */

static void ask_sort(struct screen *s, enum snapshot_sort sort, bool reversed,
		     struct ui_request *ret)
{
	s->ctx.sort = sort;
	s->ctx.reversed = reversed;
	ret->ask = UI_SORT;
	ret->sort = sort;
	ret->reversed = reversed;
	if (s->ctx.paused)
		screen_message(s, "paused: the new order is shown when p continues");
}

/* A key for the order that is in force already reverses it. */
static void ask_sort_again(struct screen *s, enum snapshot_sort sort, struct ui_request *ret)
{
	ask_sort(s, sort, sort == s->ctx.sort && !s->ctx.reversed, ret);
}

static void ask_delay(struct screen *s, double delay_s, struct ui_request *ret)
{
	s->ctx.delay_s = delay_s;
	ret->ask = UI_DELAY;
	ret->delay_s = delay_s;
}

static void ask_filter(struct screen *s, const char *text, struct ui_request *ret)
{
	ret->ask = UI_FILTER;
	snprintf(ret->text, sizeof(ret->text), "%s", text);
	if (s->ctx.paused)
		screen_message(s, "paused: the filter is applied when p continues");
}

static void step_delay(struct screen *s, int step, struct ui_request *ret)
{
	static const double steps[] = {0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600};
	double next = s->ctx.delay_s;

	for (size_t i = 0; i < COUNT_OF(steps); i++) {
		if (step > 0 && steps[i] > next) {
			next = steps[i];
			break;
		}
		if (step < 0 && steps[i] < s->ctx.delay_s)
			next = steps[i];
	}
	ask_delay(s, next, ret);
}

static void go_back(struct screen *s, bool had_message, struct ui_request *ret)
{
	ret->ask = UI_REDRAW;
	if (s->depth > 1)
		layer_pop(s);
	else if (!had_message && s->picture.snap.filter[0])
		ask_filter(s, "", ret);
}

static void open_prompt(struct screen *s, enum keys_action action, struct ui_request *ret)
{
	char label[64], now[32];

	ret->ask = UI_REDRAW;
	snprintf(now, sizeof(now), "%g", s->ctx.delay_s);
	snprintf(label, sizeof(label), "delay in seconds (now %s): ", now);
	if (action == KEYS_DELAY)
		prompt_begin(&s->prompt, label, "");
	else if (action == KEYS_FILTER)
		prompt_begin(&s->prompt, s->ctx.processes ? "show processes matching: "
							  : "show types matching: ",
			     s->picture.snap.filter);
	else if (action == KEYS_JUMP)
		prompt_begin(&s->prompt, "jump to (14:05, +10m, -30s, begin, end): ", "");
	else
		prompt_begin(&s->prompt, "find: ", "");
	if (action == KEYS_FIND)
		top_of(s)->ops->find(top_of(s)->state, &s->picture.snap, FIND_BEGIN, "");
	s->asking = action;
}

static void find_again(struct screen *s, enum view_find how, struct ui_request *ret)
{
	char text[sizeof(s->find) + 20];

	ret->ask = UI_HOLD_ORDER;
	if (s->find[0] == '\0') {
		screen_message(s, "nothing to find yet: / asks for a name");
	} else if (!top_of(s)->ops->find(top_of(s)->state, &s->picture.snap, how, s->find)) {
		snprintf(text, sizeof(text), "not found: %s", s->find);
		screen_message(s, text);
	}
}

static void toggle_pause(struct screen *s, struct ui_request *ret)
{
	s->ctx.paused = !s->ctx.paused;
	ret->ask = UI_REDRAW;
}

/* What every screen answers to, help and menus included. false: not such an action. */
static bool act_anywhere(struct screen *s, enum keys_action action, bool had_message,
			 struct ui_request *ret)
{
	switch (action) {
	case KEYS_QUIT:
		ret->ask = UI_QUIT;
		return true;
	case KEYS_BACK:
		go_back(s, had_message, ret);
		return true;
	case KEYS_MOUSE:
		s->mouse = !s->mouse;
		ret->ask = UI_REDRAW;
		screen_message(s, s->mouse ? "mouse on: the terminal selects with Shift"
					   : "mouse off");
		return true;
	case KEYS_COLOR:
		s->color = !s->color;
		ret->ask = UI_REDRAW;
		return true;
	case KEYS_REDRAW:
		s->repaint = true;
		ret->ask = UI_REDRAW;
		return true;
	case KEYS_VALUES:
		s->ctx.values = !s->ctx.values;
		ret->ask = UI_REDRAW;
		return true;
	case KEYS_SUSPEND:
		ret->ask = UI_SUSPEND;
		return true;
	default:
		return false;
	}
}

/* Actions that only ask for something; no state of the screen is involved. */
static bool act_plainly(enum keys_action action, struct ui_request *ret)
{
	static const struct { enum keys_action action; enum ui_ask ask; } plain[] = {
		{KEYS_BASELINE_NOW, UI_BASELINE_NOW},
		{KEYS_BASELINE_FIRST, UI_BASELINE_FIRST},
		{KEYS_RESAMPLE, UI_RESAMPLE},
		{KEYS_REPORT, UI_REPORT},
		{KEYS_SAVE, UI_SAVE},
	};

	for (size_t i = 0; i < COUNT_OF(plain); i++) {
		if (plain[i].action != action)
			continue;
		ret->ask = plain[i].ask;
		return true;
	}
	return false;
}

static bool act_sort(struct screen *s, enum keys_action action, int key, struct ui_request *ret)
{
	enum snapshot_sort sort = s->ctx.sort;

	switch (action) {
	case KEYS_SORT_BESIDE:
		ask_sort(s, columns_next_sort(sort, key == '<' ? -1 : 1), false, ret);
		return true;
	case KEYS_SORT_NTH:
		if (columns_nth_sort(key - '0', &sort))
			ask_sort_again(s, sort, ret);
		return true;
	case KEYS_REVERSE:
		ask_sort(s, sort, !s->ctx.reversed, ret);
		return true;
	case KEYS_BY_SIZE:
		ask_sort_again(s, SORT_SIZE, ret);
		return true;
	case KEYS_BY_GROWTH:
		ask_sort_again(s, SORT_GROWTH, ret);
		return true;
	case KEYS_BY_VERDICT:
		ask_sort_again(s, SORT_VERDICT, ret);
		return true;
	default:
		return false;
	}
}

/* What only changes how the picture is drawn. */
static bool act_on_look(struct screen *s, enum keys_action action, struct ui_request *ret)
{
	switch (action) {
	case KEYS_UNITS:
		s->ctx.unit = (s->ctx.unit + 1) % TEXT_UNITS_OF;
		break;
	case KEYS_ZEROS:
		s->ctx.blank_zeros = !s->ctx.blank_zeros;
		break;
	case KEYS_UNTAG:
		s->ctx.tags.n = 0;
		break;
	case KEYS_CLEAR:
		s->ctx.tags.n = 0;
		ret->ask = UI_CLEAR;
		return true;
	default:
		return false;
	}
	ret->ask = UI_REDRAW;
	return true;
}

/* The key that a view has taken: what of it concerns the screen. */
static void toggle_tag(struct screen *s, struct ui_request *ret)
{
	if (!tags_toggle(&s->ctx.tags, ret->id))
		screen_message(s, "no more than " TEXT_OF(TAGS_MAX) " rows can be tagged");
	ret->ask = UI_HOLD_ORDER;
}

static void act_on_table(struct screen *s, enum keys_action action, struct ui_request *ret)
{
	switch (action) {
	case KEYS_HELP:
	case KEYS_SORT_MENU:
	case KEYS_ACT:
	case KEYS_ALLOC:
		layer_push(s, action == KEYS_HELP ? &view_help
			      : action == KEYS_ACT ? &view_act
			      : action == KEYS_ALLOC ? &view_alloc : &view_sort);
		ret->ask = UI_REDRAW;
		break;
	case KEYS_FIND:
	case KEYS_FILTER:
	case KEYS_DELAY:
		open_prompt(s, action, ret);
		break;
	case KEYS_FIND_NEXT:
	case KEYS_FIND_PREVIOUS:
		find_again(s, action == KEYS_FIND_NEXT ? FIND_NEXT : FIND_PREVIOUS, ret);
		break;
	case KEYS_HIDE_FLAT:
		s->hide_flat = !s->hide_flat;
		ret->ask = UI_HIDE_FLAT;
		ret->on = s->hide_flat;
		break;
	case KEYS_STEP_BACK:
	case KEYS_JUMP:
		screen_message(s, "only a replay goes back: leaktop -r FILE");
		ret->ask = UI_REDRAW;
		break;
	case KEYS_PAUSE:
		toggle_pause(s, ret);
		break;
	case KEYS_SLOWER:
	case KEYS_FASTER:
		step_delay(s, action == KEYS_SLOWER ? 1 : -1, ret);
		break;
	default:
		break;
	}
}

/* The prompt has the keys while it is open. */

static void accept_prompt(struct screen *s, struct ui_request *ret)
{
	const char *text = s->prompt.text;
	char bad[160];
	int64_t ns;

	if (s->asking == KEYS_FILTER) {
		ask_filter(s, text, ret);
	} else if (s->asking == KEYS_FIND) {
		snprintf(s->find, sizeof(s->find), "%s", text);
		ret->ask = UI_HOLD_ORDER;
	} else if (s->asking == KEYS_JUMP) {
		ret->ask = text[0] ? UI_JUMP : UI_REDRAW;
		snprintf(ret->text, sizeof(ret->text), "%s", text);
	} else if (num_parse_seconds(text, (int64_t)(DELAY_LEAST_S * CLOCK_NS_PER_S),
				     (int64_t)(DELAY_MOST_S * CLOCK_NS_PER_S), &ns)) {
		ask_delay(s, (double)ns / CLOCK_NS_PER_S, ret);
	} else if (text[0]) {
		snprintf(bad, sizeof(bad), "not a delay: %s (0.1 to 3600 seconds)", text);
		screen_message(s, bad);
	}
}

static void prompt_take(struct screen *s, int key, struct ui_request *ret)
{
	struct layer *top = top_of(s);
	bool find = s->asking == KEYS_FIND;
	char text[sizeof(s->prompt.text) + 20];

	ret->ask = UI_REDRAW;
	switch (prompt_key(&s->prompt, key)) {
	case PROMPT_ACCEPTED:
		accept_prompt(s, ret);
		s->asking = KEYS_NONE;
		break;
	case PROMPT_CANCELLED:
		if (find)
			top->ops->find(top->state, &s->picture.snap, FIND_CANCEL, "");
		s->asking = KEYS_NONE;
		break;
	case PROMPT_EDITED:
		if (find && !top->ops->find(top->state, &s->picture.snap, FIND_HERE,
					    s->prompt.text)) {
			snprintf(text, sizeof(text), "not found: %s", s->prompt.text);
			screen_message(s, text);
		}
		break;
	}
}

/*
 * Keys that mean another thing where a recording is played: to hold the picture is to stop there,
 * and a delay becomes a speed. Home and End are the recording's, g and G remain the table's.
 */
static bool replay_key(struct screen *s, int key, enum keys_action action, struct ui_request *ret)
{
	static const struct {
		int key;
		enum keys_action action;
		enum ui_ask ask;
		int way;
	} means[] = {
		{UI_KEY_HOME, KEYS_NONE, UI_JUMP, -1},
		{UI_KEY_END, KEYS_NONE, UI_JUMP, 1},
		{0, KEYS_STEP_BACK, UI_STEP_BACK, 0},
		{0, KEYS_PAUSE, UI_PLAY, 0},
		{0, KEYS_SLOWER, UI_SPEED, 1},		/* the key is '+': more */
		{0, KEYS_FASTER, UI_SPEED, -1},
	};

	if (s->depth > 1)
		return false;
	if (action == KEYS_JUMP) {
		open_prompt(s, KEYS_JUMP, ret);
		return true;
	}
	for (size_t i = 0; i < COUNT_OF(means); i++) {
		if (means[i].key ? key != means[i].key : action != means[i].action)
			continue;
		ret->ask = means[i].ask;
		ret->delay_s = means[i].way;
		snprintf(ret->text, sizeof(ret->text), "%s", means[i].way < 0 ? "begin" : "end");
		return true;
	}
	if (action == KEYS_DELAY)
		screen_message(s, "a replay has no delay: + and - change its speed");
	return action == KEYS_DELAY;
}

/* A view on the type that another one has named. */
static void view_open(struct screen *s, const struct view_ops *ops, const struct ui_request *r)
{
	snprintf(s->ctx.about, sizeof(s->ctx.about), "%.255s", r->text);
	layer_push(s, ops);
}

/*
 * Tab: from the table to who holds the objects of its row, to their cycles, and round again. What
 * was opened by other keys on the way there is left.
 */
static bool change_screen(struct screen *s, int key, struct ui_request *ret)
{
	static const struct view_ops *const ring[] = {&view_types, &view_holders, &view_cycles};
	struct layer *top = top_of(s);
	size_t at = 0, to;

	while (at < COUNT_OF(ring) && ring[at] != top->ops)
		at++;
	if (at == COUNT_OF(ring))
		return false;
	to = (at + (key == UI_KEY_BACK_TAB ? COUNT_OF(ring) - 1 : 1)) % COUNT_OF(ring);
	ret->ask = UI_REDRAW;
	if (at == 0) {
		enum keys_action open = ring[to] == &view_cycles ? KEYS_CYCLES : KEYS_WHO;

		if (top->ops->key(top->state, &s->picture.snap, key, open, ret) == VIEW_OPEN)
			view_open(s, ring[to], ret);
		return true;
	}
	while (s->depth > 1)
		layer_pop(s);
	if (to > 0)
		layer_push(s, ring[to]);
	return true;
}

void screen_key(struct screen *s, int key, struct ui_request *ret)
{
	enum keys_action action = keys_find(key);
	struct layer *top = top_of(s);
	bool had_message = s->ctx.message[0] != '\0';
	enum view_result result;

	*ret = (struct ui_request){.ask = UI_NOTHING};
	s->ctx.message[0] = '\0';
	if (s->asking != KEYS_NONE) {
		prompt_take(s, key, ret);
		return;
	}
	if (s->ctx.replay && replay_key(s, key, action, ret))
		return;
	if (action == KEYS_SCREEN && change_screen(s, key, ret))
		return;
	result = top->ops->key(top->state, &s->picture.snap, key, action, ret);
	if (result == VIEW_CLOSE) {
		layer_pop(s);
		if (ret->ask == UI_SORT)
			ask_sort(s, ret->sort, ret->reversed, ret);
		else if (ret->ask != UI_COLLECT)
			ret->ask = UI_REDRAW;
	} else if (result == VIEW_OPEN) {
		view_open(s, action == KEYS_CYCLES ? &view_cycles : &view_holders, ret);
	} else if (result == VIEW_IGNORED) {
		ret->ask = UI_NOTHING;
		if (!act_anywhere(s, action, had_message, ret) && !top->ops->modal &&
		    !act_plainly(action, ret) && !act_sort(s, action, key, ret) &&
		    !act_on_look(s, action, ret))
			act_on_table(s, action, ret);
	}
	if (ret->ask == UI_TAG)
		toggle_tag(s, ret);
	if (ret->ask == UI_NOTHING && had_message)
		ret->ask = UI_REDRAW;
}

static void key_times(struct screen *s, int key, int times, struct ui_request *ret)
{
	while (times-- > 0)
		screen_key(s, key, ret);
}

#define WHEEL_ROWS 3

void screen_mouse(struct screen *s, const struct ui_mouse *mouse, struct ui_request *ret)
{
	const struct canvas_clicks *clicks = &s->clicks;
	bool wheel = mouse->what >= UI_MOUSE_WHEEL_UP;
	int below = mouse->row - s->cursor_row;

	*ret = (struct ui_request){.ask = UI_NOTHING};
	if (s->asking != KEYS_NONE)
		return;
	if (wheel) {
		key_times(s, mouse->what == UI_MOUSE_WHEEL_UP ? UI_KEY_UP : UI_KEY_DOWN,
			  WHEEL_ROWS, ret);
		return;
	}
	for (int i = 0; i < clicks->n; i++)
		if (clicks->zones[i].row == mouse->row && mouse->col >= clicks->zones[i].col &&
		    mouse->col < clicks->zones[i].col + clicks->zones[i].width)
			screen_key(s, clicks->zones[i].key, ret);
	if (mouse->row < clicks->body_row || mouse->row >= clicks->body_row + clicks->body_rows)
		return;
	key_times(s, below < 0 ? UI_KEY_UP : UI_KEY_DOWN, abs(below), ret);
	s->cursor_row = mouse->row;
	if (mouse->what == UI_MOUSE_AGAIN)
		screen_key(s, UI_KEY_ENTER, ret);
}

/* While paused the picture stays, but that the target has ended must be told. */
static void take_picture(struct screen *s, const struct snapshot *snap)
{
	if (!s->ctx.paused) {
		picture_take(&s->picture, snap);
	} else {
		picture_take_holdings(&s->picture, snap);	/* they are asked for by a key */
		s->picture.snap.ended = snap->ended;
		s->picture.snap.ended_t = snap->ended_t;
	}
	tags_gather(&s->ctx.tags, s->picture.rows, s->picture.snap.n_rows);
	s->ctx.sort = snap->sort;
	s->ctx.reversed = snap->sort_reversed;
	s->hide_flat = snap->hide_flat;
}

static void layers_draw(struct screen *s, struct canvas *c)
{
	int first = s->depth - 1;

	while (first > 0 && s->layers[first].ops->overlay)
		first--;
	for (int i = first; i < s->depth; i++) {
		c->clicks = (struct canvas_clicks){0};	/* those of the topmost count */
		s->layers[i].ops->draw(s->layers[i].state, &s->picture.snap, c, &s->ctx);
	}
	s->clicks = c->clicks;
	s->cursor_row = c->cursor_row;
	if (s->asking != KEYS_NONE)
		prompt_draw(&s->prompt, c, c->rows - 1);
}

void screen_watch(struct screen *s)
{
	const struct snapshot nothing = {.filter = ""};

	while (s->depth > 0)
		layer_pop(s);
	s->ctx.processes = NULL;
	picture_take(&s->picture, &nothing);
	layer_push(s, &view_types);
}

void screen_draw(struct screen *s, const struct snapshot *snap, double now, bool sampling,
		 struct canvas *c)
{
	take_picture(s, snap);
	s->ctx.now = now;
	s->ctx.sampling = sampling;
	layers_draw(s, c);
}

void screen_draw_processes(struct screen *s, const struct processes *list, double now,
			   struct canvas *c)
{
	const struct snapshot none = {.filter = list->filter};

	free((void *)(uintptr_t)s->processes.rows);
	s->processes = *list;
	s->processes.rows = list->n ? mem_dup(list->rows, list->n * sizeof(*list->rows)) : NULL;
	picture_take(&s->picture, &none);
	s->ctx.now = now;
	layers_draw(s, c);
}
