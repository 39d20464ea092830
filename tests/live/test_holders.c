/*
 * Every Python of the machine: of objects that are held in one known way the path is exactly
 * right, and cyclic garbage is told by its ring.
 */
#include "config.h"
#include "../unit/test.h"

#include "holders/holders.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/num.h"
#include "watching.h"

#define STEP_NS	    (5 * CLOCK_NS_PER_MS)
#define COUNT	    300		/* of each kind, as held.py has it */
#define KINDS_LEAST 25u		/* in 2.7, which has the fewest */

static bool search(struct holders *h, const char *type, struct holders_result *ret)
{
	struct lt_err err = {0};
	char text[300];

	if (holders_begin(h, type, &err) != LT_OK) {
		printf("# refused: %s\n", lt_err_text(&err, text, sizeof(text)));
		return false;
	}
	while (!holders_step(h, STEP_NS))
		;
	holders_result(h, ret);
	return true;
}

static const char *field(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

/* The best path, its root, how much it holds, and that nothing else is said to hold as much. */
static bool is_right(const json_t *kind, const struct holders_result *r)
{
	const struct holder *best = r->list;

	return r->n > 0 && r->sampled == HOLDERS_SAMPLES &&
	       r->instances == COUNT &&
	       !strcmp(best->path, field(kind, "path")) &&
	       !strcmp(best->root, field(kind, "root")) && best->samples == r->sampled &&
	       best->example && best->share_low > 0.97 && best->share_high <= 1.0;
}

static int kind_differs(struct holders *h, const struct python_exe *exe, const json_t *kind)
{
	struct holders_result r = {0};

	if (search(h, field(kind, "type"), &r) && is_right(kind, &r))
		return 0;
	printf("# %s, %s: %s %s, found %s %s, %zu of %zu\n", exe->name, field(kind, "kind"),
	       field(kind, "path"), field(kind, "root"), r.n ? r.list[0].path : "nothing",
	       r.n ? r.list[0].root : "", r.n ? r.list[0].samples : 0, r.sampled);
	return 1;
}

/* All kinds in one process: each has a class of its own. */
static int kinds_differ(const struct python_exe *exe, const void *unused)
{
	static const char *const args[] = {"--kind", "all", NULL};
	struct python_run run = {0};
	json_t *ready = watching_start(&run, exe, "held.py", args), *kind;
	struct holders *h = NULL;
	struct python py;
	int wrong = 1;
	size_t i;

	if (ready && python_find(run.pid, &py, NULL) == LT_OK) {
		h = holders_new(&py);
		wrong = json_array_size(json_object_get(ready, "all")) < KINDS_LEAST;
		json_array_foreach(json_object_get(ready, "all"), i, kind)
			wrong += kind_differs(h, exe, kind);
	}
	holders_free(h);
	json_decref(ready);
	python_stop(&run);
	return wrong;
}

/* "Connection._conn_handler -> ConnectionHandler._conn -> Connection" */
static void write_ring(const struct holders_cycle *c, struct buf *out)
{
	for (size_t i = 0; i < c->n; i++) {
		const char *dot = strrchr(c->types[i], '.');

		buf_printf(out, "%s%s%s -> ", dot ? dot + 1 : c->types[i],
			   c->attributes[i][0] == '[' ? "" : ".", c->attributes[i]);
	}
	if (c->n)
		buf_puts(out, strrchr(c->types[0], '.') + 1);
}

static int ring_differs(struct holders *h, const struct python_exe *exe, const char *type,
			const char *ring)
{
	struct holders_result r = {0};
	struct buf text = {0};
	bool right;

	if (search(h, type, &r) && r.n_cycles)
		write_ring(&r.cycles[0], &text);
	right = !strcmp(buf_text(&text), ring) && r.n == 0 && r.sampled && r.cyclic &&
		r.cycles[0].samples == r.sampled;
	if (!right)
		printf("# %s: %s, found %s, %zu of %zu, held %zu by %s, not %zu\n", exe->name, ring,
		       buf_text(&text), r.n_cycles ? r.cycles[0].samples : 0, r.sampled, r.n,
		       r.n ? r.list[0].path : "none", r.no_path);
	buf_done(&text);
	return !right;
}

static int rings_differ(const struct python_exe *exe, const char *collector)
{
	const char *const args[] = {"--gc", collector, NULL};
	struct python_run run = {0};
	json_t *ready = watching_start(&run, exe, "rings.py", args), *ring;
	struct holders *h = NULL;
	const char *type;
	struct python py;
	int wrong = 1;

	if (ready && python_find(run.pid, &py, NULL) == LT_OK) {
		wrong = 0;
		h = holders_new(&py);
		json_object_foreach(json_object_get(ready, "rings"), type, ring) {
			if (strcmp(collector, "on") && strcmp(type, "__main__.Connection"))
				continue;	/* the search does not ask the collector */
			wrong += ring_differs(h, exe, type, json_string_value(ring));
		}
	}
	holders_free(h);
	json_decref(ready);
	python_stop(&run);
	return wrong;
}

static int all_rings_differ(const struct python_exe *exe, const void *unused)
{
	return rings_differ(exe, "on") + rings_differ(exe, "off") + rings_differ(exe, "starved");
}

static void every_kind_of_holder_is_named_exactly(void **state)
{
	watching_on_every_python(kinds_differ, NULL);
}

static void cyclic_garbage_is_told_by_its_ring_whatever_the_collector_does(void **state)
{
	watching_on_every_python(all_rings_differ, NULL);
}

/* One search of a type in a target of its own; judge says whether the result is as it must be. */
static int search_differs(const struct python_exe *exe, const char *script,
			  const char *const *args, const char *type,
			  bool (*judge)(const struct holders_result *r))
{
	struct python_run run = {0};
	json_t *ready = watching_start(&run, exe, script, args);
	struct holders_result r = {0};
	struct holders *h = NULL;
	struct python py;
	int wrong = 1;

	if (ready && python_find(run.pid, &py, NULL) == LT_OK) {
		h = holders_new(&py);
		wrong = !search(h, type, &r) || !judge(&r);
	}
	for (size_t i = 0; i < r.n && wrong; i++)
		printf("# %s: %s %zu of %zu, newest %zu of %zu\n", exe->name, r.list[i].path,
		       r.list[i].samples, r.sampled, r.list[i].newest, r.newest);
	holders_free(h);
	json_decref(ready);
	python_stop(&run);
	return wrong;
}

static bool has_nothing(const struct holders_result *r)
{
	return r->n == 0 && r->sampled == 0 && r->n_cycles == 0 && r->refcounts.min == LT_UNKNOWN;
}

/* The path that is looked for is no constant of ours: another name gives another path. */
static int type_that_is_none(const struct python_exe *exe, const void *unused)
{
	static const char *const args[] = {"--kind", "global_list", NULL};

	return search_differs(exe, "held.py", args, "__main__.Vanished", has_nothing);
}

static void of_a_type_without_instances_nothing_is_said(void **state)
{
	watching_on_every_python(type_that_is_none, NULL);
}

/* Few of all, so that the fair sample hardly has any. */
static bool has_newest_first(const struct holders_result *r)
{
	return r->n == 2 && r->instances == 3100 && r->sampled == HOLDERS_SAMPLES &&
	       r->newest == HOLDERS_NEWEST &&
	       strcmp(r->list[0].path, "__main__._LATELY[*]") == 0 &&
	       r->list[0].newest == r->newest && !(r->list[0].share > 0.2) &&
	       strcmp(r->list[1].path, "__main__._ALWAYS[*]") == 0 && !r->list[1].newest &&
	       r->list[0].samples + r->list[1].samples == r->sampled;
}

static int newest_differ(const struct python_exe *exe, const void *unused)
{
	return search_differs(exe, "newest.py", NULL, "__main__.Held", has_newest_first);
}

static void what_holds_the_newest_is_told_before_what_holds_most(void **state)
{
	watching_on_every_python(newest_differ, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_holder_is_named_exactly),
		cmocka_unit_test(cyclic_garbage_is_told_by_its_ring_whatever_the_collector_does),
		cmocka_unit_test(of_a_type_without_instances_nothing_is_said),
		cmocka_unit_test(what_holds_the_newest_is_told_before_what_holds_most),
	};
	int failed = cmocka_run_group_tests_name("holders", tests, NULL, NULL);

	watching_clean();
	return failed;
}
