/* Recordings read back: those of leaktop, those of others, and what no recording should be. */
#include "config.h"
#include "test.h"

#include <unistd.h>

#include "session/reading.h"
#include "session/recline.h"
#include "session/replay.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/mem.h"
#include "util/num.h"

#define LONG_NS (60 * CLOCK_NS_PER_S)
#define ATTACH "{\"v\":1,\"kind\":\"attach\",\"t\":1000,\"pid\":7,\"python\":\"3.12.1\"}\n"

static struct replay *r;
static struct buf made;

static int end(void **state)
{
	replay_free(r);
	r = NULL;
	buf_done(&made);
	return 0;
}

/* The text as a file. */
static void open_text(const char *text, size_t n)
{
	char path[] = "/tmp/leaktop-replay-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, n), (ssize_t)n);
	close(fd);
	assert_int_equal(replay_open(path, &r, NULL), LT_OK);
	unlink(path);
}

static const struct lt_err *load(const char *text)
{
	open_text(text, strlen(text));
	assert_int_equal(replay_load(r, LONG_NS), REPLAY_COMPLETE);
	return replay_damage(r);
}

static void put_sample(int i, int connections)
{
	buf_printf(&made, "{\"v\":1,\"kind\":\"sample\",\"t\":%d,\"seq\":%d,\"mono_us\":%d000000,"
		   "\"types\":[{\"type\":\"Connection\",\"count\":%d,\"bytes\":%d},"
		   "{\"type\":\"dict\",\"count\":5,\"bytes\":500}]}\n",
		   1000 + i, i, i, connections, 64 * connections);
}

static void made_of(int samples)
{
	buf_puts(&made, ATTACH);
	for (int i = 1; i <= samples; i++)
		put_sample(i, 10 * i);
}

static struct replay_step next(void)
{
	struct replay_step step;

	assert_true(replay_next(r, &step));
	return step;
}

static void samples_come_in_order_and_again_after_a_rewind(void **state)
{
	made_of(3);
	assert_int_equal(load(buf_text(&made))->code, LT_OK);
	assert_int_equal(replay_count(r), 3);
	for (int round = 0; round < 2; round++) {
		struct replay_step step;

		for (int i = 1; i <= 3; i++) {
			step = next();
			assert_int_equal(step.begins, i == 1);
			assert_int_equal(step.target->pid, 7);
			assert_int_equal(step.sample->seq, i);
			assert_int_equal(step.sample->mono_ns, i * CLOCK_NS_PER_S);
			assert_int_equal(step.sample->n_types, 2);
			assert_string_equal(step.sample->types[0].name, "Connection");
			assert_int_equal(step.sample->types[0].count, 10 * i);
			assert_int_equal(step.sample->types[1].bytes, 500);
		}
		assert_false(replay_next(r, &step));
		replay_rewind(r);
	}
}

/* b was pressed after the third sample, B after the fifth; another process begins at the eighth. */
static void baselines_that_were_set_by_keys_are_set_again(void **state)
{
	static const int bases[] = {1, 2, 2, 3, 3, 2, 2, 8, 8, 9};
	static const enum replay_base asked[] = {
		REPLAY_BASE_KEPT, REPLAY_BASE_KEPT, REPLAY_BASE_KEPT, REPLAY_BASE_NOW,
		REPLAY_BASE_KEPT, REPLAY_BASE_FIRST, REPLAY_BASE_KEPT, REPLAY_BASE_KEPT,
		REPLAY_BASE_KEPT, REPLAY_BASE_NOW,
	};

	for (int i = 1; i <= 10; i++) {
		if (i == 1 || i == 8)
			buf_puts(&made, ATTACH);
		buf_printf(&made, "{\"v\":1,\"kind\":\"sample\",\"t\":%d,\"base\":%d,"
			   "\"types\":[]}\n", 1000 + i, 1000 + bases[i - 1]);
	}
	assert_int_equal(load(buf_text(&made))->code, LT_OK);
	for (int i = 0; i < 10; i++)
		assert_int_equal(next().base, asked[i]);
}

static void a_type_that_is_gone_is_in_no_later_sample(void **state)
{
	made_of(1);
	buf_puts(&made, "{\"v\":1,\"kind\":\"sample\",\"t\":1002,\"types\":["
			"{\"type\":\"dict\",\"count\":5,\"bytes\":500}]}\n");
	load(buf_text(&made));
	next();
	assert_int_equal(next().sample->n_types, 1);
}

static void what_is_not_in_the_line_is_unknown_and_never_0(void **state)
{
	const struct sample *s;

	load("{\"v\":1,\"kind\":\"sample\",\"t\":1002,\"memory\":{\"rss\":null,\"vsz\":-5}}\n");
	s = next().sample;
	assert_int_equal(s->memory.rss, LT_UNKNOWN);
	assert_int_equal(s->memory.vsz, LT_UNKNOWN);
	assert_int_equal(s->ledger.other, LT_UNKNOWN);
	assert_int_equal(s->gc.gen[2].collections, LT_UNKNOWN);
	assert_false(s->census);
}

