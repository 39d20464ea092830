#include "config.h"
#include "test.h"

#include "output_fixture.h"
#include "output/openmetrics.h"
#include "util/mem.h"

static struct buf page;

static const char *put(const struct snapshot *snap, int top, enum expo_dialect dialect)
{
	buf_clear(&page);
	openmetrics_put(snap, top, dialect, &page);
	return buf_text(&page);
}

static int free_page(void **state)
{
	buf_done(&page);
	return 0;
}

/* Is this a whole line of the page? */
static bool has(const char *line)
{
	size_t n = strlen(line);

	for (const char *at = buf_text(&page); (at = strstr(at, line)) != NULL; at += n)
		if ((at == page.data || at[-1] == '\n') && at[n] == '\n')
			return true;
	return false;
}

static void assert_line(const char *line)
{
	if (!has(line))
		fail_msg("no line '%s' in\n%s", line, buf_text(&page));
}

static void a_family_is_described_and_then_has_its_values(void **state)
{
	struct snapshot snap = fixture_snapshot();

	snap.census_t = snap.t;
	put(&snap, 2, EXPO_OPENMETRICS);
	assert_non_null(strstr(page.data,
		"# TYPE leaktop_rss_bytes gauge\n"
		"# UNIT leaktop_rss_bytes bytes\n"
		"# HELP leaktop_rss_bytes Resident memory of the process.\n"
		"leaktop_rss_bytes{pid=\"4242\"} 851853312\n"));
	assert_non_null(strstr(page.data,
		"leaktop_type_objects{pid=\"4242\",type=\"__main__.Connection\"} 48213\n"
		"leaktop_type_objects{pid=\"4242\",type=\"dict\"} 391204\n"
		"# TYPE leaktop_type_bytes gauge\n"));
	assert_line("leaktop_type_growth_bytes{pid=\"4242\",type=\"dict\"} -6144");
	assert_line("leaktop_type_verdict{pid=\"4242\",type=\"dict\",verdict=\"leak\"} 1");
	assert_line("leaktop_types{pid=\"4242\",verdict=\"leak\"} 2");
	assert_line("leaktop_leaking{pid=\"4242\"} 1");
	assert_line("leaktop_cause{pid=\"4242\",cause=\"objects\"} 1");
	assert_line("leaktop_cause{pid=\"4242\",cause=\"native\"} 0");
	assert_line("leaktop_ledger_bytes{pid=\"4242\",part=\"other\"} 42");
	assert_line("leaktop_last_sample_timestamp_seconds{pid=\"4242\"} 1764000004.500000");
	assert_line("leaktop_target_info{pid=\"4242\",python=\"3.12.1\",build=\"release\","
		    "exe=\"/usr/bin/python3.12\",user=\"api\",method=\"thread\"} 1");
	assert_memory_equal(page.data + page.len - 7, "\n# EOF\n", 7);
}

static void a_counter_is_named_as_its_dialect_wants_it(void **state)
{
	struct snapshot snap = fixture_snapshot();

	put(&snap, 0, EXPO_OPENMETRICS);
	assert_line("# TYPE leaktop_cpu_seconds counter");
	assert_line("leaktop_cpu_seconds_total{pid=\"4242\"} 0.099000");
	put(&snap, 0, EXPO_TEXT);
	assert_line("# TYPE leaktop_cpu_seconds_total counter");
	assert_line("leaktop_cpu_seconds_total{pid=\"4242\"} 0.099000");
	assert_null(strstr(page.data, "# UNIT"));
}

static void what_is_unknown_is_absent_with_its_description(void **state)
{
	struct snapshot snap = fixture_snapshot();

	put(&snap, 0, EXPO_OPENMETRICS);
	assert_null(strstr(page.data, "leaktop_pss_bytes"));
	assert_null(strstr(page.data, "leaktop_gc_garbage_objects"));
	assert_null(strstr(page.data, "part=\"c_live\""));
	assert_null(strstr(page.data, "leaktop_type_objects"));	/* census_t: no count so far */
	assert_line("leaktop_swap_bytes{pid=\"4242\"} 0");
}

static void nobody_is_said_to_leak_or_not_before_there_is_a_word(void **state)
{
	struct snapshot snap = fixture_snapshot();

	snap.verdict = (struct outcome){.word = RATCHET_EARLY};
	put(&snap, 0, EXPO_TEXT);
	assert_null(strstr(page.data, "leaktop_leaking"));
	assert_null(strstr(page.data, "leaktop_cause"));
	snap.verdict = (struct outcome){.word = RATCHET_FLAT};
	put(&snap, 0, EXPO_TEXT);
	assert_line("leaktop_leaking{pid=\"4242\"} 0");
	assert_line("leaktop_cause{pid=\"4242\",cause=\"objects\"} 0");
}

static void the_last_count_stands_through_gaps_but_not_for_ever(void **state)
{
	struct snapshot snap = fixture_snapshot();

	snap.census = false;
	snap.census_t = snap.t - 299;
	put(&snap, 0, EXPO_TEXT);
	assert_line("leaktop_type_objects{pid=\"4242\",type=\"str\"} 5");
	snap.census_t = snap.t - 301;
	put(&snap, 0, EXPO_TEXT);
	assert_null(strstr(page.data, "type=\"str\""));
	assert_null(strstr(page.data, "leaktop_types"));
	snap.way.period_ns = 60 * 1000000000ll;		/* counts are to be that far apart */
	put(&snap, 0, EXPO_TEXT);
	assert_line("leaktop_type_objects{pid=\"4242\",type=\"str\"} 5");
}

