/*
 * The helper: runs inside the target, on its main thread, for a moment. Freestanding: no libc, no
 * data, no relocation; every address comes in the block. It allocates nothing, creates no object,
 * takes no reference, runs no Python code and never sleeps, apart from waiting for the GIL (I4).
 *
 * It only dereferences what the interpreter itself keeps valid while the GIL is held: the gc
 * rings, each tracked object's type, and the tables of lists, dicts and sets.
 */
#include "agent/abi.h"
#include "agent/arch.h"

#define READ(type, addr) (*(const type *)(uintptr_t)(addr))

#define FLAG_LONG (1UL << 24)	/* Py_TPFLAGS_LONG_SUBCLASS, the same in 2.7 - 3.15, as are */
#define FLAG_LIST (1UL << 25)	/* Py_TPFLAGS_LIST_SUBCLASS */
#define FLAG_DICT (1UL << 29)	/* Py_TPFLAGS_DICT_SUBCLASS */

#define NO_TYPE UINT32_MAX

enum agent_payload { PAYLOAD_NONE, PAYLOAD_LIST, PAYLOAD_DICT, PAYLOAD_SET };

static struct agent_type *table_of(struct agent_block *b)
{
	return (struct agent_type *)((char *)b + b->table_at);
}

static uint32_t *index_of(struct agent_block *b)
{
	return (uint32_t *)((char *)b + b->index_at);
}

static uint32_t slot_of(const struct agent_block *b, uint64_t type)
{
	return (uint32_t)((type >> 4) * 0x9e3779b97f4a7c15u >> 32) & (b->slots - 1);
}

static int is_unsized(const struct agent_block *b, uint64_t type)
{
	for (int i = 0; i < AGENT_UNSIZED; i++)
		if (b->unsized[i] == type)
			return 1;
	return 0;
}

static uint32_t payload_of(const struct agent_block *b, uint64_t type, uint64_t flags)
{
	if (flags & FLAG_LIST)
		return PAYLOAD_LIST;
	if (flags & FLAG_DICT)
		return PAYLOAD_DICT;
	return type == b->set_type || type == b->frozenset_type ? PAYLOAD_SET : PAYLOAD_NONE;
}

static void copy_name(char *dst, uint64_t src)
{
	uint64_t i = 0;

	if (src)
		for (; i < AGENT_NAME - 1 && READ(char, src + i); i++)
			dst[i] = READ(char, src + i);
	dst[i] = '\0';
}

static void fill_type(const struct agent_block *b, struct agent_type *t, uint64_t type)
{
	uint64_t flags = READ(uint64_t, type + b->tp_flags);

	t->type = type;
	t->count = t->bytes = 0;
	t->tp_name = READ(uint64_t, type + b->tp_name);
	t->base = (uint32_t)READ(uint64_t, type + b->tp_basicsize) + b->gc_head_size;
	if (flags & b->managed_flags)
		t->base += b->managed_size;
	t->item = is_unsized(b, type) ? 0 : (uint32_t)READ(uint64_t, type + b->tp_itemsize);
	t->payload = payload_of(b, type, flags);
	t->shift = flags & FLAG_LONG ? b->long_shift : 0;
	copy_name(t->name, t->tp_name);
}

/* The entry of a type, made if it is new; NO_TYPE when the table is full. */
static uint32_t find_type(struct agent_block *b, uint64_t type)
{
	struct agent_type *table = table_of(b);
	uint32_t *index = index_of(b);

	for (uint32_t at = slot_of(b, type);; at = (at + 1) & (b->slots - 1)) {
		if (index[at] == 0) {
			if (b->types >= b->max_types)
				return NO_TYPE;
			fill_type(b, &table[b->types], type);
			index[at] = ++b->types;
			return b->types - 1;
		}
		if (table[index[at] - 1].type == type)
			return index[at] - 1;
	}
}

static uint64_t index_bytes(uint64_t size)
{
	if (size <= 0xffff)
		return size <= 0xff ? size : 2 * size;
	return size <= 0xffffffff ? 4 * size : 8 * size;
}

/* Bytes of the tables that belong to this dict alone: a shared key table is nobody's. */
static uint64_t dict_bytes(const struct agent_block *b, uint64_t obj)
{
	uint64_t keys, size, own = 0;

	if (b->dict == AGENT_DICT_27) {		/* ma_mask; up to 8 slots lie in the object */
		size = READ(uint64_t, obj + b->dict_keys) + 1;
		return size > 8 ? size * 24 : 0;
	}
	keys = READ(uint64_t, obj + b->dict_keys);
	if (!keys || READ(uint64_t, keys) != 1)
		return 0;
	/* 3.6-3.10: refcnt, size, lookup, usable, nentries, indices[] */
	if (b->dict == AGENT_DICT_36) {
		size = READ(uint64_t, keys + 8);
		return 40 + index_bytes(size) + size * 2 / 3 * 24;
	}
	/* 3.11+: refcnt, log2_size, log2_index_bytes, kind, version, usable, nentries, indices[] */
	size = 1UL << READ(uint8_t, keys + 8);
	own = 32 + (1UL << READ(uint8_t, keys + 9));
	return own + size * 2 / 3 * (READ(uint8_t, keys + 10) == 0 ? 24 : 16);
}

static uint64_t payload_bytes(const struct agent_block *b, uint32_t payload, uint64_t obj)
{
	uint64_t n;

	switch (payload) {
	case PAYLOAD_LIST:			/* -1 while list.sort() is at work on it */
		n = READ(uint64_t, obj + b->list_allocated);
		return (int64_t)n < 0 ? 0 : n * 8;
	case PAYLOAD_DICT:
		return dict_bytes(b, obj);
	case PAYLOAD_SET:
		n = READ(uint64_t, obj + b->set_mask) + 1;
		return n > 8 ? n * 16 : 0;	/* up to 8 entries lie in the object itself */
	default:
		return 0;
	}
}

