/*
 * The order of rows, which must not dance. A row passes another only when its figure beats the
 * other's by 5 % and did so at the previous refresh too; rows within that keep their places.
 * Compared are figures of one moment: of two types that rise together the faster one must not
 * have to wait until it leads by more than they rise between two samples.
 */
#ifndef LT_MODEL_ORDER_H
#define LT_MODEL_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/snapshot.h"

enum order_step {
	ORDER_KEEP,		/* nothing new was counted */
	ORDER_HELD,		/* new figures, but the user asked for the order to hold */
	ORDER_REFRESH,		/* new figures */
};

struct order_memory {		/* of the row with this id */
	double key;		/* at the previous refresh */
	uint32_t place;		/* in the order, 1 is the top; 0: it was not there */
};

struct order {			/* zero it to begin, order_done() to end */
	enum snapshot_sort sort;
	bool reversed;
	bool settled;		/* there is an order to keep */
	struct order_memory *memory;	/* owned, by id */
	size_t n_memory;
	uint32_t *rows;		/* owned: the order, as indexes of the rows given */
	struct order_item *items;	/* owned scratch, as the next; `cap` each */
	uint32_t *by_place;
	size_t cap;
	size_t n_placed;	/* rows in the previous order */
};

void order_done(struct order *o);
/* Other rows will come: keeps the key and the direction alone. */
void order_forget(struct order *o);
/* Another key or direction: the next order_rows() sorts at once. */
void order_by(struct order *o, enum snapshot_sort sort, bool reversed);
/*
 * Indexes of rows in the order to show them. Rows that were not there before get the place their
 * figure gives them, or the end while the order is held. O(n) when nothing passes anything; each
 * row that is passed costs another O(n). Borrowed until the next call.
 */
const uint32_t *order_rows(struct order *o, const struct snapshot_row *rows, size_t n,
			   enum order_step step);

#endif
