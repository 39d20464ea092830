/* The scan on heaps made up in this process: what it counts, and what it must not. */
#include "config.h"
#include "test.h"

#include "census/scan.h"
#include "census/scan_store.h"
#include "made_heap.h"
#include "util/clock.h"
#include "util/mem.h"

#define V38  0x030812f0
#define V311 0x030b07f0
#define V312 0x030c01f0
#define V314 0x030e0af0
#define GC   16u

static void set_up(struct made_heap *h, uint32_t version)
{
	made_heap_init(h, version);
	made_heap_arena(h, 32);
}

static struct scan_result passed(struct scan *s, bool full)
{
	struct scan_result r;
	struct lt_err err = {0};

	if (scan_begin(s, full, &err) != LT_OK)
		fail_msg("%s", err.detail);
	while (!scan_step(s, 50 * CLOCK_NS_PER_MS))
		;
	scan_result(s, &r);
	return r;
}

static const struct census_type *of(const struct scan_result *r, const char *name)
{
	static const struct census_type none;

	for (size_t i = 0; i < r->n_types; i++)
		if (!strcmp(r->types[i].name, name))
			return &r->types[i];
	return &none;
}

static void objects_are_counted_with_the_size_of_their_blocks(void **state)
{
	static const uint32_t versions[] = {V38, V312, V314};

	for (size_t i = 0; i < COUNT_OF(versions); i++) {
		struct made_heap h;
		struct scan *s;
		struct scan_result r;
		unsigned char *pool;

		set_up(&h, versions[i]);
		s = scan_new(&h.py);
		pool = made_heap_pool(&h, 0, 0, 64);
		for (int k = 0; k < 10; k++)
			made_object(&h, pool, h.py.sym.unicode_type, 0);
		pool = made_heap_pool(&h, 0, 1, 80);
		for (int k = 0; k < 7; k++)
			made_object(&h, pool, h.py.sym.list_type, GC);
		made_block(&h, pool);			/* of nobody */
		r = passed(s, false);
		assert_true(r.full);
		assert_int_equal(of(&r, "str")->count, 10);
		assert_int_equal(of(&r, "str")->bytes, 640);
		assert_int_equal(of(&r, "list")->count, 7);
		assert_int_equal(of(&r, "list")->bytes, 560);
		assert_int_equal(r.objects, 17);
		assert_int_equal(r.blocks, 18);
		assert_int_equal(r.block_bytes, 640 + 640);
		assert_int_equal(r.explained, 640 + 560);
		assert_int_equal(r.arena_bytes, 32 * h.pool_size);
		scan_free(s);
		made_heap_done(&h);
	}
}

/* Words in the place of ob_refcnt, and whether an object with it lives. */
static void only_sane_reference_counts_are_objects(void **state)
{
	static const struct { uint64_t count; bool lives; } counts[] = {
		{1, true}, {1000000, true}, {0xffffffff, true}, {3ull << 30, true},
		{0x0005000000000001, true},	/* 3.14: flags */
		{0, false}, {0x00007f1234567890, false}, {0x0000555512345678, false},
		{0x0000000100000000, false}, {0xdddddddddddddddd, false},
	};
	struct made_heap h;
	struct scan *s;

	set_up(&h, V314);
	s = scan_new(&h.py);
	for (size_t i = 0; i < COUNT_OF(counts); i++) {
		unsigned char *pool = made_heap_pool(&h, 0, 0, 64);
		struct scan_result r;

		made_put(made_object(&h, pool, h.py.sym.unicode_type, 0), counts[i].count);
		r = passed(s, true);
		if (r.objects != counts[i].lives)
			fail_msg("count %#llx: %lld objects", (unsigned long long)counts[i].count,
				 (long long)r.objects);
	}
	scan_free(s);
	made_heap_done(&h);
}

static void a_type_counts_only_at_the_place_that_it_demands(void **state)
{
	struct made_heap h;
	struct scan *s;
	struct scan_result r;
	unsigned char *pool;
	uint64_t managed;

	set_up(&h, V312);
	managed = made_heap_type(&h, "Managed", 16, MADE_GC | 1ul << 4);
	pool = made_heap_pool(&h, 0, 0, 64);
	made_object(&h, pool, h.py.sym.list_type, 0);		/* wants a gc head */
	made_object(&h, pool, h.py.sym.unicode_type, GC);	/* has none */
	made_object(&h, pool, managed, GC);			/* wants its dict's words too */
	made_object(&h, pool, managed, 2 * GC);
	pool = made_heap_pool(&h, 0, 1, 32);
	made_object(&h, pool, h.py.sym.list_type, GC);		/* would not fit */
	s = scan_new(&h.py);
	r = passed(s, true);
	assert_int_equal(r.objects, 1);
	assert_int_equal(of(&r, "Managed")->count, 1);
	scan_free(s);
	made_heap_done(&h);
}