static void a_gap_has_its_reason_back(void **state)
{
	const struct sample *s;

	load(ATTACH "{\"v\":1,\"kind\":\"sample\",\"t\":1002,\"types\":[],"
	     "\"gap\":{\"code\":\"busy\","
	     "\"message\":\"\",\"detail\":\"in zlib\",\"errno\":4}}\n");
	s = next().sample;
	assert_false(s->census);
	assert_int_equal(s->why.code, LT_E_BUSY);
	assert_string_equal(s->why.detail, "in zlib");
	assert_int_equal(s->why.sys_errno, 4);
}

static void held_readings_are_no_readings_of_the_sample(void **state)
{
	const struct sample *s;

	load(ATTACH "{\"v\":1,\"kind\":\"sample\",\"t\":1002,\"memory\":{\"rss\":1,\"pss\":2},"
	     "\"ledger\":{\"other\":3},\"read\":{\"pss\":false,\"ledger\":false}}\n");
	s = next().sample;
	assert_int_equal(s->memory.rss, 1);
	assert_int_equal(s->memory.pss, LT_UNKNOWN);
	assert_int_equal(s->ledger.other, LT_UNKNOWN);
}

static void another_process_begins_a_part_and_the_same_one_does_not(void **state)
{
	made_of(1);
	buf_puts(&made, ATTACH);
	put_sample(2, 20);
	buf_puts(&made, "{\"v\":1,\"kind\":\"attach\",\"t\":1003,\"pid\":8}\n");
	put_sample(3, 1);
	load(buf_text(&made));
	assert_true(next().begins);
	assert_false(next().begins);
	assert_true(replay_begins(r));
	assert_int_equal(next().target->pid, 8);
}

static void who_holds_them_comes_with_the_sample_before_the_verdict(void **state)
{
	const struct holding_inside *in;
	struct replay_step step;

	made_of(2);
	buf_puts(&made, "{\"v\":1,\"kind\":\"verdict\",\"t\":1002,\"suspects\":["
		 "{\"type\":\"Connection\","
		 "\"refcounts\":{\"min\":1,\"median\":2,\"max\":3},\"holders\":[{\"path\":"
		 "\"__main__.L[*]\",\"root\":\"module __main__\",\"container\":\"list\","
		 "\"length\":20,\"share\":0.98,\"samples\":196,\"newest\":57}],"
		 "\"cycles\":[{\"types\":[\"A\",\"B\"],"
		 "\"attributes\":[\"b\",\"a\"],\"instances\":9}],"
		 "\"keeps\":{\"bytes\":96,\"complete\":true,\"untold\":2,\"parts\":["
		 "{\"depth\":7,\"type\":\"Connection\",\"bytes\":64},"
		 "{\"depth\":0,\"name\":\".buf\",\"type\":\"list\",\"bytes\":32,\"length\":3},"
		 "{\"depth\":900,\"name\":\"[0]\",\"type\":\"Loop\",\"bytes\":5,"
		 "\"shared\":true}]},"
		 "\"search\":{\"sampled\":200}}]}\n");
	buf_puts(&made, "{\"v\":1,\"kind\":\"detach\",\"t\":1003,\"ended\":true}\n");
	load(buf_text(&made));
	assert_int_equal(next().n_holdings, 0);
	step = next();
	assert_int_equal(step.n_holdings, 1);
	assert_string_equal(step.holdings[0].type, "Connection");
	assert_string_equal(step.holdings[0].paths[0].path, "__main__.L[*]");
	assert_int_equal(step.holdings[0].paths[0].length, 20);
	assert_int_equal(step.holdings[0].paths[0].samples, 196);
	assert_int_equal(step.holdings[0].paths[0].newest, 57);
	assert_int_equal(step.holdings[0].refcounts.median, 2);
	assert_string_equal(step.holdings[0].cycles[0].attributes[1], "a");
	assert_int_equal(step.holdings[0].sampled, 200);
	in = &step.holdings[0].inside;
	assert_int_equal(in->n, 3);
	assert_int_equal(in->bytes, 96);
	assert_int_equal(in->untold, 2);
	assert_false(in->incomplete);
	assert_int_equal(in->parts[0].depth, 0);	/* a tree, whatever the line says */
	assert_int_equal(in->parts[0].length, LT_UNKNOWN);
	assert_int_equal(in->parts[1].depth, 1);
	assert_string_equal(in->parts[1].name, ".buf");
	assert_int_equal(in->parts[1].length, 3);
	assert_int_equal(in->parts[2].depth, 2);
	assert_true(in->parts[2].shared);
	assert_int_equal(in->parts[2].bytes, 0);
	assert_true(step.ended > 1002);
}

