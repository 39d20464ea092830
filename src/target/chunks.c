#include "config.h"

#include "target/chunks.h"

#include <stdlib.h>
#include <string.h>

#include "util/mem.h"

#define WINDOW_MIN 4096u
#define WINDOW_MAX (256u << 10)
#define LONG       8192u	/* a call costs as much as copying this: 1 us, 5 GB/s */
#define CHAIN      16		/* headers in a row that must agree before they are believed */
#define TRIES_STEP 256		/* such rows begun in one step, */
#define TRIES_MAX  65536	/* ... and in a region: a heap made to deceive is given up */
#define PREV_INUSE 1u
#define IS_MMAPPED 2u
#define NON_MAIN   4u
#define FLAGS      7u
#define HEADER     16u
#define CHUNK_MIN  32u
#define TCACHE_MAX 0x410u	/* largest chunk in a tcache: glibc.malloc.tcache_max is 1032 */
#define TCACHE_BINS 64u
#define TCACHE_SIZE 0x290u	/* of its chunk, 2.30 to 2.41 */
#define USER_END    (1ull << 48)	/* arm64; x86-64 has half as much */
#define SMALL      4096u	/* shorter ones are resident where their header is */
#define COUNT_MAX  (16ull << 30)	/* of one chunk, resident pages are counted in this much */
#define ABSENT_MAX (64ull << 20)	/* absent pages passed over in one step */

struct header {
	uint64_t prev_size, size;
};

enum found { FOUND, LOST, END };

void chunks_done(struct chunks *w)
{
	free(w->window);
	w->window = NULL;
	w->n = 0;
}

void chunks_begin(struct chunks *w, const struct chunks_region *region)
{
	w->region = region;
	w->pos = w->lost = region->start;
	w->synced = w->again = false;
	w->n = w->headers = 0;
	w->want = WINDOW_MIN;
	w->tries = 0;
}

/*
 * The window to addr. Where chunks are long it is small: one read for each header costs less than
 * reading all there is between them. Stops before the first page that is not resident.
 */
static bool fill(struct chunks *w, uint64_t addr)
{
	uint64_t end = w->region->end;

	if (w->headers && (addr - w->at) / w->headers > LONG)
		w->want = WINDOW_MIN;
	else
		w->want = w->want * 2 > WINDOW_MAX ? WINDOW_MAX : w->want * 2;
	w->headers = 0;
	w->at = addr;
	w->n = 0;
	if (addr >= end || !pagemap_present(w->pages, addr))
		return false;
	if (end - addr > w->want)
		end = addr + w->want;
	end = pagemap_run(w->pages, addr, end);
	if (!w->window)
		w->window = mem_pages(WINDOW_MAX);
	w->n = remote_read_some(w->remote, addr, w->window, (size_t)(end - addr));
	return w->n >= HEADER;
}

static bool in_window(const struct chunks *w, uint64_t addr, size_t n)
{
	return addr >= w->at && addr - w->at <= w->n && w->n - (addr - w->at) >= n;
}

static bool see(struct chunks *w, uint64_t addr, struct header *ret)
{
	if (!in_window(w, addr, HEADER) && !fill(w, addr))
		return false;
	memcpy(ret, w->window + (addr - w->at), sizeof(*ret));
	return true;
}

/* The same without moving the window. */
static bool peek(struct chunks *w, uint64_t addr, struct header *ret)
{
	if (in_window(w, addr, HEADER)) {
		memcpy(ret, w->window + (addr - w->at), sizeof(*ret));
		return true;
	}
	return addr < w->region->end && pagemap_present(w->pages, addr) &&
	       remote_read(w->remote, addr, ret, sizeof(*ret));
}

static uint64_t size_of(const struct header *h)
{
	return h->size & ~(uint64_t)FLAGS;
}

/* Could it be the header of a chunk at addr? NON_MAIN is only set on chunks in use. */
static bool plausible(const struct chunks *w, uint64_t addr, const struct header *h)
{
	uint64_t size = size_of(h);

	if ((h->size & IS_MMAPPED) || (h->size & NON_MAIN && w->region->main))
		return false;
	return size >= HEADER && size % 16 == 0 && size <= w->region->end - addr;
}

