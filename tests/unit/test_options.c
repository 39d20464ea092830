#include "config.h"
#include "test.h"

#include "cli/options.h"
#include "util/clock.h"
#include "util/mem.h"

#define WORDS 32

/* Splits line at blanks in place of a shell; '\t' stands for a blank inside a word. */
static enum lt_errc parse(const char *line, struct options *ret, struct lt_err *err)
{
	static char text[256];	/* ret->filter points into it */
	char *argv[WORDS + 1] = {(char[]){"leaktop"}}, *save = NULL;
	int argc = 1;

	snprintf(text, sizeof(text), "%s", line);
	for (char *w = text; argc < WORDS && (w = strtok_r(w, " ", &save)); w = NULL) {
		for (char *c = w; *c; c++)
			*c = *c == '\t' ? ' ' : *c;
		argv[argc++] = w;
	}
	return options_parse(argc, argv, ret, err);
}

static struct options good(const char *line)
{
	struct options opt = {0};
	struct lt_err err = {0};

	if (parse(line, &opt, &err) != LT_OK)
		fail_msg("%s: %s", line, err.detail);
	return opt;
}

/* The line is refused as usage, with every word of `says` (separated by '|') in the cause. */
static void bad(const char *line, const char *says)
{
	struct options opt, before;
	struct lt_err err = {0};
	char words[128], *save = NULL;

	memset(&opt, 0x5a, sizeof(opt));
	before = opt;
	if (parse(line, &opt, &err) != LT_E_USAGE)
		fail_msg("'%s' was taken", line);
	assert_int_equal(err.code, LT_E_USAGE);
	assert_memory_equal(&opt, &before, sizeof(opt));
	assert_null(strchr(err.detail, '\n'));
	snprintf(words, sizeof(words), "%s", says);
	for (char *w = strtok_r(words, "|", &save); w; w = strtok_r(NULL, "|", &save))
		if (!strstr(err.detail, w))
			fail_msg("'%s' says '%s', nothing of '%s'", line, err.detail, w);
}

static void a_bare_pid_is_enough_and_the_rest_has_defaults(void **state)
{
	struct options opt = good("4242");

	assert_int_equal(opt.pid, 4242);
	assert_int_equal(opt.delay_ns, 2 * CLOCK_NS_PER_S);
	assert_int_equal(opt.iterations, 0);
	assert_int_equal(opt.duration_ns, 0);
	assert_int_equal(opt.max_pause_ns, 2 * CLOCK_NS_PER_MS);
	assert_false(opt.batch || opt.readonly || opt.preflight || opt.help || opt.version);
	assert_ptr_equal(opt.sink, &sink_table);
	assert_int_equal(opt.sort, SORT_VERDICT);
	assert_int_equal(opt.fail_on, RATCHET_EARLY);
	assert_int_equal(opt.confirm_ns, 600 * CLOCK_NS_PER_S);
	assert_false(opt.reversed);
	assert_int_equal(opt.top, 20);
	assert_null(opt.filter);
}

static void every_option_is_taken_in_its_short_and_its_long_form(void **state)
{
	struct options s = good("-p 7 -d 0.5 -n 3 --duration 10m -b -f jsonl -o -size -T 5 -F ^app "
				"--readonly --preflight -C -U --max-pause 5 --fail-on suspect "
				"--confirm 5m");
	struct options l = good("--pid=7 --delay=0.5 --iterations=3 --duration=600 --batch "
				"--format=jsonl --sort=-size --top=5 --filter=^app "
				"--readonly --preflight --no-color --ascii --max-pause=5 "
				"--fail-on=suspect --confirm=300");
	const struct options *both[] = {&s, &l};

	for (size_t i = 0; i < COUNT_OF(both); i++) {
		const struct options *o = both[i];

		assert_int_equal(o->pid, 7);
		assert_int_equal(o->delay_ns, 500 * CLOCK_NS_PER_MS);
		assert_int_equal(o->iterations, 3);
		assert_int_equal(o->duration_ns, 600 * CLOCK_NS_PER_S);
		assert_int_equal(o->max_pause_ns, 5 * CLOCK_NS_PER_MS);
		assert_true(o->batch && o->readonly && o->preflight);
		assert_true(o->look.no_color && o->ascii);
		assert_ptr_equal(o->sink, &sink_jsonl);
		assert_int_equal(o->sort, SORT_SIZE);
		assert_true(o->reversed);
		assert_int_equal(o->top, 5);
		assert_non_null(o->filter);
	}
	assert_string_equal(good("-F ^app 7").filter, "^app");
}

static void options_may_stand_on_both_sides_of_the_pid(void **state)
{
	assert_int_equal(good("-b 42 -n 3").pid, 42);
	assert_int_equal(good("-b 42 -n 3").iterations, 3);
	assert_int_equal(good("-bn3 42").iterations, 3);
	assert_int_equal(good("-b -- 42").pid, 42);
}

