#include "config.h"

#include "holders/climb.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "holders/refs.h"
#include "target/pyobj.h"
#include "util/mem.h"

#define CELL_REF     0x10
#define VAR_NAME     0x10	/* PyContextVar */
#define FOLD_LEAST   3		/* equal steps: a.b.b stays as it is */
#define MOVED_MOST   1024u	/* objects by which a list has grown meanwhile */

struct climber {
	const struct roots *r;
	const struct python *py;
	const struct chain *c;
	struct path *path;
	size_t i;		/* the node whose holder is next */
};

static bool read_word(const struct climber *k, uint64_t addr, uint64_t *ret)
{
	return remote_u64(&k->py->remote, addr, ret);
}

static struct step *push(struct climber *k, enum step_kind kind, const char *text, uint64_t which)
{
	struct step *s;

	if (k->path->n >= COUNT_OF(k->path->steps))
		return &k->path->steps[k->path->n - 1];
	s = &k->path->steps[k->path->n++];
	*s = (struct step){.kind = kind, .which = which};
	snprintf(s->text, sizeof(s->text), "%s", text);
	return s;
}

/* A container's step; the fan-out is counted in it. */
static bool push_item(struct climber *k, enum step_kind kind, uint64_t which,
		      const struct node *container)
{
	struct step *s = push(k, kind, "", which);
	int64_t number;

	s->container = container->addr;
	s->typed = container->typed;
	if (kind == STEP_KEY && !pyobj_text(k->py, which, s->text, sizeof(s->text)) &&
	    pyobj_int(k->py, which, &number))
		snprintf(s->text, sizeof(s->text), "%" PRId64, number);
	return true;
}

/* Which entry of the dict is it that has the word at addr, as key or value? */
static bool dict_item(struct climber *k, const struct node *dict, uint64_t word)
{
	struct pyobj_entries e;
	uint64_t i, key, value;

	if (!pyobj_dict_open(k->py, dict->addr, &e))
		return false;
	if (e.values && word >= e.values && word < e.values + e.n * 8) {
		i = (word - e.values) / 8;
	} else if (word >= e.addr && word < e.addr + e.n * e.size) {
		i = (word - e.addr) / e.size;
		if ((word - e.addr) % e.size != e.key + 8)
			return push_item(k, STEP_ANY, 0, dict);	/* it is a key */
	} else {
		return false;
	}
	return pyobj_dict_entry(k->py, &e, i, &key, &value) && value &&
	       push_item(k, STEP_KEY, key, dict);
}

/*
 * nodes[i] was seen among the items of a list, nodes[i + 2]. One that grows moves them now and
 * then: is it in the same place of where they are now?
 */
static bool is_in_moved_list(const struct climber *k, size_t i)
{
	const struct layout *l = k->py->layout;
	const struct node *list = i + 2 < k->c->n ? k->c->nodes[i + 2] : NULL;
	uint64_t items, n, v, at = (uint64_t)k->c->at[i];

	return list && list->kind == NODE_OBJECT && list->typed->form == FORM_LIST &&
	       k->c->nodes[i + 1]->kind == NODE_RAW && k->c->at[i + 1] == l->list_item &&
	       read_word(k, list->addr + (uint64_t)l->list_item, &items) &&
	       read_word(k, list->addr + (uint64_t)l->ob_size, &n) && at / 8 < n &&
	       read_word(k, items + at, &v) && v == k->c->nodes[i]->addr;
}

static bool list_item(struct climber *k, const struct node *list, uint64_t word)
{
	const struct layout *l = k->py->layout;
	uint64_t items, n;

	if (!read_word(k, list->addr + (uint64_t)l->list_item, &items) ||
	    !read_word(k, list->addr + (uint64_t)l->ob_size, &n))
		return false;
	if (word >= items && (word - items) / 8 < n)
		return push_item(k, STEP_ITEM, (word - items) / 8, list);
	return k->i >= 2 && is_in_moved_list(k, k->i - 2) &&
	       push_item(k, STEP_ITEM, (uint64_t)k->c->at[k->i - 2] / 8, list);
}

/* The name of attribute i in the keys that all instances share. */
static bool shared_name(struct climber *k, const struct typed *t, uint64_t i)
{
	struct pyobj_entries e;
	uint64_t key;
	char name[CLIMB_TEXT];

	if (!t->cached_keys || !pyobj_keys_open(k->py, t->cached_keys, &e) || i >= e.n ||
	    !read_word(k, e.addr + i * e.size + e.key, &key) ||
	    !pyobj_text(k->py, key, name, sizeof(name)))
		return false;
	push(k, STEP_NAME, name, 0);
	return true;
}