/*
 * Where an arena goes on elsewhere, its old end is closed with two headers without a body: sizes
 * 16 and 16 in main_arena (foreign use of sbrk), 16 and 0 at the end of a thread's heap.
 */
static bool is_fence(const struct header *h)
{
	return size_of(h) == HEADER && h->size & PREV_INUSE;
}

static bool ends_here(const struct chunks *w, uint64_t addr)
{
	return addr == w->region->end || addr == w->region->top;
}

/* Do CHAIN headers in a row, or all to the end, agree with each other? */
static bool chain_holds(struct chunks *w, uint64_t addr)
{
	struct header h, next;

	if (!peek(w, addr, &h))
		return false;
	for (int i = 0; i < CHAIN; i++) {
		uint64_t size = size_of(&h);

		if (ends_here(w, addr))
			return true;
		if (!plausible(w, addr, &h))
			return false;
		if (size < CHUNK_MIN)
			return i > 0 && is_fence(&h);
		addr += size;
		if (addr == w->region->end)
			return true;
		if (!peek(w, addr, &next))
			return false;
		if (!(next.size & PREV_INUSE) && next.prev_size != size)
			return false;
		h = next;
	}
	return true;
}

/* A chunk may claim any size that its mapping has, and untouched memory costs nothing. */
static uint64_t resident(struct chunks *w, uint64_t start, uint64_t end)
{
	return pagemap_resident(w->pages, start,
				end - start > COUNT_MAX ? start + COUNT_MAX : end);
}

static uint64_t next_present(struct chunks *w, uint64_t addr)
{
	uint64_t end = w->region->end;

	return pagemap_run(w->pages, addr, end - addr > ABSENT_MAX ? addr + ABSENT_MAX : end);
}

static void add_unknown(struct chunks *w, uint64_t start, uint64_t end)
{
	w->sum->unknown += (int64_t)(end - start);
	w->sum->unknown_resident += (int64_t)resident(w, start, end);
}

static enum found finish(struct chunks *w)
{
	w->pos = w->region->end;
	return END;
}

/* Looks for a place to go on, one window's worth of candidates. */
static enum found sync_up(struct chunks *w)
{
	struct header h;
	unsigned tries = 0;

	if (w->pos >= w->region->end || w->tries >= TRIES_MAX) {
		add_unknown(w, w->lost, w->region->end);
		return finish(w);
	}
	if (!see(w, w->pos, &h)) {
		/* no page there, or gone since it was looked up: on to the next one */
		uint64_t page = (w->pos | (w->pages->page_bytes - 1)) + 1;

		w->pos = pagemap_present(w->pages, w->pos) ? page :
			 next_present(w, w->pos);
		return LOST;
	}
	for (; in_window(w, w->pos, HEADER) && tries < TRIES_STEP; w->pos += 16) {
		memcpy(&h, w->window + (w->pos - w->at), sizeof(h));
		if (!plausible(w, w->pos, &h))
			continue;
		tries++;
		if (!chain_holds(w, w->pos))
			continue;
		add_unknown(w, w->lost, w->pos);
		w->synced = true;
		w->again = false;
		return FOUND;
	}
	w->tries += tries;
	return LOST;
}

static bool in_heap(const struct chunks *w, uint64_t addr)
{
	const struct chunks_region *r = w->region;
	size_t lo = 0, hi = w->n_regions;

	if (addr >= r->start && addr < r->end)
		return true;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		r = &w->regions[mid];
		if (addr >= r->start && addr < r->end)
			return true;
		if (addr < r->start)
			hi = mid;
		else
			lo = mid + 1;
	}
	return false;
}

static bool has_size(struct chunks *w, uint64_t chunk, uint64_t size)
{
	struct header h;

	if (in_window(w, chunk, HEADER))
		memcpy(&h, w->window + (chunk - w->at), sizeof(h));
	else if (!in_heap(w, chunk) || !pagemap_present(w->pages, chunk) ||
		 !remote_read(w->remote, chunk, &h, sizeof(h)))
		return false;
	return size_of(&h) == size;
}

