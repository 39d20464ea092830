/*
 * The model against a naive recomputation: a simulated target of N types lives through 500
 * samples, some of them gaps, some followed by a new baseline; after each one every row is
 * computed again from the whole history, the slow and obvious way.
 */
#include "config.h"
#include "test_model.h"

#define N 40
#define SAMPLES 500

static struct history {
	int64_t at_ns[SAMPLES];
	bool census[SAMPLES];
	int64_t count[SAMPLES][N];	/* where census */
	int n;				/* samples so far */
	int base, first;		/* samples that are the baselines; -1 none */
} h;

static uint64_t random_state;

static uint32_t roll(uint32_t sides)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(random_state >> 33) % sides;
}

static int last_census(int i)
{
	while (i >= 0 && !h.census[i])
		i--;
	return i;
}

/* What each type does in a sample: types differ by what they are likely to do. */
static int64_t next_count(int type, int64_t count)
{
	switch (type % 5) {
	case 0:
		return count;				/* never changes */
	case 1:
		return count + roll(1 + (uint32_t)type);	/* leaks */
	case 2:
		return roll(50);			/* churns, sometimes away */
	case 3:
		return roll(20) ? count : roll(2) ? 0 : 5000000000;	/* comes and goes */
	default:
		return count > 10 ? count - roll(10) : roll(100);	/* shrinks, jumps */
	}
}

static void live(struct model *m)
{
	static char text[N][16];
	struct sample_type types[N];
	struct sample s = sample_at(0);
	int i = h.n, last = last_census(i - 1);

	/* 4 s apart at least: then each census is a mark, and rates can be compared exactly. */
	h.at_ns[i] = i ? h.at_ns[i - 1] + (int64_t)roll(4000000) * 1000 + 4000000000
			+ (roll(50) ? 0 : 100000000000) : 77;
	h.census[i] = roll(5) != 0;
	for (int k = 0; k < N; k++) {
		h.count[i][k] = next_count(k, last < 0 ? roll(1000) : h.count[last][k]);
		snprintf(text[k], sizeof(text[k]), "type%d", k);
		if (h.count[i][k] == 0 || !h.census[i])
			continue;
		types[s.n_types++] = (struct sample_type){text[k], h.count[i][k],
							  h.count[i][k] * OBJECT_BYTES};
	}
	for (size_t k = s.n_types; k > 1; k--) {	/* a target keeps no order */
		size_t other = roll((uint32_t)k);
		struct sample_type t = types[k - 1];

		types[k - 1] = types[other];
		types[other] = t;
	}
	s.mono_ns = h.at_ns[i];
	s.types = types;
	s.census = h.census[i];
	model_push(m, &s);
	h.n++;
	if (h.census[i] && h.first < 0)
		h.first = h.base = i;
}

static double naive_rate(int type)
{
	int64_t now_ns = h.at_ns[h.n - 1];
	int newest = last_census(h.n - 1);

	for (int i = 0; i < newest; i++)
		if (h.census[i] && now_ns - h.at_ns[i] <= 60000000000)
			return (double)(h.count[newest][type] - h.count[i][type]) /
			       ((double)(h.at_ns[newest] - h.at_ns[i]) / 1e9);
	return NAN;
}

static double naive_grew_ago(int type)
{
	for (int i = last_census(h.n - 1); i >= 0; i = last_census(i - 1)) {
		int before = last_census(i - 1);

		if (before >= 0 && h.count[i][type] > h.count[before][type])
			return (double)(h.at_ns[h.n - 1] - h.at_ns[i]) / 1e9;
	}
	return NAN;
}

/* Seen since the baseline, or at it. */
static bool naive_listed(int type)
{
	for (int i = h.base; i < h.n; i++)
		if (h.census[i] && h.count[i][type] > 0)
			return true;
	return false;
}

