/*
 * The search for holders on heaps made up here and then looked at in a child: what must be bounded,
 * marked and never wrong. What is right on real heaps is told by tests/live/test_holders.c.
 */
#include "config.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "holders/crowd.h"
#include "holders/holders.h"
#include "holders/merge.h"
#include "made_shop.h"
#include "target/typehead.h"
#include "util/clock.h"
#include "util/mem.h"

static void an_object_in_a_global_list_is_named(void **state)
{
	struct shop m;
	uint64_t items[3];

	shop_init(&m);
	for (size_t i = 0; i < COUNT_OF(items); i++)
		items[i] = shop_item(&m);
	shop_set(m.globals, shop_text(&m, "cart"), shop_list(&m, items, 3, 8));
	shop_search(&m);
	assert_int_equal(m.r.n, 1);
	assert_string_equal(m.r.list[0].path, "shop.cart[*]");
	assert_string_equal(m.r.list[0].root, "module shop");
	assert_string_equal(m.r.list[0].container, "list");
	assert_int_equal(m.r.list[0].length, 3);
	assert_int_equal(m.r.list[0].samples, 3);
	assert_int_equal(m.r.refcounts.median, 1);
	assert_int_equal(m.r.refcounts.explained, 1);
	shop_done(&m);
}

static void an_object_that_is_a_global_itself_is_named(void **state)
{
	struct shop m;

	shop_init(&m);
	shop_set(m.globals, shop_text(&m, "only"), shop_item(&m));
	shop_search(&m);
	assert_int_equal(m.r.n, 1);
	assert_string_equal(m.r.list[0].path, "shop.only");
	assert_int_equal(m.r.c_only, 0);
	shop_done(&m);
}

/* No name of its own: the path says of what it is a key. */
static void a_key_of_a_modules_dict_is_named_as_one(void **state)
{
	struct shop m;

	shop_init(&m);
	shop_set(m.globals, shop_item(&m), shop_text(&m, "value"));
	shop_search(&m);
	assert_int_equal(m.r.n, 1);
	assert_string_equal(m.r.list[0].path, "shop.__dict__[*]");
	assert_string_equal(m.r.list[0].root, "module shop");
	assert_string_equal(m.r.list[0].container, "");
	shop_done(&m);
}

static void a_global_under_what_is_no_name_is_an_item_of_the_dict(void **state)
{
	struct shop m;

	shop_init(&m);
	shop_set(m.globals, shop_object(&m, m.tuple_type, SHOP_GC, 48), shop_item(&m));
	shop_search(&m);
	assert_int_equal(m.r.n, 1);
	assert_string_equal(m.r.list[0].path, "shop.__dict__[...]");
	shop_done(&m);
}

/* Asked for by address: a path of its own for each, and none for what is no object (any more). */
static void objects_asked_for_have_a_path_each(void **state)
{
	struct shop m;
	uint64_t objects[3], one;

	shop_init(&m);
	one = shop_item(&m);
	objects[0] = shop_list(&m, &one, 1, 1);
	objects[1] = shop_list(&m, &one, 1, 1);
	objects[2] = shop_item(&m);
	shop_put(objects[2], 0, 0);
	shop_set(m.globals, shop_text(&m, "cart"), objects[0]);
	shop_set(m.globals, shop_text(&m, "shelf"), objects[1]);
	shop_stand_still(&m);
	m.search = holders_new(&m.heap.py);
	assert_int_equal(holders_begin_objects(m.search, objects, COUNT_OF(objects), NULL), LT_OK);
	shop_finish(&m, CLOCK_NS_PER_MS);
	assert_int_equal(m.r.n, 2);
	for (size_t i = 0; i < m.r.n; i++)
		assert_string_equal(m.r.list[i].path,
				    m.r.list[i].object == objects[0] ? "shop.cart" : "shop.shelf");
	shop_done(&m);
}

/* Only a word of which nobody knows whose it is has the one sample. */
static void assert_by_nobody(const struct shop *m)
{
	assert_int_equal(m->r.sampled, 1);
	assert_int_equal(m->r.c_only + m->r.no_path, 1);
	for (size_t i = 0; i < m->r.n; i++)
		assert_string_equal(m->r.list[i].root, "C code");
}

