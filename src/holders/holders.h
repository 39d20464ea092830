/*
 * Who holds the objects of a type: up to HOLDERS_SAMPLES of them are sampled from outside, each
 * with the same chance, and the newest ones beside, for a leak may be a small part of them. Then
 * who points to them is searched, level by level, up to what has a name. Nothing is stopped,
 * written or run in the target. In steps of bounded time; a search can be abandoned at any step.
 */
#ifndef LT_HOLDERS_HOLDERS_H
#define LT_HOLDERS_HOLDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target/python.h"
#include "util/err.h"

#define HOLDERS_SAMPLES 200
#define HOLDERS_NEWEST	60	/* beside these, where it can be told which they are */
#define HOLDERS_PATHS	16
#define HOLDERS_DEEPEST 50	/* levels */
#define HOLDERS_RING	8	/* members of a cycle */

struct holder {
	const char *path;	/* "__main__._CONNECTIONS[*]"; constant keys are [...] */
	const char *shown;	/* the same with the values of these keys */
	const char *root;	/* "module __main__" */
	const char *container;	/* type name of where they fan out, "" where there is none */
	uint64_t address;	/* of it; 0: none, or many */
	uint64_t container_type, length_at;	/* the words that say so: its type, its length */
	int64_t length;		/* len() of it, LT_UNKNOWN */
	uint64_t object;	/* holders_begin_objects: whose path it is; else 0 */
	size_t samples;		/* that it holds */
	size_t newest;		/* of the newest objects; they are no part of the shares */
	uint64_t example;	/* one of them, for inside_read(); 0: none */
	double share, share_low, share_high;	/* of the sample; 95 % interval */
};

struct holders_cycle {
	const char *types[HOLDERS_RING];	/* full names; the last refers to the first */
	const char *attributes[HOLDERS_RING];	/* by which it goes on from each */
	size_t n;
	size_t samples;			/* that are in such a ring */
};

struct holders_result {
	const struct holder *list;	/* best first; all of it borrowed until the next begin */
	size_t n;
	size_t sampled;
	size_t newest, newest_cyclic;	/* newest objects that live; how many of them in cycles */
	int64_t instances;		/* seen of the type */
	size_t no_path;			/* held by something that has no name and is in no cycle */
	size_t c_only;			/* that C code holds: samples, or objects that hold them */
	size_t freed;			/* samples that are no more */
	const struct holders_cycle *cycles;	/* most frequent first */
	size_t n_cycles;
	uint64_t cyclic;		/* a sample that is in one, for inside_read(); 0: none is */
	struct { int64_t min, median, max, explained; } refcounts;	/* LT_UNKNOWN: none */
	int64_t time_ns, cpu_ns, bytes_read;
	unsigned levels;
	bool incomplete;		/* something was beyond a limit and left out */
};

struct holders;

/* py is borrowed and must outlive it. */
struct holders *holders_new(const struct python *py);
void holders_free(struct holders *h);

/* A search begins, for the type of this full name. What was found before is forgotten. */
enum lt_errc holders_begin(struct holders *h, const char *type, struct lt_err *err);
/*
 * The same for these objects, HOLDERS_SAMPLES at most, instead of instances of a type: the result
 * has for each that still lives the best path alone. They are what containers_growing() tells.
 */
enum lt_errc holders_begin_objects(struct holders *h, const uint64_t *objects, size_t n,
				   struct lt_err *err);
/* Goes on for about budget_ns, a millisecond at least. true: it has ended. */
bool holders_step(struct holders *h, int64_t budget_ns);
/* How far it is: 0.0 to 1.0, a guess. */
double holders_progress(const struct holders *h);
/* Which level is being searched; 0: none yet, or no more. */
unsigned holders_level(const struct holders *h);
void holders_abandon(struct holders *h);
/* len() of a holder's container now. LT_UNKNOWN: something else is there by now. */
int64_t holders_length(const struct python *py, uint64_t address, uint64_t container_type,
		       uint64_t length_at);
/* Of the last search that ended. */
void holders_result(const struct holders *h, struct holders_result *ret);

#endif