static void check_trend(const struct series_view *v, int type)
{
	int64_t floors[SERIES_CELLS];

	assert_in_range(v->n, 1, SERIES_CELLS);
	for (size_t i = 0; i < SERIES_CELLS; i++)
		floors[i] = LT_UNKNOWN;
	for (int i = 0; i < h.n; i++) {
		double s = (double)(h.at_ns[i] - h.at_ns[0]) / 1e9;
		size_t cell = (size_t)(s / v->cell_s);

		assert_in_range(cell, 0, v->n - 1);
		if (h.census[i] && (floors[cell] == LT_UNKNOWN || h.count[i][type] < floors[cell]))
			floors[cell] = h.count[i][type];
	}
	for (size_t i = 0; i < v->n; i++)
		if (floors[i] != LT_UNKNOWN)
			assert_int_equal(v->cells[i], floors[i]);
		else if (v->cells[i] != LT_UNKNOWN)	/* a late timer was bridged */
			assert_true(i && v->cells[i - 1] != LT_UNKNOWN &&
				    v->cells[i + 1] != LT_UNKNOWN);
}

static void check_row(const struct snapshot_row *r)
{
	int type = atoi(r->name + 4), newest = last_census(h.n - 1);
	int64_t count = h.count[newest][type], base = h.count[h.base][type];
	double rate = naive_rate(type), ago = naive_grew_ago(type);

	assert_int_equal(r->count, count);
	assert_int_equal(r->bytes, count * OBJECT_BYTES);
	assert_int_equal(r->count_delta, count - base);
	assert_int_equal(r->bytes_delta, (count - base) * OBJECT_BYTES);
	assert_int_equal(r->flat, count == base);
	assert_true(isnan(rate) ? isnan(r->rate) : fabs(rate - r->rate) <= 1e-9 * fabs(rate));
	assert_true(isnan(ago) ? isnan(r->grew_ago_s) : fabs(ago - r->grew_ago_s) < 1e-6);
	check_trend(&r->trend, type);
}

static void check(struct model *m)
{
	const struct snapshot *snap = model_snapshot(m);
	int newest = last_census(h.n - 1);
	size_t live_types = 0, flat = 0, listed = 0;

	if (newest < 0) {
		assert_int_equal(snap->n_rows, 0);
		return;
	}
	for (int k = 0; k < N; k++) {
		bool alive = h.count[newest][k] > 0;

		live_types += alive;
		flat += alive && h.count[newest][k] == h.count[h.base][k];
		listed += naive_listed(k);
	}
	assert_int_equal(snap->n_types, live_types);
	assert_int_equal(snap->n_flat, flat);
	assert_int_equal(snap->n_listed, listed);
	assert_int_equal(snap->n_rows, listed);
	for (size_t i = 0; i < snap->n_rows; i++) {
		assert_true(naive_listed(atoi(snap->rows[i].name + 4)));
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(snap->rows[i].name, snap->rows[k].name);
		check_row(&snap->rows[i]);
	}
}

static void every_figure_equals_a_naive_recomputation(void **state)
{
	for (uint64_t seed = 1; seed <= 3; seed++) {
		struct model *m = new_model();

		memset(&h, 0, sizeof(h));
		h.base = h.first = -1;
		random_state = seed;
		while (h.n < SAMPLES) {
			live(m);
			check(m);
			if (roll(40) == 0 && h.first >= 0) {
				model_baseline_now(m);
				h.base = last_census(h.n - 1);
				check(m);
			} else if (roll(60) == 0 && h.first >= 0) {
				model_baseline_first(m);
				h.base = h.first;
				check(m);
			}
			if (roll(10) == 0)
				model_sort(m, (enum snapshot_sort)roll(SORT_COUNT_OF), roll(2));
		}
		assert_int_equal(model_snapshot(m)->samples, SAMPLES);
		model_free(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_figure_equals_a_naive_recomputation),
	};

	return cmocka_run_group_tests_name("model random", tests, NULL, NULL);
}
