/* The helper on a heap made of paper: how it counts, walks in slices and is called. */
#include "config.h"
#include "test.h"

#include <errno.h>

#include "paper_heap.c"		/* NOLINT: a fixture of statics, each test has its own */
#include "paper_interpreter.c"	/* NOLINT */

static void it_counts_each_type_in_each_list(void **state)
{
	put(0, 0);
	put(0, 1);
	put(1, 0);
	put(2, 0);
	put(3, 2);
	assert_null(agent_do(&block.b));
	assert_int_equal(block.b.status, AGENT_OK);
	assert_int_equal(block.b.answer, 1);
	assert_int_equal(entry(0)->count, 3);
	assert_int_equal(entry(1)->count, 1);
	assert_int_equal(entry(2)->count, 1);
	assert_int_equal(block.b.objects, 5);
	assert_int_equal(block.b.list_objects[0], 2);
	assert_int_equal(block.b.list_objects[3], 1);
	assert_string_equal(entry(1)->name, "B");
}

static void a_second_count_starts_from_nothing(void **state)
{
	put(0, 0);
	agent_do(&block.b);
	block.b.order.request = 2;
	agent_do(&block.b);
	assert_int_equal(entry(0)->count, 1);
	assert_int_equal(block.b.answer, 2);
}

static void bytes_are_head_base_items_and_tables(void **state)
{
	struct { uint64_t refcnt; uint8_t log2_size, log2_index, kind; } keys = {1, 3, 3, 1};
	struct paper_object *o;

	types[1].itemsize = 8;
	types[2].flags = 1 << 4;		/* words in front */
	types[5].flags = 1UL << 25;
	types[6].flags = 1UL << 29;
	block.b.set_type = addr(&types[7]);
	block.b.max_types = MAX_TYPES;
	put(0, 0);
	put(0, 1)->size = 10;
	put(0, 2);
	agent_do(&block.b);
	assert_int_equal(entry(0)->bytes, 16 + 48);
	assert_int_equal(entry(1)->bytes, 16 + 48 + 80);
	assert_int_equal(entry(2)->bytes, 16 + 48 + 16);

	set_up_block();
	block.b.set_type = addr(&types[7]);
	used = 0;
	put(0, 5)->extra[0] = 4;		/* allocated */
	o = put(0, 6);
	o->extra[0] = addr(&keys);		/* 8 slots, unicode keys: 5 entries of 16 */
	put(0, 7)->extra[0] = 31;		/* mask of 32 entries */
	agent_do(&block.b);
	assert_int_equal(entry(5)->bytes, 16 + 48 + 32);
	assert_int_equal(entry(6)->bytes, 16 + 48 + 32 + 8 + 5 * 16);
	assert_int_equal(entry(7)->bytes, 16 + 48 + 32 * 16);
	keys.refcnt = 2;			/* shared: nobody's */
	block.b.order.request = 2;
	agent_do(&block.b);
	assert_int_equal(entry(6)->bytes, 16 + 48);
	o->extra[0] = 0;			/* half built: no table yet */
	block.b.order.request = 3;
	agent_do(&block.b);
	assert_int_equal(entry(6)->bytes, 16 + 48);
}

static void a_negative_or_absurd_size_stays_bounded(void **state)
{
	types[0].itemsize = 4;
	put(0, 0)->size = (uint64_t)-3;		/* int to 3.11: the sign */
	agent_do(&block.b);
	assert_int_equal(entry(0)->bytes, 16 + 48 + 12);
	block.b.unsized[2] = addr(&types[0]);
	objects[0].size = 0x7fffdeadbeef;
	block.b.order.request = 2;
	agent_do(&block.b);
	assert_int_equal(entry(0)->bytes, 16 + 48);
}

static void an_int_has_its_digits_in_a_tag(void **state)
{
	types[0].itemsize = 4;
	types[0].flags = 1UL << 24;
	put(0, 0)->size = 5 << 3 | 2;		/* five digits, negative */
	agent_do(&block.b);
	assert_int_equal(entry(0)->bytes, 16 + 48 + 5 * 4);
}

static void a_list_that_is_being_sorted_has_no_length(void **state)
{
	types[5].flags = 1UL << 25;
	put(0, 5)->extra[0] = (uint64_t)-1;
	agent_do(&block.b);
	assert_int_equal(entry(5)->bytes, 16 + 48);
}

