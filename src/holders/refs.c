#include "config.h"

#include "holders/refs.h"

#include "holders/deque.h"
#include "target/pyobj.h"
#include "util/num.h"

#define WEAK_BACK  0x18		/* PyWeakReference: wr_object is in front, wr_callback here */
#define WEAK_END   0x20
#define LRU_NEXT   0x20		/* prev and next of a link are in front */
#define LOCK_AT	   0x10		/* to 3.12; from 3.13 on it is no pointer */
#define VAR_CACHED 0x20		/* PyContextVar: borrowed */

bool refs_is_generator(const struct typed *t)
{
	return t && t->form >= FORM_GENERATOR && t->form <= FORM_ASYNC_GENERATOR;
}

int64_t refs_frame_slot(const struct frames_layout *f, const struct typed *t, int64_t at)
{
	int64_t from;

	if (!f)
		return LAYOUT_NONE;
	if (t->form == FORM_FRAME)
		from = f->chain == FRAMES_OBJECTS ? f->locals : INT64_MAX;
	else if (refs_is_generator(t))
		from = f->chain == FRAMES_OBJECTS ? INT64_MAX : f->gen_frame + f->locals;
	else
		return LAYOUT_NONE;
	return at >= from ? (at - from) / 8 : LAYOUT_NONE;
}

uint64_t refs_frame(const struct frames_layout *f, const struct typed *t, uint64_t object)
{
	return t->form == FORM_FRAME ? object : object + (uint64_t)f->gen_frame;
}

/*
 * Is it a word of the object that can be a reference? Behind its fields a block has remains of
 * what was there before.
 */
static bool is_within(const struct roots *r, const struct typed *t, uint64_t object, int64_t at)
{
	const struct layout *l = r->py->layout;
	uint64_t end = t->basic;

	if (at < 0)
		return t->managed && (at == REFS_DICT_BEFORE || at == l->values_at);
	if (at < 16)
		return false;
	if (t->inline_values) {		/* {u8 capacity, size, embedded, valid} */
		unsigned char head[4];

		if (!remote_read(&r->py->remote, object + t->basic, head, sizeof(head)) ||
		    ((uint64_t)at >= t->basic && !head[3]))
			return false;
		end += (uint64_t)l->dict_first_value + head[0] * 8u;
	}
	return (uint64_t)at < end || t->item == 8 || t->form == FORM_FRAME || refs_is_generator(t);
}

/* May this word refer to a block that is no object? */
static bool holds_block(const struct layout *l, const struct typed *t, int64_t at)
{
	switch (t->form) {
	case FORM_LIST:
		return at == l->list_item || (uint64_t)at >= t->basic;
	case FORM_DICT:
		return at == l->dict_keys || at == l->dict_values;
	case FORM_SET:
		return at == l->set_table;
	case FORM_TUPLE:
	case FORM_TYPE:
	case FORM_CELL:
	case FORM_FUNCTION:
	case FORM_CODE:
	case FORM_FRAME:
	case FORM_GENERATOR:
	case FORM_COROUTINE:
	case FORM_ASYNC_GENERATOR:
	case FORM_HAMT_NODE:
		return false;
	case FORM_BUFFERED:		/* but for the attributes of a subclass */
		return at == l->values_at;
	default:
		return at >= 0 || at == l->values_at;
	}
}

bool refs_holds(const struct roots *r, const struct typed *owner, uint64_t object, int64_t at,
		 const struct typed *target)
{
	const struct frames_layout *f = frames_layout(r->py);
	struct frame frame;
	int64_t slot;

	if (!is_within(r, owner, object, at) || (owner->weak_at > 0 && at == owner->weak_at))
		return false;
	if (!target && !holds_block(r->py->layout, owner, at))
		return false;
	switch (owner->form) {
	case FORM_WEAK:
		return at >= WEAK_BACK && (at < WEAK_END || at >= (int64_t)owner->basic);
	case FORM_DATA:
		return false;
	case FORM_LRU:
	case FORM_LRU_LINK:
		return at >= LRU_NEXT;
	case FORM_CONTEXT_VAR:
		return at < VAR_CACHED;
	case FORM_TYPE:
		return at == r->py->layout->tp_dict;
	case FORM_CODE:			/* behind is the interpreter's own, some of it never set */
		return at < owner->weak_at;
	case FORM_FRAME:
	case FORM_GENERATOR:
	case FORM_COROUTINE:
	case FORM_ASYNC_GENERATOR:
		slot = refs_frame_slot(f, owner, at);
		if (slot == LAYOUT_NONE)	/* f_back is no holder that says anything */
			return refs_is_generator(owner) && target && target->form == FORM_FRAME;
		return refs_is_generator(target) ||
		       (frames_open(r->py, refs_frame(f, owner, object), &frame) &&
			(uint64_t)slot < frame.n_locals);
	default:
		return true;
	}
}

