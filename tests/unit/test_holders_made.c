/*
 * The search for holders on heaps made up here and then looked at in a child: what must be bounded,
 * marked and never wrong. What is right on real heaps is told by tests/live/test_holders.c.
 */
#include "config.h"
#include "test.h"

#include <math.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "holders/holders.h"
#include "holders/merge.h"
#include "made_heap.h"
#include "target/cheap.h"
#include "target/typehead.h"
#include "util/clock.h"
#include "util/mem.h"
#include "util/num.h"

#define V38 0x030812f0
#define FLAG_UNICODE (1ul << 28)
#define GC  16u
#define ARENA_POOLS 250u
#define BALLAST (64u << 20)

struct made {			/* a target with a module `shop` */
	struct made_heap heap;
	unsigned char *pools[33];	/* by block size / 16: the one to take from */
	uint32_t next_pool;
	uint64_t interp[0x400 / 8];
	uint64_t module_type, item_type, tuple_type;
	uint64_t globals;		/* the module's dict */
	uint64_t *large;		/* owned: the array of a large list */
	void *ballast;			/* owned: makes each level longer than a step */
	pid_t child;
	struct holders *search;		/* owned, once there is one, and what it found: */
	struct holders_result r;
};

static unsigned char *block(struct made *m, uint32_t size)
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

