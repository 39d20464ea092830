/*
 * The facts of the memory ledger of a living process: gathered from the kernel's figures and from
 * a pass over its C heap, which goes on a piece at each sample. Private to session/.
 */
#ifndef LT_SESSION_LEDGER_H
#define LT_SESSION_LEDGER_H

#include <stdint.h>

#include "model/sample.h"
#include "target/cheap.h"
#include "target/remote.h"

struct ledger_source;

/* What only the count of objects knows; LT_UNKNOWN for what it does not. */
struct ledger_objects {
	int64_t arenas, arenas_used;	/* of pymalloc, and in them in use */
	int64_t in_c;			/* objects in the C heap */
};

/* A pass over the C heap that somebody else made; totals NULL: nobody does. */
struct ledger_heap {
	const struct cheap_totals *totals;
	int64_t n_passes;		/* tells a new one */
};

struct ledger_source *ledger_source_new(const struct remote *remote);
void ledger_source_free(struct ledger_source *l);

/* The process has become another program: what was known of its heap is void. */
void ledger_source_forget(struct ledger_source *l);

/*
 * Works for a bounded time, as seldom as its cost demands. Fills s->ledger, with objects as
 * they are, when a pass has ended, its own or the one it is shown, and leaves it alone else;
 * always s->oom_score.
 */
void ledger_source_read(struct ledger_source *l, const struct ledger_objects *objects,
			const struct ledger_heap *heap, struct sample *s);

#endif
