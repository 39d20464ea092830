/* A text alone in full width, for whoever copies with the terminal: y where OSC 52 is no way. */
#ifndef LT_UI_VIEW_PLAIN_H
#define LT_UI_VIEW_PLAIN_H

#include "ui/view.h"

extern const struct view_ops view_plain;

#endif