static bool value_of(struct climber *k, const struct node *object, uint64_t word)
{
	uint64_t values = refs_values(k->r, object->typed, object->addr);

	return values && word >= values && shared_name(k, object->typed, (word - values) / 8);
}

static const struct node *node_at(const struct climber *k, size_t i)
{
	return i < k->c->n ? k->c->nodes[i] : NULL;
}

static bool is_form(const struct node *n, enum form form)
{
	return n && n->kind == NODE_OBJECT && n->typed && n->typed->form == form;
}

/* Is nodes[i], a dict, the dict of attributes of the node that holds it? */
static bool is_attributes(const struct climber *k, size_t i)
{
	const struct node *by = node_at(k, i + 1);
	int64_t at = i + 1 < k->c->n ? k->c->at[i] : 0;

	if (!by || by->kind != NODE_OBJECT)
		return false;
	switch (by->typed->form) {
	case FORM_MODULE:
		return at == REFS_MODULE_DICT;
	case FORM_TYPE:
		return at == k->py->layout->tp_dict;
	default:
		return (by->typed->managed && at == REFS_DICT_BEFORE) ||
		       (by->typed->dict_at > 0 && at == by->typed->dict_at) ||
		       (!by->typed->managed && by->typed->dict_at < 0 &&
			at >= (int64_t)by->typed->basic - 8);
	}
}

/* threading.local: {weak reference to what the thread's own dict has: dict of attributes} */
static bool thread_local_step(struct climber *k, size_t dict)
{
	const struct node *table = node_at(k, dict + 1);
	size_t i = table && table->kind == NODE_RAW ? dict + 2 : dict + 1;	/* 2.7: within it */
	const struct node *map = node_at(k, i);
	struct step *key = &k->path->steps[k->path->n - 1];
	char attribute[CLIMB_TEXT], thread[64];
	uint64_t value, id;

	if (!is_form(map, FORM_DICT) || !is_form(node_at(k, i + 1), FORM_LOCAL))
		return false;
	snprintf(attribute, sizeof(attribute), "%s", key->text);
	k->path->n--;
	if (!dict_item(k, map, table->addr + (uint64_t)k->c->at[dict]))
		return false;
	key = &k->path->steps[--k->path->n];
	/* 3.13+: the key is what the thread's dict has; before, a weak reference to that */
	if ((!roots_thread_of_value(k->r, key->which, &id) &&
	     !(read_word(k, key->which + 16, &value) &&
	       roots_thread_of_value(k->r, value, &id))) ||
	    !roots_thread_name(k->r, id, thread, sizeof(thread)))
		snprintf(thread, sizeof(thread), "?");
	key = push(k, STEP_TEXT, "", 0);
	snprintf(key->text, sizeof(key->text), " -> thread '%.32s' -> %.40s", thread, attribute);
	k->i = i + 1;
	return true;
}

/* After an item of a dict, nodes[i]: it may be an attribute of what holds the dict. */
static bool after_dict(struct climber *k, size_t i)
{
	struct step *key = &k->path->steps[k->path->n - 1];

	k->i = i;
	if (key->kind != STEP_KEY)
		return true;
	if (is_attributes(k, i) && key->text[0]) {
		key->kind = STEP_NAME;
		key->container = 0;
		k->i = i + 1;
		return true;
	}
	(void)thread_local_step(k, i);
	return true;
}

/* word is in the container nodes[i], or in a block of its own that belongs to it. */
static bool container_step(struct climber *k, size_t i, uint64_t word)
{
	const struct node *n = node_at(k, i);

	k->i = i;
	if (!n || n->kind != NODE_OBJECT)
		return false;
	switch (n->typed->form) {
	case FORM_LIST:
		return list_item(k, n, word);
	case FORM_DICT:
		return dict_item(k, n, word) && after_dict(k, i);
	case FORM_SET:
	case FORM_DEQUE:
		return push_item(k, STEP_ANY, 0, n);
	default:
		if (value_of(k, n, word))
			return true;
		if (k->c->at[i - 1] < 0)	/* no value: remains of one */
			return false;
		push(k, STEP_TEXT, "", 0);
		snprintf(k->path->steps[k->path->n - 1].text, CLIMB_TEXT, " <%.80s>",
			 n->typed->name);
		return true;
	}
}

