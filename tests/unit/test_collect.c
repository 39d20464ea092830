/* gc.collect() by a note, and the note that takes leaktop out, with an interpreter of paper. */
#include "config.h"
#include "test.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "util/mem.h"
#include "util/page.h"

#include "paper_heap.c"		/* NOLINT: a fixture of statics, each test has its own */
#include "paper_interpreter.c"	/* NOLINT */

/* ---- gc.collect() ------------------------------------------------------------------------ */

#define UNREACHABLE 77

static int collections, through_module, fetched, restored, is_enabled;
static bool has_module;
static char module;

static int64_t fake_collect(void)
{
	collections++;
	fake_errno = 5;
	return UNREACHABLE;
}

static void fake_fetch(void **type, void **value, void **trace)
{
	fetched++;
	*type = *value = *trace = &module;
}

static void fake_restore(void *type, void *value, void *trace)
{
	restored += type == &module && value == &module && trace == &module;
}

static void *fake_modules(void)
{
	return &objects;
}

static void *fake_item(void *modules, const char *name)
{
	return modules == &objects && !strcmp(name, "gc") && has_module ? &module : NULL;
}

static void *fake_method(void *obj, const char *name, const char *format, ...)
{
	through_module += obj == &module && !strcmp(name, "collect") && !format;
	return &types;
}

static int64_t fake_size(void *obj, void *exception)
{
	return obj == &types && !exception ? UNREACHABLE + 1 : -1;
}

static void fake_decref(void *obj)
{
	through_module += obj == &types;
}

static void set_up_collector(void)
{
	struct agent_block *b = &block.b;

	set_up_interpreter();
	b->collect = (struct agent_collect){
		.fn_collect = addr((void *)(uintptr_t)fake_collect),
		.fn_fetch = addr((void *)(uintptr_t)fake_fetch),
		.fn_restore = addr((void *)(uintptr_t)fake_restore),
		.enabled = addr(&is_enabled),
		.fn_modules = addr((void *)(uintptr_t)fake_modules),
		.fn_item = addr((void *)(uintptr_t)fake_item),
		.fn_call = addr((void *)(uintptr_t)fake_method),
		.fn_size = addr((void *)(uintptr_t)fake_size),
		.fn_decref = addr((void *)(uintptr_t)fake_decref),
	};
	b->order.op = AGENT_OP_COLLECT;
	b->order.until_ticks = UINT64_MAX;
	collections = through_module = fetched = restored = 0;
	is_enabled = 1;
	has_module = true;
}

static void a_note_collects_once_and_keeps_exception_and_errno(void **state)
{
	set_up_collector();
	agent_post(&block.b);
	assert_int_equal(collections, 0);
	assert_int_equal(note(note_arg), 0);
	assert_int_equal(collections, 1);
	assert_int_equal(block.b.status, AGENT_OK);
	assert_int_equal(block.b.unreachable, UNREACHABLE);
	assert_int_equal(fetched, 1);
	assert_int_equal(restored, 1);
	assert_int_equal(fake_errno, EPROTO);
	assert_int_equal(block.b.posted, 0);
	assert_int_equal(block.b.working, 0);
	assert_int_equal(note(note_arg), 0);		/* answered already */
	assert_int_equal(collections, 1);
}

static void on_a_borrowed_thread_nothing_is_collected(void **state)
{
	set_up_collector();
	agent_call(&block.b);
	assert_int_equal(ensured, 0);
	assert_int_equal(collections, 0);
	assert_int_equal(block.b.status, AGENT_CANNOT);
}

static void a_collector_that_is_off_is_asked_through_its_module(void **state)
{
	set_up_collector();
	is_enabled = 0;
	agent_post(&block.b);
	note(note_arg);
	assert_int_equal(collections, 0);
	assert_int_equal(through_module, 2);
	assert_int_equal(block.b.unreachable, UNREACHABLE + 1);
	assert_int_equal(restored, 1);
	assert_int_equal(is_enabled, 0);
	has_module = false;
	block.b.order.request = 2;
	agent_post(&block.b);
	note(note_arg);
	assert_int_equal(block.b.status, AGENT_CANNOT);
	assert_int_equal(through_module, 2);
}

