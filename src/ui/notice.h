/* What must be said in words: the state of the picture, in one sentence. */
#ifndef LT_UI_NOTICE_H
#define LT_UI_NOTICE_H

#include "ui/view.h"

struct notice {
	enum attr attr;			/* ALERT, NOTICE; PLAIN, GROW, SUSPECT: the verdict */
	char text[320];
};

/* The most important one: ended, paused, no count, counting, else a summary of the growth. */
void notice_pick(struct notice *ret, const struct snapshot *snap, const struct view_ctx *ctx);

/* Why the table has no row, or "". */
void notice_empty(char *ret, size_t size, const struct snapshot *snap);

#endif
