#include "config.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

#include "output_fixture.h"
#include "output/jsonw.h"
#include "util/mem.h"

static char *text;	/* what the sinks wrote in this test */
static size_t text_len;
static const char text_of_a_page[4096];

static struct sink open_sink(const struct sink_ops *ops, int top)
{
	FILE *out = open_memstream(&text, &text_len);

	assert_non_null(out);
	return (struct sink){.ops = ops, .options = {.out = out, .top = top}};
}

static const char *close_sink(struct sink *s)
{
	fclose(s->options.out);
	return text;
}

static int free_text(void **state)
{
	free(text);
	text = NULL;
	return 0;
}

static const char *sample_with(const struct sink_ops *ops, const struct snapshot *snap, int top)
{
	struct sink s = open_sink(ops, top);

	assert_int_equal(ops->sample(&s, snap, NULL), LT_OK);
	return close_sink(&s);
}

static void the_attach_line_is_the_contracts_field_by_field(void **state)
{
	struct snapshot snap = fixture_snapshot();
	struct sink s = open_sink(&sink_jsonl, 0);

	assert_int_equal(s.ops->attach(&s, &snap, NULL), LT_OK);
	assert_string_equal(close_sink(&s),
		"{\"v\":1,\"kind\":\"attach\",\"t\":1764000000.123,\"pid\":4242,"
		"\"python\":\"3.12.1\",\"build\":\"release\",\"exe\":\"/usr/bin/python3.12\","
		"\"command\":\"python3 api.py --name \\\"x\\\"\",\"user\":\"api\","
		"\"started\":1763990000.000,\"method\":\"thread\",\"attach_us\":8123,"
		"\"confirm_us\":600000000}\n");
}

static void the_sample_line_is_the_contracts_field_by_field(void **state)
{
	struct snapshot snap = fixture_snapshot();

	assert_string_equal(sample_with(&sink_jsonl, &snap, 2),
		"{\"v\":1,\"kind\":\"sample\",\"t\":1764000004.500,\"seq\":3,\"pid\":4242,"
		"\"mono_us\":5000042,\"base\":1764000000.500,"
		"\"memory\":{\"rss\":851853312,\"vsz\":1288490188,\"pss\":null,\"uss\":null,"
		"\"swap\":0,\"limit\":1073741824,\"threads\":18},"
		"\"ledger\":{\"python_live\":736100352,\"python_free\":53477376,\"c_live\":null,"
		"\"c_free\":null,\"mapped\":9437184,\"stacks\":0,\"other\":42},"
		"\"read\":{\"pss\":false,\"ledger\":true},\"oom_score\":667,"
		"\"gc\":{\"enabled\":true,\"incremental\":false,\"frozen\":0,\"garbage\":null,"
		"\"generations\":["
		"{\"objects\":312,\"count\":313,\"threshold\":700,\"collections\":5000,"
		"\"collected\":40,\"uncollectable\":0},"
		"{\"objects\":4,\"count\":5,\"threshold\":10,\"collections\":400,"
		"\"collected\":30,\"uncollectable\":0},"
		"{\"objects\":470000,\"count\":7,\"threshold\":10,\"collections\":1841,"
		"\"collected\":20,\"uncollectable\":null}]},"
		"\"objects\":470316,"
		"\"census\":{\"by\":\"scan\",\"why\":null,\"explained\":0.93,\"period_us\":0,"
		"\"approximate\":false,\"changed\":false},"
		"\"types\":[{\"type\":\"__main__.Connection\",\"count\":48213,\"bytes\":3085632,"
		"\"count_delta\":12680,\"bytes_delta\":811520,\"rate\":16.666667,"
		"\"verdict\":\"leak\"},"
		"{\"type\":\"dict\",\"count\":391204,\"bytes\":101711872,"
		"\"count_delta\":-87,\"bytes_delta\":-6144,\"rate\":-0.25,\"verdict\":\"leak\"}],"
		"\"cost\":{\"stops\":2,\"stopped_us\":300,\"pause_us\":912,\"cpu_us\":38100,"
		"\"longest_us\":210}}\n");
}

