#include "config.h"

#include "target/image.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "util/buf.h"
#include "util/io.h"
#include "util/mem.h"

#define IMAGES_MAX 2048
#define LINKS_MAX  4096		/* entries of the loader's list that are followed */

/*
 * A library can also lie in memory as a plain file mapping (somebody reads it with mmap). Loaded
 * means: every segment is where the program headers want it, from the same file, its text
 * executable (and maybe anonymous, where a program has copied it to huge pages).
 */
static bool really_loaded(const struct maps *maps, const struct map *base, const struct elf *e)
{
	for (size_t i = 0; i < e->n_loads; i++) {
		const struct elf_load *l = &e->loads[i];
		const struct map *m = maps_find(maps, l->start);

		if (l->file_size == 0)
			continue;
		if (!m || (l->exec && !m->exec))
			return false;
		if (l->exec && m->inode == 0)
			continue;
		if (m->inode != base->inode || m->dev != base->dev ||
		    m->offset + (l->start - m->start) != l->offset)
			return false;
	}
	return true;
}

static void find_images(const struct remote *r, const struct maps *maps, struct images *ret)
{
	size_t cap = 0;

	for (size_t i = 0; i < maps->n && ret->n < IMAGES_MAX; i++) {
		const struct map *m = &maps->list[i];
		bool vdso = strcmp(m->path, "[vdso]") == 0;
		struct elf e;
		enum elf_kind kind;

		if (!m->read || m->offset != 0 || (m->inode == 0 && !vdso))
			continue;
		kind = elf_open(r, m->start, &e);
		if (kind == ELF_32)
			ret->bits32 = true;
		if (kind != ELF_64 || (!vdso && !really_loaded(maps, m, &e)))
			continue;
		if (ret->n == cap) {
			cap = cap ? cap * 2 : 64;
			ret->list = mem_resize(ret->list, cap, sizeof(*ret->list));
		}
		ret->list[ret->n++] = (struct image){.elf = e, .map = m, .vdso = vdso};
	}
}

static struct image *containing(const struct images *m, uint64_t addr)
{
	for (size_t i = 0; addr && i < m->n; i++)
		if (addr >= m->list[i].elf.start && addr < m->list[i].elf.end)
			return &m->list[i];
	return NULL;
}

/*
 * `ld.so program`: for the kernel the loader is the program, and there is no AT_BASE. The loader
 * exports _r_debug (glibc) and only the program's DT_DEBUG points to it.
 */
static void find_started_by_loader(struct images *m)
{
	for (size_t i = 0; !m->loader && i < m->n; i++)
		if (elf_address(&m->list[i].elf, "_r_debug"))
			m->loader = &m->list[i];
	for (size_t i = 0; (!m->exe || m->exe == m->loader) && i < m->n; i++)
		if (m->list[i].elf.debug)
			m->exe = &m->list[i];
}

/* The kernel tells at exec where it put the program (AT_PHDR) and its loader (AT_BASE). */
static void find_roles(const struct remote *r, struct images *m)
{
	struct buf b = {0};
	Elf64_auxv_t v;

	if (io_read_proc(r->pid, 0, "auxv", 4096, &b) == 0) {
		for (size_t at = 0; at + sizeof(v) <= b.len; at += sizeof(v)) {
			memcpy(&v, b.data + at, sizeof(v));
			if (v.a_type == AT_NULL)
				break;
			if (v.a_type == AT_PHDR)
				m->exe = containing(m, v.a_un.a_val);
			if (v.a_type == AT_BASE)
				m->loader = containing(m, v.a_un.a_val);
		}
	}
	buf_done(&b);
	find_started_by_loader(m);
}

void images_read(const struct remote *r, const struct maps *maps, struct images *ret)
{
	*ret = (struct images){0};
	find_images(r, maps, ret);
	find_roles(r, ret);
}

void images_done(struct images *m)
{
	free(m->list);
	*m = (struct images){0};
}

struct link {			/* glibc's and musl's struct link_map begins so (link.h) */
	uint64_t bias, name, dynamic, next, prev;
};

static const struct image *by_dynamic(const struct images *m, uint64_t dynamic)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->list[i].elf.dynamic == dynamic)
			return &m->list[i];
	return NULL;
}

static bool listed(const struct image **list, size_t n, const struct image *image)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == image)
			return true;
	return false;
}

/*
 * r_debug.r_map (8 bytes into it) is the loader's list: the program, then preloads, then the rest
 * breadth first, which is the lookup order. What is not in it (dlmopen, vdso) follows by address.
 */
const struct image **images_order(const struct images *m, size_t *ret_n)
{
	const struct image **list = mem_array(m->n + 1, sizeof(*list));
	uint64_t at = 0;
	size_t n = 0;

	if (m->n && m->exe && m->exe->elf.debug)
		(void)remote_u64(&m->exe->elf.remote, m->exe->elf.debug + 8, &at);
	for (int i = 0; at && i < LINKS_MAX; i++) {
		const struct image *image;
		struct link l;

		if (!remote_read(&m->exe->elf.remote, at, &l, sizeof(l)))
			break;
		image = by_dynamic(m, l.dynamic);
		if (image && !listed(list, n, image))
			list[n++] = image;
		at = l.next;
	}
	for (size_t i = 0; i < m->n; i++)
		if (!listed(list, n, &m->list[i]))
			list[n++] = &m->list[i];
	*ret_n = n;
	return list;
}

const struct image *images_definer(const struct images *m, const char *symbol)
{
	size_t n;
	const struct image **order = images_order(m, &n);
	const struct image *found = NULL;

	for (size_t i = 0; i < n && !found; i++)
		if (elf_address(&order[i]->elf, symbol))
			found = order[i];
	free(order);
	return found;
}