/*
 * The word by which a tcache knows its own: a random number since 2.34, before that the address of
 * the tcache, which is a chunk itself. Anybody else's word is mostly the address of something.
 */
static bool is_key(struct chunks *w, uint64_t key)
{
	return key >= USER_END || key % 8 || has_size(w, key - HEADER, TCACHE_SIZE);
}

/*
 * Chunks in a tcache or fastbin look like ones in use. Since glibc 2.32 the link in their first
 * word is mixed with its own address (safe-linking); the last one of a list holds exactly its
 * address >> 12. A tcache also sets the second word (against double free) and clears it when it
 * hands the chunk out; a fastbin does not. Where the heap lies low (a program that is not position
 * independent) a pointer into it may well look like a link, and the first word of a chunk in use
 * may be what was left in it: so the next one of a list must be as large, and the key be one.
 * Links of a tcache lead to the user's memory, those of a fastbin to the header.
 */
static bool is_cached(struct chunks *w, uint64_t user, uint64_t size, const unsigned char *head)
{
	uint64_t link, key;

	memcpy(&link, head, sizeof(link));
	memcpy(&key, head + 8, sizeof(key));
	link ^= user >> 12;
	if (link & 15)
		return false;
	if (size > w->fast_max && (key == 0 || !is_key(w, key)))
		return false;
	if (link)
		return has_size(w, link - HEADER, size) ||
		       (size <= w->fast_max && has_size(w, link, size));
	w->list_ends++;
	return true;
}

/*
 * From 2.29 to 2.33 what a tcache has names it in its second word. Before 2.32 that is all that
 * tells; only what is handed on is chosen by it, the sums go by the counters.
 */
static bool names_a_tcache(const struct chunks *w, uint64_t size, const unsigned char *head,
			   size_t head_len)
{
	uint64_t key;

	if (size > TCACHE_MAX || head_len < 16)
		return false;
	memcpy(&key, head + 8, sizeof(key));
	for (size_t i = 0; i < w->n_tcaches; i++)
		if (w->tcaches[i] == key)
			return true;
	return false;
}

static void remember_tcache(struct chunks *w, uint64_t user)
{
	for (size_t i = 0; i < w->n_tcaches; i++)
		if (w->tcaches[i] == user)
			return;
	if (w->n_tcaches < CHUNKS_TCACHES)
		w->tcaches[w->n_tcaches++] = user;
}

/* The tcache of a thread, itself a chunk: counters (bytes until 2.29), then heads of lists. */
static void count_old_tcache(struct chunks *w, uint64_t user, uint64_t size)
{
	unsigned char raw[TCACHE_BINS * 2 + TCACHE_BINS * 8];
	size_t width = size == 0x250 ? 1 : 2;
	int64_t bytes = 0, n = 0;

	if (!remote_read(w->remote, user, raw, TCACHE_BINS * (width + 8)))
		return;
	for (size_t i = 0; i < TCACHE_BINS; i++) {
		uint64_t count = raw[i * width] + (width == 2 ? raw[i * 2 + 1] * 256u : 0);
		uint64_t entry;

		memcpy(&entry, raw + TCACHE_BINS * width + i * 8, sizeof(entry));
		if ((count == 0) != (entry == 0) || (entry && (entry & 15 || !in_heap(w, entry))))
			return;
		bytes += (int64_t)(count * (CHUNK_MIN + 16 * i));
		n += (int64_t)count;
	}
	w->old_bytes += bytes;
	w->old_chunks += n;
	if (n)				/* all 0 is no evidence */
		remember_tcache(w, user);
}