static void what_was_freed_is_not_counted_though_it_looks_alive(void **state)
{
	struct made_heap h;
	struct scan *s;
	struct scan_result r;
	unsigned char *pool, *block;

	set_up(&h, V38);
	pool = made_heap_pool(&h, 0, 0, 64);
	block = made_object(&h, pool, h.py.sym.list_type, GC);
	made_object(&h, pool, h.py.sym.list_type, GC);
	made_free(pool, block);
	s = scan_new(&h.py);
	r = passed(s, true);
	assert_int_equal(of(&r, "list")->count, 1);
	scan_free(s);
	made_heap_done(&h);
}

/* A table of pointers to types, or to anything, is no object and nothing is learned from it. */
static void words_that_lead_to_no_type_are_none(void **state)
{
	struct made_heap h;
	struct scan *s;
	struct scan_result r;
	unsigned char *pool;
	uint64_t words[7];

	set_up(&h, V312);
	pool = made_heap_pool(&h, 0, 0, 64);
	words[0] = h.py.sym.list_type + 16;		/* into a type */
	words[1] = (uintptr_t)pool;			/* into an arena */
	words[2] = 0x1000;
	words[3] = UINT64_MAX - 7;
	words[4] = made_heap_type(&h, "huge", 1 << 20, 0);
	words[5] = 0;					/* what the empty places of tables hold */
	words[6] = UINT64_MAX;
	for (size_t i = 0; i < COUNT_OF(words); i++)
		made_object(&h, pool, words[i], 0);
	for (size_t i = 0; i < 5; i++) {
		unsigned char *block = made_block(&h, pool);

		for (size_t k = 0; k < 8; k++)
			made_put(block + k * 8, h.py.sym.unicode_type);
	}
	s = scan_new(&h.py);
	r = passed(s, true);
	assert_int_equal(r.objects, 0);
	assert_int_equal(r.blocks, (int64_t)COUNT_OF(words) + 5);
	scan_free(s);
	made_heap_done(&h);
}

static void types_whose_names_are_gone_or_empty_are_counted(void **state)
{
	struct made_heap h;
	struct scan *s;
	unsigned char *pool;

	set_up(&h, V312);
	pool = made_heap_pool(&h, 0, 0, 64);
	made_object(&h, pool, made_heap_type(&h, "", 64, 0), 0);
	made_object(&h, pool, made_heap_type(&h, (char *)4096, 64, MADE_HEAPTYPE), 0);
	s = scan_new(&h.py);
	for (int i = 0; i < 3; i++) {	/* nor have they died by the next pass */
		struct scan_result r = passed(s, true);

		assert_int_equal(r.objects, 2);
		assert_int_equal(r.n_types, 1);
		assert_string_equal(r.types[0].name, "?");
	}
	scan_free(s);
	made_heap_done(&h);
}

static void a_list_owns_the_block_of_its_array(void **state)
{
	struct made_heap h;
	struct scan *s;
	struct scan_result r;
	unsigned char *lists, *arrays, *list;

	set_up(&h, V38);
	lists = made_heap_pool(&h, 0, 0, 64);
	arrays = made_heap_pool(&h, 0, 1, 112);
	list = made_object(&h, lists, h.py.sym.list_type, GC) + GC;
	made_put(list + h.py.layout->list_item, (uintptr_t)made_block(&h, arrays));
	made_put(list + h.py.layout->list_allocated, 13);	/* 104 bytes in a block of 112 */
	list = made_object(&h, lists, h.py.sym.list_type, GC) + GC;
	made_put(list + h.py.layout->list_item, (uintptr_t)h.types);
	made_put(list + h.py.layout->list_allocated, 1000);	/* malloc'ed */
	list = made_object(&h, lists, h.py.sym.list_type, GC) + GC;
	made_put(list + h.py.layout->list_item, (uintptr_t)h.types);
	made_put(list + h.py.layout->list_allocated, UINT64_MAX);	/* being sorted */
	s = scan_new(&h.py);
	r = passed(s, false);
	assert_int_equal(of(&r, "list")->bytes, 3 * 64 + 112 + 8000);
	assert_int_equal(r.explained, 3 * 64 + 112);
	assert_int_equal(r.block_bytes, 3 * 64 + 112);
	scan_free(s);
	made_heap_done(&h);
}

