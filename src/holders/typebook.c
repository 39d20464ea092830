#include "config.h"

#include "holders/typebook.h"

#include <stdlib.h>
#include <string.h>

#include "target/pyobj.h"
#include "target/typehead.h"
#include "util/clean.h"
#include "util/mem.h"

#define FIRST_PLACES 4096u
#define PLACES_MAX  (1u << 20)
#define BASES_MAX   32
#define MEMBERS_MAX 64
#define MEMBER_SIZE 40		/* struct PyMemberDef {name, int type, offset, flags, doc} */
#define T_OBJECT    6
#define T_OBJECT_EX 16

struct typebook {
	const struct python *py;
	struct typed **places;		/* a hash by address */
	size_t n_places, n;
	unsigned depth;			/* of bases, while one is looked at */
	char want[PYTHON_NAME_MAX];
};

/* By tp_name. Names without a dot may be those of anybody's class: only static types are meant. */
static const struct { const char *name; enum form form; } forms[] = {
	{"collections.deque", FORM_DEQUE},
	{"module", FORM_MODULE},
	{"function", FORM_FUNCTION},
	{"code", FORM_CODE},
	{"cell", FORM_CELL},
	{"frame", FORM_FRAME},
	{"generator", FORM_GENERATOR},
	{"coroutine", FORM_COROUTINE},
	{"async_generator", FORM_ASYNC_GENERATOR},
	{"_asyncio.Task", FORM_TASK},
	{"functools._lru_cache_wrapper", FORM_LRU},
	{"functools._lru_list_elem", FORM_LRU_LINK},
	{"ContextVar", FORM_CONTEXT_VAR},
	{"_contextvars.ContextVar", FORM_CONTEXT_VAR},
	{"hamt", FORM_HAMT},
	{"hamt_bitmap_node", FORM_HAMT_NODE},
	{"hamt_collision_node", FORM_HAMT_NODE},
	{"thread._local", FORM_LOCAL},
	{"_thread._local", FORM_LOCAL},
	{"thread.lock", FORM_LOCKED},
	{"_thread.lock", FORM_LOCKED},
	{"_thread.RLock", FORM_LOCKED},
	{"_queue.SimpleQueue", FORM_LOCKED},
	{"_io.BufferedReader", FORM_BUFFERED}, {"_io.BufferedWriter", FORM_BUFFERED},
	{"_io.BufferedRandom", FORM_BUFFERED}, {"_io.StringIO", FORM_BUFFERED},
	{"_csv.reader", FORM_BUFFERED}, {"_csv.writer", FORM_BUFFERED},
	{"_bz2.BZ2Decompressor", FORM_BUFFERED}, {"_lzma.LZMADecompressor", FORM_BUFFERED},
	{"zlib.Compress", FORM_BUFFERED}, {"zlib.Decompress", FORM_BUFFERED},
	{"thread._localdummy", FORM_WEAK},	/* borrows its dict */
	{"_thread._localdummy", FORM_WEAK},
	{"weakref", FORM_WEAK},
	{"weakref.ReferenceType", FORM_WEAK},
	{"weakproxy", FORM_WEAK},
	{"weakref.ProxyType", FORM_WEAK},
	{"weakcallableproxy", FORM_WEAK},
	{"weakref.CallableProxyType", FORM_WEAK},
	{"str", FORM_DATA}, {"unicode", FORM_DATA}, {"bytes", FORM_DATA}, {"int", FORM_DATA},
	{"long", FORM_DATA}, {"float", FORM_DATA}, {"complex", FORM_DATA}, {"bool", FORM_DATA},
	{"bytearray", FORM_DATA}, {"array.array", FORM_DATA},
};

struct typebook *typebook_new(const struct python *py)
{
	struct typebook *b = MEM_NEW(struct typebook);

	b->py = py;
	b->n_places = FIRST_PLACES;
	b->places = mem_array(b->n_places, sizeof(struct typed *));
	return b;
}

void typebook_free(struct typebook *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->n_places; i++)
		free(b->places[i]);
	free(b->places);
	free(b);
}

