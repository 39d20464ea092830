/* The sort menu: a list of the orders, laid over the table. */
#ifndef LT_UI_VIEW_SORT_H
#define LT_UI_VIEW_SORT_H

#include "ui/view.h"

extern const struct view_ops view_sort;

#endif