static void types_beyond_the_table_are_counted_as_left_out(void **state)
{
	for (int t = 0; t < TYPES; t++) {
		put(0, t);
		put(0, t);
	}
	for (int t = 5; t < TYPES; t++)
		types[t].flags = 0;
	agent_do(&block.b);
	assert_int_equal(block.b.status, AGENT_OK);
	assert_int_equal(block.b.types, MAX_TYPES);
	assert_int_equal(block.b.objects, 2 * TYPES);
	assert_int_equal(block.b.left_out, 2 * (TYPES - MAX_TYPES));
}

static void a_ring_that_does_not_close_ends_the_count(void **state)
{
	put(0, 0);
	put(0, 1);
	objects[1].next = addr(&objects[0]);
	agent_do(&block.b);
	assert_int_equal(block.b.status, AGENT_BROKEN);
	assert_int_equal(block.b.answer, 1);
}

static void a_collection_under_way_is_not_counted(void **state)
{
	put(0, 0);
	collecting = 1;
	agent_do(&block.b);
	assert_int_equal(block.b.status, AGENT_COLLECTING);
}

static void a_cancelled_or_answered_request_does_nothing(void **state)
{
	put(0, 0);
	block.b.posted = 1;
	block.b.order.request = 0;
	agent_do(&block.b);
	assert_int_equal(block.b.answer, 0);
	assert_int_equal(block.b.objects, 0);
	assert_int_equal(block.b.posted, 0);
	block.b.order.request = block.b.answer = 7;
	agent_do(&block.b);
	assert_int_equal(block.b.objects, 0);
}

static void a_name_is_copied_and_cut(void **state)
{
	static char longer[300];

	memset(longer, 'x', sizeof(longer) - 1);
	types[0].tp_name = addr(longer);
	types[1].tp_name = 0;
	put(0, 0);
	put(0, 1);
	agent_do(&block.b);
	assert_int_equal(strlen(entry(0)->name), AGENT_NAME - 1);
	assert_string_equal(entry(1)->name, "");
}

/* ---- slices ----------------------------------------------------------------------------- */

static void unput(struct paper_object *o)
{
	set_next(o->prev & ~3ul, o->next & ~3ul);
	set_prev(o->next & ~3ul, o->prev);
	o->next = o->prev = 0;
}

static void append(int list, uint64_t at)
{
	uint64_t before = prev_of(addr(&heads[list]));

	set_next(at, addr(&heads[list]));
	set_prev(at, before);
	set_next(before, at);
	set_prev(addr(&heads[list]), at);
}

/* As a collection does: everything of a list, bookmarks included, to the end of another. */
static void merge(int from, int to)
{
	uint64_t head = addr(&heads[from]), at, next;

	for (at = next_of(head); at != head; at = next) {
		next = next_of(at);
		append(to, at);
	}
	heads[from].next = heads[from].prev = head;
}

/* The canary has no reference from outside of the list: the collector finds it last. */
static void collect_oldest(void)
{
	uint64_t at = addr(&block.b.marks[AGENT_CANARY]);

	merge(0, 2);
	merge(1, 2);
	if (next_of(at)) {
		set_next(prev_of(at), next_of(at));
		set_prev(next_of(at), prev_of(at));
		append(2, at);
	}
}

static void a_walk_in_slices_counts_each_object_once(void **state)
{
	int slices = 1;

	fill(3, 10);
	fill(2, SOME);
	fill(1, SOME);
	fill(0, SOME);
	assert_int_equal(slice(AGENT_OP_BEGIN), AGENT_MORE);
	while (slice(AGENT_OP_STEP) == AGENT_MORE)
		slices++;
	assert_int_equal(block.b.status, AGENT_OK);
	assert_true(slices >= 3 * SOME / (int)SLICE);
	assert_int_equal(block.b.objects, 3 * SOME + 10);
	assert_int_equal(block.b.list_objects[0], SOME);
	assert_int_equal(block.b.list_objects[2], SOME);
	assert_int_equal(entry(0)->count + entry(1)->count + entry(2)->count, 3 * SOME + 10);
	assert_false(block.b.approximate);
	for (int list = 0; list < AGENT_LISTS; list++)
		assert_int_equal(whole_ring(list), list == 3 ? 10 : SOME);
}

