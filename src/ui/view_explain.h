/* What leaktop leaves to the user, and how it is done: behind ! and a. Laid over the table. */
#ifndef LT_UI_VIEW_EXPLAIN_H
#define LT_UI_VIEW_EXPLAIN_H

#include "ui/view.h"

extern const struct view_ops view_act, view_alloc;

#endif
