/* The list of Python processes to choose one from: ctx->processes, which must not be NULL. */
#ifndef LT_UI_VIEW_PICK_H
#define LT_UI_VIEW_PICK_H

#include "ui/view.h"

extern const struct view_ops view_pick;

#endif