static void a_sample_without_a_count_says_why_and_has_no_types(void **state)
{
	struct snapshot snap = fixture_snapshot();
	const char *line;

	snap.census = false;
	snap.gaps = 1;
	lt_err_set(&snap.why, LT_E_BUSY, 0, "in zlib_compress");
	line = sample_with(&sink_jsonl, &snap, 0);
	assert_non_null(strstr(line, "\"objects\":null,\"census\":{\"by\":null,"));
	assert_non_null(strstr(line, ",\"gap\":{\"code\":\"busy\",\"message\":"
				     "\"the main thread is inside C code: in zlib_compress\","
				     "\"detail\":\"in zlib_compress\",\"errno\":0}}\n"));
	free_text(NULL);
	snap.why = (struct lt_err){0};
	assert_non_null(strstr(sample_with(&sink_jsonl, &snap, 0), "\"code\":\"not-asked\""));
}

static void the_first_count_has_grown_by_null_and_not_by_0(void **state)
{
	struct snapshot snap = fixture_snapshot();

	snap.samples = 1;
	assert_non_null(strstr(sample_with(&sink_jsonl, &snap, 1),
			       "\"count_delta\":null,\"bytes_delta\":null"));
	free_text(NULL);
	assert_non_null(strstr(sample_with(&sink_table, &snap, 1),
			       "48 213   2.9M        -       -     -   +1 000    4s\n"));
	assert_non_null(strstr(text, "RSS 812.4M -  PSS"));
}

static const char *verdict_of(const struct snapshot *snap)
{
	struct sink s = open_sink(&sink_jsonl, 0);

	assert_int_equal(s.ops->verdict(&s, snap, NULL), LT_OK);
	return close_sink(&s);
}

static void the_verdict_line_is_the_contracts_field_by_field(void **state)
{
	struct snapshot snap = fixture_snapshot();

	assert_string_equal(verdict_of(&snap),
		"{\"v\":1,\"kind\":\"verdict\",\"t\":1764000004.500,\"pid\":4242,"
		"\"leaking\":true,\"word\":\"leak\",\"cause\":\"objects\",\"summary\":"
		"\"LEAK __main__.Connection +16.7/s, +12680 since the baseline, "
		"1 type in step with it\",\"suspects\":["
		"{\"type\":\"__main__.Connection\",\"count\":48213,\"bytes\":3085632,"
		"\"count_delta\":12680,\"rate\":16.666667,\"verdict\":\"leak\","
		"\"refcounts\":null,\"holders\":null,\"cycles\":null,"
		"\"keeps\":null,\"search\":null},"
		"{\"type\":\"dict\",\"count\":391204,\"bytes\":101711872,\"count_delta\":-87,"
		"\"rate\":-0.25,\"verdict\":\"leak\","
		"\"refcounts\":null,\"holders\":null,\"cycles\":null,"
		"\"keeps\":null,\"search\":null}],\"containers\":[]}\n");
}

/* What a search found of it, by hand. */
static struct holding *found(void)
{
	struct holding *h = MEM_NEW(struct holding);
	struct holding_path *p = &h->paths[0];

	holding_init(h, "__main__.Connection");
	h->t = 1764000003.5;
	h->sampled = 200;
	h->newest = 60;
	h->newest_cyclic = 1;
	h->freed = 2;
	h->instances = 48000;
	h->time_ns = 3100000000;
	h->cpu_ns = 40000000;
	h->refcounts.min = h->refcounts.median = 1;
	h->refcounts.max = 3;
	h->refcounts.explained = 1;
	h->n_paths = 1;
	snprintf(p->path, sizeof(p->path), "__main__._CONNECTIONS[...][*]");
	snprintf(p->shown, sizeof(p->shown), "__main__._CONNECTIONS['secret'][*]");
	snprintf(p->root, sizeof(p->root), "module __main__");
	snprintf(p->container, sizeof(p->container), "list");
	p->length = 14212;
	p->length_rate = 12.4;
	p->samples = 194;
	p->newest = 59;
	p->share = 0.98;
	p->low = 0.95;
	p->high = 0.99;
	return h;
}

static void ring(struct holding *h, size_t samples)
{
	static const char *const names[][2] = {
		{"__main__.Connection", "_conn_handler"}, {"__main__.ConnectionHandler", "_conn"},
	};
	struct holding_cycle *c = &h->cycles[0];

	h->n_cycles = 1;
	*c = (struct holding_cycle){.n = 2, .samples = samples, .instances = 97, .since = 1764e6};
	for (size_t i = 0; i < 2; i++) {
		snprintf(c->types[i], sizeof(c->types[i]), "%s", names[i][0]);
		snprintf(c->attributes[i], sizeof(c->attributes[i]), "%s", names[i][1]);
	}
}