static void what_lies_beyond_a_lists_length_is_not_held(void **state)
{
	struct shop m;
	uint64_t items[4] = {0}, cart;

	shop_init(&m);
	items[3] = shop_item(&m);
	cart = shop_list(&m, items, 4, 8);
	shop_put(cart, 0x10, 3);		/* popped: the word is still there */
	shop_set(m.globals, shop_text(&m, "cart"), cart);
	shop_search(&m);
	assert_by_nobody(&m);
	shop_done(&m);
}

/* Free blocks refer to each other, and the words stay: that one does makes no remains a use. */
static void a_block_that_refers_to_a_list_makes_its_remains_no_use(void **state)
{
	struct shop m;
	uint64_t items[4] = {0}, cart, inner, array;

	shop_init(&m);
	items[3] = inner = shop_item(&m);
	cart = shop_list(&m, items, 4, 8);
	shop_put(cart, 0x10, 3);
	memcpy(&array, (char *)(uintptr_t)cart + 0x18, 8);
	shop_put(shop_addr(shop_block(&m, 64)), 0, array);
	shop_set(m.globals, shop_text(&m, "cart"), cart);
	for (int i = 0; i < 4; i++)
		inner = shop_list(&m, &inner, 1, 1);
	shop_set(m.globals, shop_text(&m, "deep"), inner);
	shop_search(&m);
	assert_int_equal(m.r.n, 1);
	assert_string_equal(m.r.list[0].path, "shop.deep[0][0][0][0]");
	shop_done(&m);
}

static void what_lies_behind_the_fields_of_an_object_is_not_held(void **state)
{
	struct shop m;
	uint64_t box;

	shop_init(&m);
	box = shop_object(&m, made_heap_type(&m.heap, "shop.Box", 24, MADE_GC), SHOP_GC, 80);
	shop_put(box, 0x28, shop_item(&m));	/* in the same block, of what was there before */
	shop_set(m.globals, shop_text(&m, "box"), box);
	shop_search(&m);
	assert_by_nobody(&m);
	shop_done(&m);
}

/* One of two samples has this path, and the other one is nobody's. */
static void assert_one_of_two(const struct shop *m, const char *path)
{
	assert_int_equal(m->r.sampled, 2);
	assert_int_equal(m->r.c_only + m->r.no_path, 1);
	assert_string_equal(m->r.list[0].path, path);
	assert_int_equal(m->r.list[0].samples, 1);
}

/* Seen in 3.15: _co_unique_id, which only free-threaded builds set, has what was there before. */
static void what_a_code_object_has_behind_its_fields_is_not_held(void **state)
{
	struct shop m;
	uint64_t type, code;

	shop_init(&m);
	type = made_heap_type(&m.heap, "code", 0x90, 0);
	shop_put(type, TYPE_WEAK_AT, 0x80);
	code = shop_object(&m, type, 0, 0x90);
	shop_put(code, 0x20, shop_item(&m));
	shop_put(code, 0x88, shop_item(&m));
	shop_set(m.globals, shop_text(&m, "code"), code);
	shop_search(&m);
	assert_one_of_two(&m, "shop.code <code>");
	shop_done(&m);
}

static void what_lies_in_the_memory_of_a_lock_is_not_held(void **state)
{
	struct shop m;
	unsigned char *semaphore;
	uint64_t queue, one;

	shop_init(&m);
	semaphore = shop_block(&m, 48);
	made_put(semaphore + 16, shop_item(&m));
	one = shop_item(&m);
	queue = shop_object(&m, made_heap_type(&m.heap, "_queue.SimpleQueue", 56, MADE_GC), SHOP_GC,
			    80);
	shop_put(queue, 0x10, shop_addr(semaphore));
	shop_put(queue, 0x20, shop_list(&m, &one, 1, 1));
	shop_set(m.globals, shop_text(&m, "queue"), queue);
	shop_search(&m);
	assert_one_of_two(&m, "shop.queue <_queue.SimpleQueue>[0]");
	shop_done(&m);
}