bool refs_is_root(const struct roots *r, const struct typed *owner, uint64_t object, int64_t at,
		   const struct typed *target)
{
	uint64_t key;
	const struct typed *t;

	switch (owner->form) {
	case FORM_MODULE:
		return at == REFS_MODULE_DICT;
	case FORM_TYPE:
		return at == r->py->layout->tp_dict;
	case FORM_TASK:
		return refs_is_generator(target);
	case FORM_HAMT_NODE:
		if (!remote_u64(&r->py->remote, object + (uint64_t)at - 8, &key))
			return false;
		t = typebook_of(r->book, key);
		return t && t->form == FORM_CONTEXT_VAR;
	default:
		return false;
	}
}

int64_t refs_length_in(const struct python *py, const struct typed *t)
{
	const struct layout *l = py->layout;
	bool old = l->dict == LAYOUT_DICT_27;

	switch (t->form) {
	case FORM_LIST:
	case FORM_TUPLE:
		return l->ob_size;
	case FORM_DICT:			/* 2.7: {fill, used, ..} */
		return l->ob_size + (old ? 8 : 0);
	case FORM_SET:			/* {fill, used, mask, ..} */
		return l->ob_size + 8;
	case FORM_DEQUE:		/* 2.7: {left, right, leftindex, rightindex, len, ..} */
		return l->ob_size + (old ? 32 : 0);
	default:
		return LAYOUT_NONE;
	}
}

uint64_t refs_length_at(const struct roots *r, uint64_t object, const struct typed *t)
{
	int64_t at = t ? refs_length_in(r->py, t) : LAYOUT_NONE;

	return at == LAYOUT_NONE ? 0 : object + (uint64_t)at;
}

int64_t refs_length(const struct roots *r, uint64_t object, const struct typed *t)
{
	uint64_t at = refs_length_at(r, object, t), n;

	return at && remote_u64(&r->py->remote, at, &n) && n < 1ull << 40 ? (int64_t)n
									  : LT_UNKNOWN;
}

uint64_t refs_values(const struct roots *r, const struct typed *t, uint64_t object)
{
	const struct layout *l = r->py->layout;
	uint64_t values;

	if (l->values_at == LAYOUT_NONE || !t->managed ||
	    !remote_u64(&r->py->remote, object + (uint64_t)(int64_t)l->values_at, &values))
		return 0;
	if (l->values_tagged)
		values = values & 1 ? values + 1 : 0;
	return values;
}

static bool is_value(const struct roots *r, const struct typed *t, uint64_t object, uint64_t word)
{
	uint64_t values = refs_values(r, t, object);
	struct pyobj_entries e;

	return values && word >= values && t->cached_keys &&
	       pyobj_keys_open(r->py, t->cached_keys, &e) && (word - values) / 8 < e.n;
}

static bool is_list_item(const struct roots *r, uint64_t list, uint64_t word)
{
	const struct layout *l = r->py->layout;
	uint64_t items, n;

	return remote_u64(&r->py->remote, list + (uint64_t)l->list_item, &items) &&
	       remote_u64(&r->py->remote, list + (uint64_t)l->ob_size, &n) && word >= items &&
	       (word - items) / 8 < n;
}

bool refs_in_dict(const struct roots *r, uint64_t dict, uint64_t word)
{
	struct pyobj_entries e;

	return pyobj_dict_open(r->py, dict, &e) &&
	       (word - e.addr < e.n * e.size || (e.values && word - e.values < e.n * 8));
}

/*
 * Of a module only its state refers to blocks (md_def has no objects): to as many bytes as it
 * asked for. Of none it is a block of malloc(1), in which is what was there before: 3.5+ marks by a
 * state that the module was executed.
 */
static bool is_in_state(const struct roots *r, uint64_t module, int64_t at, uint64_t word)
{
	const struct layout *l = r->py->layout;
	uint64_t of = module, state, size;

	if (l->md_state == LAYOUT_NONE || at != l->md_state)
		return false;
	if (l->md_def != LAYOUT_NONE &&
	    !remote_u64(&r->py->remote, module + (uint64_t)l->md_def, &of))
		return false;
	return remote_u64(&r->py->remote, module + (uint64_t)at, &state) &&
	       remote_u64(&r->py->remote, of + (uint64_t)l->md_size, &size) &&
	       (int64_t)size > 0 && word >= state && word - state < size;
}

bool refs_uses(const struct roots *r, const struct typed *t, uint64_t object, int64_t at,
		uint64_t word)
{
	if (t->form == FORM_LIST && at == r->py->layout->list_item)
		return is_list_item(r, object, word);
	if (t->form == FORM_DICT)
		return refs_in_dict(r, object, word);
	if (t->form == FORM_MODULE)
		return is_in_state(r, object, at, word);
	if (t->form == FORM_LOCKED && at == LOCK_AT)	/* sem_init() sets the first words alone */
		return false;
	if (t->form == FORM_DEQUE)
		return deque_uses(r->py, object, refs_length(r, object, t), word);
	return at >= 0 || is_value(r, t, object, word);
}
