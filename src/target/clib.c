#include "config.h"

#include "target/clib.h"

#include <stdlib.h>
#include <string.h>

#include "util/clean.h"
#include "util/mem.h"

static void put_path(const char *path, struct python_object *ret)
{
	clean_text(ret->path, sizeof(ret->path), path, strlen(path));
}

void clib_object(const struct image *image, struct python_object *ret)
{
	*ret = (struct python_object){.start = image->elf.start, .end = image->elf.end};
	put_path(image->map->path, ret);
}

static void add_range(struct python *py, uint64_t start, uint64_t end, const char *path)
{
	for (size_t i = 0; i < py->n_nogo; i++)
		if (py->nogo[i].start == start)
			return;
	if (py->n_nogo == COUNT_OF(py->nogo))
		return;
	py->nogo[py->n_nogo] = (struct python_object){.start = start, .end = end};
	put_path(path, &py->nogo[py->n_nogo++]);
}

static void add(struct python *py, const struct image *image)
{
	if (image)
		add_range(py, image->elf.start, image->elf.end, image->map->path);
}

static struct python_range text_of(const struct image *image)
{
	for (size_t i = 0; image && i < image->elf.n_loads; i++)
		if (image->elf.loads[i].exec)
			return (struct python_range){image->elf.loads[i].start,
						     image->elf.loads[i].end};
	return (struct python_range){0, 0};
}

/*
 * Every library that defines one of these may hold a lock that the helper or a pending call would
 * need: glibc before 2.34 has libpthread and libdl apart, an allocator may be preloaded. The
 * program itself is left out unless it answers for malloc (it is first in the lookup order).
 */
static void add_definers(const struct images *images, struct python *py)
{
	static const char *const names[] = {"malloc", "pthread_create", "dlopen"};

	for (size_t i = 0; i < images->n; i++) {
		const struct image *image = &images->list[i];

		for (size_t k = 0; k < COUNT_OF(names) && image != images->exe; k++)
			if (elf_address(&image->elf, names[k]))
				add(py, image);
	}
}

void clib_find(const struct images *images, const struct maps *maps, struct python *py)
{
	/* glibc and musl both have it, and nothing else defines it */
	const struct image *libc = images_definer(images, "__libc_start_main");

	add(py, libc);
	add(py, images->loader);
	add(py, images_definer(images, "malloc"));
	for (size_t i = 0; i < maps->n; i++)
		if (strcmp(maps->list[i].path, "[vdso]") == 0) {
			py->text[2] = (struct python_range){maps->list[i].start, maps->list[i].end};
			add_range(py, maps->list[i].start, maps->list[i].end, "[vdso]");
		}
	add_definers(images, py);
	if (libc)
		py->errno_location = elf_address(&libc->elf, "__errno_location");
	py->text[0] = text_of(libc);
	if (images->loader != libc)		/* on musl they are one object */
		py->text[1] = text_of(images->loader);
}