/* 8 KiB that nobody has cleared: the lists of a program that grows were there before. */
static void what_lies_in_a_buffer_is_not_held(void **state)
{
	static const char *const types[] = {"_io.BufferedReader", "shop.Box"};
	static const char *const names[] = {"reader", "box"};
	struct shop m;

	shop_init(&m);
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		uint64_t type = made_heap_type(&m.heap, types[i], 56, MADE_GC);
		uint64_t object = shop_object(&m, type, SHOP_GC, 80);
		unsigned char *block = shop_block(&m, 48);

		made_put(block + 16, shop_item(&m));
		shop_put(object, 0x18, shop_addr(block));
		shop_set(m.globals, shop_text(&m, names[i]), object);
	}
	shop_search(&m);
	assert_one_of_two(&m, "shop.box <shop.Box>");
	shop_done(&m);
}

/* There it would be nearer to a name than by what holds it, of which nothing would be said. */
static void what_lies_behind_the_entries_of_a_modules_dict_is_not_held(void **state)
{
	struct shop m;
	uint64_t inner, keys;

	shop_init(&m);
	inner = shop_item(&m);
	memcpy(&keys, (char *)(uintptr_t)m.globals + 0x20, 8);
	shop_put(keys, 304 - 8, inner);
	for (int i = 0; i < 4; i++)
		inner = shop_list(&m, &inner, 1, 1);
	shop_set(m.globals, shop_text(&m, "deep"), inner);
	shop_search(&m);
	assert_int_equal(m.r.n, 1);
	assert_string_equal(m.r.list[0].path, "shop.deep[0][0][0][0]");
	shop_done(&m);
}

/* Where a module has its state is told by the definition of it, or from 3.15 on by itself. */
static void shop_with_modules_of(struct shop *m, struct layout *layout, uint32_t version_hex)
{
	const struct layout *l = layout_for(version_hex);

	shop_init(m);
	*layout = *m->heap.py.layout;
	layout->md_state = l->md_state;
	layout->md_def = l->md_def;
	layout->md_size = l->md_size;
	m->heap.py.layout = layout;
}

static const uint32_t module_versions[] = {0x030812f0, 0x030f02f0};

/* A global module of C code that asked for a state of so many bytes. */
static void put_extension(struct shop *m, const void *state, int64_t size)
{
	const struct layout *l = m->heap.py.layout;
	uint64_t module = shop_object(m, m->module_type, SHOP_GC, 96), of = module;

	if (l->md_def != LAYOUT_NONE) {
		of = shop_addr(shop_block(m, 112));
		shop_put(module, l->md_def, of);
	}
	shop_put(module, 0x10, shop_dict(m));
	shop_put(module, l->md_state, shop_addr(state));
	shop_put(of, l->md_size, (uint64_t)size);
	shop_set(m->globals, shop_text(m, "ext"), module);
}

/* malloc(1) is what it has of it, and in there what was there before. */
static void what_lies_in_a_state_of_no_bytes_is_not_held(void **state)
{
	static const int64_t sizes[] = {0, -1};

	for (size_t i = 0; i < 2 * COUNT_OF(module_versions); i++) {
		struct shop m;
		struct layout layout;
		unsigned char *block, *other;

		shop_with_modules_of(&m, &layout, module_versions[i / 2]);
		block = shop_block(&m, 32);
		other = shop_block(&m, 32);
		made_put(block, shop_item(&m));
		made_put(block + 8, shop_addr(other));
		made_put(other, shop_item(&m));
		put_extension(&m, block, sizes[i % 2]);
		shop_search(&m);
		assert_int_equal(m.r.sampled, 2);
		assert_int_equal(m.r.c_only + m.r.no_path, 2);
		for (size_t k = 0; k < m.r.n; k++)
			assert_string_equal(m.r.list[k].root, "C code");
		shop_done(&m);
	}
}

static void what_lies_behind_the_state_of_a_module_is_not_held(void **state)
{
	for (size_t i = 0; i < COUNT_OF(module_versions); i++) {
		struct shop m;
		struct layout layout;
		unsigned char *block, *other;

		shop_with_modules_of(&m, &layout, module_versions[i]);
		block = shop_block(&m, 64);
		other = shop_block(&m, 32);
		made_put(block, shop_item(&m));
		made_put(block + 8, shop_addr(other));
		made_put(other + 8, shop_item(&m));
		made_put(block + 16, shop_item(&m));
		put_extension(&m, block, 16);
		shop_search(&m);
		assert_int_equal(m.r.sampled, 3);
		assert_int_equal(m.r.n, m.r.c_only ? 2 : 1);
		assert_string_equal(m.r.list[0].path, "shop.ext <module>");
		assert_string_equal(m.r.list[0].root, "module shop");
		assert_int_equal(m.r.list[0].samples, 2);
		assert_int_equal(m.r.c_only + m.r.no_path, 1);
		shop_done(&m);
	}
}

