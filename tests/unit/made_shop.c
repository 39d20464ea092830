#include "config.h"

#include "made_shop.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "target/cheap.h"
#include "test.h"
#include "util/clock.h"
#include "util/mem.h"

#define V38 0x030812f0
#define FLAG_UNICODE (1ul << 28)
#define ARENA_POOLS 250u
#define BALLAST (64u << 20)

unsigned char *shop_block(struct shop *m, uint32_t size)
{
	unsigned char **pool = &m->pools[size / 16];
	unsigned char *b = *pool ? made_block(&m->heap, *pool) : NULL;

	if (b)
		return b;
	if (m->next_pool == ARENA_POOLS) {
		made_heap_arena(&m->heap, ARENA_POOLS);
		m->next_pool = 0;
	}
	*pool = made_heap_pool(&m->heap, m->heap.n_places - 1, m->next_pool++, size);
	return made_block(&m->heap, *pool);
}

void shop_put(uint64_t object, int32_t at, uint64_t v)
{
	made_put((unsigned char *)(uintptr_t)object + at, v);
}

uint64_t shop_object(struct shop *m, uint64_t type, uint32_t before, uint32_t size)
{
	uint64_t o = shop_addr(shop_block(m, size)) + before;

	shop_put(o, 0, 1);
	shop_put(o, 8, type);
	return o;
}

uint64_t shop_item(struct shop *m)
{
	return shop_object(m, m->item_type, SHOP_GC, 32);
}

/* An ASCII str: header of 48 bytes in 3.8, then its characters. */
uint64_t shop_text(struct shop *m, const char *s)
{
	uint64_t o = shop_object(m, m->heap.py.sym.unicode_type, 0, 128);

	shop_put(o, 0x10, strlen(s));
	shop_put(o, 0x20, 1 << 2 | 1 << 5 | 1 << 6);
	memcpy((char *)(uintptr_t)o + 0x30, s, strlen(s) + 1);
	return o;
}

/* A large array lies in malloc'ed memory. */
uint64_t shop_list(struct shop *m, const uint64_t *items, size_t n, size_t room)
{
	uint64_t o = shop_object(m, m->heap.py.sym.list_type, SHOP_GC, 64);
	uint32_t size = (uint32_t)(room * 8 + 15) & ~15u;
	uint64_t *array = room <= 64 ? (uint64_t *)(void *)shop_block(m, size) : mem_array(room, 8);

	if (room > 64)
		m->large = array;
	memcpy(array, items, n * 8);
	shop_put(o, 0x10, n);
	shop_put(o, 0x18, shop_addr(array));
	shop_put(o, 0x20, room);
	return o;
}

/* Up to 10 entries; {refcnt, size, lookup, usable, nentries, indices[16], {hash, key, value}..} */
uint64_t shop_dict(struct shop *m)
{
	uint64_t o = shop_object(m, m->heap.py.sym.dict_type, SHOP_GC, 64);
	uint64_t *keys = (uint64_t *)(void *)shop_block(m, 304);

	keys[0] = 1;
	keys[1] = 16;
	shop_put(o, 0x20, shop_addr(keys));
	return o;
}

void shop_set(uint64_t dict, uint64_t key, uint64_t value)
{
	uint64_t *keys, *entry;

	memcpy(&keys, (char *)(uintptr_t)dict + 0x20, 8);
	entry = keys + 5 + 2 + keys[4] * 3;
	entry[1] = key;
	entry[2] = value;
	keys[4]++;
	shop_put(dict, 0x10, keys[4]);
}

void shop_init(struct shop *m)
{
	struct made_heap *h = &m->heap;
	uint64_t modules, module;

	*m = (struct shop){0};
	made_heap_init(h, V38);
	made_heap_arena(h, ARENA_POOLS);
	h->py.version_hex = V38;
	h->py.interp = shop_addr(m->interp);
	h->py.sym.long_type = made_heap_type(h, "int", 24, 1ul << 24);
	m->module_type = made_heap_type(h, "module", 72, MADE_GC);
	m->item_type = made_heap_type(h, "shop.Item", 16, MADE_GC);
	m->tuple_type = made_heap_type(h, "tuple", 24, MADE_GC | 1ul << 26);
	((struct made_type *)(uintptr_t)h->py.sym.unicode_type)->words[0xa8 / 8] |= FLAG_UNICODE;
	m->globals = shop_dict(m);
	shop_set(m->globals, shop_text(m, "__name__"), shop_text(m, "shop"));
	module = shop_object(m, m->module_type, SHOP_GC, 96);
	shop_put(module, 0x10, m->globals);
	modules = shop_dict(m);
	shop_set(modules, shop_text(m, "shop"), module);
	made_put((unsigned char *)m->interp + h->py.layout->in_modules, modules);
}

void shop_add_ballast(struct shop *m)
{
	m->ballast = mmap(NULL, BALLAST, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			  0);
	assert_true(m->ballast != MAP_FAILED);
	memset(m->ballast, 1, BALLAST);
}

void shop_stand_still(struct shop *m)
{
	fflush(NULL);
	m->child = fork();
	if (m->child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	m->heap.py.remote.pid = m->child;
}

void shop_end_child(struct shop *m)
{
	if (m->child > 0) {
		kill(m->child, SIGKILL);
		waitpid(m->child, NULL, 0);
	}
	m->child = 0;
}

void shop_done(struct shop *m)
{
	holders_free(m->search);
	shop_end_child(m);
	made_heap_done(&m->heap);
	free(m->large);
	if (m->ballast)
		(void)munmap(m->ballast, BALLAST);
}

void shop_finish(struct shop *m, int64_t step_ns)
{
	while (!holders_step(m->search, step_ns))
		;
	holders_result(m->search, &m->r);
}

void shop_begin(struct shop *m)
{
	struct lt_err err = {0};

	if (!m->search)
		m->search = holders_new(&m->heap.py);
	if (holders_begin(m->search, "shop.Item", &err) != LT_OK)
		fail_msg("%s", err.detail);
}

void shop_search(struct shop *m)
{
	shop_stand_still(m);
	shop_begin(m);
	shop_finish(m, CLOCK_NS_PER_MS);
}

void shop_nodes(struct shop *m, uint64_t type, uint64_t *nodes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		nodes[i] = shop_object(m, type, SHOP_GC, 64);
		shop_put(nodes[i], SHOP_BEFORE, i ? nodes[i - 1] : 0);
		shop_put(nodes[i], SHOP_ITEM, shop_item(m));
	}
}

bool shop_has_chunks(const struct shop *m)
{
	struct maps maps = {0};
	struct cheap *cheap;
	bool glibc;

	assert_int_equal(maps_read(getpid(), &maps, NULL), LT_OK);
	cheap = cheap_new(&m->heap.py.remote, &maps);
	glibc = cheap_kind(cheap) == CHEAP_GLIBC;
	cheap_free(cheap);
	maps_done(&maps);
	return glibc;
}

void shop_poke(const struct shop *m, uint64_t at, uint64_t v)
{
	struct iovec from = {&v, sizeof(v)}, to = {(void *)(uintptr_t)at, sizeof(v)};

	assert_int_equal(process_vm_writev(m->child, &from, 1, &to, 1, 0), sizeof(v));
}

void shop_search_to_3(struct shop *m)
{
	shop_add_ballast(m);
	shop_stand_still(m);
	shop_begin(m);
	while (holders_level(m->search) < 3)
		assert_false(holders_step(m->search, 1));
}
