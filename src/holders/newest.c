#include "config.h"

#include "holders/newest.h"

#include <string.h>

#define GENERATIONS 3
#define LOOKED_MAX  16384u	/* objects of all types, some 15 ms */
#define LOOKED_STEP 256u
#define FLAGS	    3ull	/* of the collector's, in both links */
#define HEAD_MAX    64

/* PyGC_Head: {next, prev, ..}, the object behind it. */
struct member {
	uint64_t next, prev, refs, type;
};

static bool read_member(const struct newest *w, uint64_t at, struct member *ret)
{
	uint32_t size = (uint32_t)w->py->layout->gc_head_size;
	unsigned char bytes[HEAD_MAX];

	if (size + 16 > sizeof(bytes) || !remote_read(&w->py->remote, at, bytes, size + 16))
		return false;
	memcpy(&ret->next, bytes, 8);
	memcpy(&ret->prev, bytes + 8, 8);
	memcpy(&ret->refs, bytes + size, 8);
	memcpy(&ret->type, bytes + size + 8, 8);
	ret->next &= ~FLAGS;
	ret->prev &= ~FLAGS;
	return true;
}

void newest_begin(struct newest *w, const struct python *py, struct typebook *book,
		  const struct typed *of)
{
	*w = (struct newest){.py = py, .book = book, .of = of};
}

/* The last one of the next list. false: there is no list left. */
static bool begin_list(struct newest *w)
{
	uint64_t head;

	for (; w->generation < GENERATIONS; w->generation++) {
		head = w->py->heads[w->generation];
		if (head && remote_u64(&w->py->remote, head + 8, &w->at) && w->at & ~FLAGS) {
			w->from = head;
			w->at &= ~FLAGS;
			return true;
		}
	}
	return false;
}

static void end_list(struct newest *w)
{
	w->generation++;
	w->from = 0;
}

static void look_at(struct newest *w)
{
	struct member m;
	const struct typed *t;

	/* while the collector runs the links back are counts of references */
	if (w->at == w->py->heads[w->generation] || !read_member(w, w->at, &m) ||
	    m.next != w->from) {
		end_list(w);
		return;
	}
	t = typebook_find(w->book, m.type);
	if (t && (w->of ? t == w->of : t->wanted) && (uint32_t)m.refs)
		w->list[w->n++] = w->at + (uint64_t)w->py->layout->gc_head_size;
	w->from = w->at;
	w->at = m.prev;
}

bool newest_step(struct newest *w)
{
	for (unsigned i = 0; i < LOOKED_STEP; i++) {
		if (w->n == HOLDERS_NEWEST || w->looked == LOOKED_MAX ||
		    (!w->from && !begin_list(w)))
			return false;
		w->looked++;
		look_at(w);
	}
	return true;
}