static void who_holds_a_suspect_is_in_its_members_and_in_the_summary(void **state)
{
	struct snapshot snap = fixture_snapshot();
	struct holding *h = found();
	const struct holding *const all[] = {h};

	ring(h, 4);
	snap.holdings = all;
	snap.n_holdings = 1;
	assert_non_null(strstr(verdict_of(&snap),
		"\"summary\":\"LEAK __main__.Connection +16.7/s, "
		"held by __main__._CONNECTIONS[...] (list, 14 212 items, +12.4/s), "
		"+12680 since the baseline, 1 type in step with it\""));
	assert_non_null(strstr(text,
		"\"refcounts\":{\"min\":1,\"median\":1,\"max\":3,\"explained\":1},"
		"\"holders\":[{\"path\":\"__main__._CONNECTIONS[...][*]\","
		"\"root\":\"module __main__\",\"container\":\"list\",\"length\":14212,"
		"\"length_rate\":12.4,\"share\":0.98,\"low\":0.95,\"high\":0.99,"
		"\"samples\":194,\"newest\":59}],"
		"\"cycles\":[{\"types\":[\"__main__.Connection\","
		"\"__main__.ConnectionHandler\"],\"attributes\":[\"_conn_handler\",\"_conn\"],"
		"\"instances\":97,\"samples\":4,\"since\":1764000000.000}],"
		"\"keeps\":null,"
		"\"search\":{\"t\":1764000003.500,\"instances\":48000,\"sampled\":200,"
		"\"newest\":60,\"newest_cyclic\":1,"
		"\"freed\":2,\"no_path\":0,\"c_only\":0,\"complete\":true,"
		"\"time_us\":3100000,\"cpu_us\":40000}}"));
	assert_null(strstr(text, "secret"));
	free(h);
}

static void keep(struct holding_inside *in, const struct holding_part *part)
{
	in->parts[in->n] = *part;
	snprintf(in->parts[in->n++].shown, sizeof(part->shown), "['secret']");
	in->bytes += part->bytes;
}

static void what_one_object_keeps_alive_is_told_without_values_of_keys(void **state)
{
	static const struct holding_part parts[] = {
		{.type = "__main__.Connection", .bytes = 64, .length = LT_UNKNOWN},
		{.depth = 1, .name = ".peers", .type = "dict", .bytes = 232, .length = 7},
		{.depth = 2, .name = "[...]", .type = "app.Loop", .length = LT_UNKNOWN,
		 .shared = true},
	};
	struct snapshot snap = fixture_snapshot();
	struct holding *h = found();
	const struct holding *const all[] = {h};

	snap.holdings = all;
	snap.n_holdings = 1;
	h->inside.address = 0x7f3c5a1d0e50;
	h->inside.untold = 3;
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		keep(&h->inside, &parts[i]);
	assert_non_null(strstr(verdict_of(&snap),
		"\"keeps\":{\"bytes\":296,\"complete\":true,\"untold\":3,\"parts\":["
		"{\"depth\":0,\"name\":null,\"type\":\"__main__.Connection\",\"bytes\":64,"
		"\"length\":null,\"shared\":false},"
		"{\"depth\":1,\"name\":\".peers\",\"type\":\"dict\",\"bytes\":232,"
		"\"length\":7,\"shared\":false},"
		"{\"depth\":2,\"name\":\"[...]\",\"type\":\"app.Loop\",\"bytes\":null,"
		"\"length\":null,\"shared\":true}]}"));
	assert_null(strstr(text, "secret"));
	free(h);
}

static void a_cycle_is_told_with_its_attributes_and_the_collector(void **state)
{
	struct snapshot snap = fixture_snapshot();
	struct holding *h = found();
	const struct holding *const all[] = {h};

	ring(h, 150);
	snap.holdings = all;
	snap.n_holdings = 1;
	snap.gc.gen[2].threshold = 100000;
	assert_non_null(strstr(verdict_of(&snap),
		"garbage in cycles: Connection._conn_handler -> ConnectionHandler._conn -> "
		"Connection; collector starved: a full one comes after 100 000 younger"));
	free(h);
}

