#include "config.h"
#include "ui/screen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/acts.h"
#include "ui/screen_parts.h"
#include "ui/view_cycles.h"
#include "ui/view_holders.h"
#include "ui/view_pick.h"
#include "ui/view_plain.h"
#include "ui/view_types.h"
#include "util/mem.h"

struct layer *screen_top(struct screen *s)
{
	return &s->layers[s->depth - 1];
}

void screen_push(struct screen *s, const struct view_ops *ops)
{
	if (s->depth == SCREEN_DEPTH_MAX)
		return;
	s->layers[s->depth++] = (struct layer){ops, mem_alloc(ops->state_size)};
	if (ops->open)
		ops->open(screen_top(s)->state, &s->ctx);
}

void screen_pop(struct screen *s)
{
	free(screen_top(s)->state);
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
	screen_push(s, options->pick ? &view_pick : &view_types);
	return s;
}

void screen_free(struct screen *s)
{
	if (!s)
		return;
	while (s->depth > 0)
		screen_pop(s);
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
	screen_push(s, &view_plain);
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

/* A view on the type that another one has named. */
static void view_open(struct screen *s, const struct view_ops *ops, const struct ui_request *r)
{
	snprintf(s->ctx.about, sizeof(s->ctx.about), "%.255s", r->text);
	screen_push(s, ops);
}

/*
 * Tab: from the table to who holds the objects of its row, to their cycles, and round again. What
 * was opened by other keys on the way there is left.
 */
static bool change_screen(struct screen *s, int key, struct ui_request *ret)
{
	static const struct view_ops *const ring[] = {&view_types, &view_holders, &view_cycles};
	struct layer *top = screen_top(s);
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
		screen_pop(s);
	if (to > 0)
		screen_push(s, ring[to]);
	return true;
}

void screen_key(struct screen *s, int key, struct ui_request *ret)
{
	enum keys_action action = keys_find(key);
	struct layer *top = screen_top(s);
	bool had_message = s->ctx.message[0] != '\0';
	enum view_result result;

	*ret = (struct ui_request){.ask = UI_NOTHING};
	s->ctx.message[0] = '\0';
	if (s->asking != KEYS_NONE) {
		acts_prompt(s, key, ret);
		return;
	}
	if (s->ctx.replay && acts_replay_key(s, key, action, ret))
		return;
	if (action == KEYS_SCREEN && change_screen(s, key, ret))
		return;
	result = top->ops->key(top->state, &s->picture.snap, key, action, ret);
	if (result == VIEW_CLOSE) {
		screen_pop(s);
		if (ret->ask == UI_SORT)
			acts_sort(s, ret->sort, ret->reversed, ret);
		else if (ret->ask != UI_COLLECT)
			ret->ask = UI_REDRAW;
	} else if (result == VIEW_OPEN) {
		view_open(s, action == KEYS_CYCLES ? &view_cycles : &view_holders, ret);
	} else if (result == VIEW_IGNORED) {
		acts_key(s, key, had_message, ret);
	}
	if (ret->ask == UI_TAG)
		acts_tag(s, ret);
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
		screen_pop(s);
	s->ctx.processes = NULL;
	picture_take(&s->picture, &nothing);
	screen_push(s, &view_types);
}

void screen_draw(struct screen *s, const struct snapshot *snap, double now, bool sampling,
		 struct canvas *c)
{
	take_picture(s, snap);
	acts_new_picture(s);
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
	acts_new_picture(s);
	s->ctx.now = now;
	layers_draw(s, c);
}
