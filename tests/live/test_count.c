/*
 * Every Python of the machine in every place where a server spends its time: what leaktop counts
 * equals what the target counts from inside, and afterwards the target is as it was.
 */
#include "config.h"
#include "../unit/test.h"

#include <math.h>

#include "util/clock.h"
#include "util/num.h"
#include "watching.h"

#define TRIES 30
#define LOOKS 3

struct place {
	const char *kind;
	bool still;		/* stands still: counts must be equal; otherwise only the class's */
	bool large;		/* takes many slices */
};

#define FEW "50"
#define MANY "20000"
#define SLICES_LEAST 4
#define SLICE_NS (CLOCK_NS_PER_MS / 4)

static const struct place places[] = {
	{"sleep", true, false}, {"accept", true, false}, {"epoll", true, false},
	{"event", true, false}, {"poll", true, false}, {"select", true, false},
	{"read", true, false}, {"event-timeout", true, false}, {"busy", false, false},
	{"alloc", false, false}, {"join", false, false},
	{"poll", true, true}, {"alloc", false, true},
};

static int64_t number(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);

	return json_is_boolean(v) ? json_is_true(v) : json_is_integer(v) ? json_integer_value(v)
									 : LT_UNKNOWN;
}

static int differ(const char *what, int64_t counted, int64_t truth)
{
	if (counted == truth)
		return 0;
	printf("# %s: counted %lld, in truth %lld\n", what, (long long)counted, (long long)truth);
	return 1;
}

/*
 * Both ways: no type of the target is missing or wrong, none is invented. gc.get_objects() does not
 * list frozen objects (3.12 freezes its immortal tuples at every collection), leaktop counts them:
 * what is too many in all must be exactly those.
 */
static int64_t types_differ(const struct sample *s, const json_t *truth, bool tell)
{
	json_t *types = json_object_get(truth, "types");
	int64_t frozen = number(truth, "frozen"), more = 0, less = 0;
	const char *name;
	json_t *count;

	json_object_foreach(types, name, count) {
		int64_t d = watching_count(s, name) - json_integer_value(count);

		*(d < 0 ? &less : &more) += d;
		if (tell)
			differ(name, watching_count(s, name), json_integer_value(count));
	}
	for (size_t i = 0; i < s->n_types; i++) {
		if (json_object_get(types, s->types[i].name))
			continue;
		more += s->types[i].count;
		if (tell)
			differ(s->types[i].name, s->types[i].count, 0);
	}
	return -less + llabs(more - (num_known(frozen) ? frozen : 0));
}

static int64_t item(const json_t *object, const char *key, size_t i)
{
	return json_integer_value(json_array_get(json_object_get(object, key), i));
}

/* What 2.7 and 3.6 keep in static variables is unknown to leaktop, and says so. */
static int gc_differs(const struct sample *s, const json_t *truth)
{
	const struct sample_gc *gc = &s->gc;
	int wrong = 0;

	if (num_known(gc->enabled))
		wrong += differ("enabled", gc->enabled, number(truth, "enabled"));
	if (num_known(gc->garbage))
		wrong += differ("garbage", gc->garbage, number(truth, "garbage"));
	if (num_known(gc->frozen) && num_known(number(truth, "frozen")))
		wrong += differ("frozen", gc->frozen, number(truth, "frozen"));
	for (size_t i = 0; i < 3; i++) {
		json_t *stats = json_array_get(json_object_get(truth, "gc_stats"), i);

		wrong += differ("threshold", gc->gen[i].threshold, item(truth, "gc_threshold", i));
		if (stats && num_known(gc->gen[i].collections))
			wrong += differ("collections", gc->gen[i].collections,
					number(stats, "collections"));
	}
	return wrong;
}

static bool is_in_slices(const struct sample *s, const struct place *place)
{
	if (!place->large || s->cost.stops >= SLICES_LEAST)
		return true;
	printf("# %lld objects in %lld stops: too few for slices\n", (long long)s->objects,
	       (long long)s->cost.stops);
	return false;
}

/*
 * The classes that the target makes for this test, so many of each and twice as many twins. A count
 * in one slice may take any number of stops where harmless moments are rare.
 */
static int classes_differ(const struct sample *s, const struct place *place)
{
	int64_t n = atoi(place->large ? MANY : FEW);

	return differ("Node", watching_count(s, "__main__.Node") >= n, 1) +
	       differ("Account", watching_count(s, "__main__.Account"), n) +
	       !is_in_slices(s, place);
}