/* The summary with these rows, all of them of one word, and no suspect. */
static const char *summary_of(struct snapshot *snap, const struct snapshot_row *rows, size_t n)
{
	free_text(NULL);
	snap->rows = rows;
	snap->n_rows = n;
	snap->verdict = (struct outcome){.word = rows[0].word};
	snap->verdict.n[rows[0].word] = n;
	return verdict_of(snap);
}

static void before_there_is_a_word_what_grows_and_was_searched_is_told(void **state)
{
	struct snapshot snap = fixture_snapshot();
	struct snapshot_row rows[2] = {fixture_rows[0], fixture_rows[1]};
	struct holding *h = found();
	const struct holding *const all[] = {h};

	rows[0].word = rows[1].word = RATCHET_EARLY;
	snap.holdings = all;
	snap.n_holdings = 1;
	assert_non_null(strstr(summary_of(&snap, rows, 2),
			       "+12680 objects of __main__.Connection, held by __main__._CONN"));
	assert_non_null(strstr(text, "\"leaking\":false"));
	assert_non_null(strstr(text, "\"verdict\":null,\"refcounts\":{"));
	assert_null(strstr(text, "\"type\":\"dict\""));
	free(h);
}

static void the_summary_is_honest_about_what_was_not_seen(void **state)
{
	struct snapshot snap = fixture_snapshot();
	struct snapshot_row row = fixture_rows[0];

	row.word = RATCHET_EARLY;
	assert_non_null(strstr(summary_of(&snap, &row, 1),
			       "\"leaking\":false,\"word\":null,\"cause\":null,"
			       "\"summary\":\"too early: "
			       "3 counted samples, +12680 objects of __main__.Connection\""));
	row.word = RATCHET_GROWING;
	assert_non_null(strstr(summary_of(&snap, &row, 1),
			       "\"growth, not proved a leak: 1 growing; most grew "
			       "__main__.Connection, +12680"));
	row.word = RATCHET_HOLD;
	snap.filter = "^app";
	assert_non_null(strstr(summary_of(&snap, &row, 1),
			       "no leak among types that match ^app: 1 hold"));
	row.word = RATCHET_EARLY;
	snap.samples = 1;
	assert_non_null(strstr(summary_of(&snap, &row, 1), "too early: 1 counted sample\""));
	snap.gaps = 1;
	lt_err_set(&snap.why, LT_E_BUSY, 0, "x");
	assert_non_null(strstr(summary_of(&snap, &row, 1),
			       "no sample was counted: the main thread"));
	snap.samples = snap.gaps = snap.seq = 0;
	assert_non_null(strstr(summary_of(&snap, &row, 1), "\"t\":1764000000.123"));
	assert_non_null(strstr(text, "no sample was taken"));
}

static void growth_that_no_object_explains_is_told_by_the_ledger(void **state)
{
	struct snapshot snap = fixture_snapshot();

	snap.ledger.now = (struct sample_ledger){700 << 20, 0, 300 << 20, 200 << 20, 0, 0, 0};
	snap.ledger.delta = (struct sample_ledger){0, 0, 98 << 20, 2 << 20, 0, 0, 0};
	snap.way.scan = true;
	snap.rss_goes_on = true;
	snap.verdict = (struct outcome){
		.word = RATCHET_FLAT, .leaking = true, .cause = CAUSE_NATIVE,
	};
	assert_non_null(strstr(verdict_of(&snap), "\"leaking\":true,\"word\":\"flat\","
			       "\"cause\":\"native\",\"summary\":\"RSS +100.0M: 98 % C heap "
			       "in use; Python objects flat: native memory, not an object leak"));
	(void)free_text(NULL);
	snap.ledger.delta = (struct sample_ledger){0, 0, 2 << 20, 98 << 20, 0, 0, 0};
	snap.verdict.leaking = false;
	snap.verdict.cause = CAUSE_FRAGMENTATION;
	assert_non_null(strstr(verdict_of(&snap), "\"leaking\":false,\"word\":\"flat\","
			       "\"cause\":\"fragmentation\",\"summary\":\"RSS +100.0M: 98 % C "
			       "heap free but kept; Python objects flat: fragmentation, not an "));
}