static void of_a_target_that_is_gone_only_who_it_was_is_left(void **state)
{
	struct snapshot snap = fixture_snapshot();

	snap.census_t = snap.t;
	snap.ended = true;
	put(&snap, 0, EXPO_TEXT);
	assert_line("leaktop_target_up{pid=\"4242\"} 0");
	assert_non_null(strstr(page.data, "leaktop_target_info{"));
	assert_line("leaktop_samples_total{pid=\"4242\"} 3");
	assert_null(strstr(page.data, "leaktop_rss_bytes"));
	assert_null(strstr(page.data, "type=\"dict\""));
}

static void before_the_first_sample_no_figure_is_made_up(void **state)
{
	struct snapshot snap = {.target = &fixture_target};

	put(&snap, 0, EXPO_TEXT);
	assert_line("leaktop_target_up{pid=\"4242\"} 1");
	assert_line("leaktop_samples_total{pid=\"4242\"} 0");
	assert_null(strstr(page.data, "bytes"));
	assert_null(strstr(page.data, "leaktop_threads"));
}

static void a_type_name_cannot_break_out_of_its_label(void **state)
{
	static const struct { const char *name, *escaped; } cases[] = {
		{"a\"} 1\nevil 2", "a\\\"} 1\\nevil 2"}, {"back\\slash", "back\\\\slash"},
		{"bad\xff\xc3", "bad\xef\xbf\xbd\xef\xbf\xbd"}, {"n\xc3\xa9", "n\xc3\xa9"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct snapshot_row row = fixture_rows[0];
		struct snapshot snap = fixture_snapshot();
		char want[128];

		row.name = cases[i].name;
		snap.rows = &row;
		snap.n_rows = 1;
		snap.census_t = snap.t;
		put(&snap, 0, EXPO_TEXT);
		snprintf(want, sizeof(want), "leaktop_type_objects{pid=\"4242\",type=\"%s\"} 48213",
			 cases[i].escaped);
		assert_line(want);
		assert_null(strstr(page.data, "\nevil"));
	}
}

static void top_bounds_the_types(void **state)
{
	struct snapshot snap = fixture_snapshot();

	snap.census_t = snap.t;
	put(&snap, 1, EXPO_TEXT);
	assert_non_null(strstr(page.data, "type=\"__main__.Connection\""));
	assert_null(strstr(page.data, "type=\"dict\""));
	put(&snap, 0, EXPO_TEXT);
	assert_non_null(strstr(page.data, "type=\"str\""));
}

/* "leaktop_x_bytes" and nothing else: what Prometheus' own lint asks of names. */
static void every_name_is_one_that_prometheus_takes(void **state)
{
	const struct expo_family *f;

	for (size_t i = 0; (f = openmetrics_by_index(i)) != NULL; i++) {
		size_t n = strlen(f->name), unit = f->unit ? strlen(f->unit) : 0;

		assert_int_equal(strncmp(f->name, "leaktop_", 8), 0);
		assert_int_equal(strspn(f->name, "abcdefghijklmnopqrstuvwxyz_"), n);
		assert_null(strstr(f->name, "_total"));
		assert_true(unit < n);
		if (f->unit)
			assert_string_equal(f->name + n - unit, f->unit);
		assert_null(strpbrk(f->help, "\\\"\n"));
		assert_true(f->help[0] && f->help[strlen(f->help) - 1] == '.');
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(openmetrics_by_index(k)->name, f->name);
	}
}

/* A stream of documents, each of them whole; -n 1 is what a script wants. */
static void the_sink_writes_one_document_per_sample_and_nothing_else(void **state)
{
	const struct sample_left left = {0};
	struct snapshot snap = fixture_snapshot();
	struct sink s = {.ops = &sink_openmetrics};
	char *text = NULL;
	size_t size = 0;

	s.options.out = open_memstream(&text, &size);
	assert_int_equal(s.ops->error(&s, &(struct lt_err){.code = LT_E_TRACED}, NULL), LT_OK);
	assert_int_equal(s.ops->attach(&s, &snap, NULL), LT_OK);
	assert_int_equal(s.ops->sample(&s, &snap, NULL), LT_OK);
	assert_int_equal(s.ops->verdict(&s, &snap, NULL), LT_OK);
	assert_int_equal(s.ops->detach(&s, &snap, &left, snap.t, NULL), LT_OK);
	fclose(s.options.out);
	assert_string_equal(text, put(&snap, 0, EXPO_OPENMETRICS));
	free(text);
}

int main(void)
{
#define T(f) cmocka_unit_test_teardown(f, free_page)
	const struct CMUnitTest tests[] = {
		T(a_family_is_described_and_then_has_its_values),
		T(a_counter_is_named_as_its_dialect_wants_it),
		T(what_is_unknown_is_absent_with_its_description),
		T(nobody_is_said_to_leak_or_not_before_there_is_a_word),
		T(the_last_count_stands_through_gaps_but_not_for_ever),
		T(of_a_target_that_is_gone_only_who_it_was_is_left),
		T(before_the_first_sample_no_figure_is_made_up),
		T(a_type_name_cannot_break_out_of_its_label),
		T(top_bounds_the_types),
		T(every_name_is_one_that_prometheus_takes),
		T(the_sink_writes_one_document_per_sample_and_nothing_else),
	};

	return cmocka_run_group_tests_name("openmetrics", tests, NULL, NULL);
}