static void what_is_made_and_dies_between_slices_is_seen(void **state)
{
	fill(2, SOME);
	assert_int_equal(slice(AGENT_OP_BEGIN), AGENT_MORE);
	fill(2, 7);
	fill(0, 5);
	for (int i = SOME / 2; i < SOME / 2 + 10; i++)
		unput(&objects[i]);		/* in the middle: not reached yet */
	assert_int_equal(go_on(), AGENT_OK);
	assert_int_equal(block.b.objects, SOME + 7 + 5 - 10);
	assert_int_equal(whole_ring(2), SOME + 7 - 10);
}

static void young_objects_that_move_on_are_counted_once(void **state)
{
	for (int k = 0; k < 20; k++) {
		set_up(NULL);
		fill(2, SOME);
		fill(1, SOME);
		fill(0, SOME);
		slice(AGENT_OP_BEGIN);
		for (int i = 0; i < k; i++)
			slice(AGENT_OP_STEP);
		if (block.b.status != AGENT_MORE)
			break;
		merge(0, 1);
		if (k % 2)
			merge(1, 2);
		fill(0, 3);
		assert_int_equal(go_on(), AGENT_OK);
		assert_int_equal(block.b.objects, 3 * SOME + 3);
		assert_int_equal(whole_ring(0), 3);
		assert_false(block.b.approximate);
	}
}

static void a_full_collection_starts_the_walk_again(void **state)
{
	fill(2, SOME);
	fill(1, SOME);
	slice(AGENT_OP_BEGIN);
	slice(AGENT_OP_STEP);
	collect_oldest();
	assert_int_equal(go_on(), AGENT_OK);
	assert_int_equal(block.b.restarts, 1);
	assert_int_equal(block.b.objects, 2 * SOME);
	assert_int_equal(block.b.list_objects[2], 2 * SOME);
	assert_int_equal(whole_ring(2), 2 * SOME);
}

static void freezing_starts_the_walk_again(void **state)
{
	fill(2, SOME);
	slice(AGENT_OP_BEGIN);
	merge(2, 3);
	assert_int_equal(go_on(), AGENT_OK);
	assert_int_equal(block.b.restarts, 1);
	assert_int_equal(block.b.list_objects[3], SOME);
	assert_int_equal(whole_ring(3), SOME);
}

/* Else gc.get_freeze_count() would not be 0. */
static void an_empty_permanent_list_gets_no_bookmark(void **state)
{
	fill(2, SOME);
	assert_int_equal(slice(AGENT_OP_BEGIN), AGENT_MORE);
	assert_int_equal(next_of(block.b.head[3]), block.b.head[3]);
	assert_int_equal(go_on(), AGENT_OK);
	assert_int_equal(block.b.objects, SOME);
	assert_int_equal(block.b.list_objects[3], 0);
}

static void endless_collecting_ends_in_an_approximate_count(void **state)
{
	uint32_t status;
	int slices = 0;

	fill(2, 2 * SOME);
	for (status = slice(AGENT_OP_BEGIN); status == AGENT_MORE && slices < 100; slices++) {
		collect_oldest();
		status = slice(AGENT_OP_STEP);
	}
	assert_int_equal(status, AGENT_OK);
	assert_true(block.b.approximate);
	assert_true(block.b.objects >= 2 * SOME);
	assert_int_equal(whole_ring(2), 2 * SOME);
}

static void bookmarks_are_taken_out_on_request(void **state)
{
	fill(2, SOME);
	fill(0, SOME);
	assert_int_equal(slice(AGENT_OP_BEGIN), AGENT_MORE);
	assert_int_equal(next_of(addr(&heads[2])), addr(&block.b.marks[AGENT_CANARY]));
	assert_int_equal(slice(AGENT_OP_UNLINK), AGENT_OK);
	assert_int_equal(whole_ring(2), SOME);
	assert_int_equal(whole_ring(0), SOME);
}

static void a_bookmark_that_the_program_holds_is_told(void **state)
{
	fill(2, SOME);
	slice(AGENT_OP_BEGIN);
	block.b.marks[3].word[2]++;		/* behind the two words of the head */
	assert_int_equal(slice(AGENT_OP_UNLINK), AGENT_HELD);
	assert_int_equal(whole_ring(2), SOME);
	block.b.marks[3].word[2]--;
	assert_int_equal(slice(AGENT_OP_UNLINK), AGENT_OK);
}

