/*
 * The line at the bottom that asks for text. Keys go in; Enter accepts, Esc cancels, Backspace and
 * ^U delete. Embedded; owns nothing.
 */
#ifndef LT_UI_PROMPT_H
#define LT_UI_PROMPT_H

#include "ui/canvas.h"

enum prompt_result { PROMPT_EDITED, PROMPT_ACCEPTED, PROMPT_CANCELLED };

struct prompt {
	char label[64];
	char text[96];			/* UTF-8 */
};

void prompt_begin(struct prompt *p, const char *label, const char *text);
enum prompt_result prompt_key(struct prompt *p, int key);
/* Over the whole row, with the hardware cursor behind the text; a long text shows its end. */
void prompt_draw(const struct prompt *p, struct canvas *c, int row);

#endif
