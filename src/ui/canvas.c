#include "config.h"
#include "ui/canvas.h"

#include <stdlib.h>
#include <string.h>

#include "util/clean.h"
#include "util/mem.h"

void canvas_done(struct canvas *c)
{
	free(c->cells);
	memset(c, 0, sizeof(*c));
}

void canvas_reset(struct canvas *c, int rows, int cols)
{
	if (rows != c->rows || cols != c->cols) {
		free(c->cells);
		c->cells = mem_array((size_t)rows * (size_t)cols, sizeof(*c->cells));
		c->rows = rows;
		c->cols = cols;
	}
	c->cursor_row = c->cursor_col = 0;
	c->cursor_shown = false;
	c->clicks = (struct canvas_clicks){0};
	for (int row = 0; row < rows; row++)
		canvas_blank(c, row, 0, cols, ATTR_PLAIN);
}

void canvas_zone(struct canvas *c, int row, int col, int width, int key)
{
	struct canvas_clicks *clicks = &c->clicks;

	if (clicks->n == CANVAS_ZONES)
		return;
	clicks->zones[clicks->n].row = row;
	clicks->zones[clicks->n].col = col;
	clicks->zones[clicks->n].width = width;
	clicks->zones[clicks->n++].key = key;
}

static struct canvas_cell *cell_at(const struct canvas *c, int row, int col)
{
	return &c->cells[(size_t)row * (size_t)c->cols + (size_t)col];
}

static void cell_blank(struct canvas_cell *cell)
{
	memcpy(cell->text, " ", 2);
	cell->width = 1;
}

/* A wide character that loses one half loses the other: half of one cannot be drawn. */
static void cell_set(struct canvas *c, int row, int col, const char *text, size_t len, int width,
		     enum attr attr)
{
	struct canvas_cell *cell = cell_at(c, row, col);
	int after = col + width;

	if (cell->width == 0 && col > 0)
		cell_blank(cell - 1);
	if (after < c->cols && cell_at(c, row, after)->width == 0)
		cell_blank(cell_at(c, row, after));
	memcpy(cell->text, text, len);
	cell->text[len] = '\0';
	cell->width = (unsigned char)width;
	cell->attr = (unsigned char)attr;
	if (width == 2) {
		cell[1].text[0] = '\0';
		cell[1].width = 0;
		cell[1].attr = (unsigned char)attr;
	}
}

/* Next character of *text as it will be shown; moves *text behind it. Returns its width. */
static int next_char(const struct canvas *c, const char **text, char *ret, size_t *ret_len)
{
	unsigned code = 0;
	size_t len = clean_decode(*text, strlen(*text), &code);
	bool shown = len && code >= 0x20 && !(code >= 0x7f && code < 0xa0) &&
		     !(c->ascii && code > 0x7e);

	if (shown) {
		memcpy(ret, *text, len);
		ret[len] = '\0';
		*ret_len = len;
	} else {
		memcpy(ret, "?", 2);
		*ret_len = 1;
	}
	*text += len ? len : 1;
	return clean_width(ret);
}

static int text_width(const struct canvas *c, const char *text)
{
	char one[8];
	size_t len;
	int width = 0;

	while (*text)
		width += next_char(c, &text, one, &len);
	return width;
}

static int clip_width(const struct canvas *c, int row, int col, int width)
{
	if (row < 0 || row >= c->rows || col < 0 || col >= c->cols || width <= 0)
		return 0;
	return width < c->cols - col ? width : c->cols - col;
}

int canvas_put(struct canvas *c, int row, int col, int width, enum attr attr, const char *text)
{
	int at = 0;

	width = clip_width(c, row, col, width);
	while (*text) {
		char one[8];
		size_t len;
		int w = next_char(c, &text, one, &len);

		if (w == 0)
			continue;	/* a combining mark: the cell has no room for it */
		if (at + w > width)
			break;
		cell_set(c, row, col + at, one, len, w, attr);
		at += w;
	}
	return at;
}

int canvas_put_right(struct canvas *c, int row, int col, int width, enum attr attr,
		     const char *text)
{
	int w = text_width(c, text);

	if (w <= width)
		return canvas_put(c, row, col + width - w, w, attr, text);
	for (int i = 0; i < width; i++)
		canvas_put(c, row, col + i, 1, attr, "#");
	return width;
}

int canvas_put_tail(struct canvas *c, int row, int col, int width, enum attr attr,
		    const char *text)
{
	int w = text_width(c, text);
	char one[8];
	size_t len;

	width = clip_width(c, row, col, width);
	if (w <= width)
		return canvas_put(c, row, col, width, attr, text);
	while (w > width - 1 && *text)
		w -= next_char(c, &text, one, &len);
	w = canvas_put(c, row, col, width, attr, c->ascii ? "~" : "…");
	return w + canvas_put(c, row, col + w, width - w, attr, text);
}

void canvas_blank(struct canvas *c, int row, int col, int width, enum attr attr)
{
	width = clip_width(c, row, col, width);
	for (int i = 0; i < width; i++)
		cell_set(c, row, col + i, " ", 1, 1, attr);
}

void canvas_text(const struct canvas *c, int row, struct buf *b)
{
	int end = row >= 0 && row < c->rows ? c->cols : 0;

	while (end > 0 && strcmp(cell_at(c, row, end - 1)->text, " ") == 0)
		end--;
	for (int col = 0; col < end; col++)
		buf_puts(b, cell_at(c, row, col)->text);
}