static void add_used(struct chunks *w, uint64_t size, uint64_t bytes,
		     const unsigned char *head, size_t head_len)
{
	struct cheap_chunk chunk = {
		.addr = w->pos + HEADER, .usable = size - 8, .head = head, .head_len = head_len,
	};

	if (size <= TCACHE_MAX && head_len >= 16 && is_cached(w, chunk.addr, size, head)) {
		w->sum->cached += (int64_t)size;
		w->sum->free_resident += (int64_t)bytes;
		return;
	}
	if (size == 0x250 || size == TCACHE_SIZE)
		count_old_tcache(w, chunk.addr, size);
	w->sum->live += (int64_t)size;
	w->sum->live_resident += (int64_t)bytes;
	w->sum->n_live++;
	if (w->each && !names_a_tcache(w, size, head, head_len))
		w->each(w->arg, &chunk);
}

/*
 * The last chunk of the arena; mostly the last of the region too. Not where main_arena goes on in
 * mappings: each new one lies below the ones before. And not where the arena has grown meanwhile.
 */
static enum found add_top(struct chunks *w)
{
	uint64_t end = w->region->end;
	struct header h;

	if (see(w, w->pos, &h) && plausible(w, w->pos, &h) && size_of(&h) >= CHUNK_MIN)
		end = w->pos + size_of(&h);
	w->sum->top += (int64_t)(end - w->pos);
	w->sum->free_resident += (int64_t)resident(w, w->pos, end);
	w->pos = end;
	w->again = false;
	return end == w->region->end ? END : FOUND;
}

/* "16, 0" or "16, 16": what comes behind belongs to someone else, or to nobody. */
static enum found pass_fence(struct chunks *w)
{
	w->synced = false;
	w->lost = w->pos;
	w->pos += 2 * HEADER;
	if (w->pos > w->region->end || !w->region->main)
		return finish(w);
	return FOUND;
}

/* How much of a chunk's memory lies in the window, as far as anyone wants it. */
static size_t head_of(const struct chunks *w, uint64_t size)
{
	uint64_t user = w->pos + HEADER, n = w->at + w->n - user;

	if (n > size - 8)
		n = size - 8;
	return n > CHEAP_HEAD ? CHEAP_HEAD : (size_t)n;
}

static enum found next_chunk(struct chunks *w)
{
	struct header h, next;
	const unsigned char *head;
	uint64_t size, bytes;
	size_t head_len;

	if (w->pos == w->region->end)
		return END;
	if (!in_window(w, w->pos, HEADER + CHEAP_HEAD) && w->pos != w->at && !fill(w, w->pos))
		return LOST;
	if (w->pos == w->region->top)
		return add_top(w);
	if (!see(w, w->pos, &h) || !plausible(w, w->pos, &h))
		return LOST;
	size = size_of(&h);
	if (size < CHUNK_MIN)
		return is_fence(&h) ? pass_fence(w) : LOST;
	if (w->pos + size == w->region->end)
		return add_top(w);
	head_len = head_of(w, size);
	head = w->window + (w->pos - w->at) + HEADER;
	if (!in_window(w, w->pos + size, HEADER))
		head = memcpy(w->head, head, head_len);
	if (!see(w, w->pos + size, &next))
		return LOST;
	if (!(next.size & PREV_INUSE) && next.prev_size != size)
		return LOST;
	bytes = size < SMALL ? size : resident(w, w->pos, w->pos + size);
	if (next.size & PREV_INUSE) {
		add_used(w, size, bytes, head, head_len);
	} else {
		w->sum->free += (int64_t)size;
		w->sum->free_resident += (int64_t)bytes;
	}
	w->pos += size;
	w->headers++;
	w->again = false;
	return FOUND;
}

/* The heap may have changed since its window was read: once more, then on from elsewhere. */
static void lose(struct chunks *w)
{
	w->n = 0;
	if (!w->again) {
		w->again = true;
		return;
	}
	w->synced = false;
	w->lost = w->pos;
	w->pos += 16;
}

bool chunks_step(struct chunks *w)
{
	uint64_t at = w->at;
	enum found found;

	do {
		found = w->synced ? next_chunk(w) : sync_up(w);
		if (found == LOST && w->synced)
			lose(w);
	} while (found == FOUND && w->at == at);
	return found != END;
}
