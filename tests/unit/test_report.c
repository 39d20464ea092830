/* The report of w: what is in it, where it goes, and what it never writes over. */
#include "config.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <sys/resource.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "output/report.h"
#include "output_fixture.h"
#include "util/io.h"

#define NOW 1764000892.0

static char dir[] = "report-XXXXXX", start[PATH_MAX], home[PATH_MAX];

static int enter(void **state)
{
	strcpy(dir, "report-XXXXXX");
	if (!getcwd(start, sizeof(start)) || !mkdtemp(dir) || chdir(dir) != 0 ||
	    !getcwd(home, sizeof(home)))
		return -1;
	unsetenv("TMPDIR");
	return 0;
}

static size_t files(const char *pattern)
{
	glob_t found = {0};
	size_t n = glob(pattern, 0, NULL, &found) == 0 ? found.gl_pathc : 0;

	globfree(&found);
	return n;
}

static int leave(void **state)
{
	glob_t found = {0};

	for (int depth = 0; depth < 2; depth++) {
		if (glob(depth ? "*" : "*/*", 0, NULL, &found) == 0)
			for (size_t i = 0; i < found.gl_pathc; i++)
				(void)remove(found.gl_pathv[i]);
		globfree(&found);
	}
	return chdir(start) != 0 || rmdir(dir) != 0;
}

static void write_one(char path[PATH_MAX])
{
	struct snapshot snap = fixture_snapshot();
	struct lt_err err = {0};

	assert_int_equal(report_write(&snap, "the screen\n>LEAK  Connection\n", NOW, path, &err),
			 LT_OK);
}

static const char *content(const char *path)
{
	static struct buf b;

	buf_clear(&b);
	assert_int_equal(io_read_file(path, 1 << 20, &b), 0);
	return buf_text(&b);
}

static void it_has_the_screen_and_all_types_as_text(void **state)
{
	char path[PATH_MAX];
	struct stat file;

	write_one(path);
	assert_int_equal(strncmp(path, home, strlen(home)), 0);
	assert_non_null(strstr(path, "/leaktop-4242-2025"));
	assert_non_null(strstr(content(path), ">LEAK  Connection\n"));
	assert_non_null(strstr(content(path), "__main__.Connection"));
	assert_non_null(strstr(content(path), "\n>> "));
	assert_int_equal(stat(path, &file), 0);
	assert_int_equal(file.st_mode & 0777, 0600);
}

static void it_has_the_same_as_json_lines(void **state)
{
	static const char *const kinds[] = {"attach", "sample", "verdict"};
	char path[PATH_MAX], *line, *save = NULL, *text;
	size_t n = 0;

	write_one(path);
	strcpy(strrchr(path, '.'), ".jsonl");
	text = strdup(content(path));
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save), n++) {
		json_t *v = json_loads(line, 0, NULL);

		assert_non_null(v);
		assert_true(n < 3);
		assert_string_equal(json_string_value(json_object_get(v, "kind")), kinds[n]);
		json_decref(v);
	}
	assert_int_equal(n, 3);
	free(text);
}

static void two_of_one_second_are_two_files(void **state)
{
	char first[PATH_MAX], second[PATH_MAX];

	write_one(first);
	write_one(second);
	assert_string_not_equal(first, second);
	assert_int_equal(files("*.txt"), 2);
	assert_int_equal(files("*.jsonl"), 2);
}

/* The name of the first report of that second, taken by something else. */
static void a_link_of_that_name_is_not_followed(void **state)
{
	char first[PATH_MAX], second[PATH_MAX];

	write_one(first);
	assert_int_equal(unlink(first), 0);
	assert_int_equal(symlink("precious", first), 0);
	write_one(second);
	assert_string_not_equal(first, second);
	assert_int_equal(access("precious", F_OK), -1);
}

static void without_a_way_to_write_here_it_goes_to_tmpdir(void **state)
{
	char path[PATH_MAX], want[PATH_MAX + 8];

	/* a directory that is gone takes no file, not even root's */
	assert_int_equal(mkdir("tmp", 0700) | mkdir("gone", 0700) | chdir("gone"), 0);
	assert_int_equal(rmdir("../gone"), 0);
	snprintf(want, sizeof(want), "%s/tmp", home);
	setenv("TMPDIR", want, 1);
	write_one(path);
	assert_int_equal(strncmp(path, want, strlen(want)), 0);
	assert_int_equal(chdir(home), 0);
}

static void a_full_disk_is_an_error_and_leaves_no_file(void **state)
{
	struct snapshot snap = fixture_snapshot();
	struct lt_err err = {0};
	char path[PATH_MAX], text[300];
	struct rlimit before, none = {0};

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	none.rlim_max = before.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	assert_int_equal(report_write(&snap, "x\n", NOW, path, &err), LT_E_OUTPUT);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_non_null(strstr(lt_err_text(&err, text, sizeof(text)), strerror(EFBIG)));
	assert_int_equal(files("*"), 0);
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIR(it_has_the_screen_and_all_types_as_text),
		IN_DIR(it_has_the_same_as_json_lines),
		IN_DIR(two_of_one_second_are_two_files),
		IN_DIR(a_link_of_that_name_is_not_followed),
		IN_DIR(without_a_way_to_write_here_it_goes_to_tmpdir),
		IN_DIR(a_full_disk_is_an_error_and_leaves_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
