/*
 * Feeding a model. A census is written as text, "dict=10 list=20", one type and its count each;
 * every object takes OBJECT_BYTES. The wall clock is WALL ahead of the monotonic one.
 */
#ifndef LT_TESTS_TEST_MODEL_H
#define LT_TESTS_TEST_MODEL_H

#include "../unit/test.h"

#include <math.h>

#include "model/ledger.h"
#include "model/model.h"
#include "util/clock.h"
#include "util/num.h"

#define OBJECT_BYTES 100
#define WALL 1764000000.0

/* cmocka compares floats, and a float knows the time of day to two minutes. */
#define assert_near(a, b) assert_true(fabs((a) - (b)) <= 1e-6)

static inline struct model *new_model(void)
{
	static const struct sample_target target = {.pid = 4242, .python = "3.12.1"};

	struct model *m = model_new(&target);

	model_sort(m, SORT_GROWTH, false);	/* verdicts take longer than most tests */
	return m;
}

static inline struct sample sample_at(double s)
{
	static int64_t seq;
	struct sample r = {.t = WALL + s, .mono_ns = (int64_t)(s * 1e9), .seq = ++seq};

	r.memory = (struct sample_memory){1000000, 2000000, LT_UNKNOWN, LT_UNKNOWN, 0,
					  LT_UNKNOWN, 4};
	r.ledger = ledger_unknown;
	r.oom_score = LT_UNKNOWN;
	r.gc.gen[2].collections = LT_UNKNOWN;
	r.objects = LT_UNKNOWN;
	return r;
}

/* A sample with the types of text; it changes nothing else of s. */
static inline void push_census(struct model *m, struct sample s, const char *text)
{
	struct sample_type types[32];
	char copy[1024], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", text);
	s.n_types = 0;
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		char *eq = strchr(w, '=');

		*eq = '\0';
		types[s.n_types].name = w;
		types[s.n_types].count = strtoll(eq + 1, NULL, 10);
		types[s.n_types].bytes = types[s.n_types].count * OBJECT_BYTES;
		s.n_types++;
	}
	s.types = types;
	s.census = true;
	model_push(m, &s);
	memset(types, 0xa5, sizeof(types));
	memset(copy, 0xa5, sizeof(copy));	/* the model must have kept nothing of it */
}

/* As the loop does it: each sample is looked at, which is one refresh of the order. */
static inline void census(struct model *m, double at_s, const char *text)
{
	push_census(m, sample_at(at_s), text);
	(void)model_snapshot(m);
}

static inline void gap(struct model *m, double at_s)
{
	struct sample s = sample_at(at_s);

	s.why.code = LT_E_BUSY;
	model_push(m, &s);
}

/* The row of a type, NULL where it has none. */
static inline const struct snapshot_row *row(struct model *m, const char *name)
{
	const struct snapshot *snap = model_snapshot(m);

	for (size_t i = 0; i < snap->n_rows; i++)
		if (strcmp(snap->rows[i].name, name) == 0)
			return &snap->rows[i];
	return NULL;
}

/* The names on show from the top, joined by spaces. */
static inline const char *names(struct model *m)
{
	static char text[1024];
	const struct snapshot *snap = model_snapshot(m);
	size_t at = 0;

	text[0] = '\0';
	for (size_t i = 0; i < snap->n_rows && at < sizeof(text); i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s", i ? " " : "",
				       snap->rows[i].name);
	return text;
}

#endif
