#include "config.h"
#include "ui/line.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/clean.h"

struct line line_begin(struct canvas *c, int row)
{
	return (struct line){.canvas = c, .row = row, .end = c->cols};
}

void line_put(struct line *l, enum attr attr, const char *fmt, ...)
{
	char text[512];
	int blanks = 0, width;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	width = clean_width(text);
	for (size_t n = strlen(text); n > 0 && text[n - 1] == ' '; n--)
		blanks++;
	if (l->full || l->at + width - blanks > l->end) {
		l->full = true;
		return;
	}
	canvas_put(l->canvas, l->row, l->at, l->end - l->at, attr, text);
	l->at += width;
}

void line_put_key(struct line *l, const char *label, int key)
{
	int from = l->at;

	line_put(l, ATTR_KEY, "%s ", label);
	if (l->at > from)
		canvas_zone(l->canvas, l->row, from, clean_width(label), key);
}

void line_put_end(struct line *l, enum attr attr, const char *text)
{
	int width = clean_width(text);

	if (width == 0 || l->at + width > l->end)
		return;
	canvas_put(l->canvas, l->row, l->end - width, width, attr, text);
	l->end -= width + 1;
}

void line_put_cut(struct line *l, enum attr attr, const char *text)
{
	if (l->full || l->at >= l->end)
		return;
	l->at += canvas_put(l->canvas, l->row, l->at, l->end - l->at, attr, text);
}
