/*
 * The paths of a holding as a tree, root first: what several paths begin with is one row. Pure.
 *
 *   module __main__
 *   `- ._CONNECTIONS
 *      `- [*]
 */
#ifndef LT_MODEL_HOLDING_TREE_H
#define LT_MODEL_HOLDING_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/holding.h"

#define HOLDING_TREE_ROWS 256
#define HOLDING_TREE_DEEPEST 32		/* pieces of a path; what is behind is one more */
#define HOLDING_TREE_TEXT 160

struct holding_row {
	char text[HOLDING_TREE_TEXT];	/* ".peers", "[*]", "class app.net.Server" */
	int depth;
	size_t path;			/* of h->paths, the first that goes through here */
	size_t samples;			/* of all these paths, at most those that live */
	bool leaf;			/* a path ends here */
	bool container;			/* its type and length are the path's */
	bool fans;			/* here it fans out */
	uint32_t key;			/* of the row, as long as its path is found */
};

/* How many rows there are, at most HOLDING_TREE_ROWS. */
size_t holding_tree(const struct holding *h, bool values,
		    struct holding_row rows[HOLDING_TREE_ROWS]);

/* The first row behind those below row i. */
size_t holding_tree_end(const struct holding_row *rows, size_t n, size_t i);

#endif