static void the_detach_line_sums_the_pauses_of_the_samples(void **state)
{
	const struct sample_left left = {.threads = 0, .fds = 0, .maps = LT_UNKNOWN};
	struct snapshot snap = fixture_snapshot();
	struct sink s = open_sink(&sink_jsonl, 1);

	for (int i = 0; i < 3; i++)
		assert_int_equal(s.ops->sample(&s, &snap, NULL), LT_OK);
	assert_int_equal(s.ops->detach(&s, &snap, &left, 1764000006, NULL), LT_OK);
	assert_string_equal(strrchr(close_sink(&s), '\n') - strlen(
		"{\"v\":1,\"kind\":\"detach\",\"t\":1764000006.000,\"pid\":4242,\"samples\":3,"
		"\"ended\":false,"
		"\"pause_us\":{\"max\":1020,\"total\":2736},"
		"\"left\":{\"threads\":0,\"fds\":0,\"maps\":null}}"),
		"{\"v\":1,\"kind\":\"detach\",\"t\":1764000006.000,\"pid\":4242,\"samples\":3,"
		"\"ended\":false,"
		"\"pause_us\":{\"max\":1020,\"total\":2736},"
		"\"left\":{\"threads\":0,\"fds\":0,\"maps\":null}}\n");
}

static void an_error_line_has_the_code_the_cause_and_the_remedy(void **state)
{
	struct sink s = open_sink(&sink_jsonl, 0);
	struct lt_err what;

	lt_err_set(&what, LT_E_GONE, 0, "PID 4242");
	assert_int_equal(s.ops->error(&s, &what, NULL), LT_OK);
	assert_string_equal(close_sink(&s),
		"{\"v\":1,\"kind\":\"error\",\"code\":\"no-process\","
		"\"message\":\"there is no such process: PID 4242\","
		"\"remedy\":\"check the PID: pgrep -a python lists the running ones\"}\n");
}

/* A value through our writer and back through jansson. */
static json_t *read_back(void (*put)(struct jsonw *j, const void *value), const void *value)
{
	struct buf b = {0};
	struct jsonw j;
	json_error_t why;
	json_t *root;

	jsonw_begin(&j, &b);
	jsonw_array(&j, NULL);
	put(&j, value);
	jsonw_array_end(&j);
	root = json_loads(buf_text(&b), 0, &why);
	if (!root)
		fail_msg("%s in %s", why.text, buf_text(&b));
	buf_done(&b);
	return root;
}

static void put_string(struct jsonw *j, const void *value)
{
	jsonw_string(j, NULL, value);
}

static void put_real(struct jsonw *j, const void *value)
{
	jsonw_real(j, NULL, *(const double *)value);
}

static void any_text_survives_a_json_reader(void **state)
{
	static const char *const texts[] = {
		"", "plain", "q\"b\\s/", "\x01\x1f\b\f\n\r\t\x7f", "n\xc3\xa9 \xe6\xbc\xa2",
		"\xe2\x80\xa8\xe2\x80\xa9", "\xf0\x9f\x98\x80", "\xc2\x9b[31m",
	};

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		json_t *root = read_back(put_string, texts[i]);

		assert_string_equal(json_string_value(json_array_get(root, 0)), texts[i]);
		json_decref(root);
	}
}

static void a_line_carries_no_raw_control_character_and_no_bad_utf8(void **state)
{
	struct snapshot_row rows[] = {fixture_rows[0]};
	struct snapshot snap = fixture_snapshot();
	json_t *root;

	rows[0].name = "a\x1b]0;x\x07\n\xe2\x80\xa8\xff\xc3";
	snap.rows = rows;
	snap.n_rows = 1;
	sample_with(&sink_jsonl, &snap, 0);
	assert_ptr_equal(strchr(text, '\n'), text + text_len - 1);
	for (size_t i = 0; i + 1 < text_len; i++)
		assert_in_range((unsigned char)text[i], 0x20, 0x7e);
	assert_non_null(strstr(text, "a\\u001b]0;x\\u0007\\n\\u2028\\ufffd\\ufffd\""));
	root = json_loads(text, 0, NULL);
	assert_non_null(root);
	json_decref(root);
}

