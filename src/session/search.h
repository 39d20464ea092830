/*
 * A search for who holds the objects of a type, or for containers that grow, in slices between
 * which the screen lives, and the lengths of the containers that earlier searches found. Reads
 * only: nothing is stopped. By itself it takes a fifth of a core while it is on, and rests
 * afterwards to keep to its share.
 */
#ifndef LT_SESSION_SEARCH_H
#define LT_SESSION_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/growing.h"
#include "model/holding.h"
#include "target/python.h"

struct search;

#define SEARCH_IDLE INT64_MAX

/* py is borrowed. max_cpu: of a core, in the long run; 0: no limit. */
struct search *search_new(const struct python *py, double max_cpu);
void search_free(struct search *s);
/* The target runs another program now: py has changed, what was found went with the old one. */
void search_forget(struct search *s);

/* One at a time: a search under way is given up. */
void search_begin(struct search *s, const char *type, bool asked);
/* A pass for containers that grow, where one is due. */
void search_begin_growing(struct search *s);
void search_stop(struct search *s);
const struct holding_search *search_now(const struct search *s);
/* May one begin that nobody asked for? */
bool search_rested(const struct search *s, int64_t now_ns);
/* When search_step has something to do; SEARCH_IDLE: there is no search. */
int64_t search_due_ns(const struct search *s);
/* A slice. true: it ended, and one of the two is found, borrowed until the next begin. */
struct search_found {
	const struct holding *holding;	/* of a type; else NULL */
	const struct growing *growing;	/* else NULL */
};
bool search_step(struct search *s, struct search_found *ret);

/* Reads the lengths of the i-th type's containers. Returns its name, NULL past the last one. */
const char *search_lengths(const struct search *s, size_t i, int64_t lengths[HOLDING_PATHS],
			   size_t *ret_n);

#endif
