#include "config.h"
#include "test.h"

#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#include "proc/figures.h"
#include "proc/figures_ops.h"
#include "test_proc_child.h"

static struct figures_quick read_quick(struct figures *f)
{
	struct figures_quick q;

	assert_int_equal(figures_read(f, &q, NULL), LT_OK);
	return q;
}

/* --- a source that misbehaves as it is told --- */

static struct {
	int reads;		/* of the present fake, counted from 1 */
	int leak_every;		/* one fd each so many reads; 0 never */
	int keep_first;		/* fds the first read keeps */
	int frees;
	int fds[64], n_fds;
	enum lt_errc fail;	/* what reads answer */
	bool no_rss, no_start, wrong_start;
} fake;

static void keep_fd(void)
{
	assert_true(fake.n_fds < 64);
	fake.fds[fake.n_fds++] = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static enum lt_errc fake_new(void **ret, struct lt_err *err)
{
	return fake.no_start ? lt_err_set(err, LT_E_SYS, 0, "fake") : LT_OK;
}

static void fake_free(void *handle)
{
	fake.frees++;
}

static enum lt_errc fake_read(void *handle, pid_t pid, struct figures_reading *ret,
			      struct lt_err *err)
{
	enum lt_errc rc = figures_files.read(NULL, pid, ret, err);

	fake.reads++;
	for (int i = 0; fake.reads == 1 && i < fake.keep_first; i++)
		keep_fd();
	if (fake.leak_every && fake.reads % fake.leak_every == 0)
		keep_fd();
	if (fake.fail)
		return lt_err_set(err, fake.fail, 0, "fake");
	if (fake.no_rss)
		ret->quick.rss_bytes = 0;
	ret->start_ticks += fake.wrong_start;
	return rc;
}

static const struct figures_ops fake_ops = {
	.name = "fake", .new = fake_new, .free = fake_free, .read = fake_read,
};

static struct figures *new_fake(void)
{
	struct figures *f = NULL;

	assert_int_equal(figures_new_with(getpid(), &fake_ops, &f, NULL), LT_OK);
	return f;
}

static int fake_reset(void **state)
{
	while (fake.n_fds)
		close(fake.fds[--fake.n_fds]);
	memset(&fake, 0, sizeof(fake));
	return 0;
}

/* Reads until the source changes, at most `most` times; how many reads that took. */
static int reads_until_files(struct figures *f, int most)
{
	int n = 0;

	while (n < most && strcmp(figures_source(f), "/proc") != 0) {
		assert_true(read_quick(f).rss_bytes > 0);
		n++;
	}
	return n;
}

static void a_source_that_leaks_a_file_per_read_is_left_after_three(void **state)
{
	struct figures *f;

	fake.leak_every = 1;
	f = new_fake();
	assert_string_equal(figures_source(f), "fake");
	assert_int_equal(reads_until_files(f, 50), 3);
	assert_int_equal(fake.frees, 1);
	for (int i = 0; i < 20; i++)
		assert_true(read_quick(f).rss_bytes > 0);
	assert_int_equal(fake.reads, 3);	/* for good */
	assert_int_equal(fake.n_fds, 3);
	figures_free(f);
}

static void a_source_that_leaks_now_and_then_is_left_too(void **state)
{
	struct figures *f;

	fake.leak_every = 7;
	f = new_fake();
	assert_int_equal(reads_until_files(f, 50), 21);
	figures_free(f);
}

static void a_healthy_source_is_kept(void **state)
{
	struct figures *f = new_fake();

	assert_int_equal(reads_until_files(f, 200), 200);
	assert_int_equal(fake.reads, 200);
	assert_int_equal(fake.frees, 0);
	figures_free(f);
	assert_int_equal(fake.frees, 1);
}

static void a_source_may_keep_two_files_for_itself(void **state)
{
	struct figures *f;

	fake.keep_first = 2;
	f = new_fake();
	assert_int_equal(reads_until_files(f, 50), 50);
	figures_free(f);
}

static void files_that_others_open_between_reads_are_not_blamed_on_it(void **state)
{
	struct figures *f = new_fake();

	for (int i = 0; i < 20; i++) {
		keep_fd();
		read_quick(f);
	}
	assert_string_equal(figures_source(f), "fake");
	figures_free(f);
}

static void the_library_of_this_build_is_kept_or_left_with_three_files(void **state)
{
	struct figures *f = NULL;
	int n;

	assert_int_equal(figures_new(getpid(), &f, NULL), LT_OK);
	n = reads_until_files(f, 100);
	printf("# %s was %s after %d reads\n", figures_library.name, n < 100 ? "left" : "kept", n);
	assert_true(n == 100 || n <= 4);
	figures_free(f);
}

static void a_source_that_fails_is_left(void **state)
{
	static const enum lt_errc codes[] = {LT_E_SYS, LT_E_GONE, LT_E_BAD_DATA};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		struct figures *f;

		fake.fail = codes[i];
		f = new_fake();
		assert_int_equal(reads_until_files(f, 50), 1);
		figures_free(f);
	}
}

static void a_source_that_sees_no_memory_is_left(void **state)
{
	struct figures *f;

	fake.no_rss = true;
	f = new_fake();
	assert_int_equal(reads_until_files(f, 50), 1);
	figures_free(f);
}

static void a_source_that_sees_another_process_is_left(void **state)
{
	struct figures *f;

	fake.wrong_start = true;
	f = new_fake();
	assert_int_equal(reads_until_files(f, 50), 1);
	figures_free(f);
}

static void a_source_that_cannot_start_is_replaced_at_once(void **state)
{
	struct figures *f;

	fake.no_start = true;
	f = new_fake();
	assert_string_equal(figures_source(f), "/proc");
	assert_true(read_quick(f).rss_bytes > 0);
	assert_int_equal(fake.reads, 0);
	figures_free(f);
}

static void a_failing_source_does_not_bring_back_the_dead(void **state)
{
	struct child c = child_begin(NULL);
	struct figures *f = NULL;
	struct figures_quick q;

	fake.no_rss = true;
	assert_int_equal(figures_new_with(c.pid, &fake_ops, &f, NULL), LT_OK);
	child_end(&c);
	assert_int_equal(figures_read(f, &q, NULL), LT_E_GONE);
	assert_string_equal(figures_source(f), "fake");
	figures_free(f);
}

#define WITH_FAKE(test) cmocka_unit_test_teardown(test, fake_reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FAKE(a_source_that_leaks_a_file_per_read_is_left_after_three),
		WITH_FAKE(a_source_that_leaks_now_and_then_is_left_too),
		WITH_FAKE(a_healthy_source_is_kept),
		WITH_FAKE(a_source_may_keep_two_files_for_itself),
		WITH_FAKE(files_that_others_open_between_reads_are_not_blamed_on_it),
		cmocka_unit_test(the_library_of_this_build_is_kept_or_left_with_three_files),
		WITH_FAKE(a_source_that_fails_is_left),
		WITH_FAKE(a_source_that_sees_no_memory_is_left),
		WITH_FAKE(a_source_that_sees_another_process_is_left),
		WITH_FAKE(a_source_that_cannot_start_is_replaced_at_once),
		WITH_FAKE(a_failing_source_does_not_bring_back_the_dead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
