#include "config.h"

#include "holders/deque.h"

#include <stdlib.h>

#include "util/mem.h"

#define BLOCKS_MAX   (1u << 17)
#define MARKS        (1u << 14)	/* a later one may take the place of an earlier one */
#define MARK_EVERY   32		/* blocks */
#define ENDS_AT      0x18	/* of the deque, 3.6+; 8 less in 2.7, which has no ob_size */

static const struct form { uint64_t bytes, items_at, items, left_at, right_at; } forms[] = {
	{528, 8, 64, 0, 520},		/* 3.6+: left, items, right */
	{512, 0, 62, 504, 496},		/* 2.7: items, right, left */
};

static bool is_old(const struct python *py)
{
	return py->layout->dict == LAYOUT_DICT_27;
}

static const struct form *form_of(const struct python *py)
{
	return &forms[is_old(py)];
}

bool deque_is_block(uint64_t size)
{
	return size >= forms[1].bytes && size <= forms[0].bytes + 24;
}

int64_t deque_bytes(const struct python *py, int64_t n)
{
	const struct form *f = form_of(py);

	return (n < 0 ? 1 : n / (int64_t)f->items + 1) * (int64_t)f->bytes;
}

uint64_t deque_beside(const struct remote *r, uint64_t block, bool left)
{
	uint64_t other, back;

	for (size_t i = 0; i < COUNT_OF(forms); i++) {
		uint64_t to = left ? forms[i].left_at : forms[i].right_at;
		uint64_t from = left ? forms[i].right_at : forms[i].left_at;

		if (remote_u64(r, block + to, &other) && other && other % 8 == 0 &&
		    remote_u64(r, other + from, &back) && back == block)
			return other;
	}
	return 0;
}

void deque_done(struct deque_marks *d)
{
	free(d->marks);
	free(d->way);
	*d = (struct deque_marks){0};
}

static struct deque_mark *mark_of(const struct deque_marks *d, uint64_t block)
{
	return &d->marks[(block >> 3) * 0x9e3779b97f4a7c15u >> 32 & (MARKS - 1)];
}

/*
 * Leftwards until there is no more, or a mark that knows. Blocks refer to each other both ways, so
 * only a whole ring comes round again: to `post`, which is moved on after twice as many blocks.
 */
static uint64_t walk_left(struct deque_marks *d, const struct remote *r, uint64_t block,
			  uint32_t *ret_marked)
{
	uint64_t at = block, post = block, lowest = block;

	for (uint32_t i = 0; i < BLOCKS_MAX; i++) {
		const struct deque_mark *mark = mark_of(d, at);
		uint64_t left;

		if (mark->block == at)
			return mark->first;
		if (i % MARK_EVERY == 0)
			d->way[(*ret_marked)++] = at;
		left = deque_beside(r, at, true);
		if (left == post)
			return lowest;
		if (!left)
			break;
		at = left;
		if (at < lowest)
			lowest = at;
		if ((i & (i + 1)) == 0)
			post = at;
	}
	return at;
}

uint64_t deque_first(struct deque_marks *d, const struct remote *r, uint64_t block)
{
	uint32_t marked = 0;
	uint64_t first;

	if (!d->marks) {
		d->marks = mem_array(MARKS, sizeof(*d->marks));
		d->way = mem_array(BLOCKS_MAX / MARK_EVERY, sizeof(*d->way));
	}
	first = walk_left(d, r, block, &marked);
	while (marked--)
		*mark_of(d, d->way[marked]) = (struct deque_mark){d->way[marked], first};
	return first;
}

/* leftblock, rightblock, leftindex, rightindex: of the first item in its block, of the last. */
struct ends {
	uint64_t block[2], index[2];
};

static bool read_ends(const struct python *py, uint64_t deque, struct ends *ret)
{
	return remote_read(&py->remote, deque + ENDS_AT - (is_old(py) ? 8 : 0), ret, sizeof(*ret));
}

bool deque_uses(const struct python *py, uint64_t deque, int64_t n, uint64_t word)
{
	const struct form *f = form_of(py);
	struct ends ends;

	if (n <= 0 || !read_ends(py, deque, &ends))
		return false;
	for (size_t i = 0; i < 2; i++) {
		uint64_t at = word - (ends.block[i] + f->items_at);

		if (at < f->items * 8 &&
		    (i ? at / 8 > ends.index[1] : at / 8 < ends.index[0]))
			return false;
	}
	return true;
}

void deque_begin(const struct python *py, uint64_t deque, int64_t n, struct deque_walk *ret)
{
	struct ends ends;

	*ret = (struct deque_walk){0};
	if (read_ends(py, deque, &ends))
		*ret = (struct deque_walk){ends.block[0], ends.index[0], n};
}

bool deque_next(const struct python *py, struct deque_walk *w, uint64_t *ret_item)
{
	const struct form *f = form_of(py);

	if (w->left <= 0)
		return false;
	w->left--;
	if (w->index >= f->items) {
		w->index = 0;
		if (!remote_u64(&py->remote, w->block + f->right_at, &w->block))
			return false;
	}
	return remote_u64(&py->remote, w->block + f->items_at + w->index++ * 8, ret_item);
}
