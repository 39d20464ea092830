/* Help: every key, and what the marks on the screen mean. Fits 80x24; scrolls below that. */
#ifndef LT_UI_VIEW_HELP_H
#define LT_UI_VIEW_HELP_H

#include "ui/view.h"

extern const struct view_ops view_help;

#endif
