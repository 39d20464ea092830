#include "config.h"
#include "cli/requests.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "output/report.h"
#include "util/clock.h"

static void set_filter(struct model *m, struct ui *ui, const char *text)
{
	char msg[128];

	if (!model_filter(m, text, msg, sizeof(msg)))
		ui_message(ui, msg);
}

static void report(struct model *m, struct ui *ui)
{
	char path[PATH_MAX], text[PATH_MAX + 64], why[300], *name;
	struct buf screen = {0};
	struct lt_err err;

	ui_text(ui, &screen);
	if (report_write(model_snapshot(m), buf_text(&screen), clock_wall_s(), path,
			 &err) == LT_OK) {
		name = strrchr(path, '/');	/* the name first: the end may not fit */
		*name++ = '\0';
		snprintf(text, sizeof(text), "wrote %s and .jsonl in %s/", name, path);
	} else {
		snprintf(text, sizeof(text), "%s", lt_err_text(&err, why, sizeof(why)));
	}
	ui_message(ui, text);
	buf_done(&screen);
}

bool requests_do(struct model *m, struct ui *ui, const struct ui_request *r)
{
	switch (r->ask) {
	case UI_BASELINE_NOW:
		model_baseline_now(m);
		return true;
	case UI_BASELINE_FIRST:
		model_baseline_first(m);
		return true;
	case UI_SORT:
		model_sort(m, r->sort, r->reversed);
		return true;
	case UI_FILTER:
		set_filter(m, ui, r->text);
		return true;
	case UI_HIDE_FLAT:
		model_hide_flat(m, r->on);
		return true;
	case UI_HOLD_ORDER:
		model_hold_order(m);
		return true;
	case UI_CLEAR:
		set_filter(m, ui, "");
		model_hide_flat(m, false);
		model_sort(m, SORT_VERDICT, false);
		return true;
	case UI_SUSPEND:
		ui_suspend(ui);
		return true;
	case UI_REPORT:
		report(m, ui);
		return true;
	default:
		return false;
	}
}