static void a_format_implies_batch_and_chooses_how_many_rows(void **state)
{
	assert_true(good("-f table 7").batch);
	assert_int_equal(good("-f table 7").top, 20);
	assert_true(good("-f jsonl 7").batch);
	assert_int_equal(good("-f jsonl 7").top, 0);
	assert_int_equal(good("-T 5 -f jsonl 7").top, 5);
	assert_int_equal(good("-b -T 0 7").top, 0);
}

static void an_output_implies_batch_and_listening_does_not(void **state)
{
	assert_true(good("--output x.csv 7").batch);
	assert_string_equal(good("--output x.csv 7").output, "x.csv");
	assert_null(good("7").output);
	assert_false(good("--listen 9123 7").batch);
	assert_true(good("--listen 9123 7").listen);
	assert_false(good("7").listen);
	assert_int_equal(good("--listen 9123 7").listen_top, 50);
	assert_int_equal(good("--listen 9123 -T 5 7").listen_top, 5);
	assert_int_equal(good("-f openmetrics 7").top, 50);
	assert_int_equal(good("-f csv 7").top, 0);
	bad("--listen here 7", "[ADDR]:PORT|here");
	bad("--listen 70000 7", "70000");
	bad("--output= 7", "name of a file");
}

static void a_sign_before_the_field_puts_the_high_or_the_low_end_first(void **state)
{
	assert_false(good("-o count 7").reversed);
	assert_false(good("-o +count 7").reversed);
	assert_true(good("-o -count 7").reversed);
	assert_false(good("-o name 7").reversed);
	assert_true(good("-o +name 7").reversed);
	assert_false(good("-o -name 7").reversed);
	assert_int_equal(good("-o dsize 7").sort, SORT_SIZE_GROWTH);
}

static void help_version_and_the_list_of_fields_need_no_pid(void **state)
{
	assert_true(good("--help").help);
	assert_true(good("-h").help);
	assert_true(good("-V").version);
	assert_true(good("-O").list_fields);
	assert_int_equal(good("-O").pid, 0);
}

static void a_pid_that_is_none_is_refused(void **state)
{
	static const char *const pids[] = {
		"0", "-p 0", "-p -5", "-p 12x", "abc", "-p 4194305", "99999999999999999999",
		"-p +5", "--pid= 7",
	};

	for (size_t i = 0; i < COUNT_OF(pids); i++)
		bad(pids[i], "a PID is a number");
}

static void without_a_pid_one_is_to_be_chosen_but_not_for_a_preflight(void **state)
{
	assert_int_equal(good("").pid, 0);
	assert_int_equal(good("-b").pid, 0);
	assert_int_equal(good("--").pid, 0);
	assert_true(good("--preflight --help").help);
	bad("--preflight", "--preflight needs a PID");
}

static void what_a_replay_has_no_use_for_is_refused(void **state)
{
	assert_string_equal(good("-r day.jsonl").replay, "day.jsonl");
	bad("-r day.jsonl 4242", "a replay has no PID");
	bad("-r day.jsonl -w copy.jsonl", "a replay is not recorded");
	bad("-r day.jsonl --preflight", "--preflight looks at a process");
	bad("-r day.jsonl --listen 9123", "--listen serves a process");
}

static void a_list_of_pids_is_refused_as_what_it_is(void **state)
{
	bad("1,2", "one PID|1,2");
	bad("-p 1,2", "one PID|1,2");
	bad("-p 1\t2", "one PID");
	bad("1 2", "one PID|2");
	bad("-p 1 2", "one PID");
	bad("-p 1 -p 2", "one PID");
}

static void an_unknown_option_is_named(void **state)
{
	bad("-x 7", "no option -x");
	bad("--batch -bx 7", "no option -x");
	bad("--batch -xb 7", "no option -x");
	bad("--bogus 7", "no option --bogus");
	bad("--p 7", "--p|several");
	bad("-- -b", "a PID|-b");
}

static void a_missing_or_an_extra_argument_is_named(void **state)
{
	bad("7 -d", "--delay|SECS");
	bad("7 --delay", "--delay|SECS");
	bad("7 --duration", "--duration needs");
	bad("--batch=x 7", "--batch takes no argument");
	bad("--readonly=1 7", "--readonly takes no argument");
}

static void values_out_of_range_name_the_range(void **state)
{
	bad("-d 0 7", "0.1 to 3600|'0'");
	bad("-d 0.05 7", "0.1 to 3600");
	bad("-d 3601 7", "0.1 to 3600");
	bad("-d 0,5 7", "0.1 to 3600");
	bad("-d -1 7", "0.1 to 3600");
	bad("-n 0 7", "from 1|'0'");
	bad("-n many 7", "from 1");
	bad("--duration 0s 7", "90s");
	bad("--duration 5w 7", "90s");
	bad("-T -1 7", "from 0");
	bad("--max-pause 0 7", "1 to 10000");
	bad("--max-pause 0.5 7", "1 to 10000");
	bad("--max-pause 10001 7", "1 to 10000");
	bad("-f xml 7", "table, jsonl, csv, openmetrics|xml");
	bad("-f jsonl2 7", "one of table");
}

