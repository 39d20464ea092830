/* What a search found: kept per type, its lengths followed, and which type is searched next. */
#include "config.h"
#include "test_model.h"

#include "model/holding.h"
#include "model/holding_text.h"
#include "model/holding_tree.h"
#include "model/searches.h"
#include "util/mem.h"

#define S CLOCK_NS_PER_S

static struct holding *found(const char *type, const char *path, double at_s)
{
	struct holding *h = MEM_NEW(struct holding);

	holding_init(h, type);
	h->t = WALL + at_s;
	h->mono_ns = (int64_t)(at_s * 1e9);
	h->sampled = 200;
	if (path) {
		snprintf(h->paths[0].path, sizeof(h->paths[0].path), "%s", path);
		snprintf(h->paths[0].container, sizeof(h->paths[0].container), "list");
		h->paths[0].address = 0x1000;
		h->paths[0].share = 1;
		h->paths[0].samples = 200;
		h->n_paths = 1;
	}
	return h;
}

static void put(struct model *m, struct holding *h)
{
	model_holding(m, h);
	free(h);
}

static void put_path(struct model *m, const char *type, double at_s, int64_t length)
{
	struct holding *h = found(type, "__main__.kept[*]", at_s);

	h->paths[0].length = length;
	put(m, h);
}

static void put_ring(struct model *m, const char *type, double at_s, size_t samples)
{
	struct holding *h = found(type, NULL, at_s);

	h->n_cycles = 1;
	h->cycles[0].n = 2;
	h->cycles[0].samples = samples;
	snprintf(h->cycles[0].types[0], HOLDING_NAME, "%s", type);
	snprintf(h->cycles[0].attributes[0], HOLDING_NAME, "_handler");
	put(m, h);
}

static const struct holding *kept(struct model *m, const char *type)
{
	return snapshot_holding(model_snapshot(m), type);
}

/* ---- lengths ------------------------------------------------------------------------------ */

static void a_length_read_twice_has_a_rate_and_a_growth(void **state)
{
	struct model *m = new_model();
	int64_t length = 150;

	put_path(m, "app.Conn", 10, 100);
	assert_int_equal(kept(m, "app.Conn")->paths[0].length, 100);
	assert_int_equal(kept(m, "app.Conn")->paths[0].length_delta, 0);
	assert_true(isnan(kept(m, "app.Conn")->paths[0].length_rate));
	model_lengths(m, "app.Conn", &length, 1, 15 * S);
	assert_int_equal(kept(m, "app.Conn")->paths[0].length, 150);
	assert_int_equal(kept(m, "app.Conn")->paths[0].length_delta, 50);
	assert_near(kept(m, "app.Conn")->paths[0].length_rate, 10);
	assert_int_equal(kept(m, "app.Conn")->paths[0].growth.rises, 1);
	model_free(m);
}

static void a_rate_follows_what_happened_lately(void **state)
{
	struct model *m = new_model();

	put_path(m, "app.Conn", 0, 0);
	for (int64_t s = 2; s <= 300; s += 2) {
		int64_t length = s < 200 ? s * 10 : 2000;

		model_lengths(m, "app.Conn", &length, 1, s * S);
	}
	assert_near(kept(m, "app.Conn")->paths[0].length_rate, 0);
	assert_int_equal(kept(m, "app.Conn")->paths[0].length_delta, 2000);
	assert_int_equal(kept(m, "app.Conn")->paths[0].growth.falls, 0);
	model_free(m);
}

static void a_container_that_is_gone_has_no_length(void **state)
{
	struct model *m = new_model();
	int64_t gone = LT_UNKNOWN;

	put_path(m, "app.Conn", 0, 50);
	model_lengths(m, "app.Conn", &gone, 1, 2 * S);
	assert_false(num_known(kept(m, "app.Conn")->paths[0].length));
	assert_false(num_known(kept(m, "app.Conn")->paths[0].length_delta));
	assert_true(isnan(kept(m, "app.Conn")->paths[0].length_rate));
	model_free(m);
}

