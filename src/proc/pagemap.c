#include "config.h"

#include "proc/pagemap.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/mem.h"

#define PRESENT (1ull << 63)	/* Documentation/admin-guide/mm/pagemap.rst; 62: swapped */

void pagemap_open(pid_t pid, struct pagemap *ret)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)pid);
	*ret = (struct pagemap){.fd = open(path, O_RDONLY | O_CLOEXEC)};
	ret->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	ret->entries = mem_array(PAGEMAP_WINDOW, sizeof(*ret->entries));
}

void pagemap_close(struct pagemap *p)
{
	if (!p->entries)
		return;
	if (p->fd >= 0)
		close(p->fd);
	free(p->entries);
	*p = (struct pagemap){.fd = -1};
}

bool pagemap_known(const struct pagemap *p)
{
	return p->fd >= 0;
}

void pagemap_forget(struct pagemap *p)
{
	p->n = 0;
}

/* What lies behind the end of the address space, or of a process that ended, is not present. */
static void look_up(struct pagemap *p, uint64_t page)
{
	const size_t size = PAGEMAP_WINDOW * sizeof(*p->entries);
	ssize_t got = pread(p->fd, p->entries, size, (off_t)(page * sizeof(*p->entries)));
	size_t known = got > 0 ? (size_t)got / sizeof(*p->entries) : 0;

	memset(p->entries + known, 0, (PAGEMAP_WINDOW - known) * sizeof(*p->entries));
	p->first = page;
	p->n = PAGEMAP_WINDOW;
}

static bool page_present(struct pagemap *p, uint64_t page)
{
	if (p->fd < 0)
		return true;
	if (page < p->first || page - p->first >= p->n)
		look_up(p, page);
	return p->entries[page - p->first] & PRESENT;
}

bool pagemap_present(struct pagemap *p, uint64_t addr)
{
	return page_present(p, addr / p->page_bytes);
}

uint64_t pagemap_run(struct pagemap *p, uint64_t addr, uint64_t limit)
{
	uint64_t page = addr / p->page_bytes, last = (limit - 1) / p->page_bytes;
	bool present = page_present(p, page);

	if (limit <= addr || p->fd < 0)
		return limit;
	while (page < last && page_present(p, page + 1) == present)
		page++;
	return page == last ? limit : (page + 1) * p->page_bytes;
}

uint64_t pagemap_resident(struct pagemap *p, uint64_t start, uint64_t end)
{
	uint64_t bytes = 0;

	while (start < end) {
		uint64_t page = start / p->page_bytes;
		uint64_t next = (page + 1) * p->page_bytes;

		if (next > end)
			next = end;
		if (page_present(p, page))
			bytes += next - start;
		start = next;
	}
	return bytes;
}