static void put_collect(int unreachable)
{
	buf_printf(&made, "{\"v\":1,\"kind\":\"collect\",\"t\":1002.5,\"unreachable\":%d,"
		   "\"took_us\":null,\"objects\":{\"before\":20,\"after\":8},"
		   "\"rss\":{\"before\":-5}}\n", unreachable);
}

static void a_collection_comes_with_the_sample_before_it(void **state)
{
	put_collect(1);				/* of what was not recorded */
	made_of(2);
	put_collect(2);
	put_collect(12);			/* of two the later one */
	put_sample(3, 30);
	put_collect(13);
	assert_int_equal(load(buf_text(&made))->code, LT_OK);
	for (int round = 0; round < 2; round++) {
		const struct sample_collect *c;

		assert_null(next().collect);
		c = next().collect;
		assert_non_null(c);
		assert_int_equal(c->unreachable, 12);
		assert_int_equal(c->took_us, LT_UNKNOWN);
		assert_int_equal(c->objects_before, 20);
		assert_int_equal(c->objects_after, 8);
		assert_int_equal(c->rss_before, LT_UNKNOWN);
		assert_int_equal(c->rss_after, LT_UNKNOWN);
		if (round == 0) {
			assert_int_equal(next().collect->unreachable, 13);
			replay_rewind(r);
		}
	}
	replay_forget(r);
	assert_int_equal(next().collect->unreachable, 13);
}

static void what_was_read_can_be_forgotten_on_the_way(void **state)
{
	made_of(5);
	load(buf_text(&made));
	for (int i = 1; i <= 5; i++) {
		assert_int_equal(next().sample->types[0].count, 10 * i);
		replay_forget(r);
		assert_int_equal(replay_count(r), 5 - i);
	}
}

static void a_line_that_is_cut_off_ends_it_and_is_named(void **state)
{
	const struct lt_err *damage;

	made_of(4);
	made.data[made.len - 20] = '\0';
	damage = load(buf_text(&made));
	assert_int_equal(replay_count(r), 3);
	assert_int_equal(damage->code, LT_E_DAMAGED);
	assert_non_null(strstr(damage->detail, "line 5 is cut off"));
}

static void damage_ends_it_and_names_the_line_and_the_cause(void **state)
{
	static const char *const bad[][2] = {
		{"%$#\n", "line 4"},
		{"[1,2]\n", "\"v\" and \"kind\""},
		{"{\"v\":1,\"kind\":\"sample\"}\n", "no time"},
		{"{\"v\":1,\"kind\":\"sample\",\"t\":NaN}\n", "line 4"},
		{"{\"v\":1,\"kind\":\"sample\",\"t\":1e999}\n", "line 4"},
		{"{\"v\":1,\"v\":1,\"kind\":\"sample\",\"t\":3}\n", "duplicate"},
		{"{\"v\":1,\"kind\":\"sam\0ple\",\"t\":3}\n", "line 4"},
	};

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		const struct lt_err *damage;

		buf_clear(&made);
		made_of(2);
		buf_puts(&made, bad[i][0]);
		put_sample(3, 1);
		damage = load(buf_text(&made));
		assert_int_equal(damage->code, LT_E_DAMAGED);
		assert_non_null(strstr(damage->detail, "line 4"));
		assert_non_null(strstr(damage->detail, bad[i][1]));
		assert_int_equal(replay_count(r), 2);
		replay_free(r);
		r = NULL;
	}
}

static void what_is_no_recording_is_called_that(void **state)
{
	static const char *const no[] = {
		"", "\n\n", "hello\n", "{}\n", "\177ELF\n", "[[[[[[", ATTACH,
	};

	for (size_t i = 0; i < COUNT_OF(no); i++) {
		assert_int_equal(load(no[i])->code, i == 5 ? LT_E_DAMAGED : LT_E_NO_RECORDING);
		assert_int_equal(replay_count(r), 0);
		replay_free(r);
		r = NULL;
	}
}

static void another_version_is_refused_with_its_number(void **state)
{
	const struct lt_err *damage = load("{\"v\":2,\"kind\":\"attach\",\"t\":1}\n");

	assert_int_equal(damage->code, LT_E_RECORDING_VERSION);
	assert_non_null(strstr(damage->detail, "version 2"));
}

static void lines_of_kinds_that_come_later_are_passed_over(void **state)
{
	assert_int_equal(load("{\"v\":1,\"kind\":\"weather\"}\n{\"v\":1,\"kind\":\"sample\","
			      "\"t\":3}\n")->code, LT_OK);
	assert_int_equal(replay_count(r), 1);
}

