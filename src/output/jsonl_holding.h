/* What a search found, as members of a suspect in a verdict line. */
#ifndef LT_OUTPUT_JSONL_HOLDING_H
#define LT_OUTPUT_JSONL_HOLDING_H

#include "model/growing.h"
#include "model/holding.h"
#include "output/jsonw.h"

/* "refcounts", "holders", "cycles" and "search" of the object that is open; h NULL: all null. */
void jsonl_holding_put(struct jsonw *j, const struct holding *h);

/* "containers": those that grow; empty where none is known to. g may be NULL. */
void jsonl_holding_put_growing(struct jsonw *j, const struct growing *g);

#endif