static void count_object(struct agent_block *b, uint64_t obj)
{
	uint32_t at = find_type(b, READ(uint64_t, obj + b->ob_type));
	struct agent_type *t;

	b->objects++;
	if (at == NO_TYPE) {
		b->left_out++;
		return;
	}
	t = &table_of(b)[at];
	t->count++;
	t->bytes += t->base;
	if (t->item) {
		int64_t n = READ(int64_t, obj + b->ob_size);

		t->bytes += ((uint64_t)(n < 0 ? -n : n) % (1UL << 40) >> t->shift) * t->item;
	}
	if (t->payload)
		t->bytes += payload_bytes(b, t->payload, obj);
}

/* Flags live in the low bits of _gc_next since 3.8 (uncollectable, unreachable). */
static uint64_t ring_next(uint64_t head)
{
	return READ(uint64_t, head) & ~3UL;
}

static uint32_t count_lists(struct agent_block *b)
{
	for (int i = 0; i < AGENT_LISTS; i++) {
		uint64_t n = 0;

		b->list_objects[i] = 0;
		if (!b->head[i])
			continue;
		for (uint64_t at = ring_next(b->head[i]); at != b->head[i]; at = ring_next(at)) {
			if (++n > b->max_objects)
				return AGENT_LOOP;
			count_object(b, at + b->gc_head_size);
		}
		b->list_objects[i] = n;
	}
	return AGENT_OK;
}

static int visit(void *obj, void *arg)
{
	count_object(arg, (uint64_t)(uintptr_t)obj);
	return 1;				/* go on */
}

/*
 * The head of the chain is the newest interpreter (pystate.c): with more than the main one, the
 * thread state of this thread may be another's. Ensure would then take another GIL (3.12+), or wait
 * for the one that this very thread holds under its other name (before).
 */
static int is_alone(const struct agent_block *b)
{
	return ((uint64_t (*)(void))(uintptr_t)b->fn_interp_head)() == b->interp;
}

static uint32_t count_all(struct agent_block *b)
{
	uint32_t *index = index_of(b);

	if (!is_alone(b))
		return AGENT_SEVERAL;
	if (b->collecting && READ(int32_t, b->collecting))
		return AGENT_COLLECTING;
	if (!b->walk && !b->fn_visit)
		return AGENT_CANNOT;
	b->types = 0;
	b->objects = b->left_out = 0;
	for (uint32_t i = 0; i < b->slots; i++) {
		index[i] = 0;
		__asm__ volatile("" : : : "memory");	/* or gcc makes it a call to memset */
	}
	if (b->walk)
		return count_lists(b);
	((void (*)(int (*)(void *, void *), void *))(uintptr_t)b->fn_visit)(visit, b);
	return AGENT_OK;
}

static void answer(struct agent_block *b, uint32_t request, uint32_t status)
{
	b->status = status;
	__atomic_store_n(&b->answer, request, __ATOMIC_RELEASE);
}

static void count_if_asked(struct agent_block *b)
{
	uint32_t request = __atomic_load_n(&b->request, __ATOMIC_ACQUIRE);
	uint64_t begin;
	uint32_t status;

	if (request == 0 || request == b->answer)	/* cancelled, or answered by a call */
		return;
	begin = agent_arch_clock_ns();
	status = count_all(b);
	b->hold_ns = agent_arch_clock_ns() - begin;
	answer(b, request, status);
}

int agent_count(void *arg);
void agent_call(struct agent_block *b);
void agent_post(struct agent_block *b);

/* Run by the interpreter on its main thread, holding the GIL. 0: no exception. */
int agent_count(void *arg)
{
	struct agent_block *b = arg;

	count_if_asked(b);
	__atomic_store_n(&b->posted, 0, __ATOMIC_RELEASE);
	return 0;
}

/* Run in place of a blocked system call of the main thread. */
void agent_call(struct agent_block *b)
{
	int *errno_at = ((int *(*)(void))(uintptr_t)b->fn_errno)();
	int saved = *errno_at;

	if (!is_alone(b)) {
		answer(b, b->request, AGENT_SEVERAL);
	} else if (((void *(*)(void))(uintptr_t)b->fn_this_thread)()) {
		int state = ((int (*)(void))(uintptr_t)b->fn_ensure)();

		count_if_asked(b);
		((void (*)(int))(uintptr_t)b->fn_release)(state);
	} else {
		answer(b, b->request, AGENT_NO_THREAD_STATE);
	}
	*errno_at = saved;
}

/* A look at the last moment: waiting for it here could give up a GIL that is held (3.13+). */
static int is_locked(const struct agent_block *b)
{
	return b->lock && (READ(uint32_t, b->lock) & b->lock_mask) != b->lock_free;
}

static void post(struct agent_block *b)
{
	if (!is_alone(b)) {
		answer(b, b->request, AGENT_SEVERAL);
		return;
	}
	if (is_locked(b)) {
		answer(b, b->request, AGENT_LOCKED);
		return;
	}
	__atomic_store_n(&b->posted, 1, __ATOMIC_RELEASE);
	if (((int (*)(int (*)(void *), void *))(uintptr_t)b->fn_add_pending)(agent_count, b) != 0) {
		__atomic_store_n(&b->posted, 0, __ATOMIC_RELEASE);
		answer(b, b->request, AGENT_POST_REFUSED);
	}
}

/* Run on the main thread while it is busy: leave a note for the interpreter. */
void agent_post(struct agent_block *b)
{
	int *errno_at = ((int *(*)(void))(uintptr_t)b->fn_errno)();
	int saved = *errno_at;

	post(b);
	*errno_at = saved;
}