static void another_search_goes_on_from_the_length_before(void **state)
{
	struct model *m = new_model();

	put_path(m, "app.Conn", 0, 100);
	put_path(m, "app.Conn", 40, 500);
	assert_int_equal(kept(m, "app.Conn")->paths[0].length, 500);
	assert_int_equal(kept(m, "app.Conn")->paths[0].length_delta, 400);
	assert_near(kept(m, "app.Conn")->paths[0].length_rate, 10);
	assert_int_equal(model_snapshot(m)->n_holdings, 1);
	model_free(m);
}

static void another_container_at_the_same_path_begins_anew(void **state)
{
	struct model *m = new_model();
	struct holding *h = found("app.Conn", "__main__.kept[*]", 40);

	put_path(m, "app.Conn", 0, 100);
	h->paths[0].address = 0x2000;
	h->paths[0].length = 500;
	put(m, h);
	assert_int_equal(kept(m, "app.Conn")->paths[0].length_delta, 0);
	assert_true(isnan(kept(m, "app.Conn")->paths[0].length_rate));
	model_free(m);
}

/* ---- what is kept --------------------------------------------------------------------------- */

static void the_oldest_of_too_many_types_is_forgotten(void **state)
{
	struct model *m = new_model();
	char name[32];

	for (int i = 0; i <= SEARCHES_KEPT; i++) {
		snprintf(name, sizeof(name), "app.T%d", i);
		put_path(m, name, i, i);
	}
	assert_int_equal(model_snapshot(m)->n_holdings, SEARCHES_KEPT);
	assert_null(kept(m, "app.T0"));
	assert_non_null(kept(m, "app.T1"));
	assert_int_equal(kept(m, name)->paths[0].length, SEARCHES_KEPT);
	model_free(m);
}

static void a_cycle_is_dated_by_when_it_was_first_found(void **state)
{
	struct model *m = new_model();

	put_ring(m, "app.Conn", 10, 200);
	put_ring(m, "app.Conn", 50, 200);
	assert_near(kept(m, "app.Conn")->cycles[0].since, WALL + 10);
	model_free(m);
}

static void another_program_under_the_pid_has_no_holders_yet(void **state)
{
	struct sample_target other = {.pid = 4242, .exe = "/usr/bin/other"};
	struct model *m = new_model();

	put_path(m, "app.Conn", 0, 1);
	model_target(m, &other);
	assert_null(kept(m, "app.Conn"));
	model_free(m);
}

static void the_path_told_first_is_one_that_fans_out(void **state)
{
	struct holding *h = found("app.Conn", "__main__.one", 0);

	h->paths[0].container[0] = '\0';
	h->paths[1] = h->paths[0];
	h->n_paths = 2;
	assert_ptr_equal(holding_best(h), &h->paths[0]);
	snprintf(h->paths[1].container, HOLDING_NAME, "dict");
	assert_ptr_equal(holding_best(h), &h->paths[1]);
	h->paths[1].length = 1;		/* that has what has all of them */
	assert_ptr_equal(holding_best(h), &h->paths[0]);
	h->paths[1].length = 2;
	assert_ptr_equal(holding_best(h), &h->paths[1]);
	h->paths[1].share = 0.01;
	assert_ptr_equal(holding_best(h), &h->paths[0]);
	h->n_paths = 0;
	assert_null(holding_best(h));
	free(h);
}

static void what_holds_a_part_alone_is_told_with_its_share(void **state)
{
	struct holding *h = found("str", "__main__.kept[*]", 0);
	char text[200];

	assert_string_equal(holding_text_line(h, false, text, sizeof(text)),
			    "held by __main__.kept (list)");
	h->paths[0].share = 0.285;
	assert_string_equal(holding_text_line(h, false, text, sizeof(text)),
			    "28% held by __main__.kept (list)");
	free(h);
}