static void a_ring_to_which_a_module_has_remains_is_garbage(void **state)
{
	for (size_t i = 0; i < COUNT_OF(module_versions); i++) {
		struct shop m;
		struct layout layout;
		unsigned char *block;
		uint64_t pair[2], type;

		shop_with_modules_of(&m, &layout, module_versions[i]);
		type = made_heap_type(&m.heap, "shop.Pair", 24, MADE_GC);
		for (size_t k = 0; k < 2; k++)
			pair[k] = shop_object(&m, type, SHOP_GC, 48);
		shop_put(pair[0], 0x10, pair[1]);
		shop_put(pair[1], 0x10, pair[0]);
		block = shop_block(&m, 32);
		made_put(block, pair[0]);
		put_extension(&m, block, 0);
		shop_stand_still(&m);
		m.search = holders_new(&m.heap.py);
		assert_int_equal(holders_begin(m.search, "shop.Pair", NULL), LT_OK);
		shop_finish(&m, CLOCK_NS_PER_MS);
		assert_int_equal(m.r.n, 0);
		assert_int_equal(m.r.n_cycles, 1);
		assert_int_equal(m.r.cycles[0].samples, 2);
		assert_true(m.r.cyclic == pair[0] || m.r.cyclic == pair[1]);
		shop_done(&m);
	}
}

static void a_list_that_contains_itself_ends_the_search(void **state)
{
	struct shop m;
	uint64_t items[2] = {0}, cart, *array;

	shop_init(&m);
	items[0] = shop_item(&m);
	cart = shop_list(&m, items, 2, 2);
	memcpy(&array, (char *)(uintptr_t)cart + 0x18, 8);
	array[1] = cart;
	shop_set(m.globals, shop_text(&m, "cart"), cart);
	shop_search(&m);
	assert_string_equal(m.r.list[0].path, "shop.cart[0]");
	shop_done(&m);
}

