#include "config.h"
#include "census/block.h"

#include "util/page.h"

static uint32_t place(int32_t offset)
{
	return offset == LAYOUT_NONE ? 0 : (uint32_t)offset;
}

static uint32_t round_up(size_t n, size_t to)
{
	return (uint32_t)((n + to - 1) / to * to);
}

static void fill_functions(const struct python *py, struct agent_block *b)
{
	const struct python_symbols *sym = &py->sym;

	b->fn_errno = py->errno_location;
	b->fn_this_thread = sym->gil_this_thread;
	b->fn_ensure = sym->gil_ensure;
	b->fn_release = sym->gil_release;
	b->fn_add_pending = sym->add_pending_call;
	b->fn_visit = sym->visit_objects;
	b->unsized[0] = sym->gen_type;
	b->unsized[1] = sym->coro_type;
	b->unsized[2] = sym->async_gen_type;
	b->unsized[3] = py->layout->frame_unsized ? sym->frame_type : 0;
	b->fn_interp_head = sym->interp_head;
	b->interp = py->interp;
	b->set_type = sym->set_type;
	b->frozenset_type = sym->frozenset_type;
	b->list_type = sym->list_type;
	b->tuple_type = sym->tuple_type;
}

static void fill_layout(const struct python *py, bool visit, struct agent_block *b)
{
	const struct layout *l = py->layout;

	/* asked anew each time: the target may be another Python since the last count */
	b->walk = !visit && l->walk == LAYOUT_WALK_LISTS;
	for (int i = 0; i < AGENT_LISTS; i++)
		b->head[i] = py->heads[i];
	if (l->gc_collecting != LAYOUT_NONE)	/* from where gc_state is counted too */
		b->collecting = py->gc - (uint64_t)l->gc_state + (uint64_t)l->gc_collecting;
	b->gc_head_size = place(l->gc_head_size);
	b->ob_type = place(l->ob_type);
	b->ob_size = place(l->ob_size);
	b->tp_name = place(l->tp_name);
	b->tp_basicsize = place(l->tp_basicsize);
	b->tp_itemsize = place(l->tp_itemsize);
	b->tp_flags = place(l->tp_flags);
	b->managed_flags = l->managed_flags;
	b->managed_size = l->managed_size;
	b->list_allocated = place(l->list_allocated);
	b->long_shift = l->integer == LAYOUT_INT_LVTAG ? 3 : 0;
	b->dict = (uint32_t)l->dict;
	b->dict_keys = place(l->dict == LAYOUT_DICT_27 ? l->dict_mask : l->dict_keys);
	b->set_mask = place(l->set_mask);
	b->mark_refs = (uint64_t)l->gc_refs;
}

static void fill_collect(const struct python *py, struct agent_collect *c)
{
	const struct python_symbols *sym = &py->sym;

	c->fn_collect = sym->gc_collect;
	c->fn_fetch = sym->err_fetch;
	c->fn_restore = sym->err_restore;
	if (py->layout->gc_enabled != LAYOUT_NONE)
		c->enabled = py->gc - (uint64_t)py->layout->gc_state +
			     (uint64_t)py->layout->gc_enabled;
	c->fn_modules = sym->module_dict;
	c->fn_item = sym->dict_get;
	c->fn_call = sym->call_method;
	c->fn_size = sym->as_size;
	c->fn_decref = sym->dec_ref;
}

static bool fill_lock(const struct python *py, struct agent_block *b)
{
	struct python_lock lock;

	if (!python_pending_lock(py, &lock))
		return false;
	b->lock = lock.addr;
	b->lock_mask = lock.mask;
	b->lock_free = lock.free;
	return true;
}

/* Block, index and table behind one another; returns the size of it all. */
static uint64_t fill_places(uint32_t max_types, struct agent_block *b)
{
	b->max_types = max_types;
	b->slots = max_types * 2;
	b->index_at = round_up(sizeof(*b), AGENT_ALIGN);
	b->table_at = round_up(b->index_at + b->slots * sizeof(uint32_t), AGENT_ALIGN);
	return page_up(b->table_at + (size_t)b->max_types * sizeof(struct agent_type));
}

uint64_t block_fill(const struct python *py, bool visit, uint32_t max_types,
		    struct agent_block *ret)
{
	struct agent_block b = {0};

	if (!fill_lock(py, &b))
		return 0;
	fill_functions(py, &b);
	fill_layout(py, visit, &b);
	fill_collect(py, &b.collect);
	*ret = b;
	return fill_places(max_types, ret);
}
