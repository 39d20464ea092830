/*
 * What has a name of its own: the dicts of modules and classes, the frames that threads execute,
 * and the names of threads. Read once at the beginning of a search.
 */
#ifndef LT_HOLDERS_ROOTS_H
#define LT_HOLDERS_ROOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "holders/typebook.h"
#include "target/frames.h"

struct named_dict {
	uint64_t dict, table;	/* the dict and its table of keys */
	uint64_t of;		/* the module or class */
	bool is_class;
};

struct roots {			/* zero it to begin; owns all it points to */
	const struct python *py;
	struct typebook *book;
	struct named_dict *dicts;	/* sorted by table */
	size_t n_dicts, cap_dicts;
	struct frame *frames;		/* sorted by locals */
	size_t n_frames;
	uint64_t *threads;		/* PyThreadStates */
	size_t n_threads;
};

void roots_read(struct roots *r, const struct python *py, struct typebook *book);
void roots_done(struct roots *r);

/* The named dict whose table (or, with a table within the dict, which itself) this is; or NULL. */
const struct named_dict *roots_dict(const struct roots *r, uint64_t table);
/* The frame of a thread that has a local variable at addr; or NULL. */
const struct frame *roots_frame(const struct roots *r, uint64_t addr);
/* "MainThread"; false where threading does not know it. */
bool roots_thread_name(const struct roots *r, uint64_t thread_id, char *dst, size_t size);
/* The id of the thread whose dict of thread states has this object as a value. */
bool roots_thread_of_value(const struct roots *r, uint64_t value, uint64_t *ret_id);
/* The name of a module by its object. */
bool roots_module_name(const struct roots *r, uint64_t module, char *dst, size_t size);

/* An attribute in an object's own dict, or inline values. */
bool roots_attribute(const struct roots *r, uint64_t object, const char *name, uint64_t *ret);

#endif
