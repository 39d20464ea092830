#include "config.h"
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sched.h>
#include <unistd.h>

#include "output/outfile.h"
#include "output/sink.h"
#include "util/buf.h"
#include "util/io.h"

static char dir[64], path[128];

static int make_dir(void **state)
{
	snprintf(dir, sizeof(dir), "/tmp/leaktop-outfile-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/out.csv", dir);
	return 0;
}

/* Fails where a test has left anything but `path`. */
static int remove_dir(void **state)
{
	unlink(path);
	return rmdir(dir);
}

static int entries(void)
{
	DIR *d = opendir(dir);
	int n = -2;		/* . and .. */

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void assert_holds(const char *text)
{
	struct buf b = {0};

	assert_int_equal(io_read_file(path, 4096, &b), 0);
	assert_string_equal(buf_text(&b), text);
	buf_done(&b);
}

static void write_old(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void a_file_is_there_only_when_it_is_whole(void **state)
{
	struct outfile f = {0};

	assert_int_equal(outfile_begin(&f, path, NULL), LT_OK);
	fputs("new", f.out);
	fflush(f.out);
	assert_int_not_equal(access(path, F_OK), 0);
	assert_int_equal(outfile_commit(&f, true, NULL), LT_OK);
	assert_holds("new");
	assert_int_equal(entries(), 1);
}

static void until_then_readers_see_the_old_contents(void **state)
{
	struct outfile f = {0};

	write_old("old");
	assert_int_equal(outfile_begin(&f, path, NULL), LT_OK);
	fputs("new", f.out);
	fflush(f.out);
	assert_holds("old");
	assert_int_equal(outfile_commit(&f, false, NULL), LT_OK);
	assert_holds("new");
}

static void what_is_dropped_leaves_the_old_file_and_nothing_else(void **state)
{
	struct outfile f = {0};

	write_old("old");
	assert_int_equal(outfile_begin(&f, path, NULL), LT_OK);
	fputs("half", f.out);
	outfile_drop(&f);
	outfile_drop(&f);
	assert_holds("old");
	assert_int_equal(entries(), 1);
}

static mode_t mode(void)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void it_may_be_read_by_whom_the_umask_or_the_old_file_says(void **state)
{
	mode_t mask = umask(027);
	struct outfile f = {0};

	assert_int_equal(outfile_begin(&f, path, NULL), LT_OK);
	assert_int_equal(outfile_commit(&f, false, NULL), LT_OK);
	assert_int_equal(mode(), 0640);
	assert_int_equal(chmod(path, 0604), 0);
	assert_int_equal(outfile_begin(&f, path, NULL), LT_OK);
	assert_int_equal(outfile_commit(&f, false, NULL), LT_OK);
	assert_int_equal(mode(), 0604);
	umask(mask);
}

/* A rename onto /dev/null would replace it for the whole machine. */
static void what_is_no_regular_file_is_refused_and_stays(void **state)
{
	const char *const others[] = {"/dev/null", dir};
	struct outfile f = {0};
	struct lt_err err = {0};

	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(outfile_begin(&f, others[i], &err), LT_E_OUTPUT);
		assert_non_null(strstr(err.detail, "no regular file"));
		assert_null(f.temp);
	}
	assert_int_equal(entries(), 0);
}

static void a_folder_that_is_not_there_is_an_error_with_its_errno(void **state)
{
	struct outfile f = {0};
	struct lt_err err = {0};
	char none[160];

	snprintf(none, sizeof(none), "%s/none/out.csv", dir);
	assert_int_equal(outfile_begin(&f, none, &err), LT_E_OUTPUT);
	assert_int_equal(err.sys_errno, ENOENT);
	assert_non_null(strstr(err.detail, "none/out.csv"));
	snprintf(none, sizeof(none), "%s/out.csv/", path);
	write_old("a file, no folder");
	assert_int_equal(outfile_begin(&f, none, &err), LT_E_OUTPUT);
	assert_int_equal(err.sys_errno, ENOTDIR);
}

/* On a disk of one page: is it told when that is full, and is nothing left on it? */
static int fill_a_disk(void)
{
	static const char page[8192];
	struct outfile f = {0};
	struct lt_err err = {0};
	struct buf b = {0};
	struct sink s = {.ops = &sink_csv, .options = {.path = path}};

	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("full", dir, "tmpfs", 0, "size=4096") < 0)
		return 77;
	if (outfile_begin(&f, path, &err) != LT_OK)
		return 1;
	s.options.out = f.out;
	buf_put(&b, page, sizeof(page));
	if (sink_write(&s, &b, &err) != LT_E_OUTPUT || err.sys_errno != ENOSPC ||
	    !strstr(err.detail, path))
		return 2;
	outfile_drop(&f);
	if (entries() != 0 || outfile_begin(&f, path, &err) != LT_OK)
		return 3;
	(void)fwrite(page, 1, sizeof(page), f.out);	/* fails, and nobody looks */
	if (outfile_commit(&f, true, &err) != LT_E_OUTPUT)
		return 4;
	return entries() == 0 && !f.temp && !f.out ? 0 : 5;
}

static void a_full_disk_leaves_nothing_half_written(void **state)
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(fill_a_disk());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		SKIP("a small disk cannot be mounted here");
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)
	const struct CMUnitTest tests[] = {
		T(a_file_is_there_only_when_it_is_whole),
		T(until_then_readers_see_the_old_contents),
		T(what_is_dropped_leaves_the_old_file_and_nothing_else),
		T(it_may_be_read_by_whom_the_umask_or_the_old_file_says),
		T(what_is_no_regular_file_is_refused_and_stays),
		T(a_folder_that_is_not_there_is_an_error_with_its_errno),
		T(a_full_disk_leaves_nothing_half_written),
	};

	return cmocka_run_group_tests_name("outfile", tests, NULL, NULL);
}
