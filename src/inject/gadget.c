#include "config.h"
#include "inject/gadget.h"

#include <stdlib.h>
#include <string.h>

#include "inject/arch.h"
#include "util/mem.h"

#define CHUNK (256u << 10)
#define TEXT_MAX (64u << 20)

/* Address of the first match in [start, end), 0 if none. Chunks overlap by a pattern's length. */
static uint64_t find(const struct remote *r, struct python_range range,
		     const struct arch_pattern *pattern)
{
	uint8_t *chunk = mem_alloc(CHUNK);
	uint64_t found = 0;

	if (range.end - range.start > TEXT_MAX)
		range.end = range.start + TEXT_MAX;
	for (uint64_t at = range.start; at < range.end && !found; at += CHUNK - pattern->n + 1) {
		size_t want = range.end - at < CHUNK ? (size_t)(range.end - at) : CHUNK;
		size_t n = remote_read_some(r, at, chunk, want);
		const uint8_t *hit = memmem(chunk, n, pattern->bytes, pattern->n);

		if (hit)
			found = at + (uint64_t)(hit - chunk);
		if (n < want || want < CHUNK)
			break;
	}
	free(chunk);
	return found;
}

static uint64_t find_in_text(const struct python *py, const struct arch_pattern *pattern)
{
	uint64_t found = 0;

	for (size_t i = 0; i < COUNT_OF(py->text) && !found; i++)
		if (py->text[i].start)
			found = find(&py->remote, py->text[i], pattern);
	return found;
}

static uint64_t find_any(const struct python *py, const struct arch_pattern *list)
{
	uint64_t found = 0;

	for (; list->n && !found; list++)
		found = find_in_text(py, list);
	return found;
}

enum lt_errc gadgets_find(const struct python *py, struct gadgets *ret, struct lt_err *err)
{
	struct gadgets g = {
		.restore_rt = find_in_text(py, &arch_restore_rt),
		.syscall_ret = find_in_text(py, &arch_syscall_ret),
		.zero_ret = find_any(py, arch_zero_ret),
	};

	if (!g.restore_rt)
		return lt_err_set(err, LT_E_CLIB, 0, "no signal return code in its C library");
	if (!g.syscall_ret)
		return lt_err_set(err, LT_E_CLIB, 0, "no system call gadget in its C library");
	if (!py->errno_location)
		return lt_err_set(err, LT_E_CLIB, 0, "no __errno_location in its C library");
	*ret = g;
	return LT_OK;
}