static uint64_t addr(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

static void put(uint64_t object, int32_t at, uint64_t v)
{
	made_put((unsigned char *)(uintptr_t)object + at, v);
}

static uint64_t object(struct made *m, uint64_t type, uint32_t before, uint32_t size)
{
	uint64_t o = addr(block(m, size)) + before;

	put(o, 0, 1);
	put(o, 8, type);
	return o;
}

static uint64_t item(struct made *m)
{
	return object(m, m->item_type, GC, 32);
}

/* An ASCII str: header of 48 bytes in 3.8, then its characters. */
static uint64_t text(struct made *m, const char *s)
{
	uint64_t o = object(m, m->heap.py.sym.unicode_type, 0, 128);

	put(o, 0x10, strlen(s));
	put(o, 0x20, 1 << 2 | 1 << 5 | 1 << 6);
	memcpy((char *)(uintptr_t)o + 0x30, s, strlen(s) + 1);
	return o;
}

/* A large array lies in malloc'ed memory. */
static uint64_t list(struct made *m, const uint64_t *items, size_t n, size_t room)
{
	uint64_t o = object(m, m->heap.py.sym.list_type, GC, 64);
	uint32_t size = (uint32_t)(room * 8 + 15) & ~15u;
	uint64_t *array = room <= 64 ? (uint64_t *)(void *)block(m, size) : mem_array(room, 8);

	if (room > 64)
		m->large = array;
	memcpy(array, items, n * 8);
	put(o, 0x10, n);
	put(o, 0x18, addr(array));
	put(o, 0x20, room);
	return o;
}

/* Up to 10 entries; {refcnt, size, lookup, usable, nentries, indices[16], {hash, key, value}..} */
static uint64_t dict(struct made *m)
{
	uint64_t o = object(m, m->heap.py.sym.dict_type, GC, 64);
	uint64_t *keys = (uint64_t *)(void *)block(m, 304);

	keys[0] = 1;
	keys[1] = 16;
	put(o, 0x20, addr(keys));
	return o;
}

static void set(uint64_t dict, uint64_t key, uint64_t value)
{
	uint64_t *keys, *entry;

	memcpy(&keys, (char *)(uintptr_t)dict + 0x20, 8);
	entry = keys + 5 + 2 + keys[4] * 3;
	entry[1] = key;
	entry[2] = value;
	keys[4]++;
	put(dict, 0x10, keys[4]);
}

static void set_up(struct made *m)
{
	struct made_heap *h = &m->heap;
	uint64_t modules, module;

	*m = (struct made){0};
	made_heap_init(h, V38);
	made_heap_arena(h, ARENA_POOLS);
	h->py.version_hex = V38;
	h->py.interp = addr(m->interp);
	h->py.sym.long_type = made_heap_type(h, "int", 24, 1ul << 24);
	m->module_type = made_heap_type(h, "module", 72, MADE_GC);
	m->item_type = made_heap_type(h, "shop.Item", 16, MADE_GC);
	m->tuple_type = made_heap_type(h, "tuple", 24, MADE_GC | 1ul << 26);
	((struct made_type *)(uintptr_t)h->py.sym.unicode_type)->words[0xa8 / 8] |= FLAG_UNICODE;
	m->globals = dict(m);
	set(m->globals, text(m, "__name__"), text(m, "shop"));
	module = object(m, m->module_type, GC, 96);
	put(module, 0x10, m->globals);
	modules = dict(m);
	set(modules, text(m, "shop"), module);
	made_put((unsigned char *)m->interp + h->py.layout->in_modules, modules);
}

static void add_ballast(struct made *m)
{
	m->ballast = mmap(NULL, BALLAST, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			  0);
	assert_true(m->ballast != MAP_FAILED);
	memset(m->ballast, 1, BALLAST);
}

/* From here on the heap is that of a child which stands still. */
static void stand_still(struct made *m)
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

static void end_child(struct made *m)
{
	if (m->child > 0) {
		kill(m->child, SIGKILL);
		waitpid(m->child, NULL, 0);
	}
	m->child = 0;
}

static void tear_down(struct made *m)
{
	holders_free(m->search);
	end_child(m);
	made_heap_done(&m->heap);
	free(m->large);
	if (m->ballast)
		(void)munmap(m->ballast, BALLAST);
}

static void finish(struct made *m, int64_t step_ns)
{
	while (!holders_step(m->search, step_ns))
		;
	holders_result(m->search, &m->r);
}

static void begin(struct made *m)
{
	struct lt_err err = {0};

	if (!m->search)
		m->search = holders_new(&m->heap.py);
	if (holders_begin(m->search, "shop.Item", &err) != LT_OK)
		fail_msg("%s", err.detail);
}

static void search(struct made *m)
{
	stand_still(m);
	begin(m);
	finish(m, CLOCK_NS_PER_MS);
}

static void an_object_in_a_global_list_is_named(void **state)
{
	struct made m;
	uint64_t items[3];

	set_up(&m);
	for (size_t i = 0; i < COUNT_OF(items); i++)
		items[i] = item(&m);
	set(m.globals, text(&m, "cart"), list(&m, items, 3, 8));
	search(&m);
	assert_int_equal(m.r.n, 1);
	assert_string_equal(m.r.list[0].path, "shop.cart[*]");
	assert_string_equal(m.r.list[0].root, "module shop");
	assert_string_equal(m.r.list[0].container, "list");
	assert_int_equal(m.r.list[0].length, 3);
	assert_int_equal(m.r.list[0].samples, 3);
	assert_int_equal(m.r.refcounts.median, 1);
	assert_int_equal(m.r.refcounts.explained, 1);
	tear_down(&m);
}

static void an_object_that_is_a_global_itself_is_named(void **state)
{
	struct made m;

	set_up(&m);
	set(m.globals, text(&m, "only"), item(&m));
	search(&m);
	assert_int_equal(m.r.n, 1);
	assert_string_equal(m.r.list[0].path, "shop.only");
	assert_int_equal(m.r.c_only, 0);
	tear_down(&m);
}

/* No name of its own: the path says of what it is a key. */
static void a_key_of_a_modules_dict_is_named_as_one(void **state)
{
	struct made m;

	set_up(&m);
	set(m.globals, item(&m), text(&m, "value"));
	search(&m);
	assert_int_equal(m.r.n, 1);
	assert_string_equal(m.r.list[0].path, "shop.__dict__[*]");
	assert_string_equal(m.r.list[0].root, "module shop");
	assert_string_equal(m.r.list[0].container, "");
	tear_down(&m);
}

static void a_global_under_what_is_no_name_is_an_item_of_the_dict(void **state)
{
	struct made m;

	set_up(&m);
	set(m.globals, object(&m, m.tuple_type, GC, 48), item(&m));
	search(&m);
	assert_int_equal(m.r.n, 1);
	assert_string_equal(m.r.list[0].path, "shop.__dict__[...]");
	tear_down(&m);
}

/* Asked for by address: a path of its own for each, and none for what is no object (any more). */
static void objects_asked_for_have_a_path_each(void **state)
{
	struct made m;
	uint64_t objects[3], one;

	set_up(&m);
	one = item(&m);
	objects[0] = list(&m, &one, 1, 1);
	objects[1] = list(&m, &one, 1, 1);
	objects[2] = item(&m);
	put(objects[2], 0, 0);
	set(m.globals, text(&m, "cart"), objects[0]);
	set(m.globals, text(&m, "shelf"), objects[1]);
	stand_still(&m);
	m.search = holders_new(&m.heap.py);
	assert_int_equal(holders_begin_objects(m.search, objects, COUNT_OF(objects), NULL), LT_OK);
	finish(&m, CLOCK_NS_PER_MS);
	assert_int_equal(m.r.n, 2);
	for (size_t i = 0; i < m.r.n; i++)
		assert_string_equal(m.r.list[i].path,
				    m.r.list[i].object == objects[0] ? "shop.cart" : "shop.shelf");
	tear_down(&m);
}

static void what_lies_beyond_a_lists_length_is_not_held(void **state)
{
	struct made m;
	uint64_t items[4] = {0}, cart;

	set_up(&m);
	items[3] = item(&m);
	cart = list(&m, items, 4, 8);
	put(cart, 0x10, 3);		/* popped: the word is still there */
	set(m.globals, text(&m, "cart"), cart);
	search(&m);
	assert_int_equal(m.r.sampled, 1);
	assert_int_equal(m.r.c_only + m.r.no_path, 1);
	for (size_t i = 0; i < m.r.n; i++)
		assert_string_equal(m.r.list[i].root, "C code");
	tear_down(&m);
}

/* Seen in 3.15: _co_unique_id, which only free-threaded builds set, has what was there before. */
static void what_a_code_object_has_behind_its_fields_is_not_held(void **state)
{
	struct made m;
	uint64_t type, code;

	set_up(&m);
	type = made_heap_type(&m.heap, "code", 0x90, 0);
	put(type, TYPE_WEAK_AT, 0x80);
	code = object(&m, type, 0, 0x90);
	put(code, 0x20, item(&m));
	put(code, 0x88, item(&m));
	set(m.globals, text(&m, "code"), code);
	search(&m);
	assert_int_equal(m.r.sampled, 2);
	assert_int_equal(m.r.c_only, 1);
	assert_string_equal(m.r.list[0].path, "shop.code <code>");
	assert_int_equal(m.r.list[0].samples, 1);
	tear_down(&m);
}

static void a_list_that_contains_itself_ends_the_search(void **state)
{
	struct made m;
	uint64_t items[2] = {0}, cart, *array;

	set_up(&m);
	items[0] = item(&m);
	cart = list(&m, items, 2, 2);
	memcpy(&array, (char *)(uintptr_t)cart + 0x18, 8);
	array[1] = cart;
	set(m.globals, text(&m, "cart"), cart);
	search(&m);
	assert_string_equal(m.r.list[0].path, "shop.cart[0]");
	tear_down(&m);
}

static void a_path_deeper_than_fifty_levels_is_no_path(void **state)
{
	struct made m;
	uint64_t inner;

	set_up(&m);
	inner = item(&m);
	for (int i = 0; i < 60; i++)
		inner = list(&m, &inner, 1, 1);
	set(m.globals, text(&m, "deep"), inner);
	search(&m);
	assert_int_equal(m.r.n, 0);
	assert_int_equal(m.r.no_path, 1);
	assert_true(m.r.incomplete);
	assert_true(m.r.levels <= HOLDERS_DEEPEST);
	tear_down(&m);
}

static void a_million_references_to_one_object_are_one_fan_out(void **state)
{
	const size_t n = 1000000;
	struct made m;
	uint64_t *items;
	struct maps maps = {0};
	struct cheap *cheap;
	bool glibc;

	set_up(&m);
	assert_int_equal(maps_read(getpid(), &maps, NULL), LT_OK);
	cheap = cheap_new(&m.heap.py.remote, &maps);
	glibc = cheap_kind(cheap) == CHEAP_GLIBC;
	cheap_free(cheap);
	maps_done(&maps);
	if (!glibc) {
		tear_down(&m);
		SKIP("large arrays are found in glibc's malloc only, which a sanitizer replaces");
	}
	items = mem_array(n, 8);
	items[0] = item(&m);
	for (size_t i = 1; i < n; i++)
		items[i] = items[0];
	set(m.globals, text(&m, "wide"), list(&m, items, n, n));
	free(items);
	search(&m);
	assert_int_equal(m.r.n, 1);
	assert_memory_equal(m.r.list[0].path, "shop.wide[", 10);
	assert_int_equal(m.r.list[0].length, n);
	assert_true(m.r.incomplete);
	tear_down(&m);
}

static void keys_that_are_no_strings_are_hidden_and_shown_where_they_can_be(void **state)
{
	struct made m;
	uint64_t number, by_number, by_tuple, one;

	set_up(&m);
	number = object(&m, m.heap.py.sym.long_type, 0, 32);
	put(number, 0x10, 1);
	put(number, 0x18, 42);
	by_number = dict(&m);
	one = item(&m);
	set(by_number, number, one);
	set(m.globals, text(&m, "numbers"), by_number);
	by_tuple = dict(&m);
	set(by_tuple, object(&m, m.tuple_type, GC, 48), one);
	set(m.globals, text(&m, "tuples"), by_tuple);
	search(&m);
	assert_int_equal(m.r.n, 2);
	assert_string_equal(m.r.list[0].path, "shop.numbers[...]");
	assert_string_equal(m.r.list[0].shown, "shop.numbers['42']");
	assert_string_equal(m.r.list[1].path, "shop.tuples[...]");
	assert_string_equal(m.r.list[1].shown, "shop.tuples[...]");
	tear_down(&m);
}

static void of_a_target_that_ends_meanwhile_nothing_is_said(void **state)
{
	struct made m;
	uint64_t one;

	set_up(&m);
	one = item(&m);
	set(m.globals, text(&m, "cart"), list(&m, &one, 1, 1));
	stand_still(&m);
	begin(&m);
	end_child(&m);
	finish(&m, CLOCK_NS_PER_MS);
	assert_int_equal(m.r.n, 0);
	assert_int_equal(m.r.n_cycles, 0);
	tear_down(&m);
}

static void a_type_that_died_is_not_followed(void **state)
{
	struct made m;
	uint64_t one;

	set_up(&m);
	one = item(&m);
	set(m.globals, text(&m, "cart"), list(&m, &one, 1, 1));
	memset((void *)(uintptr_t)m.item_type, 0xdb, sizeof(struct made_type));
	search(&m);
	assert_int_equal(m.r.sampled, 0);
	assert_int_equal(m.r.n, 0);
	tear_down(&m);
}

/* Changes a word of the child. */
static void poke(const struct made *m, uint64_t at, uint64_t v)
{
	struct iovec from = {&v, sizeof(v)}, to = {(void *)(uintptr_t)at, sizeof(v)};

	assert_int_equal(process_vm_writev(m->child, &from, 1, &to, 1, 0), sizeof(v));
}

/* Goes on to the third level: what holds the list that holds the sample is looked for now. */
static void search_to_level_3(struct made *m)
{
	add_ballast(m);
	stand_still(m);
	begin(m);
	while (holders_level(m->search) < 3)
		assert_false(holders_step(m->search, 1));
}

static void a_sample_that_is_freed_meanwhile_is_counted_as_that(void **state)
{
	struct made m;
	uint64_t items[2];

	set_up(&m);
	for (size_t i = 0; i < COUNT_OF(items); i++)
		items[i] = item(&m);
	set(m.globals, text(&m, "cart"), list(&m, items, 2, 8));
	search_to_level_3(&m);
	poke(&m, items[1], 0);
	finish(&m, CLOCK_NS_PER_MS);
	assert_int_equal(m.r.freed, 1);
	assert_int_equal(m.r.n, 1);
	assert_int_equal(m.r.list[0].samples, 1);
	assert_true(m.r.list[0].share > 0.99);
	tear_down(&m);
}

/* Its words are all still there; only its count of references is 0. */
static void a_holder_that_is_freed_meanwhile_holds_nothing(void **state)
{
	struct made m;
	uint64_t one, cart;

	set_up(&m);
	one = item(&m);
	cart = list(&m, &one, 1, 8);
	set(m.globals, text(&m, "cart"), cart);
	search_to_level_3(&m);
	poke(&m, cart, 0);
	finish(&m, CLOCK_NS_PER_MS);
	assert_int_equal(m.r.n, 0);
	assert_int_equal(m.r.no_path, 1);
	tear_down(&m);
}

static void a_link_that_is_cut_meanwhile_is_none(void **state)
{
	struct made m;
	uint64_t one, cart;

	set_up(&m);
	one = item(&m);
	cart = list(&m, &one, 1, 8);
	set(m.globals, text(&m, "cart"), cart);
	search_to_level_3(&m);
	poke(&m, cart + 0x10, 0);	/* clear() */
	finish(&m, CLOCK_NS_PER_MS);
	assert_int_equal(m.r.n, 0);
	assert_int_equal(m.r.no_path, 1);
	tear_down(&m);
}

/* A list that only C code holds, and a module whose name is no str. */
static void what_no_name_leads_to_has_no_path(void **state)
{
	struct made m;
	uint64_t one[2], number, keys;

	set_up(&m);
	one[0] = item(&m);
	one[1] = item(&m);
	(void)list(&m, one, 1, 1);
	set(m.globals, text(&m, "cart"), list(&m, one + 1, 1, 1));
	number = object(&m, m.heap.py.sym.long_type, 0, 32);
	memcpy(&keys, (char *)(uintptr_t)m.globals + 0x20, 8);
	put(keys, (5 + 2) * 8 + 16, number);	/* __name__ */
	search(&m);
	assert_int_equal(m.r.sampled, 2);
	assert_int_equal(m.r.n, 0);
	assert_int_equal(m.r.no_path, 2);
	assert_int_equal(m.r.c_only, 0);
	tear_down(&m);
}

static void memory_that_is_too_large_to_be_searched_is_told(void **state)
{
	struct made m;
	void *large;

	set_up(&m);
	set(m.globals, text(&m, "only"), item(&m));
	large = mmap(NULL, 65ul << 30, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (large == MAP_FAILED) {
		tear_down(&m);
		SKIP("65 GiB of address space are not to be had");
	}
	stand_still(&m);
	(void)munmap(large, 65ul << 30);
	begin(&m);
	finish(&m, CLOCK_NS_PER_MS);
	assert_true(m.r.incomplete);
	assert_int_equal(m.r.n, 1);
	tear_down(&m);
}

static void a_search_can_be_abandoned_and_begun_again(void **state)
{
	struct made m;
	uint64_t one;

	set_up(&m);
	one = item(&m);
	set(m.globals, text(&m, "cart"), list(&m, &one, 1, 1));
	stand_still(&m);
	for (int i = 0; i < 5; i++) {
		begin(&m);
		for (int k = 0; k < i; k++)
			(void)holders_step(m.search, 1);
		holders_abandon(m.search);
	}
	begin(&m);
	finish(&m, 1);
	assert_int_equal(m.r.n, 1);
	assert_true(holders_progress(m.search) == 1.0);
	tear_down(&m);
}

static void the_interval_of_a_share_is_wilsons(void **state)
{
	double low, high;

	merge_interval(197, 200, &low, &high);	/* the formula's, computed elsewhere */
	assert_true(fabs(low - 0.9568) < 0.0005 && fabs(high - 0.9949) < 0.0005);
	merge_interval(0, 200, &low, &high);
	assert_true(low < 1e-9 && fabs(high - 0.0188) < 0.0005);
	merge_interval(200, 200, &low, &high);
	assert_true(high <= 1 && high > 1 - 1e-9 && fabs(low - 0.9812) < 0.0005);
	merge_interval(0, 0, &low, &high);
	assert_true(low == 0 && high <= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_object_in_a_global_list_is_named),
		cmocka_unit_test(an_object_that_is_a_global_itself_is_named),
		cmocka_unit_test(a_key_of_a_modules_dict_is_named_as_one),
		cmocka_unit_test(a_global_under_what_is_no_name_is_an_item_of_the_dict),
		cmocka_unit_test(objects_asked_for_have_a_path_each),
		cmocka_unit_test(what_lies_beyond_a_lists_length_is_not_held),
		cmocka_unit_test(what_a_code_object_has_behind_its_fields_is_not_held),
		cmocka_unit_test(a_list_that_contains_itself_ends_the_search),
		cmocka_unit_test(a_path_deeper_than_fifty_levels_is_no_path),
		cmocka_unit_test(a_million_references_to_one_object_are_one_fan_out),
		cmocka_unit_test(keys_that_are_no_strings_are_hidden_and_shown_where_they_can_be),
		cmocka_unit_test(of_a_target_that_ends_meanwhile_nothing_is_said),
		cmocka_unit_test(a_type_that_died_is_not_followed),
		cmocka_unit_test(a_sample_that_is_freed_meanwhile_is_counted_as_that),
		cmocka_unit_test(a_holder_that_is_freed_meanwhile_holds_nothing),
		cmocka_unit_test(a_link_that_is_cut_meanwhile_is_none),
		cmocka_unit_test(what_no_name_leads_to_has_no_path),
		cmocka_unit_test(memory_that_is_too_large_to_be_searched_is_told),
		cmocka_unit_test(a_search_can_be_abandoned_and_begun_again),
		cmocka_unit_test(the_interval_of_a_share_is_wilsons),
	};

	return cmocka_run_group_tests_name("holders_made", tests, NULL, NULL);
}
