/* What acts on the target, with a question, and what is left to the user: behind ! and a. */
#ifndef LT_UI_VIEW_EXPLAIN_H
#define LT_UI_VIEW_EXPLAIN_H

#include "ui/view.h"

extern const struct view_ops view_act, view_alloc;

#endif
