#include "config.h"

#include "holders/typebook.h"

#include <stdlib.h>
#include <string.h>

#include "util/clean.h"
#include "util/mem.h"

/* tp_flags: Include/object.h, the same in 2.7 and every 3.x but for the inline values */
#define FLAG_INLINE (1ul << 2)		/* 3.13+ */
#define FLAG_HEAP   (1ul << 9)
#define FLAG_READY  (1ul << 12)
#define FLAG_GC	    (1ul << 14)
#define FLAG_LIST   (1ul << 25)
#define FLAG_TUPLE  (1ul << 26)
#define FLAG_DICT   (1ul << 29)
#define FLAG_TYPE   (1ul << 31)

/* PyTypeObject, 2.7 - 3.15 */
#define TP_WEAK_AT 0xd0
#define TP_MEMBERS 0xf0
#define TP_BASE	   0x100
#define TP_DICT_AT 0x120

#define HEAD	    0x128
#define SIZE_MOST   (1u << 15)
#define USER_END    (1ull << 47)
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
	char want[PYTHON_NAME_MAX];
};

/* By tp_name. Names without a dot may be those of anybody's class: only static types are meant. */
static const struct { const char *name; enum form form; } forms[] = {
	{"collections.deque", FORM_DEQUE},
	{"module", FORM_MODULE},
	{"function", FORM_FUNCTION},
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
	{"hamt_bitmap_node", FORM_HAMT_NODE},
	{"hamt_collision_node", FORM_HAMT_NODE},
	{"thread._local", FORM_LOCAL},
	{"_thread._local", FORM_LOCAL},
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

void typebook_want(struct typebook *b, const char *name)
{
	(void)clean_text(b->want, sizeof(b->want), name, strlen(name));
	for (size_t i = 0; i < b->n_places; i++)
		if (b->places[i])
			b->places[i]->wanted = strcmp(b->places[i]->name, b->want) == 0;
}

void typebook_each(const struct typebook *b, void (*each)(void *arg, const struct typed *t),
		   void *arg)
{
	for (size_t i = 0; i < b->n_places; i++)
		if (b->places[i] && b->places[i]->is_type)
			each(arg, b->places[i]);
}

static inline uint64_t word(const unsigned char *p, int64_t at)
{
	uint64_t v;

	memcpy(&v, p + at, sizeof(v));
	return v;
}

static size_t place_of(const struct typebook *b, uint64_t type)
{
	size_t at = (size_t)((type >> 4) * 0x9e3779b97f4a7c15u >> 32) & (b->n_places - 1);

	while (b->places[at] && b->places[at]->type != type)
		at = (at + 1) & (b->n_places - 1);
	return at;
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

static bool is_metatype(const struct typebook *b, uint64_t type)
{
	uint64_t flags;

	return type == b->py->sym.type_type ||
	       (type && type % 8 == 0 && type < USER_END &&
		remote_u64(&b->py->remote, type + (uint64_t)b->py->layout->tp_flags, &flags) &&
		(flags & FLAG_TYPE) && (flags & FLAG_READY));
}

static bool is_plausible(const struct typebook *b, const unsigned char *head)
{
	const struct layout *l = b->py->layout;

	return (word(head, l->tp_flags) & FLAG_READY) && word(head, l->tp_basicsize) >= 16 &&
	       word(head, l->tp_basicsize) < SIZE_MOST && word(head, l->tp_itemsize) < SIZE_MOST &&
	       word(head, l->tp_name) && word(head, l->tp_name) < USER_END &&
	       is_metatype(b, word(head, l->ob_type));
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
	return t->flags & FLAG_LIST ? FORM_LIST : t->flags & FLAG_TUPLE ? FORM_TUPLE :
	       t->flags & FLAG_DICT ? FORM_DICT : t->flags & FLAG_TYPE ? FORM_TYPE : FORM_PLAIN;
}

/* Its own form, or that of the nearest base that has one. */
static enum form find_form(const struct typebook *b, const struct typed *t)
{
	const struct python *py = b->py;
	enum form form = form_by_flags(t);
	uint64_t type = t->type, flags = t->flags, name_at;
	char name[64];

	for (int i = 0; i < BASES_MAX && type && form == FORM_PLAIN; i++) {
		if (type == py->sym.set_type || type == py->sym.frozenset_type)
			return FORM_SET;
		if (!remote_u64(&py->remote, type + (uint64_t)py->layout->tp_name, &name_at) ||
		    !remote_string(&py->remote, name_at, name, sizeof(name)) ||
		    !remote_u64(&py->remote, type + (uint64_t)py->layout->tp_flags, &flags))
			break;
		form = form_by_name(name, flags & FLAG_HEAP);
		if (form == FORM_DATA && i > 0)		/* it may have attributes */
			return FORM_PLAIN;
		if (!remote_u64(&py->remote, type + TP_BASE, &type))
			break;
	}
	return form;
}

/* Bytes of its smallest instance: a short str is less than a PyUnicodeObject. */
static uint64_t least_size(const struct typebook *b, const unsigned char *head, uint64_t type)
{
	if (type == b->py->sym.unicode_type && b->py->layout->unicode_state != LAYOUT_NONE)
		return (uint64_t)b->py->layout->unicode_ascii_data;
	return word(head, b->py->layout->tp_basicsize);
}

static void describe(const struct typebook *b, const unsigned char *head, struct typed *t)
{
	const struct layout *l = b->py->layout;

	t->flags = word(head, l->tp_flags);
	t->basic = least_size(b, head, t->type);
	t->item = word(head, l->tp_itemsize);
	t->base = word(head, TP_BASE);
	t->dict = word(head, l->tp_dict);
	t->members = word(head, TP_MEMBERS);
	t->dict_at = (int64_t)word(head, TP_DICT_AT);
	t->weak_at = (int64_t)word(head, TP_WEAK_AT);
	t->managed = t->flags & l->managed_flags;
	t->inline_values = l->dict_first_value > 0 && (t->flags & FLAG_INLINE);
	t->before = (t->flags & FLAG_GC ? (uint32_t)l->gc_head_size : 0) +
		    (t->managed ? l->managed_size : 0);
	if ((t->flags & FLAG_HEAP) && l->ht_qualname != LAYOUT_NONE)
		(void)remote_u64(&b->py->remote, t->type + (uint64_t)l->ht_qualname + 8,
				 &t->cached_keys);
	t->form = find_form(b, t);
}

static void look(struct typebook *b, struct typed *t)
{
	unsigned char head[HEAD];
	char name[PYTHON_NAME_MAX];

	if (!remote_read(&b->py->remote, t->type, head, sizeof(head)) || !is_plausible(b, head) ||
	    !python_type_name(b->py, t->type, name, sizeof(name)))
		return;
	t->is_type = true;
	t->wanted = strcmp(name, b->want) == 0;
	(void)clean_text(t->name, sizeof(t->name), name, strlen(name));
	describe(b, head, t);
}

const struct typed *typebook_find(struct typebook *b, uint64_t type)
{
	size_t at;

	if (type % 8 || type < 0x10000 || type >= USER_END)
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
		b->places[at] = MEM_NEW(struct typed);
		b->places[at]->type = type;
		look(b, b->places[at]);
	}
	return b->places[at]->is_type ? b->places[at] : NULL;
}

/*
 * Not 0, which is a dead object; and no pointer. From 3.14 on the upper half has an overflow and
 * flags (Include/refcount.h).
 */
static bool is_refcount(uint64_t v)
{
	return (uint32_t)v != 0 && (v & 0xfff0ffff00000000) == 0;
}

int typebook_recognise(struct typebook *b, const unsigned char *block, size_t n, uint64_t size,
		       const struct typed **ret)
{
	uint32_t gc = (uint32_t)b->py->layout->gc_head_size;
	const uint32_t places[] = {0, gc, gc + b->py->layout->managed_size};

	for (size_t i = 0; i < COUNT_OF(places) && places[i] + 16 <= n; i++) {
		const struct typed *t;

		if (!is_refcount(word(block, places[i])))
			continue;
		t = typebook_find(b, word(block, places[i] + 8));
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
	    !is_refcount(word(head, 0)))
		return NULL;
	return typebook_find(b, word(head, 8));
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

		if (!remote_read(r, members, def, sizeof(def)) || !word(def, 0))
			return false;
		memcpy(&type, def + 8, sizeof(type));
		if ((int64_t)word(def, 16) != at || (type != T_OBJECT && type != T_OBJECT_EX) ||
		    !remote_string(r, word(def, 0), name, sizeof(name)) || !name[0])
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
		if (!type || !remote_u64(&b->py->remote, type + TP_MEMBERS, &members) ||
		    !remote_u64(&b->py->remote, type + TP_BASE, &type))
			return false;
	}
	return false;
}