static void a_chain_of_equal_steps_is_one_step(void **state)
{
	static const struct { unsigned nodes; const char *path; } cases[] = {
		{2, "shop.head <shop.Node> <shop.Node>"},
		{3, "shop.head <shop.Node>*"},
		{40, "shop.head <shop.Node>*"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct shop m;
		uint64_t type, head;

		shop_init(&m);
		type = made_heap_type(&m.heap, "shop.Node", 24, MADE_GC);
		head = shop_item(&m);
		for (unsigned k = 0; k < cases[i].nodes; k++) {
			uint64_t node = shop_object(&m, type, SHOP_GC, 48);

			shop_put(node, 0x10, head);
			head = node;
		}
		shop_set(m.globals, shop_text(&m, "head"), head);
		shop_search(&m);
		assert_string_equal(m.r.list[0].path, cases[i].path);
		shop_done(&m);
	}
}

/* Objects of one task each, or all of one task. */
static bool is_crowd(unsigned tasks, bool *ret_above)
{
	static const struct typed task = {.form = FORM_TASK}, plain = {.form = FORM_PLAIN};
	const struct roots none = {0};
	struct graph g = {0};
	uint32_t held, of = 0;
	bool is_new, found;

	for (unsigned i = 0; i < 40; i++) {
		held = graph_node(&g, NODE_OBJECT, 0x1000 + i * 64, &is_new);
		g.nodes[held].sample = g.nodes[held].counted = true;
		g.nodes[held].typed = &plain;
		if (i < tasks) {
			of = graph_node(&g, NODE_OBJECT, 0x9000 + i * 64, &is_new);
			g.nodes[of].typed = &task;
			g.nodes[of].root = true;
		}
		assert_true(graph_link(&g, held, of, 16, true));
	}
	assert_int_equal(graph_measure(&g), 40);
	found = crowd_find(&g, &none);
	*ret_above = graph_measure(&g) == 0;
	if (found) {
		assert_true(crowd_restore(&g));
		assert_int_equal(graph_measure(&g), 40);
	}
	graph_done(&g);
	return found;
}

static void many_tasks_are_no_answer_and_one_task_is(void **state)
{
	bool above;

	assert_true(is_crowd(40, &above));
	assert_true(above);
	assert_false(is_crowd(1, &above));
	assert_false(above);
	assert_false(is_crowd(5, &above));
}

/* The way to a root counts by the word only that it has its name by. */
static void what_a_task_refers_to_besides_is_not_named_by_it(void **state)
{
	struct graph g = {0};
	bool is_new;
	uint32_t loop = graph_node(&g, NODE_OBJECT, 0x1000, &is_new);
	uint32_t of = graph_node(&g, NODE_OBJECT, 0x2000, &is_new);

	g.nodes[loop].sample = g.nodes[of].root = true;
	assert_true(graph_link(&g, loop, of, 24, false));
	assert_int_equal(graph_measure(&g), 0);
	assert_true(graph_link(&g, loop, of, 16, true));
	assert_int_equal(graph_measure(&g), 1);
	assert_int_equal(graph_find(&g, 0x2000), of);
	assert_int_equal(graph_find(&g, 0x3000), GRAPH_NONE);
	graph_done(&g);
}

static void a_path_deeper_than_fifty_levels_is_no_path(void **state)
{
	struct shop m;
	uint64_t inner;

	shop_init(&m);
	inner = shop_item(&m);
	for (int i = 0; i < 60; i++)
		inner = shop_list(&m, &inner, 1, 1);
	shop_set(m.globals, shop_text(&m, "deep"), inner);
	shop_search(&m);
	assert_int_equal(m.r.n, 0);
	assert_int_equal(m.r.no_path, 1);
	assert_true(m.r.incomplete);
	assert_true(m.r.levels <= HOLDERS_DEEPEST);
	shop_done(&m);
}

static void a_million_references_to_one_object_are_one_fan_out(void **state)
{
	const size_t n = 1000000;
	struct shop m;
	uint64_t *items;

	shop_init(&m);
	if (!shop_has_chunks(&m)) {
		shop_done(&m);
		SKIP("large arrays are found in glibc's malloc only, which a sanitizer replaces");
	}
	items = mem_array(n, 8);
	items[0] = shop_item(&m);
	for (size_t i = 1; i < n; i++)
		items[i] = items[0];
	shop_set(m.globals, shop_text(&m, "wide"), shop_list(&m, items, n, n));
	free(items);
	shop_search(&m);
	assert_int_equal(m.r.n, 1);
	assert_memory_equal(m.r.list[0].path, "shop.wide[", 10);
	assert_int_equal(m.r.list[0].length, n);
	assert_true(m.r.incomplete);
	shop_done(&m);
}

/* Of so many words not all are noted, but the one by which it has a name. */
static void what_very_many_refer_to_is_named_by_its_name(void **state)
{
	const size_t n = 5000;
	struct shop m;
	uint64_t only;

	shop_init(&m);
	only = shop_item(&m);
	m.large = mem_array(n, 8);	/* nobody's */
	for (size_t i = 0; i < n; i++)
		m.large[i] = only;
	assert_true(shop_addr(m.large) < m.globals);
	shop_set(m.globals, shop_text(&m, "only"), only);
	shop_search(&m);
	assert_int_equal(m.r.n, 1);
	assert_string_equal(m.r.list[0].path, "shop.only");
	assert_true(m.r.incomplete);
	shop_done(&m);
}

/* The block of a deque is not cleared: only between its ends are items. */
static void what_lies_beyond_the_ends_of_a_deque_is_not_held(void **state)
{
	struct shop m;
	uint64_t deque;

	shop_init(&m);
	if (!shop_has_chunks(&m)) {
		shop_done(&m);
		SKIP("blocks of a deque are found in glibc's malloc only");
	}
	deque = shop_object(&m, made_heap_type(&m.heap, "collections.deque", 80, MADE_GC), SHOP_GC,
			    96);
	m.large = mem_array(528 / 8, 8);
	for (size_t i = 0; i < 3; i++)
		m.large[1 + 30 + i] = shop_item(&m);	/* the link to the left is in front */
	shop_put(deque, 0x10, 1);
	shop_put(deque, 0x18, shop_addr(m.large));
	shop_put(deque, 0x20, shop_addr(m.large));
	shop_put(deque, 0x28, 31);
	shop_put(deque, 0x30, 31);
	shop_set(m.globals, shop_text(&m, "recent"), deque);
	shop_search(&m);
	assert_int_equal(m.r.sampled, 3);
	assert_string_equal(m.r.list[0].path, "shop.recent[*]");
	assert_int_equal(m.r.list[0].samples, 1);
	assert_int_equal(m.r.c_only + m.r.no_path, 2);
	shop_done(&m);
}

/* Of objects of any size some are in pools, and the large ones in chunks of malloc. */
static void large_objects_are_sampled_beside_small_ones(void **state)
{
	struct shop m;
	uint64_t items[2], type;

	shop_init(&m);
	if (!shop_has_chunks(&m)) {
		shop_done(&m);
		SKIP("large objects are found in glibc's malloc only");
	}
	type = made_heap_type(&m.heap, "shop.Text", 32, 0);
	((struct made_type *)(uintptr_t)type)->words[m.heap.py.layout->tp_itemsize / 8] = 1;
	items[0] = shop_object(&m, type, 0, 64);
	m.large = mem_array(150, 8);
	items[1] = shop_addr(m.large);
	shop_put(items[1], 0, 1);
	shop_put(items[1], 8, type);
	shop_set(m.globals, shop_text(&m, "cart"), shop_list(&m, items, 2, 8));
	shop_stand_still(&m);
	m.search = holders_new(&m.heap.py);
	assert_int_equal(holders_begin(m.search, "shop.Text", NULL), LT_OK);
	shop_finish(&m, CLOCK_NS_PER_MS);
	assert_int_equal(m.r.sampled, 2);
	assert_string_equal(m.r.list[0].path, "shop.cart[*]");
	assert_int_equal(m.r.list[0].samples, 2);
	shop_done(&m);
}

/* The dict has one thing that has all of them: it is no answer to where they fan out. */
static void what_all_have_in_common_is_not_where_they_fan_out(void **state)
{
	struct shop m;
	uint64_t box, threads;

	shop_init(&m);
	box = shop_object(&m, made_heap_type(&m.heap, "shop.Queue", 32, MADE_GC), SHOP_GC, 48);
	shop_put(box, 0x10, shop_item(&m));
	shop_put(box, 0x18, shop_item(&m));
	threads = shop_dict(&m);
	shop_set(threads, shop_text(&m, "worker"), box);
	shop_set(m.globals, shop_text(&m, "queues"), threads);
	shop_search(&m);
	assert_int_equal(m.r.n, 1);
	assert_string_equal(m.r.list[0].path, "shop.queues[...] <shop.Queue>");
	assert_int_equal(m.r.list[0].samples, 2);
	assert_string_equal(m.r.list[0].container, "");
	shop_done(&m);
}

static void keys_that_are_no_strings_are_hidden_and_shown_where_they_can_be(void **state)
{
	struct shop m;
	uint64_t number, by_number, by_tuple, one;

	shop_init(&m);
	number = shop_object(&m, m.heap.py.sym.long_type, 0, 32);
	shop_put(number, 0x10, 1);
	shop_put(number, 0x18, 42);
	by_number = shop_dict(&m);
	one = shop_item(&m);
	shop_set(by_number, number, one);
	shop_set(m.globals, shop_text(&m, "numbers"), by_number);
	by_tuple = shop_dict(&m);
	shop_set(by_tuple, shop_object(&m, m.tuple_type, SHOP_GC, 48), one);
	shop_set(m.globals, shop_text(&m, "tuples"), by_tuple);
	shop_search(&m);
	assert_int_equal(m.r.n, 2);
	assert_string_equal(m.r.list[0].path, "shop.numbers[...]");
	assert_string_equal(m.r.list[0].shown, "shop.numbers['42']");
	assert_string_equal(m.r.list[1].path, "shop.tuples[...]");
	assert_string_equal(m.r.list[1].shown, "shop.tuples[...]");
	shop_done(&m);
}

static void a_type_that_died_is_not_followed(void **state)
{
	struct shop m;
	uint64_t one;

	shop_init(&m);
	one = shop_item(&m);
	shop_set(m.globals, shop_text(&m, "cart"), shop_list(&m, &one, 1, 1));
	memset((void *)(uintptr_t)m.item_type, 0xdb, sizeof(struct made_type));
	shop_search(&m);
	assert_int_equal(m.r.sampled, 0);
	assert_int_equal(m.r.n, 0);
	shop_done(&m);
}

/* A list that only C code holds, and a module whose name is no str. */
static void what_no_name_leads_to_is_held_by_c_code_or_has_no_path(void **state)
{
	struct shop m;
	uint64_t one[2], number, keys;

	shop_init(&m);
	one[0] = shop_item(&m);
	one[1] = shop_item(&m);
	(void)shop_list(&m, one, 1, 1);
	shop_set(m.globals, shop_text(&m, "cart"), shop_list(&m, one + 1, 1, 1));
	number = shop_object(&m, m.heap.py.sym.long_type, 0, 32);
	memcpy(&keys, (char *)(uintptr_t)m.globals + 0x20, 8);
	shop_put(keys, (5 + 2) * 8 + 16, number);	/* __name__ */
	shop_search(&m);
	assert_int_equal(m.r.sampled, 2);
	assert_int_equal(m.r.n, 1);
	assert_string_equal(m.r.list[0].path, "C code -> list[0]");
	assert_string_equal(m.r.list[0].root, "C code");
	assert_int_equal(m.r.no_path, 1);
	assert_int_equal(m.r.c_only, 1);
	shop_done(&m);
}

static void memory_that_is_too_large_to_be_searched_is_told(void **state)
{
	struct shop m;
	void *large;

	shop_init(&m);
	shop_set(m.globals, shop_text(&m, "only"), shop_item(&m));
	large = mmap(NULL, 65ul << 30, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (large == MAP_FAILED) {
		shop_done(&m);
		SKIP("65 GiB of address space are not to be had");
	}
	shop_stand_still(&m);
	(void)munmap(large, 65ul << 30);
	shop_begin(&m);
	shop_finish(&m, CLOCK_NS_PER_MS);
	assert_true(m.r.incomplete);
	assert_int_equal(m.r.n, 1);
	shop_done(&m);
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
		cmocka_unit_test(a_block_that_refers_to_a_list_makes_its_remains_no_use),
		cmocka_unit_test(what_lies_behind_the_fields_of_an_object_is_not_held),
		cmocka_unit_test(what_a_code_object_has_behind_its_fields_is_not_held),
		cmocka_unit_test(what_lies_in_the_memory_of_a_lock_is_not_held),
		cmocka_unit_test(what_lies_in_a_buffer_is_not_held),
		cmocka_unit_test(what_lies_behind_the_entries_of_a_modules_dict_is_not_held),
		cmocka_unit_test(what_lies_in_a_state_of_no_bytes_is_not_held),
		cmocka_unit_test(what_lies_behind_the_state_of_a_module_is_not_held),
		cmocka_unit_test(a_ring_to_which_a_module_has_remains_is_garbage),
		cmocka_unit_test(a_list_that_contains_itself_ends_the_search),
		cmocka_unit_test(a_chain_of_equal_steps_is_one_step),
		cmocka_unit_test(many_tasks_are_no_answer_and_one_task_is),
		cmocka_unit_test(what_a_task_refers_to_besides_is_not_named_by_it),
		cmocka_unit_test(a_path_deeper_than_fifty_levels_is_no_path),
		cmocka_unit_test(a_million_references_to_one_object_are_one_fan_out),
		cmocka_unit_test(what_very_many_refer_to_is_named_by_its_name),
		cmocka_unit_test(what_lies_beyond_the_ends_of_a_deque_is_not_held),
		cmocka_unit_test(large_objects_are_sampled_beside_small_ones),
		cmocka_unit_test(what_all_have_in_common_is_not_where_they_fan_out),
		cmocka_unit_test(keys_that_are_no_strings_are_hidden_and_shown_where_they_can_be),
		cmocka_unit_test(a_type_that_died_is_not_followed),
		cmocka_unit_test(what_no_name_leads_to_is_held_by_c_code_or_has_no_path),
		cmocka_unit_test(memory_that_is_too_large_to_be_searched_is_told),
		cmocka_unit_test(the_interval_of_a_share_is_wilsons),
	};

	return cmocka_run_group_tests_name("holders_made", tests, NULL, NULL);
}
