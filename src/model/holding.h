/*
 * Who holds the objects of a type, as a search found it, and the search under way. Plain data: a
 * source fills it, the model keeps the last one of each type, views and sinks show it. Texts are
 * cleaned; a path that is too long ends in "...".
 *
 * The lengths of containers are read again with every sample; from these come their rates.
 */
#ifndef LT_MODEL_HOLDING_H
#define LT_MODEL_HOLDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/err.h"

#define HOLDING_PATHS 17		/* 16, and "held only by C code" */
#define HOLDING_CYCLES 4
#define HOLDING_RING 8
#define HOLDING_PARTS 8
#define HOLDING_TEXT 512
#define HOLDING_NAME 256

struct holding_growth {			/* of a container, since its first reading */
	int64_t first;			/* its length then; LT_UNKNOWN: it was never read */
	int64_t first_ns;
	int64_t mark[2], mark_ns[2];	/* two readings, the rate is over the older one's time */
	int readings, rises, falls;
};

struct holding_path {
	char path[HOLDING_TEXT];	/* "__main__._CONNECTIONS[*]"; keys of dicts are [...] */
	char shown[HOLDING_TEXT];	/* the same with the keys' values */
	char root[HOLDING_NAME];	/* "module __main__" */
	char container[HOLDING_NAME];	/* "list": what fans out; "": nothing does */
	uint64_t address;		/* of it; 0: none, or many */
	int64_t length;			/* len() of it; LT_UNKNOWN */
	int64_t length_delta;		/* since its first reading; LT_UNKNOWN */
	double length_rate;		/* items per second, lately; NAN: unknown */
	size_t samples;			/* that it holds */
	size_t newest;			/* of the newest objects, which are in no share */
	double share, low, high;	/* of the sample that lived; 95 % interval */
	struct holding_growth growth;	/* the model's */
};

struct holding_cycle {
	char types[HOLDING_RING][HOLDING_NAME];		/* the last refers to the first */
	char attributes[HOLDING_RING][HOLDING_NAME];	/* by which it goes on from each */
	size_t n;
	size_t samples;			/* that are in such a ring */
	int64_t instances;		/* of the type, estimated from them */
	double since;			/* wall seconds when it was first found */
};

struct holding_part {			/* of what an object keeps alive, a line each */
	unsigned depth;			/* 0: the object */
	char name[64];			/* ".buf"; a key is "[...]" */
	char shown[64];			/* the same with the key's value */
	char type[128];
	int64_t bytes;			/* of it, with all below that has no line of its own */
	int64_t length;			/* len() of it; LT_UNKNOWN */
	bool shared;			/* others refer to it too: it would stay */
};

struct holding_inside {
	uint64_t address;		/* of the object; 0: a recording's, or n is 0 */
	int64_t bytes;			/* that would go with it: the sum of its lines */
	bool incomplete;		/* or more */
	struct holding_part parts[HOLDING_PARTS];	/* a parent, then what it has */
	size_t n, untold;		/* n 0: none was looked at; parts that have no line */
};

struct holding {
	char type[HOLDING_NAME];	/* full name */
	double t;			/* wall seconds and monotonic clock when the search ended */
	int64_t mono_ns;
	enum lt_errc code;		/* LT_OK; else there was no search, and why says what for */
	char why[160];
	struct holding_path paths[HOLDING_PATHS];	/* best first */
	size_t n_paths;
	struct holding_cycle cycles[HOLDING_CYCLES];	/* most frequent first */
	size_t n_cycles;
	struct { int64_t min, median, max, explained; } refcounts;	/* LT_UNKNOWN: none */
	struct holding_inside inside;	/* one that the first path or a cycle holds */
	int64_t instances;		/* seen of the type */
	size_t sampled, no_path, c_only, freed;		/* samples, and what became of them */
	size_t newest, newest_cyclic;	/* newest objects looked at; of them in cycles */
	int64_t time_ns, cpu_ns;
	bool incomplete;		/* something was beyond a limit and left out */
};

struct holding_search {			/* type "": none is under way */
	char type[HOLDING_NAME];
	double progress;		/* 0.0 to 1.0, a guess */
	bool asked;			/* by the user, not by itself */
	int64_t since_ns;		/* monotonic */
};

/* Nothing found, all figures unknown. */
void holding_init(struct holding *h, const char *type);
/* Samples that lived; how many of these are in cycles. */
size_t holding_alive(const struct holding *h);
size_t holding_in_cycles(const struct holding *h);
/* More than half of what lived, or of the newest, is garbage in cycles. */
bool holding_is_cyclic(const struct holding *h);
/* Live references hold it: a name was found for 95 % of what lived. */
bool holding_is_held(const struct holding *h);
/* The path to tell first: one that fans out and holds a tenth or the newest; else any. Or NULL. */
const struct holding_path *holding_best(const struct holding *h);
/* Does it hold nearly all of the newest, but not of all? Then what is growing is there. */
bool holding_has_newest(const struct holding *h, const struct holding_path *p);

/* A reading of its length at now_ns: length, delta and rate follow. */
void holding_put_length(struct holding_path *p, int64_t length, int64_t now_ns);
/* The growth and dates of what both have go on from before. */
void holding_follow(struct holding *h, const struct holding *before);
/* Do both say that the same holds them? */
bool holding_agrees(const struct holding *a, const struct holding *b);

#endif
