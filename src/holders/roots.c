#include "config.h"

#include "holders/roots.h"

#include <stdlib.h>
#include <string.h>

#include "holders/refs.h"
#include "target/arenas.h"
#include "target/pyobj.h"
#include "util/mem.h"

#define MODULES_MAX 16384
#define FRAMES_MOST 8192
#define NAMES_MAX   64		/* attributes of a class that are kept in instances */
#define THREAD_WORDS 96		/* of a PyThreadState that are looked at */

static void add_dict(struct roots *r, uint64_t dict, uint64_t of, bool is_class)
{
	struct pyobj_entries e;

	if (!dict || !pyobj_dict_open(r->py, dict, &e) || e.values || !e.table)
		return;
	if (r->n_dicts == r->cap_dicts) {
		r->cap_dicts = r->cap_dicts ? r->cap_dicts * 2 : 256;
		r->dicts = mem_resize(r->dicts, r->cap_dicts, sizeof(*r->dicts));
	}
	r->dicts[r->n_dicts++] = (struct named_dict){
		.dict = dict, .of = of, .is_class = is_class,
		/* 2.7 keeps a small one within the dict */
		.table = e.table - dict < POOL_BLOCK_MAX ? dict : e.table,
	};
}

static void add_modules(struct roots *r)
{
	const struct python *py = r->py;
	struct pyobj_entries e;
	uint64_t modules, key, module, dict;

	if (!remote_u64(&py->remote, py->interp + (uint64_t)py->layout->in_modules, &modules) ||
	    !pyobj_dict_open(py, modules, &e))
		return;
	for (uint64_t i = 0; i < e.n && i < MODULES_MAX; i++) {
		const struct typed *t;

		if (!pyobj_dict_entry(py, &e, i, &key, &module) || !module)
			continue;
		t = typebook_of(r->book, module);
		if (t && t->form == FORM_MODULE &&
		    remote_u64(&py->remote, module + REFS_MODULE_DICT, &dict))
			add_dict(r, dict, module, false);
	}
}

static void add_class(void *arg, const struct typed *t)
{
	add_dict(arg, t->dict, t->type, true);
}

static int by_table(const void *a, const void *b)
{
	uint64_t x = ((const struct named_dict *)a)->table;
	uint64_t y = ((const struct named_dict *)b)->table;

	return x < y ? -1 : x > y;
}

static int by_locals(const void *a, const void *b)
{
	uint64_t x = ((const struct frame *)a)->locals, y = ((const struct frame *)b)->locals;

	return x < y ? -1 : x > y;
}

void roots_read(struct roots *r, const struct python *py, struct typebook *book)
{
	roots_done(r);
	r->py = py;
	r->book = book;
	add_modules(r);
	typebook_each(book, add_class, r);
	if (r->n_dicts)
		qsort(r->dicts, r->n_dicts, sizeof(*r->dicts), by_table);
	r->frames = frames_read(py, FRAMES_MOST, &r->n_frames);
	if (r->n_frames)
		qsort(r->frames, r->n_frames, sizeof(*r->frames), by_locals);
	r->threads = frames_threads(py, &r->n_threads);
}

void roots_done(struct roots *r)
{
	free(r->dicts);
	free(r->frames);
	free(r->threads);
	*r = (struct roots){0};
}

const struct named_dict *roots_dict(const struct roots *r, uint64_t table)
{
	struct named_dict key = {.table = table};

	return r->n_dicts ? bsearch(&key, r->dicts, r->n_dicts, sizeof(key), by_table) : NULL;
}

const struct frame *roots_frame(const struct roots *r, uint64_t addr)
{
	size_t low = 0, high = r->n_frames;

	while (low < high) {
		size_t mid = (low + high) / 2;
		const struct frame *f = &r->frames[mid];

		if (addr < f->locals)
			high = mid;
		else if (addr >= f->locals + f->n_locals * 8)
			low = mid + 1;
		else
			return f;
	}
	return NULL;
}

/* The index of a key among those that all instances of a class share. */
static bool shared_index(const struct roots *r, uint64_t keys, const char *name, uint64_t *ret)
{
	struct pyobj_entries e;
	uint64_t key;
	char text[64];

	if (!pyobj_keys_open(r->py, keys, &e))
		return false;
	for (uint64_t i = 0; i < e.n && i < NAMES_MAX; i++)
		if (remote_u64(&r->py->remote, e.addr + i * e.size + e.key, &key) &&
		    pyobj_text(r->py, key, text, sizeof(text)) && strcmp(text, name) == 0) {
			*ret = i;
			return true;
		}
	return false;
}

