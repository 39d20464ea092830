/* The settings file: where it is looked for, when it is believed, what is read and written. */
#include "config.h"
#include "test.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/settings.h"
#include "util/io.h"
#include "util/mem.h"

static char dir[4200], path[4300];
static struct settings settings;
static struct options options;

static int begin(void **state)
{
	const char *build = getenv("LT_BUILDDIR");

	snprintf(dir, sizeof(dir), "%s/settings-XXXXXX", build ? build : "/tmp");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/config", dir);
	setenv("LEAKTOPRC", path, 1);
	unsetenv("XDG_CONFIG_HOME");
	setenv("HOME", dir, 1);
	options_defaults(&options);
	return 0;
}

static int end(void **state)
{
	char command[4400];

	settings_done(&settings);
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

static void write_file(const char *to, const char *text)
{
	FILE *f = fopen(to, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(to, 0600), 0);
}

static void read_file(const char *given)
{
	settings_done(&settings);
	options_defaults(&options);
	settings_read(&settings, given, &options);
}

static void read_text(const char *text)
{
	write_file(path, text);
	read_file(NULL);
}

static const char *content(void)
{
	static struct buf b;

	buf_clear(&b);
	assert_int_equal(io_read_file(path, 1 << 20, &b), 0);
	return buf_text(&b);
}

static void write_settings(void)
{
	struct lt_err err = {0};

	if (settings_write(&settings, &options, &err) != LT_OK)
		fail_msg("%s", err.detail);
}

/* ---- reading ------------------------------------------------------------------------------ */

static void every_setting_is_read(void **state)
{
	read_text("# mine\n\ndelay = 0.5\nsort=-size\n  hide-flat =yes  \nconfirm = 5m\n"
		  "units = KiB\nzeros = no\nmouse = yes\nfields = name,count\n"
		  "census = walk\r\nmax-cpu = 7\nmax-pause = 20\ncolor = no\nascii = on");
	assert_string_equal(settings.message, "");
	assert_int_equal(options.delay_ns, 500000000);
	assert_int_equal(options.sort, SORT_SIZE);
	assert_true(options.reversed);
	assert_true(options.hide_flat);
	assert_int_equal(options.confirm_ns, 300 * 1000000000LL);
	assert_int_equal(options.census, CENSUS_WALK);
	assert_true(options.max_cpu > 0.069 && options.max_cpu < 0.071);
	assert_int_equal(options.max_pause_ns, 20000000);
	assert_true(options.look.no_color);
	assert_true(options.ascii);
	assert_int_equal(options.look.unit, TEXT_KIB);
	assert_true(options.look.blank_zeros);
	assert_true(options.look.mouse);
	assert_string_equal(options.fields, "name,count");
}

/* What a user who owns nothing here is told of the file: nothing, or why it cannot be read. */
static bool nobody_is_told(const char *given)
{
	pid_t child;
	int status;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		if (setgid(65534) != 0 || setuid(65534) != 0)
			_exit(2);
		read_file(given);
		_exit(settings.message[0] != '\0');
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
	return WEXITSTATUS(status) == 1;
}

/* As under sudo -u, which leaves HOME alone. Told on stderr it were a third line of a refusal. */
static void a_file_in_a_home_that_is_closed_is_none_unless_it_was_given(void **state)
{
	if (geteuid() != 0)
		SKIP("only root can be two users");
	write_file(path, "sort = size\n");
	assert_false(nobody_is_told(NULL));
	assert_true(nobody_is_told(path));
}

static void a_wrong_line_is_told_with_its_number_and_defaults_are_used(void **state)
{
	static const struct { const char *text, *message; } cases[] = {
		{"sort = size\ndelay = fast\n", ":2: the delay is 0.1 to 3600 seconds, not 'fast'"},
		{"sort = size\n\nnonsense\n", ":3: a line is a comment or: key = value"},
		{"= 5\n", ":1: a line is"},
		{"color = maybe\n", ":1: color is yes or no, not 'maybe'"},
		{"units = GiB\n", ":1: units are auto, B, KiB or MiB, not 'GiB'"},
		{"fields = no,such\n", ":1: the columns are some of"},
		{"ascii =\n", ":1: ascii is yes or no, not ''"},
		{"sort = no\x1b[1mthing\n", "not 'no?[1mthing'"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		read_text(cases[i].text);
		if (!strstr(settings.message, cases[i].message))
			fail_msg("%s", settings.message);
		assert_non_null(strstr(settings.message, "defaults are used"));
		assert_null(strchr(settings.message, '\n'));
		assert_int_equal(options.sort, SORT_VERDICT);
		assert_int_equal(options.delay_ns, 2000000000);
	}
}

static void what_it_does_not_know_is_told_and_the_rest_is_used(void **state)
{
	read_text("theme = dark\ndelay = 5\n");
	assert_non_null(strstr(settings.message, "config:1: no such setting: theme"));
	assert_int_equal(options.delay_ns, 5000000000);
}

static void options_win_over_the_file(void **state)
{
	char *argv[] = {(char *)"leaktop", (char *)"-d", (char *)"1", (char *)"42", NULL};
	struct options result;
	struct lt_err err;

	read_text("delay = 9\nmax-cpu = 9\n");
	assert_int_equal(options_parse_over(&options, 4, argv, &result, &err), LT_OK);
	assert_int_equal(result.delay_ns, 1000000000);
	assert_true(result.max_cpu > 0.089);
	assert_int_equal(result.pid, 42);
}

/* ---- where ---------------------------------------------------------------------------------- */

static void the_places_are_tried_in_their_order(void **state)
{
	char xdg[4300], file[4400];

	read_file(NULL);			/* none of them is there */
	assert_string_equal(settings.message, "");
	assert_string_equal(settings.path, path);
	snprintf(xdg, sizeof(xdg), "%s/leaktop", dir);
	assert_int_equal(mkdir(xdg, 0700), 0);
	snprintf(file, sizeof(file), "%s/leaktop/config", dir);
	write_file(file, "delay = 7\n");
	setenv("XDG_CONFIG_HOME", dir, 1);
	unsetenv("LEAKTOPRC");
	read_file(NULL);
	assert_string_equal(settings.path, file);
	assert_int_equal(options.delay_ns, 7000000000);
	unsetenv("XDG_CONFIG_HOME");
	read_file(NULL);
	assert_non_null(strstr(settings.path, "/.config/leaktop/config"));
	read_file(file);
	assert_int_equal(options.delay_ns, 7000000000);
}

static void nothing_is_read_from_the_current_directory(void **state)
{
	char before[4096];

	assert_non_null(getcwd(before, sizeof(before)));
	write_file(path, "delay = 7\n");
	assert_int_equal(chdir(dir), 0);
	setenv("LEAKTOPRC", "config", 1);
	setenv("XDG_CONFIG_HOME", ".", 1);
	setenv("HOME", "", 1);
	read_file(NULL);
	assert_int_equal(options.delay_ns, 2000000000);
	assert_string_equal(settings.path, "");
	assert_int_equal(settings_write(&settings, &options, NULL), LT_E_OUTPUT);
	assert_int_equal(chdir(before), 0);
}

static void a_file_that_others_may_write_is_not_used(void **state)
{
	static const mode_t modes[] = {0620, 0602, 0666};

	for (size_t i = 0; i < COUNT_OF(modes); i++) {
		write_file(path, "delay = 7\n");
		assert_int_equal(chmod(path, modes[i]), 0);
		read_file(NULL);
		assert_non_null(strstr(settings.message, "may be written by others"));
		assert_int_equal(options.delay_ns, 2000000000);
		assert_int_equal(settings_write(&settings, &options, NULL), LT_E_OUTPUT);
	}
}

static void a_file_of_another_user_is_not_used(void **state)
{
	write_file(path, "delay = 7\n");
	if (chown(path, 12345, (gid_t)-1) != 0)
		SKIP("only root can give files away");
	read_file(NULL);
	assert_non_null(strstr(settings.message, "belongs to another user"));
	assert_int_equal(options.delay_ns, 2000000000);
	assert_int_equal(settings_write(&settings, &options, NULL), LT_E_OUTPUT);
	assert_string_equal(content(), "delay = 7\n");
}

static void what_is_no_small_file_is_not_used(void **state)
{
	FILE *f = fopen(path, "w");

	for (int i = 0; i < 20000; i++)
		fputs("# a line\n", f);
	assert_int_equal(fclose(f), 0);
	read_file(NULL);
	assert_non_null(strstr(settings.message, "larger than 64 KiB"));
	assert_int_equal(unlink(path) | mkfifo(path, 0600), 0);
	read_file(NULL);
	assert_non_null(strstr(settings.message, "is no file"));
	read_file("/dev/null");
	assert_string_equal(settings.message, "");
	read_file("/nonexistent/file");
	assert_non_null(strstr(settings.message, strerror(ENOENT)));
}

/* ---- writing -------------------------------------------------------------------------------- */

static void what_was_written_is_read_again(void **state)
{
	struct stat file;
	struct options before;

	read_file(NULL);
	options.delay_ns = 700000000;
	options.sort = SORT_NAME;
	options.reversed = true;
	options.hide_flat = options.look.no_color = options.ascii = true;
	options.census = CENSUS_SCAN;
	options.confirm_ns = 90 * 1000000000LL;
	options.max_pause_ns = 5000000;
	options.max_cpu = 0.29;
	options.look.unit = TEXT_MIB;
	options.look.mouse = options.look.blank_zeros = true;
	options.fields = "name,rate";
	before = options;
	write_settings();
	assert_int_equal(stat(path, &file), 0);
	assert_int_equal(file.st_mode & 0777, 0600);
	read_file(NULL);
	assert_string_equal(settings.message, "");
	assert_int_equal(options.delay_ns, before.delay_ns);
	assert_int_equal(options.sort, SORT_NAME);
	assert_true(options.reversed && options.hide_flat);
	assert_true(options.look.no_color && options.ascii);
	assert_int_equal(options.census, CENSUS_SCAN);
	assert_int_equal(options.confirm_ns, before.confirm_ns);
	assert_int_equal(options.max_pause_ns, before.max_pause_ns);
	assert_true(options.max_cpu > 0.289 && options.max_cpu < 0.291);
	assert_int_equal(options.look.unit, TEXT_MIB);
	assert_true(options.look.mouse && options.look.blank_zeros);
	assert_string_equal(options.fields, "name,rate");
	for (size_t i = 0; settings_name(i); i++)
		assert_non_null(strstr(content(), settings_name(i)));
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static void comments_and_what_is_not_known_are_kept(void **state)
{
	size_t before;

	read_text("# mine\ntheme = dark\n\ndelay = 9\n# last\n");
	options.delay_ns = 1500000000;
	write_settings();
	assert_true(begins(content(), "# mine\ntheme = dark\n\ndelay = 1.5\n# last\n"));
	assert_non_null(strstr(content(), "\nmax-pause = 2\n"));
	before = strlen(content());
	write_settings();
	assert_int_equal(strlen(content()), before);
}

static void a_line_that_is_not_understood_becomes_a_comment(void **state)
{
	read_text("nonsense\ncolor = maybe\n");
	write_settings();
	assert_true(begins(content(), "# not understood: nonsense\ncolor = yes\n"));
	read_file(NULL);
	assert_string_equal(settings.message, "");
}

static void folders_are_made_and_a_link_stays_one(void **state)
{
	char real[4300];
	struct stat file;

	snprintf(path, sizeof(path), "%s/a/b/config", dir);
	setenv("LEAKTOPRC", path, 1);
	read_file(NULL);
	write_settings();
	assert_non_null(strstr(content(), "delay = 2"));
	snprintf(real, sizeof(real), "%s/dotfile", dir);
	assert_int_equal(rename(path, real) | symlink(real, path), 0);
	read_file(NULL);
	options.delay_ns = 3000000000;
	write_settings();
	assert_int_equal(lstat(path, &file), 0);
	assert_true(S_ISLNK(file.st_mode));
	assert_non_null(strstr(content(), "delay = 3"));
}

/* It would be a file in the place of the device. */
static void a_device_is_never_written(void **state)
{
	struct lt_err err;
	struct stat file;

	read_file("/dev/null");
	assert_int_equal(settings_write(&settings, &options, &err), LT_E_OUTPUT);
	assert_int_equal(stat("/dev/null", &file), 0);
	assert_true(S_ISCHR(file.st_mode));
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIR(every_setting_is_read),
		IN_DIR(a_file_in_a_home_that_is_closed_is_none_unless_it_was_given),
		IN_DIR(a_wrong_line_is_told_with_its_number_and_defaults_are_used),
		IN_DIR(what_it_does_not_know_is_told_and_the_rest_is_used),
		IN_DIR(options_win_over_the_file),
		IN_DIR(the_places_are_tried_in_their_order),
		IN_DIR(nothing_is_read_from_the_current_directory),
		IN_DIR(a_file_that_others_may_write_is_not_used),
		IN_DIR(a_file_of_another_user_is_not_used),
		IN_DIR(what_is_no_small_file_is_not_used),
		IN_DIR(what_was_written_is_read_again),
		IN_DIR(comments_and_what_is_not_known_are_kept),
		IN_DIR(a_line_that_is_not_understood_becomes_a_comment),
		IN_DIR(folders_are_made_and_a_link_stays_one),
		IN_DIR(a_device_is_never_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
