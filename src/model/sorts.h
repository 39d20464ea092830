/* The orders that rows can be in: of -o, the sort menu and the man page. */
#ifndef LT_MODEL_SORTS_H
#define LT_MODEL_SORTS_H

/* X(id, name as in -o and the sort menu, help) */
#define SNAPSHOT_SORTS(X) \
	X(VERDICT, "verdict", "leak first; own classes, how sure, bytes gained") \
	X(GROWTH, "growth", "objects gained since the baseline, most first") \
	X(COUNT, "count", "live objects") \
	X(SIZE, "size", "bytes of live objects") \
	X(SIZE_GROWTH, "dsize", "bytes gained since the baseline") \
	X(RATE, "rate", "objects gained per minute, lately") \
	X(NAME, "name", "type name, A first")

enum snapshot_sort {
#define X(id, name, help) SORT_##id,
	SNAPSHOT_SORTS(X)
#undef X
	SORT_COUNT_OF
};

#endif
