#include "config.h"

#include "target/frames.h"

#include <stdlib.h>

#include "target/pyobj.h"
#include "util/mem.h"

#define THREADS_MAX 4096
#define LOCALS_MAX  4096	/* of one function */

/* A reference that may be tagged. */
static bool read_ref(const struct python *py, uint64_t at, uint64_t *ret)
{
	if (!remote_u64(&py->remote, at, ret))
		return false;
	*ret &= ~PYOBJ_TAGS;
	return true;
}

/* The tuples of names, and how many are in them. */
static uint64_t count_names(const struct python *py, const struct frames_layout *f, uint64_t code,
			    uint64_t tuples[3], uint64_t counts[3])
{
	uint64_t sum = 0;

	for (int i = 0; i < 3; i++) {
		counts[i] = tuples[i] = 0;
		if (f->co_names[i] == LAYOUT_NONE)
			continue;
		if (!remote_u64(&py->remote, code + (uint64_t)f->co_names[i], &tuples[i]) ||
		    !remote_u64(&py->remote, tuples[i] + (uint64_t)py->layout->ob_size,
				&counts[i]) || counts[i] > LOCALS_MAX)
			return 0;
		sum += counts[i];
	}
	return sum;
}

bool frames_code_name(const struct python *py, uint64_t code, char *dst, size_t size)
{
	const struct frames_layout *f = frames_layout(py);
	uint64_t name;

	return f && remote_u64(&py->remote, code + (uint64_t)f->co_name, &name) &&
	       pyobj_text(py, name, dst, size);
}

bool frames_local_name(const struct python *py, uint64_t code, uint64_t index, char *dst,
		       size_t size)
{
	const struct frames_layout *f = frames_layout(py);
	uint64_t tuples[3], counts[3], name, item = (uint64_t)py->layout->tuple_item;

	if (!f || !count_names(py, f, code, tuples, counts))
		return false;
	for (int i = 0; i < 3; i++) {
		if (index < counts[i])
			return remote_u64(&py->remote, tuples[i] + item + index * 8, &name) &&
			       pyobj_text(py, name, dst, size);
		index -= counts[i];
	}
	return false;
}

bool frames_open(const struct python *py, uint64_t addr, struct frame *ret)
{
	const struct frames_layout *f = frames_layout(py);
	uint64_t tuples[3], counts[3];

	*ret = (struct frame){.addr = addr};
	if (!f || !addr || addr % 8 || !read_ref(py, addr + (uint64_t)f->code, &ret->code) ||
	    !ret->code)
		return false;
	ret->locals = addr + (uint64_t)f->locals;
	ret->n_locals = count_names(py, f, ret->code, tuples, counts);
	return true;
}

uint64_t *frames_threads(const struct python *py, size_t *ret_n)
{
	const struct frames_layout *f = frames_layout(py);
	uint64_t *list = NULL, at;
	size_t n = 0;

	*ret_n = 0;
	if (!f || !py->interp ||
	    !remote_u64(&py->remote, py->interp + (uint64_t)py->layout->in_threads, &at))
		return NULL;
	list = mem_array(THREADS_MAX, sizeof(*list));
	while (at && at % 8 == 0 && n < THREADS_MAX) {
		uint64_t next;

		if (!remote_u64(&py->remote, at + (uint64_t)f->ts_next, &next))
			break;
		list[n++] = at;
		at = next;
	}
	*ret_n = n;
	return list;
}

static uint64_t innermost(const struct python *py, const struct frames_layout *f, uint64_t thread)
{
	uint64_t at;

	if (!remote_u64(&py->remote, thread + (uint64_t)f->ts_frame, &at))
		return 0;
	if (f->chain == FRAMES_CFRAME &&
	    (!at || !remote_u64(&py->remote, at + (uint64_t)f->cframe_current, &at)))
		return 0;
	return at;
}

struct frame *frames_read(const struct python *py, size_t most, size_t *ret_n)
{
	const struct frames_layout *f = frames_layout(py);
	struct frame *list = mem_array(most, sizeof(*list));
	size_t n_threads, n = 0;
	uint64_t *threads = frames_threads(py, &n_threads);

	for (size_t i = 0; i < n_threads; i++) {
		uint64_t at = innermost(py, f, threads[i]), id = 0, next;

		(void)remote_u64(&py->remote, threads[i] + (uint64_t)f->ts_thread_id, &id);
		while (at && at % 8 == 0 && n < most) {
			if (frames_open(py, at, &list[n]) && list[n].n_locals) {
				list[n].thread = threads[i];
				list[n++].thread_id = id;
			}
			if (!remote_u64(&py->remote, at + (uint64_t)f->previous, &next) ||
			    next == at)
				break;
			at = next;
		}
	}
	free(threads);
	*ret_n = n;
	return list;
}