/* A cell that is a local variable goes without saying. */
static void drop_cell(struct climber *k)
{
	struct step *last = k->path->n ? &k->path->steps[k->path->n - 1] : NULL;

	if (last && last->kind == STEP_NAME && !strcmp(last->text, "cell_contents"))
		k->path->n--;
}

/* "frame serve() -> local held", or "frame serve()" of what it waits for. */
static bool frame_text(struct climber *k, const struct frame *f, uint64_t slot, char *dst,
		       size_t size)
{
	char function[64], local[64];

	if (!frames_code_name(k->py, f->code, function, sizeof(function)))
		return false;
	if (slot >= f->n_locals || !frames_local_name(k->py, f->code, slot, local, sizeof(local)))
		snprintf(dst, size, "frame %s()", function);
	else
		snprintf(dst, size, "frame %s() -> local %s", function, local);
	return true;
}

/* A local variable of a generator or coroutine, nodes[gen]. */
static bool local_step(struct climber *k, size_t gen, uint64_t frame, uint64_t slot)
{
	static const char *const names[] = {"gi_frame", "cr_frame", "ag_frame"};
	const struct node *g = node_at(k, gen), *by = node_at(k, gen + 1);
	struct step *s;
	struct frame f;
	char text[CLIMB_TEXT - 4];

	if (!frames_open(k->py, frame, &f))
		return false;
	drop_cell(k);
	k->i = gen;
	if (is_form(by, FORM_TASK) || slot >= f.n_locals ||
	    (by && by->kind == NODE_OBJECT && refs_is_generator(by->typed)) ||
	    is_form(by, FORM_FRAME)) {
		if (!frame_text(k, &f, slot, text, sizeof(text)))
			return false;
		s = push(k, STEP_TEXT, "", 0);
		snprintf(s->text, sizeof(s->text), " -> %s", text);
		return true;
	}
	s = push(k, STEP_KEY, "", slot + 1);
	(void)frames_local_name(k->py, f.code, slot, s->text, sizeof(s->text));
	push(k, STEP_NAME, "f_locals", 0);
	if (g && refs_is_generator(g->typed))
		push(k, STEP_NAME, names[g->typed->form - FORM_GENERATOR], 0);
	return true;
}

/* func_code, _defaults and _kwdefaults have no member; two are in front of the closure. */
static bool function_step(struct climber *k, const struct typed *t, int64_t at,
			  const struct node *held)
{
	bool only_defaults = k->py->layout->unicode_state == LAYOUT_NONE;
	char name[64];

	if (is_form(held, FORM_CODE)) {
		push(k, STEP_NAME, "__code__", 0);
		return true;
	}
	if (typebook_member(k->r->book, t, at + 8, name, sizeof(name)) && strstr(name, "closure")) {
		push(k, STEP_NAME, only_defaults ? "__defaults__" : "__kwdefaults__", 0);
		return true;
	}
	if (typebook_member(k->r->book, t, at + 16, name, sizeof(name)) &&
	    strstr(name, "closure")) {
		push(k, STEP_NAME, "__defaults__", 0);
		return true;
	}
	return false;
}

static bool plain_step(struct climber *k, const struct node *o, int64_t at)
{
	const struct typed *t = o->typed;
	int64_t values = (int64_t)t->basic + k->py->layout->dict_first_value;
	char name[CLIMB_TEXT];
	struct step *s;

	if (t->inline_values && at >= values &&
	    shared_name(k, t, (uint64_t)(at - values) / 8))
		return true;
	if (typebook_member(k->r->book, t, at, name, sizeof(name))) {
		if (!strcmp(name, "func_closure"))	/* 2.7 has both */
			snprintf(name, sizeof(name), "__closure__");
		push(k, STEP_NAME, name, 0);
		return true;
	}
	if ((t->managed && at == REFS_DICT_BEFORE) || (t->dict_at > 0 && at == t->dict_at)) {
		push(k, STEP_NAME, "__dict__", 0);
		return true;
	}
	s = push(k, STEP_TEXT, "", 0);
	snprintf(s->text, sizeof(s->text), " <%.80s>", t->form == FORM_LRU ? "lru_cache" : t->name);
	return true;
}

