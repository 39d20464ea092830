/*
 * leaktop's two mappings in the target, side by side at an address that is recognised again: the
 * helper's code (R-X) and its block (RW). At the end of the code stands whose they are, so that a
 * leaktop that finds what a killed one has left takes it over.
 *
 * All of these but lodging_is_clear are for the parked main thread: only one program can hold it,
 * so nobody else is half-way through moving in or out meanwhile.
 */
#ifndef LT_INJECT_LODGING_H
#define LT_INJECT_LODGING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "agent/abi.h"
#include "inject/call.h"
#include "inject/ranges.h"
#include "proc/maps.h"
#include "target/remote.h"
#include "util/err.h"

#define LODGING_CODE_SIZE 12288u	/* the helper and the sign (helper.lds): in whole pages */

struct lodging {			/* all 0 when there is none. Sizes are whole pages. */
	uint64_t code, block;		/* addresses */
	uint64_t code_size, block_size;
};

/* What is to be there: the block begins with these bytes; sizes in whole pages. */
struct lodging_plan {
	const struct remote *remote;
	pid_t owner;			/* the leaktop, not the child that borrows */
	const struct agent_block *block;
	uint64_t block_size;		/* without the ranges, which come behind it */
	struct ranges ranges;		/* what the helper may read, as of now */
};

/*
 * Maps what is missing. A block of another size, or too small for the ranges, is exchanged if
 * lodging_is_clear and no note in the interpreter's queue points at it. On failure what was begun
 * is taken out again.
 */
enum lt_errc lodging_move_in(struct lodging *l, const struct lodging_plan *plan,
			     const struct maps *maps, struct call *c, struct lt_err *err);
/* Tells the helper what it may read: in each stop, before it is called. */
enum lt_errc lodging_tell(const struct lodging *l, struct lodging_plan *plan, struct lt_err *err);
/* Unmaps both. LT_E_BUSY unless lodging_is_clear. */
enum lt_errc lodging_move_out(struct lodging *l, const struct remote *r, struct call *c,
			      struct lt_err *err);

/* Are the helper's bytes and a block still there, as far as *l has them? */
bool lodging_stands(const struct lodging *l, const struct remote *r);
/* No bookmark is in a list, nor held by the program? Unknown: no. */
bool lodging_is_clear(const struct lodging *l, const struct remote *r);

/*
 * Looks for what this leaktop has lost or a dead one has left. Whole: *ret_l, with the contents of
 * the plan in its block (a NULL there: as it is). Begun only: taken out at once, *ret_l stays.
 */
enum lt_errc lodging_take_over(struct lodging *ret_l, const struct lodging_plan *plan,
			       const struct maps *maps, struct call *c, struct lt_err *err);
/* Is there such a thing, by its address alone? Then a stop is worth it. */
bool lodging_is_found(const struct maps *maps);

#endif
