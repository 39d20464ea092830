#include "config.h"
#include "ui/acts.h"

#include <stdio.h>
#include <string.h>

#include "ui/columns.h"
#include "ui/screen.h"
#include "ui/view_explain.h"
#include "ui/view_help.h"
#include "ui/view_sort.h"
#include "util/clock.h"
#include "util/mem.h"
#include "util/num.h"

#define DELAY_LEAST_S 0.1
#define DELAY_MOST_S 3600.0
#define TEXT_OF_(x) #x
#define TEXT_OF(x) TEXT_OF_(x)

void acts_sort(struct screen *s, enum snapshot_sort sort, bool reversed,
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
	acts_sort(s, sort, sort == s->ctx.sort && !s->ctx.reversed, ret);
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
		screen_pop(s);
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
		screen_top(s)->ops->find(screen_top(s)->state, &s->picture.snap, FIND_BEGIN, "");
	s->asking = action;
	s->missed = false;
}

static void find_again(struct screen *s, enum view_find how, struct ui_request *ret)
{
	struct layer *top = screen_top(s);
	char text[sizeof(s->find) + 20];

	ret->ask = UI_HOLD_ORDER;
	if (s->find[0] == '\0') {
		screen_message(s, "nothing to find yet: / asks for a name");
	} else if (!top->ops->find(top->state, &s->picture.snap, how, s->find)) {
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
		acts_sort(s, columns_next_sort(sort, key == '<' ? -1 : 1), false, ret);
		return true;
	case KEYS_SORT_NTH:
		if (columns_nth_sort(key - '0', &sort))
			ask_sort_again(s, sort, ret);
		return true;
	case KEYS_REVERSE:
		acts_sort(s, sort, !s->ctx.reversed, ret);
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
void acts_tag(struct screen *s, struct ui_request *ret)
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
		screen_push(s, action == KEYS_HELP ? &view_help
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

/* What is typed so far, from where the search began. */
static void find_typed(struct screen *s)
{
	struct layer *top = screen_top(s);
	char text[sizeof(s->prompt.text) + 20];

	s->missed = !top->ops->find(top->state, &s->picture.snap, FIND_HERE, s->prompt.text);
	if (s->missed) {
		snprintf(text, sizeof(text), "not found: %s", s->prompt.text);
		screen_message(s, text);
	}
}

void acts_new_picture(struct screen *s)
{
	if (s->asking != KEYS_FIND || !s->missed)
		return;
	screen_message(s, "");
	find_typed(s);
}

void acts_prompt(struct screen *s, int key, struct ui_request *ret)
{
	struct layer *top = screen_top(s);
	bool find = s->asking == KEYS_FIND;

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
		if (find)
			find_typed(s);
		break;
	}
}

/*
 * Keys that mean another thing where a recording is played: to hold the picture is to stop there,
 * and a delay becomes a speed. Home and End are the recording's, g and G remain the table's.
 */
bool acts_replay_key(struct screen *s, int key, enum keys_action action, struct ui_request *ret)
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

void acts_key(struct screen *s, int key, bool had_message, struct ui_request *ret)
{
	enum keys_action action = keys_find(key);

	ret->ask = UI_NOTHING;
	if (!act_anywhere(s, action, had_message, ret) && !screen_top(s)->ops->modal &&
	    !act_plainly(action, ret) && !act_sort(s, action, key, ret) &&
	    !act_on_look(s, action, ret))
		act_on_table(s, action, ret);
}
