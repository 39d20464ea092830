#include "config.h"

#include "target/mmapped.h"

#include <stdlib.h>
#include <sys/uio.h>

#include "util/mem.h"
#include "util/page.h"

#define IS_MMAPPED 2u
#define FLAGS      7u
#define HEADER     16u
#define BATCH_MAX  256u
#define FOUND_MAX  65536u		/* mp_.n_mmaps_max */
#define ALONE_MIN  (64u << 10)		/* less is believed only next to a chunk or an edge */
#define COUNT_STEP (64ull << 20)	/* of address space, in one step */
#define PLACE_MAX  (64ull << 30)	/* of a longer one, a reservation, only this is searched */

struct header {
	uint64_t prev_size, size;
};

/* For alignments of 64, 32, 16. memalign() leaves the header that it moved at 0: that is last. */
static const size_t offsets[] = {0x30, 0x10, 0};

struct start {			/* the first bytes of a page that may begin a chunk */
	struct header headers[4];
};

void mmapped_init(struct mmapped *m)
{
	*m = (struct mmapped){.told = {.n = -1}};
}

void mmapped_done(struct mmapped *m)
{
	free(m->places);
	free(m->old);
	free(m->found);
	mmapped_init(m);
}

static void add_range(struct cheap_range **list, size_t *n, size_t *cap, uint64_t start,
		      uint64_t end)
{
	if (*n == *cap) {
		*cap = *cap ? *cap * 2 : 64;
		*list = mem_resize(*list, *cap, sizeof(**list));
	}
	(*list)[(*n)++] = (struct cheap_range){start, end};
}

void mmapped_place(struct mmapped *m, uint64_t start, uint64_t end)
{
	if (start < end && end - start > PLACE_MAX)
		end = start + PLACE_MAX;
	if (start < end)
		add_range(&m->places, &m->n_places, &m->cap_places, start, end);
}

/* Is there a chunk in the page at addr? Then *ret, but for its first bytes, and its *end. */
static bool parse(const struct start *start, uint64_t addr, struct cheap_chunk *ret, uint64_t *end)
{
	for (size_t i = 0; i < COUNT_OF(offsets); i++) {
		const struct header *h = &start->headers[offsets[i] / HEADER];
		uint64_t size = h->size & ~(uint64_t)FLAGS, tail;

		if (h->prev_size != offsets[i] || (h->size & FLAGS) != IS_MMAPPED ||
		    size >= UINT64_MAX / 2)
			continue;
		tail = -(offsets[i] + size) % page_bytes();
		if (size < page_bytes() - HEADER || (tail != 0 && tail != HEADER))
			continue;
		*end = addr + offsets[i] + size + tail;
		*ret = (struct cheap_chunk){
			.addr = addr + offsets[i] + HEADER, .mmapped = true,
			.usable = size - (tail ? HEADER / 2 : HEADER),
		};
		return *end > addr;
	}
	return false;
}

/* A chunk at [start, end), in this place: believed? */
static bool believe(const struct mmapped *m, uint64_t start, uint64_t end,
		    const struct cheap_range *place)
{
	bool alone = start != place->start && end != place->end &&
		     (m->n_found == 0 || m->found[m->n_found - 1].end != start);

	if (end > place->end || (alone && end - start < ALONE_MIN))
		return false;
	return m->told.n < 0 || m->told.bytes - m->bytes >= (int64_t)(end - start);
}

static void add_found(struct mmapped *m, uint64_t start, uint64_t end, struct cheap_chunk *chunk)
{
	unsigned char head[CHEAP_HEAD];

	add_range(&m->found, &m->n_found, &m->cap_found, start, end);
	m->bytes += (int64_t)(end - start);
	m->counted = start;
	chunk->head = head;
	chunk->head_len = remote_read_some(m->remote, chunk->addr, head, sizeof(head));
	if (m->each)
		m->each(m->arg, chunk);
}

static bool still_there(const struct mmapped *m, const struct cheap_range *old,
			struct cheap_chunk *ret)
{
	struct start start;
	uint64_t end;

