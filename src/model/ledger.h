/*
 * The ledger: what the resident memory consists of, how each part has grown, and what that growth
 * is. Pure. Part of the model, which owns it; a source fills its samples with ledger_split.
 */
#ifndef LT_MODEL_LEDGER_H
#define LT_MODEL_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/rate.h"
#include "model/sample.h"
#include "model/snapshot.h"

/* Resident bytes as their sources tell them; LT_UNKNOWN for what none tells. */
struct ledger_facts {
	int64_t rss;
	int64_t mapped;			/* files and shared memory */
	int64_t stacks;
	int64_t arenas, arenas_used;	/* of Python's small objects, and in them in use */
	int64_t c_live, c_free;		/* of the C heap; live with Python's large objects */
	int64_t objects_in_c;		/* Python's objects in the C heap */
};

/*
 * The parts of rss. What no part explains is `other`, and so is a part that is unknown; never
 * below 0, since the parts are not read at one moment. All unknown without rss.
 */
void ledger_split(const struct ledger_facts *facts, struct sample_ledger *ret);

extern const struct sample_ledger ledger_unknown;
/* The parts by number, in the order of SAMPLE_LEDGER, and their names. */
int64_t ledger_bucket(const struct sample_ledger *ledger, size_t i);
const char *ledger_bucket_name(size_t i);

/* Python's heap, live and free but kept; and all else. Unknown where the first is not counted. */
int64_t ledger_pyheap(const struct sample_ledger *ledger);
int64_t ledger_native(const struct sample_ledger *ledger);

struct ledger {				/* ledger_init() to begin; owns nothing outside itself */
	struct sample_ledger now, base, first;
	int64_t now_ns, gap_ns;		/* of the last reading; since the one before */
	struct rate_clock clock;
	int64_t marks[SAMPLE_LEDGER_BUCKETS][RATE_MARKS];
};

void ledger_init(struct ledger *l);
/* A sample's; nothing where it was not due. A part's base is its first reading from there on. */
void ledger_push(struct ledger *l, const struct sample_ledger *ledger, int64_t now_ns);
void ledger_rebase(struct ledger *l);
void ledger_rebase_as_first(struct ledger *l);
void ledger_rebase_first(struct ledger *l);
void ledger_show(const struct ledger *l, int64_t now_ns, struct snapshot_ledger *ret);

/* What a growth of the process is, from what is known of it. */
struct ledger_growth {
	int64_t rss, rss_delta;		/* at the ledger's last reading; since its baseline */
	struct sample_ledger delta;
	bool steady;			/* it goes on: its series is a leak's */
	bool objects;			/* a type of objects is called leak or suspect */
	bool cycle;			/* ... and no root reaches them */
	bool large_counted;		/* str and bytes of any size are counted */
};

/*
 * What the snapshot tells: the ledger, `steady` by the series of RSS, and the words on types: those
 * that the filter hides too, for a growth does not become native because nobody looks. Objects of
 * any size are counted by a scan. cycle is false: no snapshot tells what a root reaches.
 */
void ledger_growth(const struct snapshot *snap, struct ledger_growth *ret);

/* The part that explains most of the growth, by number; -1 where RSS did not grow by enough. */
int ledger_main_bucket(const struct ledger_growth *g);
enum outcome_cause ledger_cause(const struct ledger_growth *g);
/* "RSS +412.0M: 91 % C heap free but kept": its beginning, for where there is little room. */
char *ledger_main_text(const struct ledger_growth *g, char *buf, size_t size);
/* "RSS +412.0M: 91 % C heap free but kept; Python objects flat: fragmentation, not an object
 * leak". Returns buf, "" where there is nothing to say. */
char *ledger_text(const struct ledger_growth *g, char *buf, size_t size);

#endif