/* Of what is everywhere the largest part is what was there before it began to grow. */
static void what_holds_a_part_and_does_not_grow_is_not_told(void **state)
{
	struct holding *h = found("bytes", "C code -> list[*]", 0);
	char text[200];

	h->paths[0].share = 0.17;
	h->paths[1] = h->paths[0];
	h->paths[1].share = 0.12;
	h->n_paths = 2;
	for (int second = 0; second < 4; second++) {
		holding_put_length(&h->paths[0], 7445, second * CLOCK_NS_PER_S);
		holding_put_length(&h->paths[1], 1000 + second, second * CLOCK_NS_PER_S);
	}
	assert_ptr_equal(holding_best(h), &h->paths[1]);
	h->n_paths = 1;
	assert_null(holding_best(h));
	assert_string_equal(holding_text_line(h, false, text, sizeof(text)),
			    "none of those that hold them grows");
	h->paths[0].share = 0.9;	/* what is in them may grow */
	assert_ptr_equal(holding_best(h), &h->paths[0]);
	free(h);
}

/* A leak that is few of all objects is nearly all of the newest. */
static void what_holds_the_newest_is_told_though_it_holds_few_of_all(void **state)
{
	struct holding *h = found("str", "__main__.lately[*]", 0);
	char text[200];

	h->paths[0].share = 0.014;
	h->paths[1] = h->paths[0];
	h->paths[1].share = 0.98;
	h->n_paths = 2;
	assert_ptr_equal(holding_best(h), &h->paths[1]);
	h->newest = 60;
	h->paths[0].newest = 58;
	assert_ptr_equal(holding_best(h), &h->paths[0]);
	assert_string_equal(holding_text_line(h, false, text, sizeof(text)),
			    "the newest (1%) held by __main__.lately (list)");
	h->newest = h->paths[0].newest = 9;	/* too few to go by */
	assert_ptr_equal(holding_best(h), &h->paths[1]);
	free(h);
}

static void newest_objects_that_are_garbage_in_cycles_are_told_as_that(void **state)
{
	struct holding *h = found("app.Conn", "__main__.kept[*]", 0);

	h->n_cycles = 1;
	h->cycles[0].samples = 3;
	h->newest = 60;
	h->newest_cyclic = 20;
	assert_false(holding_is_cyclic(h));
	h->newest_cyclic = 57;
	assert_true(holding_is_cyclic(h));
	h->n_cycles = 0;
	assert_false(holding_is_cyclic(h));
	free(h);
}

static void paths_become_a_tree_from_their_roots(void **state)
{
	static const char *const rows[] = {
		"class app.Server", ".peers", "['a.b [c']", "[*]", ".conn", ".spare",
		"thread 'Main.1'", "Server.run()", "local conn",
	};
	static const int depths[] = {0, 1, 2, 3, 4, 1, 0, 1, 2};
	struct holding *h = found("app.Conn", "app.Server.peers['a.b [c'][*].conn", 0);
	struct holding_row *tree = mem_array(HOLDING_TREE_ROWS, sizeof(*tree));
	size_t n;

	snprintf(h->paths[0].root, HOLDING_NAME, "class app.Server");
	h->paths[1] = h->paths[2] = h->paths[0];
	snprintf(h->paths[1].path, HOLDING_TEXT, "app.Server.spare");
	snprintf(h->paths[2].path, HOLDING_TEXT,
		 "thread 'Main.1' -> Server.run() -> local conn");
	snprintf(h->paths[2].root, HOLDING_NAME, "thread Main.1");
	h->n_paths = 3;
	n = holding_tree(h, false, tree);
	assert_int_equal(n, COUNT_OF(rows));
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(tree[i].text, rows[i]);
		assert_int_equal(tree[i].depth, depths[i]);
	}
	assert_true(tree[2].container && tree[3].fans && tree[4].leaf && tree[5].leaf);
	assert_int_equal(tree[0].samples, 200);		/* no more than there are */
	assert_int_equal(holding_tree_end(tree, n, 0), 6);
	free(tree);
	free(h);
}

static void a_path_without_end_is_a_bounded_tree(void **state)
{
	struct holding *h = found("app.Conn", "x", 0);
	struct holding_row *tree = mem_array(HOLDING_TREE_ROWS, sizeof(*tree));

	h->n_paths = HOLDING_PATHS;
	for (size_t i = 0; i < HOLDING_PATHS; i++) {
		h->paths[i] = h->paths[0];
		for (size_t k = 0; k + 1 < HOLDING_TEXT; k++)
			h->paths[i].path[k] = ".['\"\\"[(i * 7 + k) % 5];
	}
	assert_true(holding_tree(h, false, tree) <= HOLDING_TREE_ROWS);
	free(tree);
	free(h);
}

