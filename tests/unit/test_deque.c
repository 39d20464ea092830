/*
 * Whose blocks of items these are, on blocks in a mapping of our own. What real deques hold is told
 * by tests/live/test_holders.c.
 */
#include "config.h"
#include "test.h"

#include <sys/mman.h>
#include <unistd.h>

#include "holders/deque.h"
#include "util/mem.h"

#define LEFT  0u
#define RIGHT 520u
#define BYTES 528u
#define CHAIN 40000u

static unsigned char *blocks;

static int map_blocks(void **state)
{
	blocks = mmap(NULL, CHAIN * BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		      -1, 0);
	return blocks == MAP_FAILED;
}

static int unmap_blocks(void **state)
{
	return munmap(blocks, CHAIN * BYTES);
}

static uint64_t block(size_t i)
{
	return (uint64_t)(uintptr_t)(blocks + i * BYTES);
}

static void put(size_t i, size_t at, uint64_t v)
{
	unsigned char *to = blocks + i * BYTES + at;

	for (size_t k = 0; k < sizeof(v); k++)
		to[k] = (unsigned char)(v >> 8 * k);
}

static void join(size_t left, size_t right)
{
	put(left, RIGHT, block(right));
	put(right, LEFT, block(left));
}

/* Each item is asked for. Without marks that is 800 million blocks. */
static void a_long_deque_is_walked_along_once(void **state)
{
	struct remote r = {.pid = getpid()};
	struct deque_marks d = {0};

	for (size_t i = 0; i + 1 < CHAIN; i++)
		join(i + 1, i);			/* the first one is the highest */
	for (size_t i = 0; i < CHAIN; i++)
		assert_int_equal(deque_first(&d, &r, block(i)), block(CHAIN - 1));
	deque_done(&d);
}

static void ring(size_t length, size_t from)
{
	struct remote r = {.pid = getpid()};
	struct deque_marks d = {0};

	for (size_t i = 0; i < length; i++)
		join(i, (i + 1) % length);
	for (size_t i = 0; i < length; i++)
		assert_int_equal(deque_first(&d, &r, block((from + i) % length)), block(0));
	deque_done(&d);
}

/* A queue that is emptied as it is filled takes what was its first block for its last one. */
static void a_ring_of_blocks_is_one_deque_and_has_an_end(void **state)
{
	static const size_t lengths[] = {1, 2, 3, 7, 64, 100};

	for (size_t k = 0; k < COUNT_OF(lengths); k++)
		for (size_t from = 0; from < lengths[k]; from++)
			ring(lengths[k], from);
}

static void what_refers_to_nobody_is_by_itself(void **state)
{
	struct remote r = {.pid = getpid()};
	struct deque_marks d = {0};

	put(0, LEFT, block(1));			/* which does not refer back */
	assert_int_equal(deque_first(&d, &r, block(0)), block(0));
	put(0, LEFT, 8);
	assert_int_equal(deque_first(&d, &r, block(0)), block(0));
	assert_int_equal(deque_first(&d, &r, 8), 8);
	deque_done(&d);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, map_blocks, unmap_blocks)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_long_deque_is_walked_along_once),
		TEST(a_ring_of_blocks_is_one_deque_and_has_an_end),
		TEST(what_refers_to_nobody_is_by_itself),
	};

	return cmocka_run_group_tests_name("deque", tests, NULL, NULL);
}
