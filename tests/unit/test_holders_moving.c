/*
 * The search for holders on heaps made up here that change while it goes on, or in which the way to
 * a name is long: lists that are linked.
 */
#include "config.h"
#include "test.h"

#include <string.h>

#include "holders/holders.h"
#include "made_shop.h"
#include "util/clock.h"
#include "util/mem.h"

/* Of 300 objects the way to the last is 300 links long: further than a path may be. */
static void a_long_list_is_walked_from_its_head(void **state)
{
	struct shop m;
	uint64_t nodes[300];

	shop_init(&m);
	shop_nodes(&m, made_heap_type(&m.heap, "shop.Node", 32, MADE_GC), nodes, COUNT_OF(nodes));
	shop_set(m.globals, shop_text(&m, "head"), nodes[COUNT_OF(nodes) - 1]);
	shop_search(&m);
	assert_int_equal(m.r.sampled, HOLDERS_SAMPLES);
	assert_string_equal(m.r.list[0].path, "shop.head <shop.Node>*");
	assert_true(m.r.list[0].samples >= HOLDERS_SAMPLES - 3);
	assert_int_equal(m.r.no_path, 0);
	shop_done(&m);
}

/* Both ways: told as one of them, not as one way and a bit of the other. */
static void a_list_that_is_linked_both_ways_is_told_as_one_way(void **state)
{
	struct shop m;
	uint64_t nodes[300];

	shop_init(&m);
	shop_nodes(&m, made_heap_type(&m.heap, "shop.Node", 40, MADE_GC), nodes, COUNT_OF(nodes));
	for (size_t i = 0; i + 1 < COUNT_OF(nodes); i++)
		shop_put(nodes[i], 0x20, nodes[i + 1]);
	shop_set(m.globals, shop_text(&m, "head"), nodes[COUNT_OF(nodes) - 1]);
	shop_search(&m);
	assert_string_equal(m.r.list[0].path, "shop.head <shop.Node>*");
	assert_int_equal(m.r.n_cycles, 0);
	shop_done(&m);
}

struct growing {		/* a list whose head is a global: nodes[n] is next */
	uint64_t nodes[3000], items[3000], type, head, collected[2];
	size_t n;
};

/* A new head, which the collector has at the end of its list. */
static void grow(const struct shop *m, struct growing *g)
{
	uint64_t node, before;

	if (g->n == COUNT_OF(g->nodes))
		return;
	node = g->nodes[g->n];
	before = g->nodes[g->n - 1];
	shop_poke(m, node - SHOP_GC, shop_addr(g->collected));
	shop_poke(m, node - SHOP_GC + 8, before - SHOP_GC);
	shop_poke(m, g->items[g->n] + 8, m->item_type);
	shop_poke(m, node + 8, g->type);
	shop_poke(m, before - SHOP_GC, node - SHOP_GC);
	shop_poke(m, shop_addr(g->collected) + 8, node - SHOP_GC);
	shop_poke(m, g->head, node);
	g->n++;
}

/* By the time that a level has ended the head that it looked for is held by the next one. */
static void a_list_that_grows_at_its_head_meanwhile_is_named_by_it(void **state)
{
	struct shop m;
	struct growing g = {.n = 500};
	uint64_t table;

	shop_init(&m);
	g.type = made_heap_type(&m.heap, "shop.Node", 32, MADE_GC);
	shop_nodes(&m, g.type, g.nodes, COUNT_OF(g.nodes));
	for (size_t i = g.n; i < COUNT_OF(g.nodes); i++) {
		memcpy(&g.items[i], (char *)(uintptr_t)g.nodes[i] + SHOP_ITEM, 8);
		shop_put(g.nodes[i], 8, 0);		/* no objects yet */
		shop_put(g.items[i], 8, 0);
	}
	m.heap.py.heads[0] = shop_addr(g.collected);
	g.collected[1] = g.nodes[g.n - 1] - SHOP_GC;
	shop_put(g.nodes[g.n - 1], -(int32_t)SHOP_GC, shop_addr(g.collected));
	shop_set(m.globals, shop_text(&m, "head"), g.nodes[g.n - 1]);
	memcpy(&table, (char *)(uintptr_t)m.globals + 0x20, 8);
	g.head = table + (5 + 2 + 3 + 2) * 8;	/* the value of its second entry */
	shop_add_ballast(&m);
	shop_stand_still(&m);
	shop_begin(&m);
	while (!holders_step(m.search, 1))
		grow(&m, &g);
	holders_result(m.search, &m.r);
	assert_true(g.n > 500 && g.n < COUNT_OF(g.nodes));
	assert_true(m.r.n > 0);
	assert_string_equal(m.r.list[0].path, "shop.head <shop.Node>*");
	shop_done(&m);
}

static void of_a_target_that_ends_meanwhile_nothing_is_said(void **state)
{
	struct shop m;
	uint64_t one;

	shop_init(&m);
	one = shop_item(&m);
	shop_set(m.globals, shop_text(&m, "cart"), shop_list(&m, &one, 1, 1));
	shop_stand_still(&m);
	shop_begin(&m);
	shop_end_child(&m);
	shop_finish(&m, CLOCK_NS_PER_MS);
	assert_int_equal(m.r.n, 0);
	assert_int_equal(m.r.n_cycles, 0);
	shop_done(&m);
}

