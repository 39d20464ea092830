/*
 * gc.collect() in the target, from the key to what it came to: asked of the session, told on the
 * screen as it goes, and written into a recording once the objects that are left were counted.
 */
#ifndef LT_CLI_COLLECTING_H
#define LT_CLI_COLLECTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/sample.h"
#include "output/record.h"
#include "session/session.h"
#include "ui/ui.h"

struct collecting {			/* zero it to begin */
	bool asked;			/* the target has not answered yet */
	bool counting;			/* it has; the next count tells what is left */
	int64_t objects, rss;		/* of the last sample that was counted; 0: none */
	struct sample_collect now;
};

/*
 * "gc.collect(): 12 480 unreachable in 0.31s; 391 204 -> 378 724 objects; RSS 812.4M -> 801.0M".
 * counting: what is left is not counted yet. Returns buf.
 */
char *collecting_text(const struct sample_collect *c, bool counting, char *buf, size_t size);

void collecting_ask(struct collecting *c, struct session *s, struct ui *ui);
/* true: there is something new to draw. Called as often as the loop turns. */
bool collecting_advance(struct collecting *c, struct session *s, struct ui *ui);
/* After each sample; record: NULL where there is none. */
void collecting_sample(struct collecting *c, const struct sample *sample, struct session *s,
		       struct ui *ui, struct record *record);
/* When collecting_advance is to be called again. */
int64_t collecting_due_ns(const struct collecting *c);

#endif
