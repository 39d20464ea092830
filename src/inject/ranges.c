#include "config.h"
#include "inject/ranges.h"

#include <stdlib.h>
#include <string.h>

#include "util/mem.h"

struct file { uint64_t inode; uint32_t dev; };

static int by_file(const void *a, const void *b)
{
	const struct file *x = a, *y = b;

	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	return (x->dev > y->dev) - (x->dev < y->dev);
}

static struct file file_of(const struct map *m)
{
	return (struct file){.inode = m->inode, .dev = m->dev};
}

/* Files that code runs from, sorted; caller frees. */
static struct file *code_files(const struct maps *maps, size_t *ret_n)
{
	struct file *files = mem_array(maps->n + 1, sizeof(*files));
	size_t n = 0;

	for (size_t i = 0; i < maps->n; i++)
		if (maps->list[i].exec && maps->list[i].inode)
			files[n++] = file_of(&maps->list[i]);
	qsort(files, n, sizeof(*files), by_file);
	*ret_n = n;
	return files;
}

/* MAP_HUGETLB, and how memory was had before MAP_ANONYMOUS. */
static bool is_memory(const struct map *m)
{
	return !strcmp(m->path, "/anon_hugepage") || !strcmp(m->path, "/dev/zero");
}

/* [vvar] is the kernel's, and not all of it can be read; nothing of [vdso] is Python's. */
static bool is_kernels(const struct map *m)
{
	return !strncmp(m->path, "[v", 2);
}

static bool is_readable(const struct map *m, const struct file *code, size_t n_code)
{
	const struct file file = file_of(m);

	if (!m->read || m->shared || is_kernels(m))
		return false;
	if (m->path[0] != '/' && !m->inode)
		return true;
	return is_memory(m) || bsearch(&file, code, n_code, sizeof(*code), by_file);
}

void ranges_take(struct ranges *r, const struct maps *maps)
{
	size_t n_code, n = 0;
	struct file *code = code_files(maps, &n_code);

	r->list = mem_resize(r->list, maps->n + 1, sizeof(*r->list));
	for (size_t i = 0; i < maps->n; i++) {
		const struct map *m = &maps->list[i];

		if (m->end <= m->start || !is_readable(m, code, n_code))
			continue;
		if (n && r->list[n - 1].at + r->list[n - 1].size == m->start)
			r->list[n - 1].size += m->end - m->start;
		else
			r->list[n++] = (struct agent_range){m->start, m->end - m->start};
	}
	r->n = n;
	free(code);
}

void ranges_cut(struct ranges *r, size_t most)
{
	for (uint64_t least = 8192; r->n > most; least *= 2) {
		size_t n = 0;

		for (size_t i = 0; i < r->n; i++)
			if (r->list[i].size >= least)
				r->list[n++] = r->list[i];
		r->n = n;
	}
}

void ranges_done(struct ranges *r)
{
	free(r->list);
	*r = (struct ranges){0};
}
