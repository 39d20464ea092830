/*
 * Words for who holds something and what to do about it: the same on the screen and in batch. All
 * return buf. values: show the values of keys in paths, which are nobody's business by default.
 */
#ifndef LT_MODEL_HOLDING_TEXT_H
#define LT_MODEL_HOLDING_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "model/gchealth.h"
#include "model/holding.h"

/* "__main__._CONNECTIONS": what it fans out from; the whole path where it does not. */
char *holding_text_holder(const struct holding_path *p, bool values, char *buf, size_t size);
/* "list, 14 212 items, +12.4/s"; "" where it is no container that was read. */
char *holding_text_container(const struct holding_path *p, char *buf, size_t size);
/* "Connection._conn_handler -> ConnectionHandler._conn -> Connection" */
char *holding_text_ring(const struct holding_cycle *c, char *buf, size_t size);
/* "held by __main__._CONNECTIONS (list, 14 212 items, +12.4/s)", "garbage in cycles: ..." */
char *holding_text_line(const struct holding *h, bool values, char *buf, size_t size);
/* "_CONNECTIONS is a global of module __main__. Its length rose in 14 of 15 readings, ..." */
char *holding_text_sentence(const struct holding_path *p, bool values, char *buf, size_t size);
/* "If these objects should end, something must remove them from this list." */
char *holding_text_advice(const struct holding_path *p, char *buf, size_t size);
/* "references: 1 to 3, median 1, of which 1 was found"; "" where none were read. */
char *holding_text_refcounts(const struct holding *h, char *buf, size_t size);
/* "break the link ConnectionHandler._conn in close(), or make it a weakref" */
char *holding_text_mend(const struct holding_cycle *c, char *buf, size_t size);
/* What the collector does about garbage in cycles: "the collector is off (gc.disable)". */
char *holding_text_collector(const struct gchealth_facts *f, double full_ago_s, char *buf,
			     size_t size);

/* Behind the last dot: "Connection". */
const char *holding_text_short(const char *type);

#endif
