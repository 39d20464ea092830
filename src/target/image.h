/* The ELF objects that a process has loaded, found in its memory map and memory. */
#ifndef LT_TARGET_IMAGE_H
#define LT_TARGET_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "proc/maps.h"
#include "target/elf.h"

struct image {
	struct elf elf;
	const struct map *map;		/* of its first page; borrowed from the maps given */
	bool vdso;
};

struct images {				/* zero it to begin */
	struct image *list;		/* owned; by address */
	size_t n;
	struct image *exe, *loader;	/* into list; NULL where not found */
	bool bits32;			/* a 32-bit ELF object is loaded */
};

/* The maps must outlive *ret; images_done frees it. */
void images_read(const struct remote *r, const struct maps *maps, struct images *ret);
void images_done(struct images *m);

/* The first object that defines the symbol, in the loader's lookup order where it is known. */
const struct image *images_definer(const struct images *m, const char *symbol);

/* images in the order in which the loader looks symbols up; caller frees with free(). */
const struct image **images_order(const struct images *m, size_t *ret_n);

#endif
