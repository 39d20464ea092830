/*
 * All workloads under all Pythons, sampled and bereaved of leaktop for as long as one likes:
 * `make soak`. LT_SOAK_SAMPLES, LT_SOAK_KILLS: how many. LT_SOAK_SECONDS: it ends after that long
 * even so. LT_SOAK_JOBS: targets at a time. The figures come at the end.
 */
#include "config.h"
#include "tests/unit/test.h"

#include "cell.h"
#include "death.h"
#include "pool.h"
#include "util/clock.h"
#include "util/mem.h"

#define SAMPLES 200		/* of a `make check`: only a look whether it works */
#define KILLS 20
#define SECONDS 1000000
#define JOBS 8
#define VISIT_SAMPLES 50	/* of one target */
#define VISITS_MOST 1000000
#define PYTHONS_MOST 40

static const char *const kinds[] = {
	"sleep", "select", "poll", "epoll", "read", "wait", "asyncio", "accept", "join", "lock",
	"event", "queue", "cpu", "malloc", "import", "collect", "freeze", "fork", "subprocess",
	"threads", "churn", "smallstack", "deep", "alarm", "handler", "atexit", "setuid", "dlopen",
};

/* 2.7 takes EINTR for an error where a program did not expect signals; these do. */
static const char *const kinds27[] = {
	"sleep", "select", "poll", "epoll", "read", "wait", "accept", "cpu", "malloc", "import",
	"collect", "fork", "deep", "alarm",
};

struct soak {			/* shared by all parts */
	int64_t samples, counted, kills, visits, skipped, harmed;
	struct {
		int64_t samples, counted;
	} of[COUNT_OF(kinds)];
};

static struct soak *done;
static int64_t wanted_samples, wanted_kills, end_ns;
static const struct python_exe *pythons[PYTHONS_MOST];
static size_t pythons_n;

static int64_t now_at(const int64_t *what)
{
	return __atomic_load_n(what, __ATOMIC_SEQ_CST);
}

static void add(int64_t *what, int64_t n)
{
	__atomic_fetch_add(what, n, __ATOMIC_SEQ_CST);
}

static bool is_over(void)
{
	return clock_mono_ns() > end_ns || now_at(&done->harmed) ||
	       (now_at(&done->samples) >= wanted_samples && now_at(&done->kills) >= wanted_kills);
}

static void add_samples(const char *kind, const struct cell_watch *w)
{
	add(&done->samples, w->samples);
	add(&done->counted, w->counted);
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		if (strcmp(kinds[i], kind) != 0)
			continue;
		add(&done->of[i].samples, w->samples);
		add(&done->of[i].counted, w->counted);
	}
}

/* As many kills as there are in proportion. */
static bool visit(struct cell_run *r, void *arg)
{
	size_t number = *(size_t *)arg;
	int kills = (int)((wanted_kills * VISIT_SAMPLES + wanted_samples - 1) / wanted_samples);
	struct cell_watch w;

	if (!cell_leaktop(r, VISIT_SAMPLES, &w))
		return false;
	add_samples(r->cell->kind, &w);
	if (!death_at_any_time(r, kills, number))
		return false;
	add(&done->kills, kills);
	return true;
}

static bool soak(void *arg, size_t i)
{
	const struct python_exe *python = pythons[i % pythons_n];
	bool is27 = strstr(python->name, "2.7") != NULL;
	size_t n = is27 ? COUNT_OF(kinds27) : COUNT_OF(kinds), at = i / pythons_n + i;
	const char *kind = is27 ? kinds27[at % n] : kinds[at % n];
	const struct cell cell = {
		.python = python, .kind = kind, .mortal = true, .elusive = !strcmp(kind, "freeze"),
	};
	enum cell_proof proof;

	if (is_over())
		return true;
	death_prepare();
	proof = cell_prove(&cell, visit, &i);
	add(proof == CELL_HARMED ? &done->harmed :
	    proof == CELL_SKIPPED ? &done->skipped : &done->visits, 1);
	return proof != CELL_HARMED;
}

static void print_figures(double seconds)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (done->of[i].samples)
			printf("# soak: %s: %lld samples, %lld counted\n", kinds[i],
			       (long long)done->of[i].samples, (long long)done->of[i].counted);
	printf("# soak: %lld samples, %lld of them counted; %lld kills; %lld targets of %zu "
	       "Pythons, %lld skipped, %lld harmed\n",
	       (long long)done->samples, (long long)done->counted, (long long)done->kills,
	       (long long)done->visits, pythons_n, (long long)done->skipped,
	       (long long)done->harmed);
	printf("# soak: %.0f s, %.1f samples and %.2f kills a second\n", seconds,
	       (double)done->samples / seconds, (double)done->kills / seconds);
}

static void nothing_is_harmed_by_all_that(void **state)
{
	int64_t begin = clock_mono_ns();
	size_t failed;

	pythons_n = cell_pythons(pythons, PYTHONS_MOST);
	if (!pythons_n)
		SKIP("there is no Python here");
	done = harm_shared(sizeof(*done));
	wanted_samples = harm_setting("LT_SOAK_SAMPLES", SAMPLES);
	wanted_kills = harm_setting("LT_SOAK_KILLS", KILLS);
	end_ns = begin + harm_setting("LT_SOAK_SECONDS", SECONDS) * CLOCK_NS_PER_S;
	failed = pool_run_while(VISITS_MOST, (size_t)harm_setting("LT_SOAK_JOBS", JOBS), soak, NULL,
				is_over);
	print_figures((double)(clock_mono_ns() - begin) / 1e9);
	assert_int_equal(failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_harmed_by_all_that),
	};

	return cmocka_run_group_tests_name("soak", tests, NULL, NULL);
}
