/* Enter: who holds the objects of a type, as a tree of paths from their roots. */
#ifndef LT_UI_VIEW_HOLDERS_H
#define LT_UI_VIEW_HOLDERS_H

#include "ui/view.h"

extern const struct view_ops view_holders;

#endif
