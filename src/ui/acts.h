/*
 * What keys do where a view does not take them for itself: each fills the request, and changes of
 * the screen what is the screen's own. What the model must do is only asked for.
 */
#ifndef LT_UI_ACTS_H
#define LT_UI_ACTS_H

#include <stdbool.h>

#include "model/sorts.h"
#include "ui/screen_parts.h"
#include "ui/ui.h"

/* A key that the topmost view has left. had_message: it has taken one off the screen. */
void acts_key(struct screen *s, int key, bool had_message, struct ui_request *ret);
/* One for the prompt that is open (s->asking). */
void acts_prompt(struct screen *s, int key, struct ui_request *ret);
/* There are new rows: what was typed and not found may be among them. */
void acts_new_picture(struct screen *s);
/* false: it means the same in a replay as anywhere. */
bool acts_replay_key(struct screen *s, int key, enum keys_action action, struct ui_request *ret);

/* What a view asks of the screen by its request. */
void acts_sort(struct screen *s, enum snapshot_sort sort, bool reversed, struct ui_request *ret);
void acts_tag(struct screen *s, struct ui_request *ret);

#endif
