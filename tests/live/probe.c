/*
 * probe PID [TYPE...]: what python_find, python_gc_read and, for each address of a type object,
 * python_type_name see in a process, as one line of JSON. Exit status 0, or that of the error.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "target/python.h"
#include "util/clock.h"
#include "util/num.h"

/* Cleaned text holds no control character, so only these two need a backslash. */
static void put_string(const char *key, const char *s)
{
	printf("\"%s\":\"", key);
	for (; *s; s++)
		printf(*s == '"' || *s == '\\' ? "\\%c" : "%c", *s);
	printf("\",");
}

static void put_number(const char *key, int64_t v)
{
	if (num_known(v))
		printf("\"%s\":%" PRId64 ",", key, v);
	else
		printf("\"%s\":null,", key);
}

static void put_hex(const char *key, uint64_t v)
{
	printf("\"%s\":\"%#" PRIx64 "\",", key, v);
}

static void put_python(const struct python *py)
{
	put_string("version", py->version);
	put_number("hexversion", py->version_hex);
	put_string("layout", py->layout->name);
	put_number("debug", py->build == PYTHON_DEBUG);
	put_number("ready", python_ready(py));
	put_number("collecting", python_collecting(py));
	put_number("lock_free", python_pending_lock_free(py));
	put_string("path", py->where.path);
	put_hex("interp", py->interp);
	put_hex("gc", py->gc);
	put_hex("generation0", py->heads[0]);
	put_hex("lock", py->lock);
	put_hex("runtime", py->sym.runtime);
	put_hex("errno_location", py->errno_location);
	put_hex("libc_text", py->text[0].start);
	put_hex("loader_text", py->text[1].start);
	printf("\"nogo\":[");
	for (size_t i = 0; i < py->n_nogo; i++) {
		printf("%s{", i ? "," : "");
		put_string("path", py->nogo[i].path);
		printf("\"start\":\"%#" PRIx64 "\"}", py->nogo[i].start);
	}
	printf("],");
}

static void put_gc(const struct python *py)
{
	struct python_gc gc;

	python_gc_read(py, &gc);
	put_number("enabled", gc.enabled);
	put_number("garbage", gc.garbage);
	printf("\"generations\":[");
	for (int i = 0; i < 3; i++) {
		printf("%s{", i ? "," : "");
		put_number("threshold", gc.gen[i].threshold);
		put_number("count", gc.gen[i].count);
		put_number("collections", gc.gen[i].collections);
		put_number("collected", gc.gen[i].collected);
		put_number("uncollectable", gc.gen[i].uncollectable);
		printf("\"generation\":%d}", i);
	}
	printf("],");
}

static void put_types(const struct python *py, char **types)
{
	char name[PYTHON_NAME_MAX];

	printf("\"types\":{");
	for (int i = 0; types[i]; i++) {
		if (!python_type_name(py, strtoull(types[i], NULL, 0), name, sizeof(name)))
			continue;
		put_string(types[i], name);
	}
	printf("\"\":null},");
}

int main(int argc, char **argv)
{
	int64_t pid, began = clock_mono_ns();
	struct python py;
	struct lt_err err;
	char text[256];

	if (argc < 2 || !num_parse(argv[1], 1, INT32_MAX, &pid)) {
		fprintf(stderr, "usage: probe PID [TYPE...]\n");
		return 2;
	}
	printf("{");
	put_number("pid", pid);
	if (python_find((pid_t)pid, &py, &err) != LT_OK) {
		put_string("message", lt_err_text(&err, text, sizeof(text)));
		printf("\"error\":\"%s\"}\n", lt_err_info(err.code)->code);
		return lt_err_info(err.code)->exit_status;
	}
	put_python(&py);
	put_gc(&py);
	put_types(&py, argv + 2);
	printf("\"microseconds\":%" PRId64 "}\n", (clock_mono_ns() - began) / 1000);
	return 0;
}
