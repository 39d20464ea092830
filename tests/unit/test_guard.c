/*
 * The helper on a heap made of paper, where pointers lead to memory that is not there: nothing is
 * read outside of the ranges that it was given, and new ranges are all that it needs to go on.
 */
#include "config.h"
#include "test.h"

#include "paper_heap.c"		/* NOLINT: a fixture of statics, each test has its own */

static void memory_that_is_new_ends_a_slice_and_is_counted_in_the_next(void **state)
{
	int slices = 0;
	uint32_t status;

	fill(2, SOME);
	set_hole(addr(&objects[10]), addr(&objects[SOME - 10]));
	status = slice(AGENT_OP_BEGIN);
	for (int k = 13; status == AGENT_OUTSIDE && k < SOME / 2; k += 6, slices++) {
		set_hole(addr(&objects[k]), addr(&objects[SOME - k]));
		status = slice(AGENT_OP_STEP);
	}
	assert_int_equal(status, AGENT_OUTSIDE);
	assert_true(slices > 5);
	assert_true(block.b.objects > SOME - 10 && block.b.objects < SOME);
	set_no_hole();
	assert_int_equal(go_on(), AGENT_OK);
	assert_int_equal(block.b.objects, SOME);
	assert_int_equal(entry(0)->count + entry(1)->count + entry(2)->count, SOME);
	assert_int_equal(block.b.restarts, 0);
	assert_int_equal(block.b.approximate, 0);
	assert_int_equal(whole_ring(2), SOME);
}

static void what_is_older_is_counted_while_the_newest_is_where_memory_is_new(void **state)
{
	fill(2, SOME);
	set_hole(addr(&objects[SOME - 1]), addr(&objects[OBJECTS]));
	assert_int_equal(slice(AGENT_OP_BEGIN), AGENT_MORE);
	assert_int_equal(block.b.objects, SLICE);
	while (slice(AGENT_OP_STEP) == AGENT_MORE)
		;
	assert_int_equal(block.b.status, AGENT_OUTSIDE);
	assert_int_equal(block.b.objects, SOME - 2);
	set_no_hole();
	assert_int_equal(go_on(), AGENT_OK);
	assert_int_equal(block.b.objects, SOME);
	assert_int_equal(block.b.approximate, 0);
	assert_int_equal(whole_ring(2), SOME);
}

static void a_newest_object_that_moves_into_a_hole_leaves_the_other_end_to_go_on(void **state)
{
	fill(2, SOME);
	assert_int_equal(slice(AGENT_OP_BEGIN), AGENT_MORE);
	set_hole(addr(&objects[SOME - 40]), addr(&objects[OBJECTS]));
	while (slice(AGENT_OP_STEP) == AGENT_MORE)
		;
	assert_int_equal(block.b.status, AGENT_OUTSIDE);
	assert_int_equal(block.b.objects, SLICE / 2 + SOME - 40 - 1);
	set_no_hole();
	assert_int_equal(go_on(), AGENT_OK);
	assert_int_equal(block.b.objects, SOME);
	assert_int_equal(whole_ring(2), SOME);
}

/* However new the ranges are, the newest objects are in none. */
static void an_end_that_is_never_reached_is_done_without(void **state)
{
	int slices = 1;

	fill(2, SOME);
	fill(0, 1);
	set_hole(addr(&objects[used - 1]), addr(&objects[OBJECTS]));
	for (slice(AGENT_OP_BEGIN); block.b.status != AGENT_OK && slices < 50; slices++) {
		assert_true(block.b.status == AGENT_MORE || block.b.status == AGENT_OUTSIDE);
		fill(0, 5);
		set_hole(addr(&objects[used - 1]), addr(&objects[OBJECTS]));
		slice(AGENT_OP_STEP);
	}
	assert_int_equal(block.b.status, AGENT_OK);
	assert_true(slices < 20);
	assert_int_equal(block.b.approximate, 1);
	assert_true(block.b.objects >= used - 8 && block.b.objects < used);
	assert_int_equal(whole_ring(2), SOME);
	assert_int_equal(whole_ring(0), (int)used - SOME);
}

static void the_newest_object_may_be_where_memory_is_new(void **state)
{
	fill(0, 5);
	set_hole(addr(&objects[4]), addr(&objects[OBJECTS]));
	assert_int_equal(slice(AGENT_OP_BEGIN), AGENT_OUTSIDE);
	set_no_hole();
	assert_int_equal(go_on(), AGENT_OK);
	assert_int_equal(block.b.objects, 5);
	assert_int_equal(whole_ring(0), 5);
}

