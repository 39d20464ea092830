/*
 * From a chain of links to a path in words: each link is read again from the target, so that a
 * path is only told where it is still so, and named by what the word means in its owner.
 */
#ifndef LT_HOLDERS_CLIMB_H
#define LT_HOLDERS_CLIMB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "holders/graph.h"
#include "holders/roots.h"

#define CLIMB_DEEPEST 50
#define CLIMB_CHAIN   (CLIMB_DEEPEST * 3)	/* nodes: tables and dicts are between */
#define CLIMB_TEXT    96

enum step_kind {
	STEP_NAME,		/* .name */
	STEP_ITEM,		/* [3] */
	STEP_KEY,		/* ['eu'] */
	STEP_ANY,		/* [*], of something without order or name */
	STEP_TEXT,		/* text as it is */
};

struct step {
	enum step_kind kind;
	char text[CLIMB_TEXT];	/* of a key too, where it is a str or int */
	bool many;		/* or more of them, one after the other */
	uint64_t which;		/* the index, the address of the key */
	uint64_t container;	/* object that was indexed, 0: none */
	const struct typed *typed;	/* its type */
	const struct typed *by;	/* type of the object that this is a step of */
};

enum root_rank { RANK_MODULE, RANK_CLASS, RANK_TASK, RANK_CONTEXT, RANK_FRAME };

struct path {
	struct step steps[CLIMB_CHAIN + 4];	/* from the sample up */
	size_t n;
	size_t failed;		/* at[failed] of the chain is no reference, where climb said no */
	enum root_rank rank;
	char root[256];		/* as the path begins */
	char root_words[160];	/* "module __main__" */
};

/* nodes: n of them, from the sample to the root; at[i]: the word of nodes[i + 1]. */
struct chain {
	struct node *nodes[CLIMB_CHAIN];
	int64_t at[CLIMB_CHAIN];
	const struct hop *leaps[CLIMB_CHAIN];	/* to nodes[i + 1] it is many hops; NULL: a word */
	size_t n;
	const struct hop *hops;	/* of all chains, n_hops of them */
	size_t n_hops;
};

/* false: it is not so (any more), or says nothing. */
bool climb(const struct roots *r, const struct chain *c, struct path *ret);
/* The same of a chain that comes back to where it began: it has no root. */
bool climb_ring(const struct roots *r, const struct chain *c, struct path *ret);

#endif