static void names_of_a_recording_are_cleaned(void **state)
{
	load("{\"v\":1,\"kind\":\"sample\",\"t\":3,\"types\":[{\"type\":\"a\\u001b]52;c;\","
	     "\"count\":1,\"bytes\":1}]}\n");
	assert_string_equal(next().sample->types[0].name, "a?]52;c;");
}

static void a_name_that_comes_twice_is_one_type(void **state)
{
	const struct sample *s;

	load("{\"v\":1,\"kind\":\"sample\",\"t\":3,\"types\":["
	     "{\"type\":\"a\",\"count\":1,\"bytes\":1},"
	     "{\"type\":\"a\",\"count\":2,\"bytes\":2}]}\n");
	s = next().sample;
	assert_int_equal(s->n_types, 1);
	assert_int_equal(s->types[0].count, 3);
}

static void a_line_without_end_is_not_read_to_its_end(void **state)
{
	const struct lt_err *damage;

	buf_puts(&made, ATTACH);
	for (unsigned i = 0; i <= READING_LINE_MAX / 1024 + 256; i++)
		buf_printf(&made, "%1024s", "");
	damage = load(buf_text(&made));
	assert_int_equal(damage->code, LT_E_DAMAGED);
	assert_non_null(strstr(damage->detail, "longer than 16 MiB"));
}

static void a_line_of_too_many_values_and_one_too_deep_are_refused(void **state)
{
	struct recline line = {0};
	struct lt_err err;

	for (int i = 0; i <= RECLINE_VALUES_MAX; i++)
		buf_puts(&made, "1,");
	assert_int_equal(recline_parse(&line, made.data, made.len, &err), LT_E_DAMAGED);
	assert_non_null(strstr(err.detail, "values"));
	buf_clear(&made);
	for (int i = 0; i < 100000; i++)
		buf_putc(&made, '[');
	assert_int_not_equal(recline_parse(&line, made.data, made.len, &err), LT_OK);
	recline_done(&line);
}

static void more_types_than_a_model_holds_become_one(void **state)
{
	const struct sample *s;
	int64_t sum = 0;

	buf_puts(&made, "{\"v\":1,\"kind\":\"sample\",\"t\":3,\"types\":[");
	for (int i = 0; i < 30000; i++)
		buf_printf(&made, "%s{\"type\":\"t%d\",\"count\":1,\"bytes\":1}", i ? "," : "", i);
	buf_puts(&made, "]}\n");
	load(buf_text(&made));
	s = next().sample;
	assert_true(s->n_types <= 20001);
	for (size_t i = 0; i < s->n_types; i++)
		sum += s->types[i].count;
	assert_int_equal(sum, 30000);
}

static void a_pipe_is_read_as_it_comes(void **state)
{
	int ends[2], keep = dup(STDIN_FILENO);

	made_of(2);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	assert_int_equal(replay_open("-", &r, NULL), LT_OK);
	if (keep >= 0)
		dup2(keep, STDIN_FILENO);
	close(ends[0]);
	assert_int_equal(replay_load(r, LONG_NS), REPLAY_WAIT);
	assert_int_equal(write(ends[1], made.data, made.len), (ssize_t)made.len);
	assert_int_equal(replay_load(r, LONG_NS), REPLAY_WAIT);
	assert_int_equal(replay_count(r), 1);	/* a verdict may follow the second one */
	close(ends[1]);
	assert_int_equal(replay_load(r, LONG_NS), REPLAY_COMPLETE);
	assert_int_equal(replay_count(r), 2);
	close(keep);
}

int main(void)
{
#define T(test) cmocka_unit_test_teardown(test, end)
	const struct CMUnitTest tests[] = {
		T(samples_come_in_order_and_again_after_a_rewind),
		T(baselines_that_were_set_by_keys_are_set_again),
		T(a_type_that_is_gone_is_in_no_later_sample),
		T(what_is_not_in_the_line_is_unknown_and_never_0),
		T(a_gap_has_its_reason_back),
		T(held_readings_are_no_readings_of_the_sample),
		T(another_process_begins_a_part_and_the_same_one_does_not),
		T(who_holds_them_comes_with_the_sample_before_the_verdict),
		T(a_collection_comes_with_the_sample_before_it),
		T(what_was_read_can_be_forgotten_on_the_way),
		T(a_line_that_is_cut_off_ends_it_and_is_named),
		T(damage_ends_it_and_names_the_line_and_the_cause),
		T(what_is_no_recording_is_called_that),
		T(another_version_is_refused_with_its_number),
		T(lines_of_kinds_that_come_later_are_passed_over),
		T(names_of_a_recording_are_cleaned),
		T(a_name_that_comes_twice_is_one_type),
		T(a_line_without_end_is_not_read_to_its_end),
		T(a_line_of_too_many_values_and_one_too_deep_are_refused),
		T(more_types_than_a_model_holds_become_one),
		T(a_pipe_is_read_as_it_comes),
	};

	return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