static void what_is_appended_where_memory_is_new_waits_for_ranges(void **state)
{
	fill(2, SOME);
	set_hole(addr(&objects[SOME]), addr(&objects[OBJECTS]));
	assert_int_equal(slice(AGENT_OP_BEGIN), AGENT_MORE);
	fill(2, 2 * SOME);
	while (slice(AGENT_OP_STEP) == AGENT_MORE)
		;
	assert_int_equal(block.b.status, AGENT_OUTSIDE);
	assert_int_equal(block.b.objects, SOME);
	set_no_hole();
	assert_int_equal(go_on(), AGENT_OK);
	assert_int_equal(block.b.objects, 3 * SOME);
	assert_int_equal(whole_ring(2), 3 * SOME);
}

static void a_link_to_where_nothing_ever_is_ends_the_count(void **state)
{
	for (int forwards = 0; forwards < 2; forwards++) {
		int slices = 1;

		set_up(NULL);
		fill(2, SOME);
		set_hole(1ul << 40, 1ul << 41);
		*(forwards ? &objects[20].next : &objects[80].prev) = (1ul << 40) + 64;
		for (slice(AGENT_OP_BEGIN); block.b.status != AGENT_BROKEN && slices < 50; slices++)
			slice(AGENT_OP_STEP);
		assert_int_equal(block.b.status, AGENT_BROKEN);
		assert_true(slices < 12);
		assert_false(is_linked(addr(&block.b.marks[AGENT_CANARY])));
		assert_int_equal(heads[2].next, addr(&objects[0]));
		assert_int_equal(heads[2].prev, addr(&objects[SOME - 1]));
	}
}

static void bookmarks_at_the_edge_of_known_memory_come_out_again(void **state)
{
	fill(2, SOME);
	set_hole(addr(&objects[10]), addr(&objects[SOME - 10]));
	assert_int_equal(slice(AGENT_OP_BEGIN), AGENT_OUTSIDE);
	assert_int_equal(slice(AGENT_OP_UNLINK), AGENT_OK);
	assert_int_equal(whole_ring(2), SOME);
}

static void ranges_of_an_earlier_stop_are_forgotten(void **state)
{
	fill(0, 5);
	assert_int_equal(slice(AGENT_OP_BEGIN), AGENT_OK);
	set_hole(addr(objects), addr(&objects[OBJECTS]));
	assert_int_equal(slice(AGENT_OP_BEGIN), AGENT_OUTSIDE);
	assert_int_equal(block.b.objects, 0);
}

static void a_type_where_memory_is_new_waits_for_ranges(void **state)
{
	fill(2, SOME);
	set_hole(addr(&types[2]), addr(&types[3]));
	assert_int_equal(slice(AGENT_OP_BEGIN), AGENT_OUTSIDE);
	assert_null(entry(2));
	set_no_hole();
	assert_int_equal(go_on(), AGENT_OK);
	assert_int_equal(block.b.objects, SOME);
	assert_int_equal(whole_ring(2), SOME);
}

static void a_type_that_is_nowhere_or_none_ends_the_count(void **state)
{
	const uint64_t none[] = {0, 16, addr(&types[1]) + 4, ~0ul, 1ul << 60, addr(&types[3]),
				 addr(&types[3]) - 8};

	for (size_t i = 0; i < COUNT_OF(none); i++) {
		set_up(NULL);
		fill(2, SOME);
		objects[50].type = none[i];
		set_hole(addr(&types[3]), addr(&types[4]));
		slice(AGENT_OP_BEGIN);
		assert_int_equal(go_on(), AGENT_BROKEN);
	}
}

static void a_name_that_is_nowhere_is_empty(void **state)
{
	types[0].tp_name = (1ul << 40) + 1;
	set_hole(1ul << 40, 1ul << 41);
	put(0, 0);
	put(0, 1);
	assert_int_equal(slice(AGENT_OP_BEGIN), AGENT_OK);
	assert_int_equal(entry(0)->count, 1);
	assert_int_equal(entry(0)->tp_name, types[0].tp_name);
	assert_string_equal(entry(0)->name, "");
	assert_string_equal(entry(1)->name, "B");
}

static void a_name_ends_where_its_memory_does(void **state)
{
	static const char text[] = "ragged";

	types[0].tp_name = addr(text);
	set_hole(addr(text) + 4, addr(text) + 5);
	put(0, 0);
	assert_int_equal(slice(AGENT_OP_BEGIN), AGENT_OK);
	assert_string_equal(entry(0)->name, "ragg");
}

/* Dicts with keys in a hole: the first few are waited for. */
static void keys_that_are_nowhere_count_nothing(void **state)
{
	types[6].flags = 1UL << 29;
	set_hole(1ul << 40, 1ul << 41);
	for (int i = 0; i < 60; i++)
		put(2, 6)->extra[0] = (1ul << 40) + 64 * (uint64_t)i;
	slice(AGENT_OP_BEGIN);
	assert_int_equal(block.b.status, AGENT_OUTSIDE);
	assert_int_equal(go_on(), AGENT_OK);
	assert_true(block.b.order.request < 30);
	assert_int_equal(entry(6)->count, 60);
	assert_int_equal(entry(6)->bytes, 60 * (16 + 48));
	assert_int_equal(whole_ring(2), 60);
}

