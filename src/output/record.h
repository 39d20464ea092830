/*
 * The flight recorder: JSON Lines into a file (product.md section 3), every type in every sample.
 * Only whole lines stay in the file: what a full disk cut off is taken out again, and what a killed
 * leaktop has left of a line goes when the file is opened the next time. Owns its descriptor.
 *
 * A file that exists is continued where it is a recording, and refused where it is anything else.
 */
#ifndef LT_OUTPUT_RECORD_H
#define LT_OUTPUT_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "model/snapshot.h"
#include "util/err.h"

struct record;

/* LT_E_RECORD_FILE where the file is another's, LT_E_OUTPUT where it cannot be opened. */
enum lt_errc record_open(const char *path, struct record **ret, struct lt_err *err);
void record_close(struct record *r);

/*
 * A sample; before it the target, where it is the first one or that has changed, and the verdict,
 * where a search for holders has ended since the last one. What cannot be written is lost and
 * told by record_state(); the next sample is tried again.
 */
void record_sample(struct record *r, const struct snapshot *snap);
/* gc.collect() that the user has asked for, with its before and after. */
void record_collect(struct record *r, const struct sample_target *target,
		    const struct sample_collect *what);
/* The last lines: the verdict, and what was left in the target. */
void record_end(struct record *r, const struct snapshot *snap, const struct sample_left *left,
		double now);

/* "recording to FILE, 3.2M", or why not and how many samples are lost. Returns buf. */
char *record_text(const struct record *r, char *buf, size_t size);
/* LT_OK while all is well, else LT_E_OUTPUT. */
enum lt_errc record_state(const struct record *r);
/* Samples that are not in the file. */
int64_t record_lost(const struct record *r);

#endif