static void a_dict_owns_its_table_unless_it_is_shared(void **state)
{
	struct made_heap h;
	struct scan *s;
	struct scan_result r;
	unsigned char *dicts, *tables, *values, *dict, *table;
	uint64_t large[2] = {1, 3ull << 16 | 7 << 8 | 7};	/* log2: 128 slots, 128 of index */
	const struct layout *l;

	set_up(&h, V311);
	l = h.py.layout;
	dicts = made_heap_pool(&h, 0, 0, 64);
	tables = made_heap_pool(&h, 0, 1, 208);
	table = made_block(&h, tables);
	dict = made_object(&h, dicts, h.py.sym.dict_type, GC) + GC;
	made_put(dict + l->dict_keys, (uintptr_t)table);
	dict = made_object(&h, dicts, h.py.sym.dict_type, GC) + GC;	/* split */
	made_put(dict + l->dict_keys, (uintptr_t)made_block(&h, tables));
	values = made_heap_pool(&h, 0, 2, 96);
	made_put(dict + l->dict_values, (uintptr_t)made_block(&h, values));
	memcpy(h.types + 40, large, sizeof(large));
	dict = made_object(&h, dicts, h.py.sym.dict_type, GC) + GC;
	made_put(dict + l->dict_keys, (uintptr_t)(h.types + 40));
	dict = made_object(&h, dicts, h.py.sym.dict_type, GC) + GC;	/* of the empty ones */
	made_put(dict + l->dict_keys, h.py.where.start + 8);
	s = scan_new(&h.py);
	r = passed(s, false);
	assert_int_equal(of(&r, "dict")->bytes, 4 * 64 + 208 + 96 + (32 + 128 + 85 * 16));
	assert_int_equal(r.explained, 4 * 64 + 208 + 96);
	scan_free(s);
	made_heap_done(&h);
}

static void a_pass_reads_what_changed_and_a_sixteenth_of_the_rest(void **state)
{
	struct made_heap h;
	struct scan *s;
	struct scan_result r;
	unsigned char *pools[32];
	int64_t read = 0;

	set_up(&h, V38);
	for (uint32_t i = 0; i < 32; i++)
		made_object(&h, pools[i] = made_heap_pool(&h, 0, i, 64), h.py.sym.unicode_type, 0);
	s = scan_new(&h.py);
	r = passed(s, false);
	assert_int_equal(r.pools_read, 32);
	for (int i = 0; i < 8; i++)		/* until it is known to be quiet */
		r = passed(s, false);
	for (int i = 0; i < 16; i++) {
		r = passed(s, false);
		assert_false(r.full);
		assert_int_equal(of(&r, "str")->count, 32);
		read += r.pools_read;
	}
	assert_int_equal(read, 32);		/* each once in 16 passes */
	for (uint32_t i = 0; i < 32; i += 2)
		made_object(&h, pools[i], h.py.sym.unicode_type, 0);
	for (int i = 0; i < 4; i++)		/* it was quiet for long: so many passes at most */
		r = passed(s, false);
	assert_int_equal(of(&r, "str")->count, 48);
	scan_free(s);
	made_heap_done(&h);
}

static void a_change_in_many_quiet_arenas_is_seen_at_once(void **state)
{
	struct made_heap h;
	struct scan *s;
	struct scan_result r;
	unsigned char *pools[20];

	made_heap_init(&h, V38);
	for (uint32_t i = 0; i < COUNT_OF(pools); i++) {
		made_heap_arena(&h, 4);
		pools[i] = made_heap_pool(&h, i, 0, 64);
		made_object(&h, pools[i], h.py.sym.unicode_type, 0);
	}
	s = scan_new(&h.py);
	for (int i = 0; i < 10; i++)
		r = passed(s, false);
	for (uint32_t i = 0; i < COUNT_OF(pools); i++)
		made_object(&h, pools[i], h.py.sym.unicode_type, 0);
	r = passed(s, false);
	assert_int_equal(of(&r, "str")->count, 2 * COUNT_OF(pools));
	scan_free(s);
	made_heap_done(&h);
}