static void a_real_number_is_short_and_close_or_null(void **state)
{
	static const struct { double v; const char *text; } cases[] = {
		{0, "[0]"}, {-0.0, "[0]"}, {2, "[2]"}, {0.5, "[0.5]"}, {-0.25, "[-0.25]"},
		{1.0 / 3, "[0.333333]"}, {1e-9, "[0]"}, {-1e-9, "[0]"}, {0.9999996, "[1]"},
		{123456.75, "[123456.75]"}, {NAN, "[null]"}, {INFINITY, "[null]"},
		{-INFINITY, "[null]"}, {1e300, "[null]"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		json_t *root = read_back(put_real, &cases[i].v);
		char *got = json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(9));
		struct buf b = {0};
		struct jsonw j;

		jsonw_begin(&j, &b);
		jsonw_array(&j, NULL);
		jsonw_real(&j, NULL, cases[i].v);
		jsonw_array_end(&j);
		assert_string_equal(buf_text(&b), cases[i].text);
		assert_non_null(got);
		buf_done(&b);
		free(got);
		json_decref(root);
	}
}

static void integers_keep_every_digit(void **state)
{
	struct buf b = {0};
	struct jsonw j;

	jsonw_begin(&j, &b);
	jsonw_object(&j, NULL);
	jsonw_int(&j, "max", INT64_MAX);
	jsonw_int(&j, "low", -INT64_MAX);
	jsonw_int(&j, "unknown", LT_UNKNOWN);
	jsonw_object_end(&j);
	assert_string_equal(buf_text(&b), "{\"max\":9223372036854775807,"
					  "\"low\":-9223372036854775807,\"unknown\":null}");
	buf_done(&b);
}

static void the_table_has_the_columns_and_forms_of_the_screen(void **state)
{
	struct snapshot snap = fixture_snapshot();
	const char *rows;

	sample_with(&sink_table, &snap, 0);
	rows = strstr(text, "VERDICT");
	assert_non_null(rows);
	assert_string_equal(rows,
		"VERDICT  TYPE                        COUNT   SIZE   +COUNT   +SIZE %GROW RATE/min"
			"  LAST\n"
		"LEAK     __main__.Connection        48 213   2.9M  +12 680   +792K    2%   +1 000"
			"    4s\n"
		"LEAK     `- dict                   391 204  97.0M      -87   -6.0K     -      -15"
			"     -\n"
		"-        str                             5    300        0       0     -        -"
			"     -\n");
	for (size_t i = 0; i < text_len; i++)
		assert_true(text[i] == '\n' || (text[i] >= ' ' && text[i] <= '~'));
}

static void the_fields_asked_for_are_those_of_the_table(void **state)
{
	struct snapshot snap = fixture_snapshot();
	struct sink s = open_sink(&sink_table, 2);
	const char *rows;

	assert_true(cells_choose("count,trend,last", &s.options.columns, NULL, 0));
	assert_int_equal(s.ops->sample(&s, &snap, NULL), LT_OK);
	rows = strstr(close_sink(&s), "    COUNT");
	assert_non_null(rows);
	assert_string_equal(rows, "    COUNT  LAST TYPE\n"
				  "   48 213    4s __main__.Connection\n"
				  "  391 204     - `- dict\n");
}

static void the_table_begins_with_memory_gc_and_cost(void **state)
{
	struct snapshot snap = fixture_snapshot();

	assert_string_equal(sample_with(&sink_table, &snap, 1),
		"\n2025-11-24T16:00:04Z  pid 4242  sample 3  RSS 812.4M +38.2M  PSS - -  USS -"
		"  swap 0  VSZ 1.20G  limit 1.00G  threads 18\n"
		"gc on  gen0 313/700  gen1 5/10  gen2 7/10  full 1841  garbage -  frozen 0"
		"  objects 470316\n"
		"cost  pause 0.91 ms  stops 2  longest 0.21 ms  cpu 38.10 ms  0.4% of a core\n"
		"VERDICT  TYPE                        COUNT   SIZE   +COUNT   +SIZE %GROW RATE/min"
			"  LAST\n"
		"LEAK     __main__.Connection        48 213   2.9M  +12 680   +792K    2%   +1 000"
			"    4s\n");
}