/*
 * A target is still on its way to its place when it is asked first, and the handler that tells the
 * truth is on its way out when the answer arrives: ask and look until both agree, which they must
 * within TRIES. A count that is wrong never does.
 */
static int still_differs(struct session *session, struct python_run *run,
			 const struct place *place)
{
	const struct sample *s = NULL;
	json_t *truth = NULL;
	int wrong = 1;

	for (int i = 0; i < TRIES && wrong; i++) {
		json_decref(truth);
		truth = watching_ask(run, "truth\n");
		for (int k = 0; k < LOOKS && wrong; k++) {
			s = truth ? watching_sample(session, TRIES) : NULL;
			if (s && types_differ(s, truth, i == TRIES - 1 && k == LOOKS - 1) == 0)
				wrong = gc_differs(s, truth) + !is_in_slices(s, place);
		}
	}
	json_decref(truth);
	return wrong;
}

/* A target that works all the time has no exact moment; its classes do not change. */
static int busy_differs(struct session *session, struct python_run *run,
			const struct place *place)
{
	const struct sample *s = watching_sample(session, TRIES);

	return s ? classes_differ(s, place) : 1;
}

/* Opens a session, has `look` use it, detaches. How much is wrong. */
static int in_a_session(struct python_run *run, const struct place *place,
			int (*look)(struct session *, struct python_run *, const struct place *))
{
	const struct session_options options = {
		.census = CENSUS_WALK,
		.call_deadline_ns = 2 * CLOCK_NS_PER_S,
		.max_pause_ns = place->large ? SLICE_NS : 0,
	};
	struct session *session = NULL;
	struct sample_left left = {0};
	struct lt_err err = {0};
	char text[300];
	int wrong;

	if (session_open_live(run->pid, &options, &session, &err) != LT_OK) {
		printf("# refused: %s\n", lt_err_text(&err, text, sizeof(text)));
		return 1;
	}
	wrong = look(session, run, place);
	session_detach(session, &left);
	session_free(session);
	return wrong + differ("mappings left", left.maps, 0);
}

static int only_look(struct session *session, struct python_run *run, const struct place *place)
{
	return watching_sample(session, TRIES) ? 0 : 1;
}

/* Attach, count, detach: nobody but leaktop does anything meanwhile. */
static int leaves_traces(struct python_run *run, const struct place *place)
{
	struct belongings before = {0}, after = {0};
	int wrong;

	belongings_take(run->pid, &before);
	wrong = in_a_session(run, place, only_look);
	belongings_take(run->pid, &after);
	wrong += !belongings_equal(&before, &after);
	belongings_free(&before);
	belongings_free(&after);
	return wrong;
}

static int watch_one(const struct python_exe *exe, const void *arg)
{
	const struct place *place = arg;
	const char *const args[] = {
		"--kind", place->kind, "--objects",
		place->large ? MANY : FEW, "--timeout", "0.3", "--parent-pipe", NULL,
	};
	struct python_run run = {0};
	json_t *ready = watching_start(&run, exe, "workload.py", args);
	int wrong = 0;

	if (!ready) {
		printf("# did not start\n");
		wrong = 1;
	} else {
		wrong += in_a_session(&run, place, place->still ? still_differs : busy_differs);
		wrong += place->still ? leaves_traces(&run, place) : 0;
		wrong += !watching_stopped_well(&run);
	}
	json_decref(ready);
	python_stop(&run);
	return wrong;
}

static void a_place(void **state)
{
	watching_on_every_python(watch_one, *state);
}

int main(void)
{
	struct CMUnitTest tests[sizeof(places) / sizeof(places[0])];
	static char names[sizeof(places) / sizeof(places[0])][80];
	int failed;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(names[i], sizeof(names[i]),
			 "every_python_in_%s_is_counted_right_%sand_left_alone", places[i].kind,
			 places[i].large ? "in_slices_" : "");
		tests[i] = (struct CMUnitTest){
			.name = names[i], .test_func = a_place,
			.initial_state = (void *)(uintptr_t)&places[i],
		};
	}
	failed = cmocka_run_group_tests_name("count", tests, NULL, NULL);
	watching_clean();
	return failed;
}
