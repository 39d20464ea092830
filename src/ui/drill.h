/* What the views about one type share: title, state of the search, sections, wrapped sentences. */
#ifndef LT_UI_DRILL_H
#define LT_UI_DRILL_H

#include "ui/view.h"

/* "leaktop 4242 python3.12 api.py > app.net.Connection > who holds      14:14:52" */
void drill_title(struct canvas *c, int y, const struct snapshot *snap, const char *what,
		 const struct view_ctx *ctx);
/* "48 213 objects  +12 680 since base   200 sampled in 3.1s, 42s ago", or how far a search is. */
void drill_state(struct canvas *c, int y, const struct snapshot *snap, const struct view_ctx *ctx);
/* "-- the holder ------" */
void drill_section(struct canvas *c, int y, const char *title);
/* Sentences of at most `most` rows, broken at blanks. Returns the row behind them. */
int drill_wrap(struct canvas *c, int y, int most, enum attr attr, const char *text);
/* The bar of keys; ctx->message takes its place. */
void drill_bar(struct canvas *c, const char *keys, const struct view_ctx *ctx);

/* The row of the type the view is about; NULL: it has none. */
const struct snapshot_row *drill_row(const struct snapshot *snap, const char *type);
/* Is a search for the type under way? */
bool drill_is_searching(const struct snapshot *snap, const char *type);
/* Keys that both views answer to. type: what the view is about. */
enum view_result drill_key(const struct snapshot *snap, const char *type,
			   enum keys_action action, struct ui_request *ret);
/* A search for type is asked for where what is known of it is old. */
void drill_ask(const struct snapshot *snap, const char *type, struct ui_request *ret);

#endif
