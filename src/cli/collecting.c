#include "config.h"
#include "cli/collecting.h"

#include <stdio.h>

#include "util/clock.h"
#include "util/num.h"

#define LOOK_NS (100 * CLOCK_NS_PER_MS)	/* whether it is over */

/* The code of such an error speaks of counting; its detail tells what it is about. */
static const char *reason(const struct lt_err *err)
{
	return err->detail[0] ? err->detail : lt_err_info(err->code)->cause;
}

static void refuse(struct ui *ui, const struct lt_err *err)
{
	char text[320];

	snprintf(text, sizeof(text), "gc.collect() was not run: %s", reason(err));
	ui_message(ui, text);
}

char *collecting_text(const struct sample_collect *c, bool counting, char *buf, size_t size)
{
	char found[32], took[32] = "-", before[32], after[32], rss[32], left[32];
	int at;

	if (num_known(c->took_us))
		snprintf(took, sizeof(took), "%.2fs", (double)c->took_us / 1e6);
	at = snprintf(buf, size, "gc.collect(): %s unreachable in %s; ",
		      num_count(c->unreachable, found, sizeof(found)), took);
	if (at < 0 || (size_t)at >= size)
		return buf;
	if (counting)
		snprintf(buf + at, size - (size_t)at, "counting what is left");
	else
		snprintf(buf + at, size - (size_t)at, "%s -> %s objects; RSS %s -> %s",
			 num_count(c->objects_before, before, sizeof(before)),
			 num_count(c->objects_after, after, sizeof(after)),
			 num_size(c->rss_before, rss, sizeof(rss)),
			 num_size(c->rss_after, left, sizeof(left)));
	return buf;
}

static void tell(const struct collecting *c, struct ui *ui)
{
	char text[320];

	ui_message(ui, collecting_text(&c->now, c->counting, text, sizeof(text)));
}

void collecting_ask(struct collecting *c, struct session *s, struct ui *ui)
{
	struct lt_err err;

	if (c->asked)
		return;
	if (session_collect(s, &err) != LT_OK) {
		refuse(ui, &err);
		return;
	}
	c->asked = true;
	c->counting = false;
	ui_message(ui, "gc.collect(): waiting for the main thread to come by, 30 s at most");
}

bool collecting_advance(struct collecting *c, struct session *s, struct ui *ui)
{
	if (!c->asked || !session_collected(s, &c->now))
		return false;
	c->asked = false;
	c->now.objects_before = c->objects ? c->objects : LT_UNKNOWN;
	c->now.rss_before = c->rss ? c->rss : LT_UNKNOWN;
	c->counting = c->now.err.code == LT_OK;
	if (c->counting)
		tell(c, ui);
	else
		refuse(ui, &c->now.err);
	return true;
}

void collecting_sample(struct collecting *c, const struct sample *sample, struct session *s,
		       struct ui *ui, struct record *record)
{
	if (!sample->census)
		return;
	if (c->counting && sample->mono_ns >= c->now.mono_ns) {
		c->counting = false;
		c->now.objects_after = sample->objects;
		c->now.rss_after = sample->memory.rss;
		tell(c, ui);
		if (record)
			record_collect(record, session_target(s), &c->now);
	}
	c->objects = sample->objects;
	c->rss = sample->memory.rss;
}

int64_t collecting_due_ns(const struct collecting *c)
{
	return c->asked ? clock_mono_ns() + LOOK_NS : INT64_MAX;
}