static bool from_values(const struct roots *r, const struct typed *t, uint64_t object,
			const char *name, uint64_t *ret)
{
	const struct layout *l = r->py->layout;
	uint64_t at = object + t->basic + (uint64_t)l->dict_first_value, i;

	if (!t->cached_keys || !shared_index(r, t->cached_keys, name, &i))
		return false;
	if (!t->inline_values)
		at = refs_values(r, t, object);
	return at && remote_u64(&r->py->remote, at + i * 8, ret) && *ret;
}

bool roots_attribute(const struct roots *r, uint64_t object, const char *name, uint64_t *ret)
{
	const struct typed *t = typebook_of(r->book, object);
	int64_t at;
	uint64_t dict;

	if (!t)
		return false;
	at = t->managed ? REFS_DICT_BEFORE : t->dict_at;
	if (at && remote_u64(&r->py->remote, object + (uint64_t)at, &dict) && dict &&
	    pyobj_dict_get(r->py, dict, name, ret))
		return true;
	return from_values(r, t, object, name, ret);
}

bool roots_module_name(const struct roots *r, uint64_t module, char *dst, size_t size)
{
	uint64_t dict, name;

	return remote_u64(&r->py->remote, module + REFS_MODULE_DICT, &dict) &&
	       pyobj_dict_get(r->py, dict, "__name__", &name) &&
	       pyobj_text(r->py, name, dst, size);
}

/* threading._active: {ident: Thread}, whose name is _name (2.7: __name of class Thread). */
bool roots_thread_name(const struct roots *r, uint64_t thread_id, char *dst, size_t size)
{
	const struct python *py = r->py;
	uint64_t modules, module, dict, active, key, thread, name;
	struct pyobj_entries e;
	int64_t id;

	if (!remote_u64(&py->remote, py->interp + (uint64_t)py->layout->in_modules, &modules) ||
	    !pyobj_dict_get(py, modules, "threading", &module) ||
	    !remote_u64(&py->remote, module + REFS_MODULE_DICT, &dict) ||
	    !pyobj_dict_get(py, dict, "_active", &active) || !pyobj_dict_open(py, active, &e))
		return false;
	for (uint64_t i = 0; i < e.n && i < MODULES_MAX; i++) {
		if (!pyobj_dict_entry(py, &e, i, &key, &thread) || !thread ||
		    !pyobj_int(py, key, &id) || (uint64_t)id != thread_id)
			continue;
		return (roots_attribute(r, thread, "_name", &name) ||
			roots_attribute(r, thread, "_Thread__name", &name)) &&
		       pyobj_text(py, name, dst, size);
	}
	return false;
}

/* 3.13+: threading_local_key, a word of the thread state itself. */
static bool is_in_thread(const struct roots *r, uint64_t thread, uint64_t value)
{
	uint64_t words[THREAD_WORDS];
	size_t n = remote_read_some(&r->py->remote, thread, words, sizeof(words)) / 8;

	for (size_t i = 0; i < n; i++)
		if (words[i] == value)
			return true;
	return false;
}

/* The thread's own dict has it as a value: to 3.12. */
static bool is_in_dict(const struct roots *r, uint64_t dict, uint64_t value)
{
	struct pyobj_entries e;
	uint64_t key, got;

	if (!dict || !pyobj_dict_open(r->py, dict, &e))
		return false;
	for (uint64_t i = 0; i < e.n && i < MODULES_MAX; i++)
		if (pyobj_dict_entry(r->py, &e, i, &key, &got) && got == value)
			return true;
	return false;
}

bool roots_thread_of_value(const struct roots *r, uint64_t value, uint64_t *ret_id)
{
	const struct frames_layout *f = frames_layout(r->py);
	const struct remote *remote = &r->py->remote;
	uint64_t dict;

	for (size_t i = 0; f && value && i < r->n_threads; i++)
		if (is_in_thread(r, r->threads[i], value) ||
		    (remote_u64(remote, r->threads[i] + (uint64_t)f->ts_dict, &dict) &&
		     is_in_dict(r, dict, value)))
			return remote_u64(remote, r->threads[i] + (uint64_t)f->ts_thread_id,
					  ret_id);
	return false;
}