/* ---- what next ------------------------------------------------------------------------------ */

static const char *wants(struct model *m, double at_s, bool last)
{
	const char *type = model_wants_search(m, (int64_t)(at_s * 1e9), last);

	return type ? type : "nothing";
}

static struct model *growing(void)
{
	struct model *m = new_model();

	census(m, 0, "app.Conn=10 app.Handler=10 app.Idle=500 dict=100");
	census(m, 2, "app.Conn=110 app.Handler=60 app.Idle=500 dict=400");
	return m;
}

static void before_there_are_words_classes_that_grow_are_searched(void **state)
{
	struct model *m = growing();

	assert_string_equal(wants(m, 2, false), "app.Conn");
	put_path(m, "app.Conn", 3, 100);
	assert_string_equal(wants(m, 3, false), "app.Handler");
	put_path(m, "app.Handler", 4, 100);
	assert_string_equal(wants(m, 4, false), "nothing");
	model_free(m);
}

static void nothing_is_searched_where_nothing_grows(void **state)
{
	struct model *m = new_model();

	assert_string_equal(wants(m, 0, true), "nothing");
	census(m, 0, "app.Conn=10 dict=100");
	census(m, 2, "app.Conn=10 dict=100");
	assert_string_equal(wants(m, 2, true), "nothing");
	model_free(m);
}

static void the_same_answer_is_asked_for_less_and_less_often(void **state)
{
	struct model *m = growing();
	double at = 4, waited = 0;

	put_path(m, "app.Handler", 1e6, 1);	/* not due for long */
	for (int i = 0; i < 6; i++, at += waited) {
		put_path(m, "app.Conn", at, 100);
		for (waited = 0; !strcmp(wants(m, at + waited, false), "nothing"); waited++)
			assert_true(waited <= 300);
		assert_true(waited == (i < 4 ? 30 << i : 300));
	}
	put_ring(m, "app.Conn", at, 200);
	assert_string_equal(wants(m, at + 29, false), "nothing");
	assert_string_equal(wants(m, at + 30, false), "app.Conn");
	model_free(m);
}

static void at_the_end_what_is_old_is_searched_once_more(void **state)
{
	struct model *m = growing();

	for (int i = 0; i < 3; i++)
		put_path(m, "app.Conn", 4 + i, 100);
	put_path(m, "app.Handler", 6, 100);
	assert_string_equal(wants(m, 20, true), "nothing");
	assert_string_equal(wants(m, 40, false), "app.Handler");
	assert_string_equal(wants(m, 40, true), "app.Conn");
	model_free(m);
}

/* ---- the cause ------------------------------------------------------------------------------ */

/* A suspect after two minutes of straight growth. */
static struct model *suspected(void)
{
	struct model *m = new_model();
	char text[64];

	for (int s = 0; s <= 300; s += 2) {
		struct sample p = sample_at(s);

		p.gc.gen[2].collections = s / 10;
		snprintf(text, sizeof(text), "app.Conn=%d dict=100", 1000 + s * 20);
		push_census(m, p, text);
		(void)model_snapshot(m);
	}
	assert_int_equal(model_snapshot(m)->verdict.word, RATCHET_SUSPECT);
	assert_int_equal(model_snapshot(m)->verdict.cause, CAUSE_OBJECTS);
	return m;
}

static void a_suspect_whose_samples_are_in_cycles_has_that_cause(void **state)
{
	struct model *m = suspected();

	put_ring(m, "app.Conn", 300, 90);
	assert_int_equal(model_snapshot(m)->verdict.cause, CAUSE_OBJECTS);
	put_ring(m, "app.Conn", 301, 110);
	assert_int_equal(model_snapshot(m)->verdict.cause, CAUSE_CYCLE);
	model_free(m);
}

static void two_models_of_one_target_have_the_same_cause(void **state)
{
	struct model *screen = suspected(), *page = suspected();

	model_share_searches(page, screen);
	assert_int_equal(model_snapshot(page)->verdict.cause, CAUSE_OBJECTS);
	put_ring(screen, "app.Conn", 301, 110);
	assert_int_equal(model_snapshot(page)->verdict.cause, CAUSE_CYCLE);
	put_path(screen, "app.Conn", 302, 100);
	assert_int_equal(model_snapshot(page)->verdict.cause, CAUSE_OBJECTS);
	model_free(page);
	model_free(screen);
}

