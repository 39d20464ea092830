/* Every Python of the machine: what an object keeps alive, by name, type, length and bytes. */
#include "config.h"
#include "../unit/test.h"

#include "holders/inside.h"
#include "util/num.h"
#include "watching.h"

/* The dict of attributes is there in some versions and not in others. */
static bool is_attribute(const struct inside *in, const struct inside_part *p)
{
	return strcmp(p->name, ".__dict__") &&
	       (p->depth == 1 ||
		(p->depth == 2 && !strcmp(in->parts[p->parent].name, ".__dict__")));
}

static bool is_part(const struct inside_part *p, const json_t *truth)
{
	const json_t *length = json_array_get(truth, 2);

	return !strcmp(p->name, json_string_value(json_array_get(truth, 0))) &&
	       !strcmp(p->type, json_string_value(json_array_get(truth, 1))) &&
	       p->length == (json_is_null(length) ? LT_UNKNOWN : json_integer_value(length)) &&
	       p->shared == json_is_true(json_array_get(truth, 3)) && p->bytes > 0 &&
	       (p->shared ? p->retained == 0 : p->retained >= p->bytes);
}

static bool has_parts(const struct inside *in, const json_t *parts)
{
	size_t seen = 0, told = 0, i;
	json_t *truth;

	for (size_t k = 0; k < in->n; k++)
		told += is_attribute(in, &in->parts[k]);
	json_array_foreach(parts, i, truth)
		for (size_t k = 0; k < in->n; k++)
			seen += is_attribute(in, &in->parts[k]) && is_part(&in->parts[k], truth);
	return seen == json_array_size(parts) && told == seen;
}

static int object_differs(const struct python *py, const struct python_exe *exe,
			  const json_t *object)
{
	static struct inside in;
	const char *type = json_string_value(json_object_get(object, "type"));
	uint64_t address = (uint64_t)json_integer_value(json_object_get(object, "address"));
	int64_t least = json_integer_value(json_object_get(object, "least"));
	int64_t most = json_integer_value(json_object_get(object, "most"));

	if (inside_read(py, address, type, &in, NULL) == LT_OK && !in.incomplete &&
	    has_parts(&in, json_object_get(object, "parts")) &&
	    in.parts[0].retained >= least && in.parts[0].retained <= most)
		return 0;
	printf("# %s, %s: %lld bytes, not %lld to %lld, incomplete %d\n", exe->name, type,
	       (long long)in.parts[0].retained, (long long)least, (long long)most, in.incomplete);
	for (size_t i = 0; i < in.n; i++)
		printf("# %u %s %s %lld, %lld of %lld%s\n", in.parts[i].depth, in.parts[i].shown,
		       in.parts[i].type, (long long)in.parts[i].length,
		       (long long)in.parts[i].bytes, (long long)in.parts[i].retained,
		       in.parts[i].shared ? ", shared" : "");
	return 1;
}

static int objects_differ(const struct python_exe *exe, const void *unused)
{
	struct python_run run = {0};
	json_t *ready = watching_start(&run, exe, "keeps.py", NULL), *object;
	struct python py;
	struct inside in;
	int wrong = 1;
	size_t i;

	if (ready && python_find(run.pid, &py, NULL) == LT_OK) {
		wrong = inside_read(&py, 4096, "__main__.Late", &in, NULL) != LT_E_GONE;
		json_array_foreach(json_object_get(ready, "objects"), i, object)
			wrong += object_differs(&py, exe, object);
	}
	json_decref(ready);
	python_stop(&run);
	return wrong;
}

static void what_an_object_keeps_alive_is_told_by_part_and_by_size(void **state)
{
	watching_on_every_python(objects_differ, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_an_object_keeps_alive_is_told_by_part_and_by_size),
	};
	int failed = cmocka_run_group_tests_name("inside", tests, NULL, NULL);

	watching_clean();
	return failed;
}
