#include "config.h"
#include "ui/view_plain.h"

#include <string.h>

#include "util/clean.h"

/* As many bytes of text as fill a row; at least one character. */
static size_t piece(const char *text, int cols)
{
	size_t n = 0, left = strlen(text);
	int width = 0;

	while (n < left) {
		unsigned code;
		size_t len = clean_decode(text + n, left - n, &code);
		char one[8] = "";

		len = len ? len : 1;
		memcpy(one, text + n, len < sizeof(one) ? len : 1);
		width += clean_width(one);
		if (width > cols && n > 0)
			break;
		n += len;
	}
	return n;
}

/* Nothing beside the text, no frame and no mark: what is selected is the text. */
static void plain_draw(void *state, const struct snapshot *snap, struct canvas *c,
		       const struct view_ctx *ctx)
{
	const char *text = ctx->plain;
	char row[sizeof(ctx->plain)];
	int y = 0;

	canvas_put(c, y++, 0, c->cols, ATTR_NOTICE, "select it here; any key goes back");
	for (y++; *text && y < c->rows; y++) {
		size_t n = piece(text, c->cols);

		memcpy(row, text, n);
		row[n] = '\0';
		canvas_put(c, y, 0, c->cols, ATTR_PLAIN, row);
		text += n;
	}
	c->cursor_row = 2;
}

static enum view_result plain_key(void *state, const struct snapshot *snap, int key,
				  enum keys_action action, struct ui_request *ret)
{
	if (action == KEYS_QUIT || action == KEYS_SUSPEND || action == KEYS_REDRAW)
		return VIEW_IGNORED;
	return VIEW_CLOSE;
}

const struct view_ops view_plain = {
	.name = "plain",
	.help = "a text to be copied by hand",
	.state_size = 1,
	.modal = true,
	.draw = plain_draw,
	.key = plain_key,
};