static void a_sample_that_is_freed_meanwhile_is_counted_as_that(void **state)
{
	struct shop m;
	uint64_t items[2];

	shop_init(&m);
	for (size_t i = 0; i < COUNT_OF(items); i++)
		items[i] = shop_item(&m);
	shop_set(m.globals, shop_text(&m, "cart"), shop_list(&m, items, 2, 8));
	shop_search_to_3(&m);
	shop_poke(&m, items[1], 0);
	shop_finish(&m, CLOCK_NS_PER_MS);
	assert_int_equal(m.r.freed, 1);
	assert_int_equal(m.r.n, 1);
	assert_int_equal(m.r.list[0].samples, 1);
	assert_true(m.r.list[0].share > 0.99);
	shop_done(&m);
}

/* A word of the list that holds it becomes 0. */
static void nothing_holds_it_after(uint64_t at)
{
	struct shop m;
	uint64_t one, cart;

	shop_init(&m);
	one = shop_item(&m);
	cart = shop_list(&m, &one, 1, 8);
	shop_set(m.globals, shop_text(&m, "cart"), cart);
	shop_search_to_3(&m);
	shop_poke(&m, cart + at, 0);
	shop_finish(&m, CLOCK_NS_PER_MS);
	assert_int_equal(m.r.n, 0);
	assert_int_equal(m.r.no_path, 1);
	shop_done(&m);
}

/* Its words are all still there; only its count of references is 0. */
static void a_holder_that_is_freed_meanwhile_holds_nothing(void **state)
{
	nothing_holds_it_after(0);
}

/* clear() */
static void a_link_that_is_cut_meanwhile_is_none(void **state)
{
	nothing_holds_it_after(0x10);
}

/* As realloc() does when a list grows: the same items are in another block, and in this one not. */
static void a_list_that_moves_its_items_meanwhile_still_holds_them(void **state)
{
	struct shop m;
	uint64_t one[2], cart, moved, from, to;

	shop_init(&m);
	one[0] = shop_item(&m);
	one[1] = shop_item(&m);
	cart = shop_list(&m, one, 2, 8);
	moved = shop_list(&m, one, 0, 16);
	shop_set(m.globals, shop_text(&m, "cart"), cart);
	memcpy(&from, (char *)(uintptr_t)cart + 0x18, 8);
	memcpy(&to, (char *)(uintptr_t)moved + 0x18, 8);
	shop_search_to_3(&m);
	for (size_t i = 0; i < 2; i++) {
		shop_poke(&m, to + i * 8, one[i]);
		shop_poke(&m, from + i * 8, 0);
	}
	shop_poke(&m, cart + 0x18, to);
	shop_finish(&m, CLOCK_NS_PER_MS);
	assert_int_equal(m.r.n, 1);
	assert_string_equal(m.r.list[0].path, "shop.cart[*]");
	assert_int_equal(m.r.list[0].samples, 2);
	shop_done(&m);
}

static void a_search_can_be_abandoned_and_begun_again(void **state)
{
	struct shop m;
	uint64_t one;

	shop_init(&m);
	one = shop_item(&m);
	shop_set(m.globals, shop_text(&m, "cart"), shop_list(&m, &one, 1, 1));
	shop_stand_still(&m);
	for (int i = 0; i < 5; i++) {
		shop_begin(&m);
		for (int k = 0; k < i; k++)
			(void)holders_step(m.search, 1);
		holders_abandon(m.search);
	}
	shop_begin(&m);
	shop_finish(&m, 1);
	assert_int_equal(m.r.n, 1);
	assert_true(holders_progress(m.search) == 1.0);
	shop_done(&m);
}

/* The links of the collector's lists are the program's own: they may lead in a loop, or nowhere. */
static void lists_of_the_collector_that_lead_nowhere_do_no_harm(void **state)
{
	struct shop m;
	uint64_t lists[3][2], items[2];

	shop_init(&m);
	for (size_t i = 0; i < 3; i++)
		m.heap.py.heads[i] = shop_addr(lists[i]);
	for (size_t i = 0; i < 2; i++)
		items[i] = shop_item(&m);
	shop_set(m.globals, shop_text(&m, "one"), items[0]);
	lists[0][1] = 0x10;			/* nowhere */
	lists[1][1] = items[0] - SHOP_GC;		/* does not lead back: it is being moved */
	shop_put(items[0], -(int32_t)SHOP_GC, shop_addr(lists[0]));
	lists[2][1] = items[1] - SHOP_GC;		/* leads to itself */
	shop_put(items[1], -(int32_t)SHOP_GC, shop_addr(lists[2]));
	shop_put(items[1], 8 - (int32_t)SHOP_GC, items[1] - SHOP_GC);
	shop_search(&m);
	assert_int_equal(m.r.sampled, 2);
	assert_int_equal(m.r.newest, 1);
	assert_string_equal(m.r.list[0].path, "shop.one");
	shop_done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_long_list_is_walked_from_its_head),
		cmocka_unit_test(a_list_that_is_linked_both_ways_is_told_as_one_way),
		cmocka_unit_test(a_list_that_grows_at_its_head_meanwhile_is_named_by_it),
		cmocka_unit_test(of_a_target_that_ends_meanwhile_nothing_is_said),
		cmocka_unit_test(a_sample_that_is_freed_meanwhile_is_counted_as_that),
		cmocka_unit_test(a_holder_that_is_freed_meanwhile_holds_nothing),
		cmocka_unit_test(a_list_that_moves_its_items_meanwhile_still_holds_them),
		cmocka_unit_test(a_link_that_is_cut_meanwhile_is_none),
		cmocka_unit_test(a_search_can_be_abandoned_and_begun_again),
		cmocka_unit_test(lists_of_the_collector_that_lead_nowhere_do_no_harm),
	};

	return cmocka_run_group_tests_name("holders_moving", tests, NULL, NULL);
}