	return pagemap_present(m->pages, old->start) &&
	       remote_read(m->remote, old->start, &start, sizeof(start)) &&
	       parse(&start, old->start, ret, &end) && end == old->end;
}

/* Mostly the last pass's are all there are, and there is nothing to search. */
static bool old_are_all(const struct mmapped *m)
{
	struct cheap_chunk chunk;

	if ((int64_t)m->n_old != m->told.n)
		return false;
	for (size_t i = 0; i < m->n_old; i++)
		if (!still_there(m, &m->old[i], &chunk))
			return false;
	return true;
}

void mmapped_begin(struct mmapped *m, const struct glibc_mmapped *told)
{
	struct cheap_range *list = m->old;
	size_t cap = m->cap_old;

	m->old = m->found;
	m->n_old = m->n_found;
	m->cap_old = m->cap_found;
	m->found = list;
	m->cap_found = cap;
	m->n_found = m->n_places = m->place = m->again = 0;
	m->pos = m->counted = 0;
	m->bytes = m->resident = 0;
	m->batch = 1;
	m->told = told ? *told : (struct glibc_mmapped){.n = -1};
	if (!old_are_all(m))
		m->n_old = 0;
}

/* The pages of the last chunk found, a piece at a time: a huge one must not make a step long. */
static bool count_resident(struct mmapped *m)
{
	uint64_t end = m->n_found ? m->found[m->n_found - 1].end : 0;
	uint64_t stop = end - m->counted > COUNT_STEP ? m->counted + COUNT_STEP : end;

	if (m->n_found == 0 || m->counted >= end)
		return false;
	m->resident += (int64_t)pagemap_resident(m->pages, m->counted, stop);
	m->counted = stop;
	return true;
}

/* The next pages that are present, at most a batch: their first bytes. */
static size_t gather(struct mmapped *m, uint64_t limit, struct start *starts, uint64_t *pages)
{
	struct iovec from[BATCH_MAX], to = {starts, BATCH_MAX * sizeof(*starts)};
	uint64_t addr = m->pos;
	size_t n = 0;
	ssize_t got;

	while (n < m->batch && addr < limit) {
		if (!pagemap_present(m->pages, addr)) {
			addr = pagemap_run(m->pages, addr, limit - addr > COUNT_STEP
					   ? addr + COUNT_STEP : limit);
			break;
		}
		from[n] = (struct iovec){(void *)(uintptr_t)addr, sizeof(*starts)};
		pages[n++] = addr;
		addr += page_bytes();
	}
	m->pos = addr;
	got = n ? process_vm_readv(m->remote->pid, &to, 1, from, n, 0) : 0;
	return got > 0 ? (size_t)got / sizeof(*starts) : 0;
}

/* A chunk that is found makes the rest of the batch its content. */
static void search(struct mmapped *m, const struct cheap_range *place)
{
	struct start starts[BATCH_MAX];
	uint64_t pages[BATCH_MAX], end;
	size_t n = gather(m, place->end, starts, pages);
	struct cheap_chunk chunk;

	for (size_t i = 0; i < n; i++) {
		if (!parse(&starts[i], pages[i], &chunk, &end) || !believe(m, pages[i], end, place))
			continue;
		add_found(m, pages[i], end, &chunk);
		m->pos = end;
		m->batch = 1;
		return;
	}
	m->batch = m->batch * 2 > BATCH_MAX ? BATCH_MAX : m->batch * 2;
}

static bool complete(const struct mmapped *m)
{
	return m->n_found == FOUND_MAX || (int64_t)m->n_found == m->told.n;
}

bool mmapped_step(struct mmapped *m)
{
	struct cheap_chunk chunk;

	if (count_resident(m))
		return true;
	if (m->again < m->n_old) {
		const struct cheap_range *old = &m->old[m->again++];

		if (still_there(m, old, &chunk))
			add_found(m, old->start, old->end, &chunk);
		return true;
	}
	if (m->n_old || m->place >= m->n_places || complete(m))
		return false;
	if (m->pos < m->places[m->place].start)
		m->pos = m->places[m->place].start;
	if (m->pos >= m->places[m->place].end)
		m->place++;
	else
		search(m, &m->places[m->place]);
	return true;
}