static void a_bookmark_is_an_empty_list_and_one_a_tuple(void **state)
{
	const uint64_t *tuple = block.b.marks[2 * AGENT_ROLES + AGENT_HEAD].word + 2;

	fill(2, SOME);
	slice(AGENT_OP_BEGIN);
	assert_int_equal(block.b.marks[0].word[2], AGENT_MARK_REFS);
	assert_int_equal(block.b.marks[0].word[3], addr(&list_type));
	assert_int_equal(block.b.marks[0].word[4], 0);		/* items */
	assert_int_equal(tuple[1], addr(&tuple_type));
	assert_int_equal(tuple[2], 1);
	assert_int_equal(tuple[3], addr(&block.b.marks[AGENT_CANARY].word[2]));
	assert_int_equal(block.b.marks[AGENT_CANARY].word[2], 1);
}

static void a_link_into_nowhere_is_not_followed(void **state)
{
	const uint64_t nowhere[] = {0, 8, 1ul << 60, ~0ul, addr(types), addr(&types[1])};

	for (size_t i = 0; i < COUNT_OF(nowhere); i++) {
		set_up(NULL);
		fill(2, SOME);
		objects[20].next = nowhere[i];
		slice(AGENT_OP_BEGIN);
		assert_int_equal(go_on(), AGENT_BROKEN);
	}
}

/* ---- the ways in, with an interpreter of paper ------------------------------------------ */

static void a_call_takes_the_gil_counts_and_keeps_errno(void **state)
{
	set_up_interpreter();
	put(0, 0);
	agent_call(&block.b);
	assert_int_equal(ensured, 1);
	assert_int_equal(released, 1);
	assert_int_equal(block.b.status, AGENT_OK);
	assert_int_equal(entry(0)->count, 1);
	assert_int_equal(fake_errno, EPROTO);
}

static void a_thread_that_never_ran_python_is_left_alone(void **state)
{
	set_up_interpreter();
	thread_state = NULL;
	agent_call(&block.b);
	assert_int_equal(ensured, 0);
	assert_int_equal(block.b.status, AGENT_NO_THREAD_STATE);
	assert_int_equal(fake_errno, EPROTO);
}

static void a_thread_that_has_the_gil_under_another_state_is_left_alone(void **state)
{
	set_up_interpreter();
	put(0, 0);
	block.b.gil_state = addr(&types);
	agent_call(&block.b);
	assert_int_equal(ensured, 0);
	assert_int_equal(block.b.status, AGENT_OTHER_STATE);
	block.b.order.request = 2;
	block.b.gil_state = addr(thread_state);
	agent_call(&block.b);
	assert_int_equal(ensured, 1);
	assert_int_equal(block.b.status, AGENT_OK);
}

static void a_post_leaves_a_note_that_counts_once(void **state)
{
	set_up_interpreter();
	put(0, 0);
	agent_post(&block.b);
	assert_int_equal(queued, 1);
	assert_int_equal(block.b.posted, 1);
	assert_int_equal(block.b.answer, 0);
	assert_int_equal(fake_errno, EPROTO);
	assert_int_equal(note(note_arg), 0);
	assert_int_equal(block.b.answer, 1);
	assert_int_equal(block.b.posted, 0);
	assert_int_equal(entry(0)->count, 1);
}

static void with_several_interpreters_nothing_is_touched(void **state)
{
	set_up_interpreter();
	put(0, 0);
	interpreter_head = addr(&types);
	agent_call(&block.b);
	assert_int_equal(ensured, 0);
	assert_int_equal(block.b.status, AGENT_SEVERAL);
	block.b.order.request = 2;
	agent_post(&block.b);
	assert_int_equal(queued, 0);
	assert_int_equal(block.b.status, AGENT_SEVERAL);
	block.b.order.request = 3;
	agent_do(&block.b);
	assert_int_equal(block.b.status, AGENT_SEVERAL);
	assert_int_equal(block.b.objects, 0);
}

static void a_lock_that_is_taken_is_not_waited_for(void **state)
{
	static uint32_t lock = 0xffffff01;

	set_up_interpreter();
	block.b.lock = addr(&lock);
	block.b.lock_mask = 0xff;
	agent_post(&block.b);
	assert_int_equal(queued, 0);
	assert_int_equal(block.b.status, AGENT_LOCKED);
	assert_int_equal(block.b.posted, 0);
	lock = 0xffffff00;
	block.b.order.request = 2;
	agent_post(&block.b);
	assert_int_equal(queued, 1);
}