static void no_name_is_ever_cut(void **state)
{
	struct snapshot_row rows[] = {fixture_rows[0]};
	struct snapshot snap = fixture_snapshot();
	char name[256];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	rows[0].name = name;
	snap.rows = rows;
	snap.n_rows = 1;
	assert_non_null(strstr(sample_with(&sink_table, &snap, 0), name));
	free_text(NULL);
	assert_non_null(strstr(sample_with(&sink_jsonl, &snap, 0), name));
}

static void a_table_without_a_count_says_why_and_shows_no_old_rows(void **state)
{
	struct snapshot snap = fixture_snapshot();

	snap.census = false;
	lt_err_set(&snap.why, LT_E_COLLECTING, 0, "%s", "");
	sample_with(&sink_table, &snap, 0);
	assert_non_null(strstr(text, "no count: the target is in a garbage collection\n"));
	assert_non_null(strstr(text, "objects -\n"));
	assert_null(strstr(text, "Connection"));
}

static void the_table_frames_its_samples_with_attach_verdict_and_detach(void **state)
{
	const struct sample_left left = {0, 0, LT_UNKNOWN};
	struct snapshot snap = fixture_snapshot();
	struct sink s = open_sink(&sink_table, 0);

	assert_int_equal(s.ops->attach(&s, &snap, NULL), LT_OK);
	assert_int_equal(s.ops->verdict(&s, &snap, NULL), LT_OK);
	assert_int_equal(s.ops->detach(&s, &snap, &left, 1764000006, NULL), LT_OK);
	assert_int_equal(s.ops->error(&s, &(struct lt_err){.code = LT_E_GONE}, NULL), LT_OK);
	assert_string_equal(close_sink(&s),
		"leaktop 4242  python 3.12.1 release  method thread  attached in 8.12 ms"
		"  python3 api.py --name \"x\"\n"
		"\n>> LEAK __main__.Connection +16.7/s, +12680 since the baseline, "
		"1 type in step with it\n"
		"2025-11-24T16:00:06Z  detached  samples 3  longest pause 1.02 ms"
		"  left behind: threads 0  fds 0  maps -\n");
}

static void a_full_disk_is_an_error_with_its_errno(void **state)
{
	struct snapshot snap = fixture_snapshot();
	struct lt_err err;

	for (size_t i = 0; sink_by_index(i); i++) {
		struct sink s = {.ops = sink_by_index(i)};

		s.options.out = fopen("/dev/full", "w");
		if (!s.options.out)
			SKIP("there is no /dev/full");
		assert_int_equal(s.ops->sample(&s, &snap, &err), LT_E_OUTPUT);
		assert_int_equal(err.sys_errno, ENOSPC);
		fclose(s.options.out);
	}
}

static void a_reader_that_left_is_an_error_with_epipe(void **state)
{
	struct snapshot snap = fixture_snapshot();
	struct lt_err err;

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; sink_by_index(i); i++) {
		struct sink s = {.ops = sink_by_index(i)};
		int fds[2];

		assert_int_equal(pipe(fds), 0);
		close(fds[0]);
		s.options.out = fdopen(fds[1], "w");
		assert_int_equal(s.ops->sample(&s, &snap, &err), LT_E_OUTPUT);
		assert_int_equal(err.sys_errno, EPIPE);
		fclose(s.options.out);
	}
	signal(SIGPIPE, SIG_DFL);
}

static void a_reader_that_takes_nothing_does_not_keep_a_signal_waiting(void **state)
{
	struct snapshot snap = fixture_snapshot();
	struct sink s = {.ops = &sink_jsonl};
	sigset_t term, before;
	struct lt_err err;
	int fds[2], sig = 0;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, &before);
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	while (write(fds[1], text_of_a_page, sizeof(text_of_a_page)) > 0)
		;
	assert_int_equal(fcntl(fds[1], F_SETFL, 0), 0);
	s.options.out = fdopen(fds[1], "w");
	assert_int_equal(raise(SIGTERM), 0);
	alarm(20);	/* ends a test that hangs */
	assert_int_equal(s.ops->sample(&s, &snap, &err), LT_E_OUTPUT);
	alarm(0);
	assert_int_equal(err.sys_errno, EINTR);
	assert_int_equal(sigwait(&term, &sig), 0);
	sigprocmask(SIG_SETMASK, &before, NULL);
	fclose(s.options.out);
	close(fds[0]);
}

