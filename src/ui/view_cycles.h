/* c: the rings of garbage that the objects of a type are in, and what the collector does. */
#ifndef LT_UI_VIEW_CYCLES_H
#define LT_UI_VIEW_CYCLES_H

#include "ui/view.h"

extern const struct view_ops view_cycles;

#endif
