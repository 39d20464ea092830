#include "config.h"

#include "holders/deque.h"

#include "util/mem.h"

#define BLOCKS_MAX   (1u << 17)
#define LEFT_BLOCK   0x18	/* of the deque, 3.6+; 8 less in 2.7, which has no ob_size */
#define LEFT_INDEX   0x28

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

uint64_t deque_first(const struct remote *r, uint64_t block)
{
	uint64_t left;

	for (uint32_t i = 0; i < BLOCKS_MAX && (left = deque_beside(r, block, true)); i++)
		block = left;
	return block;
}

void deque_begin(const struct python *py, uint64_t deque, int64_t n, struct deque_walk *ret)
{
	uint64_t back = is_old(py) ? 8 : 0;

	*ret = (struct deque_walk){.left = n};
	if (!remote_u64(&py->remote, deque + LEFT_BLOCK - back, &ret->block) ||
	    !remote_u64(&py->remote, deque + LEFT_INDEX - back, &ret->index))
		ret->left = 0;
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