static void an_arena_that_is_given_back_takes_its_objects_along(void **state)
{
	struct made_heap h;
	struct scan *s;
	struct scan_result r;

	set_up(&h, V38);
	made_object(&h, made_heap_pool(&h, 0, 0, 64), h.py.sym.unicode_type, 0);
	made_heap_arena(&h, 8);
	made_object(&h, made_heap_pool(&h, 1, 0, 64), h.py.sym.unicode_type, 0);
	s = scan_new(&h.py);
	r = passed(s, false);
	assert_int_equal(of(&r, "str")->count, 2);
	h.table[1].address = 0;
	h.table[1].next = (uintptr_t)&h.table[2];
	r = passed(s, false);
	assert_int_equal(of(&r, "str")->count, 1);
	assert_int_equal(r.blocks, 1);
	scan_free(s);
	made_heap_done(&h);
}

static void a_type_that_died_is_not_taken_for_its_successor(void **state)
{
	static char name[16] = "First";
	struct made_heap h;
	struct scan *s;
	struct scan_result r;
	unsigned char *pool;
	uint64_t type;

	set_up(&h, V38);
	type = made_heap_type(&h, name, 32, 0);
	h.types[h.n_types - 1].words[h.py.layout->tp_flags / 8] |= MADE_HEAPTYPE;
	pool = made_heap_pool(&h, 0, 0, 64);
	for (int i = 0; i < 5; i++)
		made_object(&h, pool, type, 0);
	s = scan_new(&h.py);
	r = passed(s, false);
	assert_int_equal(of(&r, "First")->count, 5);
	strcpy(name, "Second");		/* the same address, even of the name */
	pool = made_heap_pool(&h, 0, 0, 64);
	made_object(&h, pool, type, 0);
	r = passed(s, false);
	assert_int_equal(of(&r, "First")->count, 0);
	assert_int_equal(of(&r, "Second")->count, 1);
	scan_free(s);
	made_heap_done(&h);
}

static void types_of_one_name_are_one_row(void **state)
{
	struct made_heap h;
	struct scan *s;
	struct scan_result r;
	unsigned char *pool;

	set_up(&h, V38);
	pool = made_heap_pool(&h, 0, 0, 64);
	made_object(&h, pool, made_heap_type(&h, "app.Twin", 32, 0), 0);
	made_object(&h, pool, made_heap_type(&h, "app.Twin", 48, 0), 0);
	s = scan_new(&h.py);
	r = passed(s, false);
	assert_int_equal(r.n_types, 1);
	assert_int_equal(of(&r, "app.Twin")->count, 2);
	scan_free(s);
	made_heap_done(&h);
}

static void memory_from_elsewhere_is_counted_until_it_is_shown_anew(void **state)
{
	struct made_heap h;
	struct scan *s;
	struct scan_result r;
	struct lt_err err;
	unsigned char chunk[128] = {0}, other[128] = {0};

	set_up(&h, V38);
	made_object(&h, made_heap_pool(&h, 0, 0, 64), h.py.sym.unicode_type, 0);
	made_put(chunk, 2);
	made_put(chunk + 8, h.py.sym.unicode_type);
	s = scan_new(&h.py);
	assert_int_equal(scan_begin(s, false, &err), LT_OK);
	scan_feed_begin(s);
	assert_true(scan_feed(s, chunk, sizeof(chunk), 100000));
	assert_false(scan_feed(s, other, sizeof(other), 100000));
	assert_false(scan_feed(s, chunk, 40, 100000));		/* too little of it is known */
	while (!scan_step(s, CLOCK_NS_PER_S))
		;
	scan_result(s, &r);
	assert_int_equal(of(&r, "str")->count, 2);
	assert_int_equal(of(&r, "str")->bytes, 100064);
	assert_int_equal(r.large_objects, 1);
	assert_int_equal(r.large_bytes, 100000);
	r = passed(s, false);				/* it stays until it is shown anew */
	assert_int_equal(of(&r, "str")->count, 2);
	assert_int_equal(scan_begin(s, false, &err), LT_OK);
	scan_feed_begin(s);
	while (!scan_step(s, CLOCK_NS_PER_S))
		;
	scan_result(s, &r);
	assert_int_equal(of(&r, "str")->count, 1);
	scan_free(s);
	made_heap_done(&h);
}

enum { ARENAS = 6, POOLS = 16, TYPES = 300, ROUNDS = 20000 };

struct held {			/* what one pool was last said to hold */
	struct store_entry entries[8];
	size_t n;
};