/* ---- groups --------------------------------------------------------------------------------- */

/* Nine of ten connections have a dict of counters with a list in it; tuples grow by themselves. */
static struct model *with_counters(void)
{
	struct model *m = new_model();

	for (int s = 0; s <= 40; s++) {
		char text[128];

		snprintf(text, sizeof(text), "app.Conn=%d dict=%d list=%d tuple=%d bytes=%d",
			 20 * s, 700 + 18 * s, 300 + 18 * s, 500 + 30 * s, 400 + 16 * s);
		census(m, s, text);
	}
	assert_int_equal(model_snapshot(m)->verdict.n_suspects, 5);
	return m;
}

static void put_parts(struct model *m)
{
	static const struct holding_part parts[] = {
		{.type = "app.Conn"}, {.type = "dict"}, {.type = "tuple"},
		{.type = "bytes", .shared = true},
	};
	struct holding *h = found("app.Conn", "app._CONNS[*]", 40);

	h->inside.address = 0x2000;
	memcpy(h->inside.parts, parts, sizeof(parts));
	h->inside.n = COUNT_OF(parts);
	put(m, h);
}

static void what_an_object_keeps_alive_is_of_its_group_with_all_that_is_in_step(void **state)
{
	struct model *m = with_counters();
	uint32_t conn = row(m, "app.Conn")->id;

	assert_int_equal(row(m, "app.Conn")->group_n, 1);
	assert_int_equal(row(m, "list")->head, row(m, "dict")->id);
	put_parts(m);
	assert_int_equal(row(m, "app.Conn")->group_n, 3);
	assert_int_equal(row(m, "dict")->head, conn);
	assert_int_equal(row(m, "list")->head, conn);
	assert_int_equal(row(m, "list")->group_n, 3);
	/* one that others hold too, and one of which there are more than the objects explain */
	assert_int_equal(row(m, "bytes")->head, row(m, "bytes")->id);
	assert_int_equal(row(m, "tuple")->head, row(m, "tuple")->id);
	model_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_length_read_twice_has_a_rate_and_a_growth),
		cmocka_unit_test(a_rate_follows_what_happened_lately),
		cmocka_unit_test(a_container_that_is_gone_has_no_length),
		cmocka_unit_test(another_search_goes_on_from_the_length_before),
		cmocka_unit_test(another_container_at_the_same_path_begins_anew),
		cmocka_unit_test(the_oldest_of_too_many_types_is_forgotten),
		cmocka_unit_test(a_cycle_is_dated_by_when_it_was_first_found),
		cmocka_unit_test(another_program_under_the_pid_has_no_holders_yet),
		cmocka_unit_test(the_path_told_first_is_one_that_fans_out),
		cmocka_unit_test(what_holds_a_part_alone_is_told_with_its_share),
		cmocka_unit_test(what_holds_a_part_and_does_not_grow_is_not_told),
		cmocka_unit_test(what_holds_the_newest_is_told_though_it_holds_few_of_all),
		cmocka_unit_test(newest_objects_that_are_garbage_in_cycles_are_told_as_that),
		cmocka_unit_test(paths_become_a_tree_from_their_roots),
		cmocka_unit_test(a_path_without_end_is_a_bounded_tree),
		cmocka_unit_test(before_there_are_words_classes_that_grow_are_searched),
		cmocka_unit_test(nothing_is_searched_where_nothing_grows),
		cmocka_unit_test(the_same_answer_is_asked_for_less_and_less_often),
		cmocka_unit_test(at_the_end_what_is_old_is_searched_once_more),
		cmocka_unit_test(a_suspect_whose_samples_are_in_cycles_has_that_cause),
		cmocka_unit_test(two_models_of_one_target_have_the_same_cause),
		cmocka_unit_test(
			what_an_object_keeps_alive_is_of_its_group_with_all_that_is_in_step),
	};

	return cmocka_run_group_tests_name("holding", tests, NULL, NULL);
}
