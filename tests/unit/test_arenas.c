/* Pools and arenas made up in this process, sound ones and every kind of broken one. */
#include "config.h"
#include "test.h"

#include "made_heap.h"
#include "target/arenas.h"
#include "util/mem.h"

#define V38  0x030812f0
#define V312 0x030c01f0

static void set_up(struct made_heap *h, uint32_t version)
{
	made_heap_init(h, version);
	made_heap_arena(h, 16);
}

static void a_pool_tells_its_blocks(void **state)
{
	static const uint32_t versions[] = {V38, V312};

	for (size_t i = 0; i < COUNT_OF(versions); i++) {
		struct made_heap h;
		struct pool p;
		unsigned char *pool, *block;

		set_up(&h, versions[i]);
		pool = made_heap_pool(&h, 0, 3, 64);
		assert_false(pool_parse(pool, (uintptr_t)pool, h.pool_size, &p));	/* empty */
		block = made_block(&h, pool);
		made_block(&h, pool);
		made_free(pool, block);
		assert_true(pool_parse(pool, (uintptr_t)pool, h.pool_size, &p));
		assert_int_equal(p.size, 64);
		assert_int_equal(p.live, 1);
		assert_int_equal(p.touched, 2);
		assert_int_equal(p.free_at, POOL_HEADER);
		made_heap_done(&h);
	}
}

static void a_header_that_contradicts_itself_is_no_pool(void **state)
{
	static const struct { size_t at; uint32_t value; } faults[] = {
		{0, 0}, {0, 4}, {36, 4}, {36, 0xffff}, {40, 47}, {40, 48 + 63}, {40, 4097},
		{44, 4096}, {44, 4096 - 72}, {44, 3000}, {44, 0}, {8, 1},
	};
	struct made_heap h;
	struct pool p;
	unsigned char *pool, copy[POOL_HEADER];

	set_up(&h, V38);
	pool = made_heap_pool(&h, 0, 0, 64);
	for (int i = 0; i < 3; i++)
		made_block(&h, pool);
	assert_true(pool_parse(pool, (uintptr_t)pool, h.pool_size, &p));
	for (size_t i = 0; i < COUNT_OF(faults); i++) {
		memcpy(copy, pool, sizeof(copy));
		memcpy(copy + faults[i].at, &faults[i].value, sizeof(faults[i].value));
		if (pool_parse(copy, (uintptr_t)pool, h.pool_size, &p))
			fail_msg("fault %zu is not seen", i);
	}
	made_heap_done(&h);
}

static void older_patches_align_blocks_to_eight(void **state)
{
	struct made_heap h;
	struct pool p;
	unsigned char *pool;
	uint32_t tail[4] = {0, 4, POOL_HEADER, 4096 - 40};

	set_up(&h, V38);
	pool = made_heap_pool(&h, 0, 0, 64);
	memcpy(pool + 32, tail, sizeof(tail));
	made_block(&h, pool);
	assert_true(pool_parse(pool, (uintptr_t)pool, h.pool_size, &p));
	assert_int_equal(p.size, 40);
	made_heap_done(&h);
}

static void the_chain_of_free_blocks_is_followed(void **state)
{
	uint64_t bits[POOL_BLOCKS_MAX / 64];
	unsigned char *blocks[20], *pool;
	struct made_heap h;
	struct pool p;

	set_up(&h, V38);
	pool = made_heap_pool(&h, 0, 1, 48);
	for (size_t i = 0; i < COUNT_OF(blocks); i++)
		blocks[i] = made_block(&h, pool);
	made_free(pool, blocks[7]);
	made_free(pool, blocks[19]);
	made_free(pool, blocks[0]);
	assert_true(pool_parse(pool, (uintptr_t)pool, h.pool_size, &p));
	assert_true(pool_free_bits(&p, pool, (uintptr_t)pool, bits));
	assert_int_equal(bits[0], 1u << 7 | 1u << 19 | 1u);
	made_heap_done(&h);
}

static void a_torn_chain_ends_and_is_told(void **state)
{
	uint64_t bits[POOL_BLOCKS_MAX / 64];
	struct made_heap h;
	unsigned char *pool, *a, *b;
	struct pool p;
	uint64_t bad[5];

	set_up(&h, V38);
	pool = made_heap_pool(&h, 0, 1, 48);
	a = made_block(&h, pool);
	b = made_block(&h, pool);
	made_block(&h, pool);
	made_free(pool, a);
	made_free(pool, b);
	bad[0] = (uintptr_t)b;			/* to itself */
	bad[1] = (uintptr_t)b + 8;		/* between two blocks */
	bad[2] = (uintptr_t)pool + 8;		/* into the header */
	bad[3] = (uintptr_t)pool + 4096;	/* out of it */
	bad[4] = 0;				/* too short */
	assert_true(pool_parse(pool, (uintptr_t)pool, h.pool_size, &p));
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		made_put(b, bad[i]);
		assert_false(pool_free_bits(&p, pool, (uintptr_t)pool, bits));
	}
	made_heap_done(&h);
}

