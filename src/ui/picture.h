/*
 * A snapshot of one's own. The model's is borrowed until the model changes, which may be before
 * the next key: the cursor, find and pause need rows that stay. Embedded: zero it to begin,
 * picture_done() to end; memory is kept and reused from one take to the next.
 */
#ifndef LT_UI_PICTURE_H
#define LT_UI_PICTURE_H

#include "model/snapshot.h"
#include "util/buf.h"

struct picture {
	struct snapshot snap;		/* all its pointers are into the rest of this struct */
	struct sample_target target;
	char filter[128];
	struct snapshot_row *rows;	/* owned */
	size_t rows_cap;
	int64_t *cells;			/* owned: of all trends, then of the memory */
	size_t cells_cap;
	struct buf names;
	struct holding *holdings;	/* owned, of version */
	const struct holding **shown;	/* owned */
	size_t holdings_cap, shown_cap;
	uint64_t version;
	struct growing growing;
};

void picture_take(struct picture *p, const struct snapshot *snap);
/* Only who holds what, and the search under way. */
void picture_take_holdings(struct picture *p, const struct snapshot *snap);
void picture_done(struct picture *p);

#endif
