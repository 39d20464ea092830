/* The main screen: header, one line of state, the table of types. */
#ifndef LT_UI_VIEW_TYPES_H
#define LT_UI_VIEW_TYPES_H

#include "ui/view.h"

extern const struct view_ops view_types;

#endif