static struct arenas *found(struct made_heap *h, size_t places)
{
	struct arenas *a = arenas_new(&h->py);
	struct lt_err err = {0};

	assert_int_equal(arenas_refresh(a, &err), LT_OK);
	assert_true(arenas_count(a) >= places);
	return a;
}

static void the_table_is_found_and_followed_when_it_moves(void **state)
{
	struct made_heap h;
	struct made_place *old;
	struct arenas *a;
	struct lt_err err;
	uint64_t second;
	uint32_t pool;
	size_t i;

	set_up(&h, V38);
	made_block(&h, made_heap_pool(&h, 0, 0, 64));
	made_roots[1] = made_roots[0];		/* usable_arenas, as long as it is the first */
	a = found(&h, 16);
	assert_int_equal(arenas_at(a, 0)->carved, 1);
	assert_int_equal(arenas_at(a, 0)->pools, 16);
	assert_int_equal(arenas_at(a, 1)->address, 0);

	second = made_heap_arena(&h, 16);
	made_block(&h, made_heap_pool(&h, 1, 4, 64));
	old = h.table;
	h.table = (struct made_place *)((char *)(h.types + 32));	/* elsewhere, and mapped */
	memcpy(h.table, old, MADE_PLACES * sizeof(*old));
	for (i = 2; i < MADE_PLACES; i++)
		h.table[i].next = i + 1 < MADE_PLACES ? (uintptr_t)&h.table[i + 1] : 0;
	memset(old, 0xee, MADE_PLACES * sizeof(*old));
	made_roots[0] = (uintptr_t)h.table;
	made_roots[1] = (uintptr_t)&h.table[1];
	assert_int_equal(arenas_refresh(a, &err), LT_OK);
	assert_int_equal(arenas_at(a, 1)->address, second);
	assert_int_equal(arenas_at(a, 1)->carved, 5);
	assert_true(arenas_find(a, second + 2 * h.pool_size + 77, &i, &pool));
	assert_int_equal(i, 1);
	assert_int_equal(pool, 2);
	assert_false(arenas_find(a, (uintptr_t)&h, &i, &pool));
	arenas_free(a);
	h.table = old;
	h.n_places = 0;
	made_heap_done(&h);
}

static void a_table_whose_pools_name_another_place_is_none(void **state)
{
	struct made_heap h;
	struct lt_err err = {0};
	struct arenas *a;
	unsigned char *pool;

	set_up(&h, V312);
	pool = made_heap_pool(&h, 0, 0, 64);
	made_block(&h, pool);
	made_put(pool + 32, 5);
	a = arenas_new(&h.py);
	assert_int_equal(arenas_refresh(a, &err), LT_E_ALLOCATOR);
	arenas_free(a);
	made_heap_done(&h);
}

static void without_arenas_it_is_refused(void **state)
{
	struct made_heap h;
	struct lt_err err = {0};
	struct arenas *a;

	made_heap_init(&h, V312);		/* PYTHONMALLOC=malloc: the table was never made */
	a = arenas_new(&h.py);
	assert_int_equal(arenas_refresh(a, &err), LT_E_ALLOCATOR);
	arenas_free(a);
	made_heap_done(&h);
}

static enum lt_errc check_with_objects_at(uint32_t shift, uint32_t n)
{
	struct made_heap h;
	struct lt_err err = {0};
	unsigned char *pool = NULL;
	struct arenas *a;
	enum lt_errc rc;

	set_up(&h, V312);
	for (uint32_t i = 0; i < n; i++) {
		if (i % 100 == 0)
			pool = made_heap_pool(&h, 0, i / 100, 96);
		made_object(&h, pool, h.py.sym.unicode_type, shift);
	}
	a = found(&h, 1);
	rc = arenas_check_blocks(a, &err);
	arenas_free(a);
	made_heap_done(&h);
	return rc;
}

static void blocks_of_the_debug_allocator_are_refused(void **state)
{
	assert_int_equal(check_with_objects_at(0, 1500), LT_OK);
	assert_int_equal(check_with_objects_at(16, 1500), LT_E_ALLOCATOR);
	assert_int_equal(check_with_objects_at(0, 50), LT_E_ALLOCATOR);	/* hardly any */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pool_tells_its_blocks),
		cmocka_unit_test(a_header_that_contradicts_itself_is_no_pool),
		cmocka_unit_test(older_patches_align_blocks_to_eight),
		cmocka_unit_test(the_chain_of_free_blocks_is_followed),
		cmocka_unit_test(a_torn_chain_ends_and_is_told),
		cmocka_unit_test(the_table_is_found_and_followed_when_it_moves),
		cmocka_unit_test(a_table_whose_pools_name_another_place_is_none),
		cmocka_unit_test(without_arenas_it_is_refused),
		cmocka_unit_test(blocks_of_the_debug_allocator_are_refused),
	};

	return cmocka_run_group_tests_name("arenas", tests, NULL, NULL);
}
