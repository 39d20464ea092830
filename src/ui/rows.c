#include "config.h"
#include "ui/rows.h"

#include <stdint.h>

#include "util/mem.h"

static const struct {
	enum keys_action action;
	int rows, halves;		/* how far: in rows, in half pages */
} moves[] = {
	{KEYS_UP, -1, 0}, {KEYS_DOWN, 1, 0},
	{KEYS_HALF_UP, 0, -1}, {KEYS_HALF_DOWN, 0, 1},
	{KEYS_PAGE_UP, 0, -2}, {KEYS_PAGE_DOWN, 0, 2},
	{KEYS_FIRST, INT32_MIN, 0}, {KEYS_LAST, INT32_MAX, 0},
};

bool rows_move(const struct rows *r, size_t n, enum keys_action action, size_t *ret_to)
{
	int64_t half = r->page > 1 ? (int64_t)r->page / 2 : 1;

	for (size_t i = 0; i < COUNT_OF(moves); i++) {
		int64_t to = (int64_t)r->cursor + moves[i].rows + moves[i].halves * half;

		if (moves[i].action != action)
			continue;
		*ret_to = to < 0 || n == 0 ? 0 : to >= (int64_t)n ? n - 1 : (size_t)to;
		return true;
	}
	return false;
}

void rows_scroll(struct rows *r, size_t n)
{
	if (r->top > r->cursor)
		r->top = r->cursor;
	if (r->page && r->cursor >= r->top + r->page)
		r->top = r->cursor - r->page + 1;
	if (r->top + r->page > n)
		r->top = n > r->page ? n - r->page : 0;
}

void rows_clicks(const struct rows *r, size_t n, struct canvas *c, int y)
{
	c->clicks.body_row = y;
	c->clicks.body_rows = (int)(r->page < n ? r->page : n);
}