static size_t place_of(const struct typebook *b, uint64_t type)
{
	size_t at = (size_t)((type >> 4) * 0x9e3779b97f4a7c15u >> 32) & (b->n_places - 1);

	while (b->places[at] && b->places[at]->type != type)
		at = (at + 1) & (b->n_places - 1);
	return at;
}

const char *typebook_name(struct typebook *b, const struct typed *t)
{
	struct typed *own = b->places[place_of(b, t->type)];

	if (own && !own->name[0])
		(void)python_type_name(b->py, own->type, own->name, sizeof(own->name));
	return own ? own->name : "";
}

/* What is behind the last dot. */
static const char *tail(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot ? dot + 1 : name;
}

/* Its full name takes some reads: only where the end of it is right. */
static bool is_wanted(struct typebook *b, const struct typed *t)
{
	const struct layout *l = b->py->layout;
	int32_t at = l->ht_qualname != LAYOUT_NONE ? l->ht_qualname : l->ht_name;
	const struct remote *r = &b->py->remote;
	char name[PYTHON_NAME_MAX];
	uint64_t text;

	if (!b->want[0])
		return false;
	if (!(t->flags & TYPE_HEAP) || !remote_u64(r, t->type + (uint64_t)at, &text) ||
	    !pyobj_text(b->py, text, name, sizeof(name)))
		if (!remote_u64(r, t->type + (uint64_t)l->tp_name, &text) ||
		    !remote_string(r, text, name, sizeof(name)))
			return false;
	return !strcmp(tail(name), tail(b->want)) && !strcmp(typebook_name(b, t), b->want);
}

void typebook_want(struct typebook *b, const char *name)
{
	(void)clean_text(b->want, sizeof(b->want), name, strlen(name));
	for (size_t i = 0; i < b->n_places; i++)
		if (b->places[i] && b->places[i]->is_type)
			b->places[i]->wanted = is_wanted(b, b->places[i]);
}

void typebook_each(const struct typebook *b, void (*each)(void *arg, const struct typed *t),
		   void *arg)
{
	for (size_t i = 0; i < b->n_places; i++)
		if (b->places[i] && b->places[i]->is_type)
			each(arg, b->places[i]);
}

static void grow(struct typebook *b)
{
	struct typed **old = b->places;
	size_t n_old = b->n_places;

	b->n_places *= 2;
	b->places = mem_array(b->n_places, sizeof(struct typed *));
	for (size_t i = 0; i < n_old; i++)
		if (old[i])
			b->places[place_of(b, old[i]->type)] = old[i];
	free(old);
}

static enum form form_by_name(const char *name, bool heap)
{
	for (size_t i = 0; i < COUNT_OF(forms); i++)
		if (strcmp(forms[i].name, name) == 0 && (!heap || strchr(name, '.')))
			return forms[i].form;
	return FORM_PLAIN;
}

static enum form form_by_flags(const struct typed *t)
{
	return t->flags & TYPE_LIST ? FORM_LIST : t->flags & TYPE_TUPLE ? FORM_TUPLE :
	       t->flags & TYPE_DICT ? FORM_DICT : t->flags & TYPE_TYPE ? FORM_TYPE : FORM_PLAIN;
}

/* Its own form, or that of the nearest base that has one. */
static enum form find_form(struct typebook *b, const struct typed *t, uint64_t name_at)
{
	const struct python *py = b->py;
	enum form form = form_by_flags(t);
	const struct typed *base;
	char name[64];

	if (form != FORM_PLAIN)
		return form;
	if (t->type == py->sym.set_type || t->type == py->sym.frozenset_type)
		return FORM_SET;
	if (remote_string(&py->remote, name_at, name, sizeof(name)))
		form = form_by_name(name, t->flags & TYPE_HEAP);
	if (form != FORM_PLAIN || b->depth == BASES_MAX)
		return form;
	b->depth++;
	base = typebook_find(b, t->base);
	b->depth--;
	/* what only has data may have attributes in a subclass */
	return base && base->form != FORM_DATA ? base->form : FORM_PLAIN;
}