static void a_note_for_another_process_or_time_is_not_obeyed(void **state)
{
	set_up_collector();
	agent_post(&block.b);
	block.b.posted_pid++;			/* as it is in a child */
	note(note_arg);
	assert_int_equal(block.b.status, AGENT_LATE);
	block.b.order.request = 2;
	agent_post(&block.b);
	block.b.order.until_ticks = 1;
	note(note_arg);
	assert_int_equal(block.b.status, AGENT_LATE);
	block.b.order.request = 3;
	agent_post(&block.b);
	block.b.order.request = 0;		/* called off */
	note(note_arg);
	block.b.order.request = 4;
	block.b.order.until_ticks = UINT64_MAX;
	collecting = 1;
	agent_post(&block.b);
	note(note_arg);
	assert_int_equal(block.b.status, AGENT_COLLECTING);
	assert_int_equal(collections, 0);
	assert_int_equal(fetched, 0);
	assert_int_equal(fake_errno, EPROTO);
}

/* ---- a note that takes leaktop out --------------------------------------------------------- */

/* paper_exit_CPU.S: the pieces of the C library that are run last. */
extern const char paper_syscall[], paper_zero[], paper_zero_signed[];

static void set_up_exit(void *at, size_t size)
{
	set_up_interpreter();
	agent_post(&block.b);
	block.b.order = (struct agent_order){.op = AGENT_OP_LEAVE, .max_objects = 1000};
	block.b.exit = (struct agent_exit){
		.syscall_ret = addr(paper_syscall), .zero_ret = addr(paper_zero),
		.nr = SYS_munmap, .at = addr(at), .size = size,
	};
}

static void *new_pages(void)
{
	void *p = mmap(NULL, 2 * page_bytes(), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(p, MAP_FAILED);
	return p;
}

static bool is_mapped(void *p)
{
	unsigned char resident[2];

	return mincore(p, 2 * page_bytes(), resident) == 0;
}

static void a_note_that_is_read_after_leaktop_takes_the_pages_out(void **state)
{
	const char *const ends[] = {paper_zero, paper_zero_signed};

	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		void *pages = new_pages();

		set_up_exit(pages, 2 * page_bytes());
		block.b.exit.zero_ret = addr(ends[i]);
		assert_int_equal(note(note_arg), 0);
		assert_false(is_mapped(pages));
		assert_int_equal(block.b.posted, 1);	/* nobody else was to touch them */
	}
}

static void where_the_kernel_says_no_the_interpreter_is_told_nothing(void **state)
{
	set_up_exit((void *)(uintptr_t)1, page_bytes());
	assert_int_equal(note(note_arg), 0);
	block.b.exit.zero_ret = addr(paper_zero_signed);
	assert_int_equal(note(note_arg), 0);
}

static void pages_stay_while_anything_needs_them(void **state)
{
	void *pages = new_pages();

	set_up_exit(pages, 2 * page_bytes());
	block.b.order.request = 7;		/* somebody asks for something */
	block.b.order.op = AGENT_OP_BEGIN;
	assert_int_equal(note(note_arg), 0);
	assert_int_equal(block.b.posted, 0);
	set_up_exit(pages, 2 * page_bytes());
	block.b.exit.zero_ret = 0;
	assert_int_equal(note(note_arg), 0);
	set_up_exit(pages, 2 * page_bytes());
	collecting = 1;				/* bookmarks may be in its hands */
	assert_int_equal(note(note_arg), 0);
	collecting = 0;
	fill(2, SOME);
	assert_int_equal(slice(AGENT_OP_BEGIN), AGENT_MORE);
	set_up_exit(pages, 2 * page_bytes());
	block.b.marks[3].word[2]++;		/* held by the program */
	assert_int_equal(note(note_arg), 0);
	assert_true(is_mapped(pages));
	block.b.marks[3].word[2]--;
	set_up_exit(pages, 2 * page_bytes());
	assert_int_equal(note(note_arg), 0);
	assert_false(is_mapped(pages));
	assert_int_equal(whole_ring(2), SOME);	/* the bookmarks went first */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_note_collects_once_and_keeps_exception_and_errno, set_up),
		cmocka_unit_test_setup(on_a_borrowed_thread_nothing_is_collected, set_up),
		cmocka_unit_test_setup(a_collector_that_is_off_is_asked_through_its_module, set_up),
		cmocka_unit_test_setup(a_note_for_another_process_or_time_is_not_obeyed, set_up),
		cmocka_unit_test_setup(a_note_that_is_read_after_leaktop_takes_the_pages_out,
				       set_up),
		cmocka_unit_test_setup(where_the_kernel_says_no_the_interpreter_is_told_nothing,
				       set_up),
		cmocka_unit_test_setup(pages_stay_while_anything_needs_them, set_up),
	};

	return cmocka_run_group_tests_name("collect", tests, NULL, NULL);
}
