/*
 * Which lists, dicts, sets, deques and tuples grow: a pass over the heap now and then notes the
 * lengths of the longest ones, and those whose length rises through all of the time that is
 * remembered are told. Often they are the line to fix, even where the elements are plain strings.
 *
 * A tuple cannot grow, but be replaced by a longer one that begins with the same items: these are
 * one to us. Memory is bounded: where there are too many containers the shorter ones are not
 * followed. Nothing is stopped, written or run in the target. What path leads to one is found
 * with holders_begin_objects().
 */
#ifndef LT_HOLDERS_CONTAINERS_H
#define LT_HOLDERS_CONTAINERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target/python.h"
#include "util/err.h"

#define CONTAINERS_LEAST   8	/* shorter ones are never followed */
#define CONTAINERS_GROWING 32	/* that are told */

struct container_growth {
	uint64_t address;	/* of the object, for holders_begin_objects */
	char type[128];		/* "list"; a subclass has its own full name */
	int64_t length;		/* in the last pass */
	int64_t length_delta;	/* since it was first seen */
	double length_rate;	/* items per second over that time */
	int64_t seen_ns;	/* the time it was first seen, of clock_mono_ns() */
	unsigned rises, falls;	/* passes it was longer in, shorter in, than in the one before */
};

struct containers;

/* py is borrowed and must outlive it. */
struct containers *containers_new(const struct python *py);
void containers_free(struct containers *c);

/*
 * A pass begins. now_ns: its time, for the rates; passes may be any time apart, and five at least
 * are needed before anything is said to grow.
 */
enum lt_errc containers_begin(struct containers *c, int64_t now_ns, struct lt_err *err);
/* Goes on for about budget_ns, a millisecond at least. true: the pass has ended. */
bool containers_step(struct containers *c, int64_t budget_ns);
void containers_abandon(struct containers *c);

/* How many grow steadily. *ret: most items gained first, borrowed until the next pass ends. */
size_t containers_growing(const struct containers *c, const struct container_growth **ret);

struct containers_cost {
	size_t followed;	/* in the table now */
	int64_t least;		/* length that is followed: rises where there are too many */
	int64_t cpu_ns, bytes_read;	/* of the last pass */
};
void containers_cost(const struct containers *c, struct containers_cost *ret);

#endif
