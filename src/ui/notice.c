#include "config.h"
#include "ui/notice.h"

#include <stdio.h>
#include <string.h>

#include "ui/text.h"
#include "util/num.h"

static void say_no_count(struct notice *ret, const struct snapshot *snap,
			 const struct view_ctx *ctx)
{
	char why[240], age[24];
	bool readonly = lt_err_goes_on(snap->why.code);

	if (snap->why.code == LT_OK)
		snprintf(why, sizeof(why), "not asked for in this sample");
	else
		lt_err_text(&snap->why, why, sizeof(why));
	ret->attr = ATTR_ALERT;
	if (snap->census_t > 0)
		snprintf(ret->text, sizeof(ret->text), "%srows are %s old: %s",
			 readonly ? "read-only, " : "",
			 text_rough(ctx->now - snap->census_t, age, sizeof(age)), why);
	else
		snprintf(ret->text, sizeof(ret->text), "%s: %s",
			 readonly ? "read-only" : "no count yet", why);
}

static void say_summary(struct notice *ret, const struct snapshot *snap)
{
	if (snap->n_growing)
		snprintf(ret->text, sizeof(ret->text),
			 "+ %zu %s growing   %zu unchanged   %zu in all", snap->n_growing,
			 snap->n_growing == 1 ? "type" : "types", snap->n_flat, snap->n_types);
	else
		snprintf(ret->text, sizeof(ret->text),
			 "no type is growing   %zu unchanged   %zu in all", snap->n_flat,
			 snap->n_types);
	ret->attr = snap->n_growing ? ATTR_GROW : ATTR_PLAIN;
}

void notice_pick(struct notice *ret, const struct snapshot *snap, const struct view_ctx *ctx)
{
	char clock[24];

	ret->attr = ATTR_NOTICE;
	if (snap->ended) {
		ret->attr = ATTR_ALERT;
		snprintf(ret->text, sizeof(ret->text),
			 "target ended %s - last screen kept, q quits",
			 text_clock(snap->ended_t, clock, sizeof(clock)));
	} else if (ctx->paused) {
		snprintf(ret->text, sizeof(ret->text),
			 "PAUSED at %s - sampling goes on, p shows it again",
			 text_clock(snap->t, clock, sizeof(clock)));
	} else if (snap->seq == 0) {
		snprintf(ret->text, sizeof(ret->text), "counting...");
	} else if (!snap->census) {
		say_no_count(ret, snap, ctx);
	} else {
		say_summary(ret, snap);
	}
}

void notice_empty(char *ret, size_t size, const struct snapshot *snap)
{
	ret[0] = '\0';
	if (snap->n_rows)
		return;
	if (snap->census_t <= 0)
		snprintf(ret, size, snap->seq && !snap->census && snap->why.code != LT_OK
					    ? "nothing counted yet" : "counting...");
	else if (snap->filter[0])
		snprintf(ret, size, "no type matches the filter %s (Esc clears it)", snap->filter);
	else if (snap->hide_flat)
		snprintf(ret, size, "nothing has changed since the baseline (i shows all types)");
	else
		snprintf(ret, size, "no objects");
}