/* A context's tree has variables and their values, or trees below it. */
static bool variable_step(struct climber *k, const struct node *tree, int64_t at)
{
	uint64_t var, name;
	char text[CLIMB_TEXT];

	if (read_word(k, tree->addr + (uint64_t)at - 8, &var) &&
	    read_word(k, var + VAR_NAME, &name) && pyobj_text(k->py, name, text, sizeof(text)))
		push(k, STEP_KEY, text, var);
	return true;
}

/* The object nodes[i + 1] holds nodes[i] by its word at `at`. */
static bool object_step(struct climber *k)
{
	const struct frames_layout *f = frames_layout(k->py);
	const struct node *o = node_at(k, k->i + 1);
	int64_t at = k->c->at[k->i], slot = refs_frame_slot(f, o->typed, at);
	uint64_t n;

	if (slot != LAYOUT_NONE) {	/* to 3.10 a generator has a frame object */
		const struct node *by = node_at(k, k->i + 2);
		bool of_generator = o->typed->form == FORM_FRAME && by &&
				    refs_is_generator(by->typed);

		return local_step(k, k->i + (of_generator ? 2 : 1),
				  refs_frame(f, o->typed, o->addr), (uint64_t)slot);
	}
	switch (o->typed->form) {
	case FORM_DICT:
	case FORM_SET:
		return container_step(k, k->i + 1, o->addr + (uint64_t)at);
	case FORM_TUPLE:
		k->i++;
		if (at < k->py->layout->tuple_item || !read_word(k, o->addr + 16, &n))
			return false;
		at = (at - k->py->layout->tuple_item) / 8;
		return (uint64_t)at < n && push_item(k, STEP_ITEM, (uint64_t)at, o);
	case FORM_CELL:
		k->i++;
		push(k, STEP_NAME, "cell_contents", 0);
		return at == CELL_REF;
	case FORM_FUNCTION:
		k->i++;
		return function_step(k, o->typed, at, node_at(k, k->i - 1)) || plain_step(k, o, at);
	case FORM_LRU_LINK:
	case FORM_HAMT:
		k->i++;
		return true;
	case FORM_HAMT_NODE:
		k->i++;
		return variable_step(k, o, at);
	case FORM_TASK:
		k->i++;
		if (!is_form(node_at(k, k->i - 1), FORM_COROUTINE) &&
		    !is_form(node_at(k, k->i - 1), FORM_GENERATOR))
			return plain_step(k, o, at);
		push(k, STEP_NAME, "_coro", 0);
		return true;
	default:
		k->i++;
		return plain_step(k, o, at);
	}
}

static bool is_alive(const struct climber *k, const struct node *n)
{
	return n->kind != NODE_OBJECT || pyobj_refs(&k->py->remote, n->addr, n->typed->type);
}

/*
 * A list that grows at its head has another one now, which leads to the one it had. What leads on
 * from there was read the time before.
 */
static bool has_moved(const struct climber *k, struct node *t, uint64_t head)
{
	uint64_t before = t->moved ? t->moved : t->addr;

	for (size_t i = 0; t->chained && i < k->c->n_hops; i++)
		if (hop_leads(&k->py->remote, &k->c->hops[i], head, before, MOVED_MOST)) {
			t->moved = head;
			return true;
		}
	return false;
}

/* Is the word still what it was? */
static bool still_so(const struct climber *k, size_t i)
{
	const struct node *o = k->c->nodes[i + 1];
	struct node *t = k->c->nodes[i];
	uint64_t v;

	if (!is_alive(k, o))
		return false;
	if (k->c->leaps[i])		/* all of its hops were read when it was made */
		return hop_next(&k->py->remote, k->c->leaps[i], o->addr, &v);
	if (!read_word(k, o->addr + (uint64_t)k->c->at[i], &v))
		return is_in_moved_list(k, i);
	if (t->kind == NODE_RAW && is_form(o, FORM_DEQUE))	/* any of its blocks */
		return v != 0;
	if (t->kind == NODE_RAW)
		return (v + 1 >= t->addr && v < t->addr + t->size) ||
		       (i > 0 && is_in_moved_list(k, i - 1));
	v &= ~PYOBJ_TAGS;
	return v == t->addr || has_moved(k, t, v) || is_in_moved_list(k, i);
}

