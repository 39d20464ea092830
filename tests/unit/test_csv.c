#include "config.h"
#include "test.h"

#include "output_fixture.h"
#include "util/mem.h"

#define COLUMNS 31

static char *text;	/* what the sink wrote in this test */
static size_t text_len;

static struct sink open_sink(int top)
{
	FILE *out = open_memstream(&text, &text_len);

	assert_non_null(out);
	return (struct sink){.ops = &sink_csv, .options = {.out = out, .top = top}};
}

static void close_sink(struct sink *s)
{
	fclose(s->options.out);
}

static int free_text(void **state)
{
	free(text);
	text = NULL;
	return 0;
}

/* One sample behind its header. */
static void write_sample(const struct snapshot *snap, int top)
{
	struct sink s = open_sink(top);

	assert_int_equal(s.ops->attach(&s, snap, NULL), LT_OK);
	assert_int_equal(s.ops->sample(&s, snap, NULL), LT_OK);
	close_sink(&s);
}

/*
 * Cell `column` of line `line`, as RFC 4180 says how to read it; NULL where there is none. Fails
 * on what no strict reader would take.
 */
static const char *cell(int line, int column)
{
	static char got[1024];
	const char *at = text;

	for (int l = 0, c = 0; *at; ) {
		bool quoted = *at == '"';
		size_t n = 0;

		at += quoted;
		while (quoted ? *at != '"' || at[1] == '"' : *at && !strchr(",\r\n", *at)) {
			assert_true(*at != '\0' && (quoted || *at != '"'));
			at += quoted && *at == '"';
			got[n++] = *at++;
		}
		at += quoted;
		got[n] = '\0';
		if (l == line && c == column)
			return got;
		if (*at == ',') {
			c++;
			at++;
			continue;
		}
		assert_memory_equal(at, "\r\n", 2);
		assert_int_equal(c + 1, COLUMNS);
		at += 2;
		l++;
		c = 0;
	}
	return NULL;
}

static const char *named(int line, const char *name)
{
	for (int c = 0; c < COLUMNS; c++)
		if (strcmp(cell(0, c), name) == 0)
			return cell(line, c);
	fail_msg("there is no column %s", name);
	return NULL;
}

static void a_sample_is_a_line_for_the_process_and_one_per_type(void **state)
{
	struct snapshot snap = fixture_snapshot();

	write_sample(&snap, 2);
	assert_string_equal(text,
		"time,pid,seq,kind,type,count,bytes,count_delta,bytes_delta,rate,verdict,rss,vsz,"
		"pss,uss,swap,limit,python_live,python_free,c_live,c_free,mapped,stacks,other,"
		"full_collections,garbage,stops,stopped_us,pause_us,cpu_us,text\r\n"
		"2025-11-24T16:00:04.500Z,4242,3,process,,470316,,,,,,851853312,1288490188,,,0,"
		"1073741824,736100352,53477376,,,9437184,0,42,1841,,2,300,912,38100,\r\n"
		"2025-11-24T16:00:04.500Z,4242,3,type,__main__.Connection,48213,3085632,12680,"
		"811520,16.666667,leak,,,,,,,,,,,,,,,,,,,,\r\n"
		"2025-11-24T16:00:04.500Z,4242,3,type,dict,391204,101711872,-87,-6144,-0.25,leak"
		",,,,,,,,,,,,,,,,,,,,\r\n");
}

