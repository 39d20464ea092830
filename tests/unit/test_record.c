/* The flight recorder: what stays in the file whatever happens to it. */
#include "config.h"
#include "test.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output_fixture.h"
#include "output/record.h"
#include "util/buf.h"
#include "util/io.h"

static char path[64];
static struct record *r;
static struct buf content;

static int begin(void **state)
{
	int fd;

	snprintf(path, sizeof(path), "/tmp/leaktop-record-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	return 0;
}

static int end(void **state)
{
	record_close(r);
	r = NULL;
	buf_done(&content);
	unlink(path);
	return 0;
}

static void open_it(void)
{
	assert_int_equal(record_open(path, &r, NULL), LT_OK);
}

static void close_it(void)
{
	record_close(r);
	r = NULL;
}

static const char *read_it(void)
{
	buf_clear(&content);
	assert_int_equal(io_read_file(path, 1 << 24, &content), 0);
	return buf_text(&content);
}

static int lines_with(const char *word)
{
	int n = 0;

	for (const char *at = read_it(); (at = strstr(at, word)) != NULL; at++)
		n++;
	return n;
}

static void write_it(const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC);

	assert_int_equal(io_write_all(fd, text, strlen(text)), 0);
	close(fd);
}

static void sample(void)
{
	struct snapshot snap = fixture_snapshot();

	record_sample(r, &snap);
}

static void the_target_stands_before_its_first_sample_and_the_end_behind_the_last(void **state)
{
	const struct sample_left left = {0, 0, 0};
	struct snapshot snap = fixture_snapshot();

	open_it();
	sample();
	sample();
	record_end(r, &snap, &left, 1764000006);
	assert_int_equal(lines_with("\n"), 5);
	assert_int_equal(lines_with("\"kind\":\"attach\""), 1);
	assert_int_equal(strncmp(read_it(), "{\"v\":1,\"kind\":\"attach\"", 22), 0);
	assert_int_equal(lines_with("\"kind\":\"sample\""), 2);
	assert_non_null(strstr(read_it(), "\n{\"v\":1,\"kind\":\"detach\""));
}

static void every_type_is_recorded_whatever_the_filter_hides(void **state)
{
	struct snapshot snap = fixture_snapshot();

	open_it();
	snap.n_rows = 0;
	record_sample(r, &snap);
	assert_int_equal(lines_with("\"type\":\""), 3);
}

static void another_target_gets_a_line_of_its_own(void **state)
{
	struct sample_target other = fixture_target;
	struct snapshot snap = fixture_snapshot();

	other.pid++;
	open_it();
	sample();
	snap.target = &other;
	record_sample(r, &snap);
	assert_int_equal(lines_with("\"kind\":\"attach\""), 2);
}

static void a_recording_is_continued(void **state)
{
	open_it();
	sample();
	close_it();
	open_it();
	sample();
	assert_int_equal(lines_with("\"kind\":\"sample\""), 2);
}

static void half_a_line_of_a_killed_leaktop_goes_before_it_is_continued(void **state)
{
	write_it("{\"v\":1,\"kind\":\"error\"}\n{\"v\":1,\"kind\":\"sam");
	open_it();
	assert_string_equal(read_it(), "{\"v\":1,\"kind\":\"error\"}\n");
	sample();
	assert_int_equal(lines_with("\"kind\":\"sam"), 1);
}

static void a_file_that_is_no_recording_is_refused_and_left_alone(void **state)
{
	struct lt_err err;

	write_it("my only copy\n");
	assert_int_equal(record_open(path, &r, &err), LT_E_RECORD_FILE);
	assert_string_equal(read_it(), "my only copy\n");
}

static void a_file_that_another_one_writes_is_refused(void **state)
{
	struct record *other;
	struct lt_err err;

	open_it();
	assert_int_equal(record_open(path, &other, &err), LT_E_RECORD_FILE);
	assert_non_null(strstr(err.detail, "another leaktop"));
}

static void a_directory_a_pipe_and_a_place_that_is_not_there_are_refused(void **state)
{
	struct lt_err err;

	assert_int_equal(record_open("/tmp", &r, &err), LT_E_OUTPUT);
	assert_int_equal(record_open("/nowhere/file", &r, &err), LT_E_OUTPUT);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(record_open(path, &r, &err), LT_E_RECORD_FILE);
}

static void a_new_recording_may_be_read_by_its_owner_only(void **state)
{
	struct stat st;

	unlink(path);
	open_it();
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_full_disk_is_told_and_counted(void **state)
{
	char text[200];

	if (access("/dev/full", W_OK) != 0)
		SKIP("there is no /dev/full");
	assert_int_equal(record_open("/dev/full", &r, NULL), LT_OK);
	assert_int_equal(record_state(r), LT_OK);
	sample();
	sample();
	assert_int_equal(record_state(r), LT_E_OUTPUT);
	assert_int_equal(record_lost(r), 2);
	assert_string_equal(record_text(r, text, sizeof(text)),
			    "NOT RECORDING to /dev/full: No space left on device, 2 samples lost");
}

/* The limit of a file's size stands in for a disk that has room for half a line. */
static void a_line_that_the_disk_cut_off_is_taken_out_and_the_next_one_tried_again(void **state)
{
	struct rlimit before, small;
	char text[200];
	size_t whole;

	open_it();
	sample();
	whole = strlen(read_it());
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = whole + 100;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	sample();
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(strlen(read_it()), whole);
	assert_int_equal(record_state(r), LT_E_OUTPUT);
	sample();
	assert_int_equal(record_state(r), LT_OK);
	assert_int_equal(lines_with("\"kind\":\"sample\""), 2);
	assert_non_null(strstr(read_it(), "1 samples are missing here"));
	assert_non_null(strstr(record_text(r, text, sizeof(text)), "again, 1 sample lost"));
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
		T(the_target_stands_before_its_first_sample_and_the_end_behind_the_last),
		T(every_type_is_recorded_whatever_the_filter_hides),
		T(another_target_gets_a_line_of_its_own),
		T(a_recording_is_continued),
		T(half_a_line_of_a_killed_leaktop_goes_before_it_is_continued),
		T(a_file_that_is_no_recording_is_refused_and_left_alone),
		T(a_file_that_another_one_writes_is_refused),
		T(a_directory_a_pipe_and_a_place_that_is_not_there_are_refused),
		T(a_new_recording_may_be_read_by_its_owner_only),
		T(a_full_disk_is_told_and_counted),
		T(a_line_that_the_disk_cut_off_is_taken_out_and_the_next_one_tried_again),
	};

	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
