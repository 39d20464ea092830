#include "config.h"

#include "target/legacy.h"

#include <string.h>

#include "util/mem.h"

#define WORDS	    512			/* read at once */
#define DATA_MAX    (32u << 20)		/* of one segment; libpython's have under 1 MB */
#define CHAIN_MAX   64			/* interpreters in a row */
#define LOOKS_MAX   200000		/* pointers followed; a real libpython has under 10,000 */
#define THREAD_LOOKS 20
#define USER_END    (1ull << 56)
#define INTERP_HEAD 64			/* bytes that hold every field looked at */

static uint64_t field(const unsigned char *base, int32_t at)
{
	uint64_t v;

	memcpy(&v, base + at, sizeof(v));
	return v;
}

static bool is_dict(const struct python *py, const struct layout *row, uint64_t object)
{
	uint64_t type;

	return object && object % 8 == 0 &&
	       remote_u64(&py->remote, object + (uint64_t)row->ob_type, &type) &&
	       type == py->sym.dict_type;
}

/* Its first thread is this interpreter's. */
static bool leads_back(const struct python *py, const struct layout *row, uint64_t addr,
		       uint64_t thread)
{
	uint64_t back;

	return thread && thread % 8 == 0 && thread < USER_END &&
	       remote_u64(&py->remote, thread + (uint64_t)row->ts_interp, &back) && back == addr;
}

/* The first thread may end between a look at the interpreter and one at it: then once more. */
static bool is_interpreter(const struct python *py, const struct layout *row, uint64_t addr,
			   uint64_t *ret_next)
{
	for (int i = 0; i < THREAD_LOOKS; i++) {
		unsigned char in[INTERP_HEAD];

		if (!remote_read(&py->remote, addr, in, sizeof(in)) ||
		    !is_dict(py, row, field(in, row->in_sysdict)) ||
		    !is_dict(py, row, field(in, row->in_modules)))
			return false;
		if (leads_back(py, row, addr, field(in, row->in_threads))) {
			*ret_next = field(in, row->in_next);
			return true;
		}
	}
	return false;
}

/* New interpreters are put in front (pystate.c PyInterpreterState_New): the last one is main. */
static bool last_of_chain(const struct python *py, const struct layout *row, uint64_t addr,
			  uint32_t *looks, uint64_t *ret)
{
	for (int i = 0; i < CHAIN_MAX && *looks < LOOKS_MAX; i++) {
		uint64_t next;

		++*looks;
		if (!is_interpreter(py, row, addr, &next))
			return false;
		if (next == 0) {
			*ret = addr;
			return true;
		}
		addr = next;
	}
	return false;
}

static bool scan(const struct python *py, const struct image *image, const struct elf_load *load,
		 const struct layout *row, uint32_t *looks, uint64_t *ret)
{
	uint64_t words[WORDS], last = 0;
	uint64_t at = (load->start + 7) & ~7ull, end = load->end;

	if (at > end)
		return false;
	if (end - at > DATA_MAX)
		end = at + DATA_MAX;
	while (at + 8 <= end && *looks < LOOKS_MAX) {
		size_t want = end - at < sizeof(words) ? (size_t)(end - at) : sizeof(words);
		size_t n = remote_read_some(&py->remote, at, words, want) / 8;

		for (size_t i = 0; i < n; i++) {
			uint64_t w = words[i];

			/* it is malloc'ed: aligned to 16, and not inside the object */
			if (w == 0 || w % 16 != 0 || w >= USER_END || w == last ||
			    (w >= image->elf.start && w < image->elf.end))
				continue;
			last = w;
			if (last_of_chain(py, row, w, looks, ret))
				return true;
		}
		at += want;
	}
	return false;
}

bool legacy_interpreter(const struct python *py, const struct image *image,
			const struct layout *row, uint64_t *ret)
{
	uint32_t looks = 0;

	for (size_t i = 0; i < image->elf.n_loads && looks < LOOKS_MAX; i++)
		if (image->elf.loads[i].write &&
		    scan(py, image, &image->elf.loads[i], row, &looks, ret))
			return true;
	return false;
}

bool legacy_ready(const struct python *py)
{
	uint64_t ending = 0, next;

	if (py->sym.finalizing && !remote_u64(&py->remote, py->sym.finalizing, &ending))
		return false;
	return ending == 0 && is_interpreter(py, py->layout, py->interp, &next);
}