static void every_line_has_a_cell_for_every_column(void **state)
{
	struct snapshot snap = fixture_snapshot();
	struct sink s = open_sink(0);

	assert_int_equal(s.ops->error(&s, &(struct lt_err){.code = LT_E_TRACED}, NULL), LT_OK);
	assert_int_equal(s.ops->attach(&s, &snap, NULL), LT_OK);
	assert_int_equal(s.ops->sample(&s, &snap, NULL), LT_OK);
	assert_int_equal(s.ops->verdict(&s, &snap, NULL), LT_OK);
	close_sink(&s);
	assert_string_equal(named(1, "kind"), "error");
	assert_string_equal(named(1, "text"), "another program is tracing the process");
	assert_string_equal(named(1, "pid"), "");
	assert_string_equal(named(2, "kind"), "process");
	assert_string_equal(named(5, "type"), "str");
	assert_string_equal(named(5, "verdict"), "");
	assert_string_equal(named(5, "rate"), "");
	assert_string_equal(named(6, "kind"), "verdict");
	assert_string_equal(named(6, "verdict"), "leak");
	assert_string_equal(named(6, "text"), "LEAK __main__.Connection +16.7/s, +12680 since the "
			    "baseline, 1 type in step with it");
	assert_null(cell(7, 0));
}

static void the_header_comes_once_and_first(void **state)
{
	struct snapshot snap = fixture_snapshot();
	struct sink s = open_sink(1);

	assert_int_equal(s.ops->attach(&s, &snap, NULL), LT_OK);
	assert_int_equal(s.ops->sample(&s, &snap, NULL), LT_OK);
	assert_int_equal(s.ops->sample(&s, &snap, NULL), LT_OK);
	close_sink(&s);
	assert_string_equal(cell(0, 0), "time");
	assert_null(strstr(text + 1, "time,"));
	assert_string_equal(named(3, "kind"), "process");
}

/* The first cell of a spreadsheet that a target's class could otherwise make a formula of. */
static void a_name_can_neither_be_a_formula_nor_leave_its_cell(void **state)
{
	static const struct { const char *name, *read; } cases[] = {
		{"=HYPERLINK(\"http://x\")", "'=HYPERLINK(\"http://x\")"},
		{"+1", "'+1"}, {"-2+3", "'-2+3"}, {"@SUM(1)", "'@SUM(1)"}, {"\t=1", "'\t=1"},
		{"\r=1", "'\r=1"}, {"a,b", "a,b"}, {"a\"b", "a\"b"}, {"a\nb", "a\nb"},
		{"\"", "\""}, {"a=b", "a=b"}, {"", ""}, {"n\xc3\xa9", "n\xc3\xa9"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct snapshot_row row = fixture_rows[0];
		struct snapshot snap = fixture_snapshot();

		row.name = cases[i].name;
		snap.rows = &row;
		snap.n_rows = 1;
		write_sample(&snap, 0);
		assert_string_equal(named(2, "type"), cases[i].read);
		assert_string_equal(named(2, "count"), "48213");
		assert_null(cell(3, 0));
		(void)free_text(NULL);
	}
}

static void a_sample_without_a_count_says_why_in_its_last_cell(void **state)
{
	struct snapshot snap = fixture_snapshot();

	snap.census = false;
	lt_err_set(&snap.why, LT_E_BUSY, 0, "in zlib_compress");
	write_sample(&snap, 0);
	assert_string_equal(named(1, "text"),
			    "the main thread is inside C code: in zlib_compress");
	assert_string_equal(named(1, "count"), "");
	assert_string_equal(named(1, "rss"), "851853312");
	assert_null(cell(2, 0));
}

static void the_first_count_has_grown_by_nothing_known(void **state)
{
	struct snapshot snap = fixture_snapshot();

	snap.samples = 1;
	write_sample(&snap, 1);
	assert_string_equal(named(2, "count"), "48213");
	assert_string_equal(named(2, "count_delta"), "");
	assert_string_equal(named(2, "bytes_delta"), "");
}

int main(void)
{
#define T(f) cmocka_unit_test_teardown(f, free_text)
	const struct CMUnitTest tests[] = {
		T(a_sample_is_a_line_for_the_process_and_one_per_type),
		T(every_line_has_a_cell_for_every_column),
		T(the_header_comes_once_and_first),
		T(a_name_can_neither_be_a_formula_nor_leave_its_cell),
		T(a_sample_without_a_count_says_why_in_its_last_cell),
		T(the_first_count_has_grown_by_nothing_known),
	};

	return cmocka_run_group_tests_name("csv", tests, NULL, NULL);
}
