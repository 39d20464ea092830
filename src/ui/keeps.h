/* The section of the Enter view that says what one of the objects keeps alive. */
#ifndef LT_UI_KEEPS_H
#define LT_UI_KEEPS_H

#include "model/holding.h"
#include "ui/canvas.h"

/* From row y, at most `rows` rows. Returns how many it took; 0: there was no room, or nothing. */
int keeps_draw(struct canvas *c, int y, int rows, const struct holding_inside *in, bool values);

#endif