static void a_wrong_sort_field_names_the_right_ones(void **state)
{
#define X(id, name, help) bad("-o nonsense 7", name);
	SNAPSHOT_SORTS(X)
#undef X
	bad("-o + 7", "the field is one of");
	bad("-o +-size 7", "the field is one of");
}

static void the_columns_are_names_that_there_are(void **state)
{
	struct options opt = good("--fields count,last,verdict 7");

	assert_string_equal(opt.fields, "count,last,verdict");
	bad("--fields count,cuont 7", "the columns are some of verdict, name|cuont");
	bad("--fields= 7", "the columns are some of");
	bad("--fields count,,last 7", "the columns are some of");
}

static void a_wrong_filter_is_refused_with_the_reason(void **state)
{
	bad("-F ( 7", "the filter '('");
	bad("-F ![a 7", "the filter '![a'");
	assert_string_equal(good("-F !^app 7").filter, "!^app");
}

static void an_argument_cannot_bring_control_characters_into_the_message(void **state)
{
	struct options opt;
	struct lt_err err;

	assert_int_equal(parse("-d \x1b]0;x\x07 7", &opt, &err), LT_E_USAGE);
	assert_null(strchr(err.detail, '\x1b'));
	assert_int_equal(parse("--\x1b]0;x 7", &opt, &err), LT_E_USAGE);
	assert_null(strchr(err.detail, '\x1b'));
}

/* What print writes, in a buffer of this function. */
static const char *printed(void (*print)(FILE *out))
{
	static char text[8192];
	FILE *out = fmemopen(text, sizeof(text), "w");

	assert_non_null(out);
	print(out);
	fclose(out);
	return text;
}

static void help_shows_every_option_of_the_table_in_80_columns(void **state)
{
	char want[64];
	const struct options_row *row;

	for (size_t i = 0; (row = options_by_index(i)); i++) {
		const char *help = printed(options_help);

		snprintf(want, sizeof(want), "--%s%s%s ", row->name, row->arg ? " " : "",
			 row->arg ? row->arg : "");
		if (!strstr(help, want) || !strstr(help, row->help))
			fail_msg("--help lacks --%s", row->name);
		if (options_letter(row)) {
			snprintf(want, sizeof(want), "-%c, --%s ", options_letter(row), row->name);
			assert_non_null(strstr(help, want));
		}
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(row->key, options_by_index(k)->key);
	}
	for (const char *line = printed(options_help); *line; line += strcspn(line, "\n") + 1)
		assert_true(strcspn(line, "\n") <= 80);
}

static void the_list_of_fields_names_what_sort_takes(void **state)
{
	const char *list = printed(options_fields);

#define X(id, name, help) \
	assert_non_null(strstr(list, name)); \
	assert_non_null(strstr(list, help));
	SNAPSHOT_SORTS(X)
#undef X
	assert_string_equal(printed(options_version), "leaktop " PACKAGE_VERSION_TEXT "\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bare_pid_is_enough_and_the_rest_has_defaults),
		cmocka_unit_test(every_option_is_taken_in_its_short_and_its_long_form),
		cmocka_unit_test(options_may_stand_on_both_sides_of_the_pid),
		cmocka_unit_test(a_format_implies_batch_and_chooses_how_many_rows),
		cmocka_unit_test(an_output_implies_batch_and_listening_does_not),
		cmocka_unit_test(a_sign_before_the_field_puts_the_high_or_the_low_end_first),
		cmocka_unit_test(help_version_and_the_list_of_fields_need_no_pid),
		cmocka_unit_test(a_pid_that_is_none_is_refused),
		cmocka_unit_test(without_a_pid_one_is_to_be_chosen_but_not_for_a_preflight),
		cmocka_unit_test(what_a_replay_has_no_use_for_is_refused),
		cmocka_unit_test(a_list_of_pids_is_refused_as_what_it_is),
		cmocka_unit_test(an_unknown_option_is_named),
		cmocka_unit_test(a_missing_or_an_extra_argument_is_named),
		cmocka_unit_test(values_out_of_range_name_the_range),
		cmocka_unit_test(a_wrong_sort_field_names_the_right_ones),
		cmocka_unit_test(the_columns_are_names_that_there_are),
		cmocka_unit_test(a_wrong_filter_is_refused_with_the_reason),
		cmocka_unit_test(an_argument_cannot_bring_control_characters_into_the_message),
		cmocka_unit_test(help_shows_every_option_of_the_table_in_80_columns),
		cmocka_unit_test(the_list_of_fields_names_what_sort_takes),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