static void change_one(struct store *s, struct held held[ARENAS][POOLS], unsigned *seed)
{
	uint32_t i = (uint32_t)rand_r(seed) % ARENAS, k = (uint32_t)rand_r(seed) % POOLS;
	struct pool p = {.size = 64, .live = 9, .touched = 9};
	struct held *now = &held[i][k];

	now->n = (size_t)rand_r(seed) % 9;
	for (size_t j = 0; j < now->n; j++)
		now->entries[j] = (struct store_entry){
			.number = ((uint32_t)rand_r(seed) % 37) * 8 + (uint32_t)j,
			.count = (uint32_t)rand_r(seed) % 600,
			.owned = rand_r(seed) % 3 ? 0 : (uint64_t)rand_r(seed) << 12,
		};
	store_put(s, i, k, now->n ? &p : NULL, now->entries, now->n, 1);
}

static struct store_total sum_of(const struct held *held, uint32_t type)
{
	struct store_total sum = {0};

	for (size_t i = 0; i < ARENAS * POOLS; i++)
		for (size_t j = 0; j < held[i].n; j++)
			if (held[i].entries[j].number == type) {
				sum.count += held[i].entries[j].count;
				sum.bytes += held[i].entries[j].count * 64;
				sum.owned += held[i].entries[j].owned;
			}
	return sum;
}

/* Against a plain sum: the totals after any order of changes. */
static void totals_are_the_sum_of_what_the_pools_hold(void **state)
{
	static struct held held[ARENAS][POOLS];
	uint64_t live = 0;
	struct made_heap h;
	struct arenas *a;
	struct store s = {0};
	struct lt_err err;
	unsigned seed = 7;

	made_heap_init(&h, V38);
	for (uint32_t i = 0; i < ARENAS; i++) {
		made_heap_arena(&h, POOLS);
		made_block(&h, made_heap_pool(&h, i, 0, 64));
		made_heap_pool(&h, i, POOLS - 1, 64);
	}
	a = arenas_new(&h.py);
	assert_int_equal(arenas_refresh(a, &err), LT_OK);
	store_follow(&s, a);
	store_types(&s, TYPES);
	for (int round = 0; round < ROUNDS; round++)
		change_one(&s, held, &seed);
	for (uint32_t t = 0; t < TYPES; t++) {
		struct store_total sum = sum_of(&held[0][0], t);

		assert_int_equal(s.totals[t].count, sum.count);
		assert_int_equal(s.totals[t].bytes, sum.bytes);
		assert_int_equal(s.totals[t].owned, sum.owned);
	}
	/* all arenas but the last one are given back */
	for (size_t k = 0; k < POOLS; k++)
		live += held[ARENAS - 1][k].n ? 9 : 0;
	for (size_t i = 0; i < ARENAS - 1; i++)
		h.table[i].address = 0, h.table[i].next = (uintptr_t)&h.table[i + 1];
	made_block(&h, made_heap_pool(&h, ARENAS - 1, 0, 64));
	assert_int_equal(arenas_refresh(a, &err), LT_OK);
	store_follow(&s, a);
	assert_int_equal(s.blocks, live);
	store_done(&s);
	arenas_free(a);
	made_heap_done(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_are_counted_with_the_size_of_their_blocks),
		cmocka_unit_test(only_sane_reference_counts_are_objects),
		cmocka_unit_test(a_type_counts_only_at_the_place_that_it_demands),
		cmocka_unit_test(what_was_freed_is_not_counted_though_it_looks_alive),
		cmocka_unit_test(words_that_lead_to_no_type_are_none),
		cmocka_unit_test(types_whose_names_are_gone_or_empty_are_counted),
		cmocka_unit_test(a_list_owns_the_block_of_its_array),
		cmocka_unit_test(a_dict_owns_its_table_unless_it_is_shared),
		cmocka_unit_test(a_pass_reads_what_changed_and_a_sixteenth_of_the_rest),
		cmocka_unit_test(a_change_in_many_quiet_arenas_is_seen_at_once),
		cmocka_unit_test(an_arena_that_is_given_back_takes_its_objects_along),
		cmocka_unit_test(a_type_that_died_is_not_taken_for_its_successor),
		cmocka_unit_test(types_of_one_name_are_one_row),
		cmocka_unit_test(memory_from_elsewhere_is_counted_until_it_is_shown_anew),
		cmocka_unit_test(totals_are_the_sum_of_what_the_pools_hold),
	};

	return cmocka_run_group_tests_name("scan", tests, NULL, NULL);
}