static void describe(struct typebook *b, const struct typehead *head, struct typed *t)
{
	const struct layout *l = b->py->layout;

	t->flags = head->flags;
	t->basic = head->least;
	t->item = head->item;
	t->before = head->before;
	t->base = typehead_word(head->bytes, TYPE_BASE);
	t->dict = typehead_word(head->bytes, l->tp_dict);
	t->members = typehead_word(head->bytes, TYPE_MEMBERS);
	t->dict_at = (int64_t)typehead_word(head->bytes, TYPE_DICT_AT);
	t->weak_at = (int64_t)typehead_word(head->bytes, TYPE_WEAK_AT);
	t->managed = t->flags & l->managed_flags;
	t->inline_values = l->dict_first_value > 0 && (t->flags & TYPE_INLINE);
	if ((t->flags & TYPE_HEAP) && l->ht_qualname != LAYOUT_NONE)
		(void)remote_u64(&b->py->remote, t->type + (uint64_t)l->ht_qualname + 8,
				 &t->cached_keys);
	t->form = find_form(b, t, head->name_at);
}

static void look(struct typebook *b, struct typed *t)
{
	struct typehead head;

	if (!typehead_read(b->py, t->type, &head))
		return;
	describe(b, &head, t);
	t->is_type = true;
	t->wanted = is_wanted(b, t);
}

const struct typed *typebook_find(struct typebook *b, uint64_t type)
{
	struct typed *t;
	size_t at;

	if (!typehead_possible(type))
		return NULL;
	at = place_of(b, type);
	if (!b->places[at]) {
		if (b->n >= PLACES_MAX)
			return NULL;
		if (b->n * 2 >= b->n_places) {
			grow(b);
			at = place_of(b, type);
		}
		b->n++;
		b->places[at] = t = MEM_NEW(struct typed);
		t->type = type;
		look(b, t);		/* its bases, too: the table may be another one by now */
	} else {
		t = b->places[at];
	}
	return t->is_type ? t : NULL;
}

int typebook_recognise(struct typebook *b, const unsigned char *block, size_t n, uint64_t size,
		       const struct typed **ret)
{
	uint32_t gc = (uint32_t)b->py->layout->gc_head_size;
	const uint32_t places[] = {0, gc, gc + b->py->layout->managed_size};

	for (size_t i = 0; i < COUNT_OF(places) && places[i] + 16 <= n; i++) {
		const struct typed *t;

		if (!typehead_may_begin(b->py, typehead_word(block, places[i])))
			continue;
		t = typebook_find(b, typehead_word(block, places[i] + 8));
		if (!t || t->before != places[i] || t->before + t->basic > size)
			continue;
		*ret = t;
		return (int)places[i];
	}
	return -1;
}

const struct typed *typebook_of(struct typebook *b, uint64_t addr)
{
	unsigned char head[16];

	if (!addr || addr % 8 || !remote_read(&b->py->remote, addr, head, sizeof(head)) ||
	    !typehead_is_refcount(typehead_word(head, 0)))
		return NULL;
	return typebook_find(b, typehead_word(head, 8));
}

/* Among the PyMemberDefs of one type. */
static bool own_member(const struct typebook *b, uint64_t members, int64_t at, char *dst,
		       size_t size)
{
	const struct remote *r = &b->py->remote;
	unsigned char def[MEMBER_SIZE];
	char name[128];

	for (int i = 0; i < MEMBERS_MAX && members; i++, members += MEMBER_SIZE) {
		int type;

		if (!remote_read(r, members, def, sizeof(def)) || !typehead_word(def, 0))
			return false;
		memcpy(&type, def + 8, sizeof(type));
		if ((int64_t)typehead_word(def, 16) != at ||
		    (type != T_OBJECT && type != T_OBJECT_EX) ||
		    !remote_string(r, typehead_word(def, 0), name, sizeof(name)) || !name[0])
			continue;
		(void)clean_text(dst, size, name, strlen(name));
		return true;
	}
	return false;
}

bool typebook_member(const struct typebook *b, const struct typed *t, int64_t at, char *dst,
		     size_t size)
{
	uint64_t members = t->members, type = t->base;

	for (int i = 0; i < BASES_MAX; i++) {
		if (own_member(b, members, at, dst, size))
			return true;
		if (!type || !remote_u64(&b->py->remote, type + TYPE_MEMBERS, &members) ||
		    !remote_u64(&b->py->remote, type + TYPE_BASE, &type))
			return false;
	}
	return false;
}