static void keys_where_memory_is_new_are_counted_with_new_ranges(void **state)
{
	static struct { uint64_t refcnt; uint8_t log2_size, log2_index, kind; } keys = {1, 3, 3, 1};

	types[6].flags = 1UL << 29;
	put(2, 6)->extra[0] = addr(&keys);
	set_hole(addr(&keys), addr(&keys + 1));
	assert_int_equal(slice(AGENT_OP_BEGIN), AGENT_OUTSIDE);
	set_no_hole();
	assert_int_equal(go_on(), AGENT_OK);
	assert_int_equal(entry(6)->count, 1);
	assert_int_equal(entry(6)->bytes, 16 + 48 + 32 + 8 + 5 * 16);
}

/* Its memory ends behind ob_type: a plain object is whole then, one with a size is not. */
static void an_object_at_the_end_of_its_memory_is_read_as_far_as_it_goes(void **state)
{
	static uint8_t pages[8192] __attribute__((aligned(4096)));
	const uint64_t at = addr(pages) + 4096 - offsetof(struct paper_object, size);
	struct paper_object *o = (struct paper_object *)(uintptr_t)at;

	*o = (struct paper_object){
		.next = addr(&heads[0]), .prev = addr(&heads[0]), .refcnt = 1,
		.type = addr(&types[1]),
	};
	heads[0].next = heads[0].prev = at;
	set_hole(addr(pages) + 4096, addr(pages) + 8192);
	assert_int_equal(slice(AGENT_OP_BEGIN), AGENT_OK);
	assert_int_equal(block.b.objects, 1);
	types[1].itemsize = 8;
	slice(AGENT_OP_BEGIN);
	assert_int_equal(go_on(), AGENT_BROKEN);
	types[1].itemsize = 0;
	types[1].flags = 1UL << 25;
	slice(AGENT_OP_BEGIN);
	assert_int_equal(go_on(), AGENT_BROKEN);
}

static void visit_all(int (*callback)(void *, void *), void *arg)
{
	for (size_t i = 0; i < used && callback(&objects[i].refcnt, arg); i++)
		;
}

static void visiting_asks_no_type_that_is_nowhere(void **state)
{
	int slices = 1;

	block.b.fn_visit = addr((void *)(uintptr_t)visit_all);
	put(0, 0);
	put(0, 1)->type = 1ul << 40;
	set_hole(1ul << 40, 1ul << 41);
	block.b.walk = 0;
	assert_int_equal(slice(AGENT_OP_BEGIN), AGENT_OUTSIDE);
	while (slice(AGENT_OP_STEP) == AGENT_OUTSIDE && slices < 50)
		slices++;
	assert_int_equal(block.b.status, AGENT_BROKEN);
	objects[1].type = addr(&types[6]);
	types[6].flags = 1UL << 29;
	objects[1].extra[0] = 1ul << 40;
	assert_int_equal(slice(AGENT_OP_BEGIN), AGENT_OK);
	assert_int_equal(block.b.objects, 2);
	assert_int_equal(entry(6)->bytes, 16 + 48);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
			memory_that_is_new_ends_a_slice_and_is_counted_in_the_next, set_up),
		cmocka_unit_test_setup(the_newest_object_may_be_where_memory_is_new, set_up),
		cmocka_unit_test_setup(
			what_is_older_is_counted_while_the_newest_is_where_memory_is_new, set_up),
		cmocka_unit_test_setup(
			a_newest_object_that_moves_into_a_hole_leaves_the_other_end_to_go_on,
			set_up),
		cmocka_unit_test_setup(an_end_that_is_never_reached_is_done_without, set_up),
		cmocka_unit_test_setup(
			what_is_appended_where_memory_is_new_waits_for_ranges, set_up),
		cmocka_unit_test_setup(a_link_to_where_nothing_ever_is_ends_the_count, set_up),
		cmocka_unit_test_setup(
			bookmarks_at_the_edge_of_known_memory_come_out_again, set_up),
		cmocka_unit_test_setup(ranges_of_an_earlier_stop_are_forgotten, set_up),
		cmocka_unit_test_setup(a_type_where_memory_is_new_waits_for_ranges, set_up),
		cmocka_unit_test_setup(a_type_that_is_nowhere_or_none_ends_the_count, set_up),
		cmocka_unit_test_setup(a_name_that_is_nowhere_is_empty, set_up),
		cmocka_unit_test_setup(a_name_ends_where_its_memory_does, set_up),
		cmocka_unit_test_setup(keys_that_are_nowhere_count_nothing, set_up),
		cmocka_unit_test_setup(
			keys_where_memory_is_new_are_counted_with_new_ranges, set_up),
		cmocka_unit_test_setup(
			an_object_at_the_end_of_its_memory_is_read_as_far_as_it_goes, set_up),
		cmocka_unit_test_setup(visiting_asks_no_type_that_is_nowhere, set_up),
	};

	return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
