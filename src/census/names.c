#include "config.h"
#include "census/names.h"

#include <stdlib.h>
#include <string.h>

#include "util/clean.h"
#include "util/clock.h"
#include "util/mem.h"

#define TRIM_AT	   65536u
#define SHARE_NS   (500 * CLOCK_NS_PER_MS)	/* of a sample; 10 us a type are usual */

struct known {			/* of one type object */
	uint64_t type, tp_name;	/* type 0: free slot */
	size_t number;
	char seen[AGENT_NAME];	/* what tp_name read when the name was made */
};

struct names {
	struct known *known;	/* open addressing by type */
	size_t known_cap, known_n;
	char **text;		/* by number, owned */
	size_t text_n, text_cap;
	size_t *index;		/* open addressing by text: number + 1, 0 free */
	size_t index_cap;
	int64_t spent_ns;	/* of this sample's share: then the helper's copies must do */
};

struct names *names_new(void)
{
	struct names *n = MEM_NEW(struct names);

	names_clear(n);
	return n;
}

static void drop(struct names *n)
{
	for (size_t i = 0; i < n->text_n; i++)
		free(n->text[i]);
	free(n->text);
	free(n->index);
	free(n->known);
}

void names_free(struct names *n)
{
	if (!n)
		return;
	drop(n);
	free(n);
}

void names_clear(struct names *n)
{
	drop(n);
	*n = (struct names){.known_cap = 1024, .index_cap = 1024};
	n->known = mem_array(n->known_cap, sizeof(*n->known));
	n->index = mem_array(n->index_cap, sizeof(*n->index));
}

void names_trim(struct names *n)
{
	if (n->known_n > TRIM_AT || n->text_n > TRIM_AT)
		names_clear(n);
	names_begin(n);
}

void names_begin(struct names *n)
{
	n->spent_ns = 0;
}

static uint64_t hash_text(const char *s)
{
	uint64_t h = 0xcbf29ce484222325u;	/* FNV-1a */

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3u;
	return h;
}

static struct known *known_slot(struct known *known, size_t cap, uint64_t type)
{
	size_t at = (type >> 4) * 0x9e3779b97f4a7c15u >> 20;

	for (at &= cap - 1; known[at].type && known[at].type != type; at = (at + 1) & (cap - 1))
		;
	return &known[at];
}

static void grow_known(struct names *n)
{
	size_t cap = n->known_cap * 2;
	struct known *bigger = mem_array(cap, sizeof(*bigger));

	for (size_t i = 0; i < n->known_cap; i++)
		if (n->known[i].type)
			*known_slot(bigger, cap, n->known[i].type) = n->known[i];
	free(n->known);
	n->known = bigger;
	n->known_cap = cap;
}

static size_t *index_slot(const struct names *n, const char *text)
{
	size_t at = hash_text(text) & (n->index_cap - 1);

	for (; n->index[at] && strcmp(n->text[n->index[at] - 1], text) != 0;
	     at = (at + 1) & (n->index_cap - 1))
		;
	return &n->index[at];
}

static void grow_index(struct names *n)
{
	free(n->index);
	n->index_cap *= 2;
	n->index = mem_array(n->index_cap, sizeof(*n->index));
	for (size_t i = 0; i < n->text_n; i++)
		*index_slot(n, n->text[i]) = i + 1;
}

static size_t intern(struct names *n, const char *text)
{
	size_t *slot = index_slot(n, text);

	if (*slot)
		return *slot - 1;
	if (n->text_n == n->text_cap) {
		n->text_cap = n->text_cap ? n->text_cap * 2 : 256;
		n->text = mem_resize(n->text, n->text_cap, sizeof(*n->text));
	}
	n->text[n->text_n++] = mem_strdup(text);
	*slot = n->text_n;
	if (n->text_n * 2 > n->index_cap)
		grow_index(n);
	return n->text_n - 1;
}

/*
 * Does the memory still hold the type that the helper saw? A name that it could not read says
 * nothing; the pointer to it, if it dangles, is all the better a sign.
 */
static bool still_same(const struct python *py, const struct agent_type *type)
{
	char now[AGENT_NAME];
	uint64_t tp_name = 0;

	return remote_u64(&py->remote, type->type + (uint64_t)py->layout->tp_name, &tp_name) &&
	       tp_name == type->tp_name &&
	       (!type->name[0] || (remote_string(&py->remote, tp_name, now, sizeof(now)) &&
				   !strcmp(now, type->name)));
}

/* The full name, or what the helper copied if the type has died since. */
static bool resolve(struct names *n, const struct python *py, const struct agent_type *type,
		    char *dst, size_t size)
{
	int64_t begin = clock_cpu_ns();
	bool named = n->spent_ns < SHARE_NS && python_type_name(py, type->type, dst, size) &&
		     still_same(py, type);

	n->spent_ns += clock_cpu_ns() - begin;
	if (named)
		return true;
	if (clean_text(dst, size, type->name, sizeof(type->name)) == 0)
		clean_text(dst, size, "?", 1);
	return false;
}

size_t names_of(struct names *n, const struct python *py, const struct agent_type *type)
{
	struct known *k = known_slot(n->known, n->known_cap, type->type);
	char text[PYTHON_NAME_MAX];
	bool sure;
	size_t number;

	if (k->type && k->tp_name == type->tp_name && !memcmp(k->seen, type->name, AGENT_NAME))
		return k->number;
	sure = resolve(n, py, type, text, sizeof(text));
	number = intern(n, text);
	if (!sure)
		return number;
	if (!k->type)
		n->known_n++;
	k->type = type->type;
	k->tp_name = type->tp_name;
	k->number = number;
	memcpy(k->seen, type->name, AGENT_NAME);
	if (n->known_n * 2 > n->known_cap)
		grow_known(n);
	return number;
}

bool names_known(const struct names *n, uint64_t type)
{
	return known_slot(n->known, n->known_cap, type)->type == type;
}

const char *names_text(const struct names *n, size_t number)
{
	return n->text[number];
}

size_t names_count(const struct names *n)
{
	return n->text_n;
}