static bool root_frame(struct climber *k, const struct node *root, uint64_t slot)
{
	const struct frame *f = roots_frame(k->r, root->addr);
	char text[160], thread[64];

	drop_cell(k);
	if (!f || !frame_text(k, f, slot, text, sizeof(text)))
		return false;
	if (!roots_thread_name(k->r, f->thread_id, thread, sizeof(thread)))
		snprintf(thread, sizeof(thread), "%#" PRIx64, f->thread_id);
	if (root->crowd) {
		snprintf(k->path->root, sizeof(k->path->root), "threads -> %s", text);
		snprintf(k->path->root_words, sizeof(k->path->root_words), "threads");
	} else {
		snprintf(k->path->root, sizeof(k->path->root), "thread '%s' -> %s", thread, text);
		snprintf(k->path->root_words, sizeof(k->path->root_words), "thread %s", thread);
	}
	k->path->rank = RANK_FRAME;
	return true;
}

/* A module or class by the name of which the path begins. */
static bool root_named(struct climber *k, uint64_t of, bool is_class)
{
	char name[PYTHON_NAME_MAX];

	if (is_class ? !python_type_name(k->py, of, name, sizeof(name))
		     : !roots_module_name(k->r, of, name, sizeof(name)))
		return false;
	snprintf(k->path->root, sizeof(k->path->root), "%s", name);
	snprintf(k->path->root_words, sizeof(k->path->root_words), "%s %.140s",
		 is_class ? "class" : "module", name);
	k->path->rank = is_class ? RANK_CLASS : RANK_MODULE;
	return true;
}

/* task_name is behind task_coro (_asynciomodule.c, 3.8+); before, a task has no name. */
static bool root_task(struct climber *k, const struct node *task, int64_t at)
{
	uint64_t name;
	char text[96];
	int64_t number;

	if (!read_word(k, task->addr + (uint64_t)at + 8, &name))
		return false;
	if (pyobj_int(k->py, name, &number))	/* 3.12+: until it is asked for */
		snprintf(text, sizeof(text), "Task-%" PRId64, number);
	else if (!pyobj_text(k->py, name, text, sizeof(text)))
		snprintf(text, sizeof(text), "%#" PRIx64, task->addr);
	snprintf(k->path->root, sizeof(k->path->root), "asyncio.Task '%s'", text);
	snprintf(k->path->root_words, sizeof(k->path->root_words), "task %s", text);
	if (task->crowd) {
		snprintf(k->path->root, sizeof(k->path->root), "asyncio.Tasks");
		snprintf(k->path->root_words, sizeof(k->path->root_words), "tasks");
	}
	k->path->rank = RANK_TASK;
	return true;
}

static bool root_context(struct climber *k, const struct node *node, int64_t at)
{
	uint64_t var, name;
	char text[96];

	if (!read_word(k, node->addr + (uint64_t)at - 8, &var) ||
	    !read_word(k, var + VAR_NAME, &name) || !pyobj_text(k->py, name, text, sizeof(text)))
		return false;
	snprintf(k->path->root, sizeof(k->path->root), "contextvars.ContextVar '%s'%s", text,
		 k->path->n ? " -> " : "");
	snprintf(k->path->root_words, sizeof(k->path->root_words), "context variable %s", text);
	k->path->rank = RANK_CONTEXT;
	return true;
}

/*
 * What a named dict has: an attribute, but where it is a key itself, or under one that is no name.
 * The dict's length is not told: nobody asks how many globals there are.
 */
static void name_global(struct climber *k)
{
	struct step *s = &k->path->steps[k->path->n - 1];

	s->container = 0;
	if (s->kind == STEP_KEY && s->text[0])
		s->kind = STEP_NAME;
	else
		push(k, STEP_NAME, "__dict__", 0);
}

/* nodes[i + 1] is the root. */
static bool root_step(struct climber *k)
{
	const struct node *root = node_at(k, k->i + 1);
	int64_t at = k->c->at[k->i];
	const struct named_dict *d;
	struct node dict = {.kind = NODE_OBJECT};

	if (root->kind == NODE_FRAME)
		return root_frame(k, root, (uint64_t)at / 8);
	d = roots_dict(k->r, root->addr);
	if (root->kind == NODE_RAW || (root->typed->form == FORM_DICT && d)) {
		if (!d)
			return false;
		dict.addr = d->dict;
		if (!dict_item(k, &dict, root->addr + (uint64_t)at))
			return false;
		name_global(k);
		return root_named(k, d->of, d->is_class);
	}
	if (root->typed->form == FORM_TASK)	/* what else it refers to is not told */
		return root_task(k, root, at);
	if (root->typed->form == FORM_HAMT_NODE)
		return root_context(k, root, at);
	return false;
}