static void visiting_without_a_way_to_visit_is_refused(void **state)
{
	block.b.walk = 0;
	block.b.fn_visit = 0;
	agent_do(&block.b);
	assert_int_equal(block.b.status, AGENT_CANNOT);
}

static void a_full_queue_is_an_answer_too(void **state)
{
	set_up_interpreter();
	queue_result = -1;
	agent_post(&block.b);
	assert_int_equal(block.b.status, AGENT_POST_REFUSED);
	assert_int_equal(block.b.answer, 1);
	assert_int_equal(block.b.posted, 0);
}

static void without_lists_the_interpreter_is_asked_to_visit(void **state)
{
	set_up_interpreter();
	put(0, 0);
	put(2, 1);
	block.b.walk = 0;
	agent_do(&block.b);
	assert_int_equal(block.b.objects, 2);
	assert_int_equal(entry(1)->count, 1);
}

static void the_counter_of_the_helper_runs(void **state)
{
	uint64_t a = agent_arch_ticks(), b = agent_arch_ticks();

	assert_true(a > 0 && b >= a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(it_counts_each_type_in_each_list, set_up),
		cmocka_unit_test_setup(a_second_count_starts_from_nothing, set_up),
		cmocka_unit_test_setup(bytes_are_head_base_items_and_tables, set_up),
		cmocka_unit_test_setup(a_negative_or_absurd_size_stays_bounded, set_up),
		cmocka_unit_test_setup(an_int_has_its_digits_in_a_tag, set_up),
		cmocka_unit_test_setup(a_list_that_is_being_sorted_has_no_length, set_up),
		cmocka_unit_test_setup(types_beyond_the_table_are_counted_as_left_out, set_up),
		cmocka_unit_test_setup(a_ring_that_does_not_close_ends_the_count, set_up),
		cmocka_unit_test_setup(a_collection_under_way_is_not_counted, set_up),
		cmocka_unit_test_setup(a_cancelled_or_answered_request_does_nothing, set_up),
		cmocka_unit_test_setup(a_name_is_copied_and_cut, set_up),
		cmocka_unit_test_setup(a_walk_in_slices_counts_each_object_once, set_up),
		cmocka_unit_test_setup(what_is_made_and_dies_between_slices_is_seen, set_up),
		cmocka_unit_test_setup(young_objects_that_move_on_are_counted_once, set_up),
		cmocka_unit_test_setup(a_full_collection_starts_the_walk_again, set_up),
		cmocka_unit_test_setup(freezing_starts_the_walk_again, set_up),
		cmocka_unit_test_setup(an_empty_permanent_list_gets_no_bookmark, set_up),
		cmocka_unit_test_setup(endless_collecting_ends_in_an_approximate_count, set_up),
		cmocka_unit_test_setup(bookmarks_are_taken_out_on_request, set_up),
		cmocka_unit_test_setup(a_bookmark_that_the_program_holds_is_told, set_up),
		cmocka_unit_test_setup(a_bookmark_is_an_empty_list_and_one_a_tuple, set_up),
		cmocka_unit_test_setup(a_link_into_nowhere_is_not_followed, set_up),
		cmocka_unit_test_setup(a_call_takes_the_gil_counts_and_keeps_errno, set_up),
		cmocka_unit_test_setup(a_thread_that_never_ran_python_is_left_alone, set_up),
		cmocka_unit_test_setup(a_thread_that_has_the_gil_under_another_state_is_left_alone,
				       set_up),
		cmocka_unit_test_setup(a_post_leaves_a_note_that_counts_once, set_up),
		cmocka_unit_test_setup(with_several_interpreters_nothing_is_touched, set_up),
		cmocka_unit_test_setup(a_lock_that_is_taken_is_not_waited_for, set_up),
		cmocka_unit_test_setup(visiting_without_a_way_to_visit_is_refused, set_up),
		cmocka_unit_test_setup(a_full_queue_is_an_answer_too, set_up),
		cmocka_unit_test_setup(without_lists_the_interpreter_is_asked_to_visit, set_up),
		cmocka_unit_test_setup(the_counter_of_the_helper_runs, set_up),
	};

	return cmocka_run_group_tests_name("agent", tests, NULL, NULL);
}