static void a_long_line_arrives_whole_through_a_pipe(void **state)
{
	struct snapshot_row rows[2000];
	struct snapshot snap = fixture_snapshot();
	const char *want;
	struct sink s;
	struct buf got = {0};
	char chunk[4096];
	ssize_t n;
	pid_t child;
	int fds[2];

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		rows[i] = fixture_rows[0];
	snap.rows = rows;
	snap.n_rows = COUNT_OF(rows);
	want = sample_with(&sink_jsonl, &snap, 0);
	assert_int_equal(pipe(fds), 0);
	child = fork();
	if (child == 0) {
		s = (struct sink){.ops = &sink_jsonl, .options = {.out = fdopen(fds[1], "w")}};
		_exit(s.ops->sample(&s, &snap, NULL) == LT_OK ? 0 : 1);
	}
	close(fds[1]);
	while ((n = read(fds[0], chunk, sizeof(chunk))) > 0)
		buf_put(&got, chunk, (size_t)n);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_string_equal(buf_text(&got), want);
	buf_done(&got);
	close(fds[0]);
}

static void a_line_is_out_when_the_call_returns_and_in_order_with_stdio(void **state)
{
	struct snapshot snap = fixture_snapshot();
	struct sink s = {.ops = &sink_jsonl};
	char got[256] = "";
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	s.options.out = fdopen(fds[1], "w");
	fputs("before\n", s.options.out);
	assert_int_equal(s.ops->verdict(&s, &snap, NULL), LT_OK);
	assert_true(read(fds[0], got, sizeof(got) - 1) > 0);
	assert_memory_equal(got, "before\n{\"v\":1", 13);
	fclose(s.options.out);
	close(fds[0]);
}

static void sinks_are_found_by_the_word_after_f(void **state)
{
	assert_ptr_equal(sink_by_name("table"), &sink_table);
	assert_ptr_equal(sink_by_name("jsonl"), &sink_jsonl);
	assert_ptr_equal(sink_by_name("csv"), &sink_csv);
	assert_ptr_equal(sink_by_name("openmetrics"), &sink_openmetrics);
	assert_null(sink_by_name("xml"));
	assert_null(sink_by_name("nothing"));
	assert_null(sink_by_name(""));
	assert_null(sink_by_index(4));
}

int main(void)
{
#define T(f) cmocka_unit_test_teardown(f, free_text)
	const struct CMUnitTest tests[] = {
		T(the_attach_line_is_the_contracts_field_by_field),
		T(the_sample_line_is_the_contracts_field_by_field),
		T(a_sample_without_a_count_says_why_and_has_no_types),
		T(the_first_count_has_grown_by_null_and_not_by_0),
		T(the_verdict_line_is_the_contracts_field_by_field),
		T(growth_that_no_object_explains_is_told_by_the_ledger),
		T(who_holds_a_suspect_is_in_its_members_and_in_the_summary),
		T(what_one_object_keeps_alive_is_told_without_values_of_keys),
		T(a_cycle_is_told_with_its_attributes_and_the_collector),
		T(before_there_is_a_word_what_grows_and_was_searched_is_told),
		T(the_summary_is_honest_about_what_was_not_seen),
		T(the_detach_line_sums_the_pauses_of_the_samples),
		T(an_error_line_has_the_code_the_cause_and_the_remedy),
		T(any_text_survives_a_json_reader),
		T(a_line_carries_no_raw_control_character_and_no_bad_utf8),
		T(a_real_number_is_short_and_close_or_null),
		T(integers_keep_every_digit),
		T(the_table_has_the_columns_and_forms_of_the_screen),
		T(the_fields_asked_for_are_those_of_the_table),
		T(the_table_begins_with_memory_gc_and_cost),
		T(no_name_is_ever_cut),
		T(a_table_without_a_count_says_why_and_shows_no_old_rows),
		T(the_table_frames_its_samples_with_attach_verdict_and_detach),
		T(a_full_disk_is_an_error_with_its_errno),
		T(a_reader_that_left_is_an_error_with_epipe),
		T(a_reader_that_takes_nothing_does_not_keep_a_signal_waiting),
		T(a_long_line_arrives_whole_through_a_pipe),
		T(a_line_is_out_when_the_call_returns_and_in_order_with_stdio),
		T(sinks_are_found_by_the_word_after_f),
	};

	return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