/* Reached by its last step, e.g. an attribute. */
static bool root_reached(struct climber *k)
{
	const struct node *root = node_at(k, k->i);

	return root->kind == NODE_OBJECT &&
	       (root->typed->form == FORM_MODULE || root->typed->form == FORM_TYPE) &&
	       root_named(k, root->addr, root->typed->form == FORM_TYPE);
}

static bool begin(struct climber *k, const struct roots *r, const struct chain *c,
		  struct path *ret)
{
	*k = (struct climber){.r = r, .py = r->py, .c = c, .path = ret};
	ret->n = 0;
	for (size_t i = 0; i + 1 < c->n; i++)
		if (!still_so(k, i)) {
			ret->failed = i;
			return false;
		}
	return true;
}

/* Blocks that refer to blocks are what a module of C has; elsewhere they are remains. */
static bool state_step(struct climber *k)
{
	const struct node *held = node_at(k, k->i), *n;
	struct step *s;

	while ((n = node_at(k, ++k->i)) && n->kind == NODE_RAW)
		;
	if (!is_form(n, FORM_MODULE))
		return false;
	s = push(k, STEP_TEXT, "", 0);
	snprintf(s->text, sizeof(s->text), " <%.80s>", n->typed->name);
	s->by = held->typed;
	return true;
}

static bool leap_step(struct climber *k, const struct hop *hop)
{
	struct step *s = push(k, hop->is_name ? STEP_NAME : STEP_TEXT, hop->text, 0);

	s->many = true;
	s->by = k->c->nodes[k->i++]->typed;
	return true;
}

/* From nodes[i] to the next object that holds it. */
static bool next_step(struct climber *k)
{
	const struct node *o = k->c->nodes[k->i + 1];
	size_t before = k->path->n;

	if (k->c->leaps[k->i])
		return leap_step(k, k->c->leaps[k->i]);
	k->path->failed = k->i + (o->kind == NODE_RAW && k->i + 2 < k->c->n);
	if (o->kind == NODE_FRAME || (o->kind == NODE_RAW && k->i + 2 >= k->c->n))
		return false;
	if (o->kind == NODE_RAW && k->c->nodes[k->i + 2]->kind == NODE_RAW)
		return state_step(k);
	if (!(o->kind == NODE_RAW
		      ? container_step(k, k->i + 2, o->addr + (uint64_t)k->c->at[k->i])
		      : object_step(k)))
		return false;
	if (k->path->n > before)
		k->path->steps[k->path->n - 1].by = k->c->nodes[k->i]->typed;
	return true;
}

static bool is_same(const struct step *a, const struct step *b)
{
	return a->kind == b->kind && (a->kind == STEP_NAME || a->kind == STEP_TEXT) &&
	       strcmp(a->text, b->text) == 0;
}

/* A linked list: each of its objects has a path of its own length, which would be a path each. */
static void fold(struct path *p)
{
	size_t n = 0, end;

	for (size_t i = 0; i < p->n; i = end) {
		bool many = p->steps[i].many;

		for (end = i + 1; end < p->n && is_same(&p->steps[i], &p->steps[end]); end++)
			many |= p->steps[end].many;
		many |= end - i >= FOLD_LEAST;
		if (!many)
			end = i + 1;
		p->steps[n] = p->steps[i];
		if (many) {
			p->steps[n].text[CLIMB_TEXT - 2] = '\0';
			strcat(p->steps[n].text, "*");
		}
		n++;
	}
	p->n = n;
}

bool climb(const struct roots *r, const struct chain *c, struct path *ret)
{
	struct climber k;
	bool named = false;

	if (!begin(&k, r, c, ret))
		return false;
	while (k.i + 1 < c->n && !named) {
		named = c->nodes[k.i + 1]->root && k.i + 2 == c->n && root_step(&k);
		if (!named && !next_step(&k))
			return false;
	}
	fold(ret);
	return named || root_reached(&k);
}

bool climb_ring(const struct roots *r, const struct chain *c, struct path *ret)
{
	struct climber k;

	if (!begin(&k, r, c, ret))
		return false;
	while (k.i + 1 < c->n)
		if (!next_step(&k))
			return false;
	return ret->n > 0;
}
