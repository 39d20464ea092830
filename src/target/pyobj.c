#include "config.h"

#include "target/pyobj.h"

#include <string.h>

#include "util/clean.h"
#include "util/mem.h"

/* Subclass bits of tp_flags: Include/object.h, the same in 2.7 and every 3.x. */
#define FLAG_INT     (1ul << 23)	/* 2.7 only */
#define FLAG_LONG    (1ul << 24)
#define FLAG_STRING  (1ul << 27)	/* 2.7's str; bytes in 3.x */
#define FLAG_UNICODE (1ul << 28)
#define FLAG_DICT    (1ul << 29)

#define TEXT_CHARS   1024		/* characters of a str that are looked at */
#define STR_READ     512		/* header and, mostly, all characters in one read */
#define HEAD_READ    64			/* of an int or dict */
#define ENTRIES_MAX  (1u << 16)		/* of a dict: sys, sys.modules, a type's */
#define ENTRIES_READ 64			/* at once */
#define ENTRIES_END  256		/* at either end, where only those are looked at */

static uint64_t u64_at(const unsigned char *p, int32_t at)
{
	uint64_t v;

	memcpy(&v, p + at, sizeof(v));
	return v;
}

static uint32_t u32_at(const unsigned char *p, int32_t at)
{
	uint32_t v;

	memcpy(&v, p + at, sizeof(v));
	return v;
}

/* Is `type` the type itself (no read) or a subclass by its flag? */
static bool is_kind(const struct python *py, uint64_t type, uint64_t exact, uint64_t flag)
{
	uint64_t flags;

	if (exact && type == exact)
		return true;
	return type && type % 8 == 0 &&
	       remote_u64(&py->remote, type + (uint64_t)py->layout->tp_flags, &flags) &&
	       (flags & flag);
}

bool pyobj_type(const struct python *py, uint64_t addr, uint64_t *ret)
{
	return addr && remote_u64(&py->remote, addr + (uint64_t)py->layout->ob_type, ret);
}

uint32_t pyobj_refs(const struct remote *r, uint64_t addr, uint64_t type)
{
	uint64_t head[2];

	return remote_read(r, addr, head, sizeof(head)) && head[1] == type ? (uint32_t)head[0] : 0;
}

/* Where the characters of a str are and how wide; `head` holds its first `got` bytes. */
struct chars {
	uint64_t addr, length;
	unsigned width;
};

static bool find_chars(const struct python *py, uint64_t addr, const unsigned char *head,
		       struct chars *ret)
{
	const struct layout *l = py->layout;
	uint64_t type = u64_at(head, l->ob_type);
	uint32_t state;

	ret->length = u64_at(head, l->unicode_length);
	if (l->unicode_state == LAYOUT_NONE) {		/* 2.7: str is bytes */
		ret->addr = addr + (uint64_t)l->unicode_ascii_data;
		ret->width = 1;
		return is_kind(py, type, py->sym.string_type, FLAG_STRING) &&
		       ret->length <= INT32_MAX;
	}
	if (!is_kind(py, type, py->sym.unicode_type, FLAG_UNICODE) || ret->length > INT32_MAX)
		return false;
	state = u32_at(head, l->unicode_state);
	ret->width = state >> l->unicode_kind_shift & 7;
	if (!(state >> l->unicode_compact_shift & 1))	/* a subclass, or an old str */
		ret->addr = u64_at(head, l->unicode_compact_data);
	else if (state >> l->unicode_ascii_shift & 1)
		ret->addr = addr + (uint64_t)l->unicode_ascii_data;
	else
		ret->addr = addr + (uint64_t)l->unicode_compact_data;
	return ret->width == 1 || ret->width == 2 || ret->width == 4;
}

static size_t put_utf8(char *dst, uint32_t c)
{
	if (c < 0x80) {
		dst[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		dst[0] = (char)(0xc0 | c >> 6);
		dst[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		dst[0] = (char)(0xe0 | c >> 12);
		dst[1] = (char)(0x80 | (c >> 6 & 0x3f));
		dst[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	dst[0] = (char)(0xf0 | (c >> 18 & 7));
	dst[1] = (char)(0x80 | (c >> 12 & 0x3f));
	dst[2] = (char)(0x80 | (c >> 6 & 0x3f));
	dst[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* Characters of 1, 2 or 4 bytes to UTF-8; what is no character is clean_text's to replace. */
static size_t to_utf8(const struct python *py, char *dst, const unsigned char *src, size_t n,
		      unsigned width)
{
	size_t out = 0;

	if (py->layout->unicode_state == LAYOUT_NONE) {
		memcpy(dst, src, n);
		return n;
	}
	for (size_t i = 0; i < n; i++) {
		uint32_t c = 0;

		memcpy(&c, src + i * width, width);	/* little endian, as the targets are */
		out += put_utf8(dst + out, c);
	}
	return out;
}

bool pyobj_text(const struct python *py, uint64_t addr, char *dst, size_t size)
{
	unsigned char head[STR_READ], wide[TEXT_CHARS * 4];
	char text[TEXT_CHARS * 4];
	const unsigned char *src = wide;
	struct chars c;
	size_t got, n, bytes;

	if (!addr || addr % 8)
		return false;
	got = remote_read_some(&py->remote, addr, head, sizeof(head));
	if (got < sizeof(head))
		memset(head + got, 0, sizeof(head) - got);
	if (got < (size_t)py->layout->ob_size || !find_chars(py, addr, head, &c))
		return false;
	n = c.length < TEXT_CHARS ? (size_t)c.length : TEXT_CHARS;
	bytes = n * c.width;
	if (c.addr >= addr && c.addr - addr <= got && bytes <= got - (c.addr - addr))
		src = head + (c.addr - addr);
	else if (!remote_read(&py->remote, c.addr, wide, bytes))
		return false;
	clean_text(dst, size, text, to_utf8(py, text, src, n, c.width));
	return true;
}

/* Digits of 30 bits, least first (the only size of an LP64 build; sys.hexversion proves it). */
static bool join_digits(const unsigned char *digits, uint64_t count, bool negative, int64_t *ret)
{
	unsigned __int128 v = 0;

	if (count > 3)
		return false;
	for (uint64_t i = count; i-- > 0;)
		v = v << 30 | (u32_at(digits, (int32_t)i * 4) & 0x3fffffff);
	if (v > INT64_MAX)
		return false;
	*ret = negative ? -(int64_t)v : (int64_t)v;
	return true;
}

bool pyobj_int(const struct python *py, uint64_t addr, int64_t *ret)
{
	const struct layout *l = py->layout;
	unsigned char head[HEAD_READ];
	size_t got;
	int64_t tag;
	uint64_t type;

	if (!addr || addr % 8)
		return false;
	got = remote_read_some(&py->remote, addr, head, sizeof(head));
	if (got < (size_t)l->ob_size + 8)
		return false;
	memset(head + got, 0, sizeof(head) - got);
	type = u64_at(head, l->ob_type);
	tag = (int64_t)u64_at(head, l->ob_size);
	if (py->sym.int_type && is_kind(py, type, py->sym.int_type, FLAG_INT)) {
		*ret = tag;				/* 2.7: PyIntObject.ob_ival */
		return true;
	}
	if (!is_kind(py, type, py->sym.long_type, FLAG_LONG))
		return false;
	if (l->integer == LAYOUT_INT_LVTAG)		/* sign: 0 plus, 1 zero, 2 minus */
		return join_digits(head + l->int_digits, (uint64_t)tag >> 3, (tag & 3) == 2, ret);
	return join_digits(head + l->int_digits, tag < 0 ? -(uint64_t)tag : (uint64_t)tag,
			   tag < 0, ret);
}

static bool entries_27(const struct layout *l, const unsigned char *dict, struct pyobj_entries *ret)
{
	ret->n = u64_at(dict, l->dict_mask) + 1;
	ret->addr = u64_at(dict, l->dict_keys);
	ret->size = 24;			/* hash, key, value; empty slots have no value */
	ret->key = 8;
	return true;
}

/* 3.6-3.10: {refcnt, size, lookup, usable, nentries, indices[]}, entries behind the indices */
static bool entries_36(const struct python *py, uint64_t keys, struct pyobj_entries *ret)
{
	uint64_t k[5], width;

	if (!remote_read(&py->remote, keys, k, sizeof(k)) || k[1] == 0 || k[1] > 1ull << 32)
		return false;
	width = k[1] <= 0xff ? 1 : k[1] <= 0xffff ? 2 : 4;	/* DK_IXSIZE: dictobject.c */
	ret->addr = keys + sizeof(k) + k[1] * width;
	ret->n = k[4];
	ret->size = 24;
	ret->key = 8;
	return true;
}

/* 3.11+: {refcnt, u8 log2_size, u8 log2_index_bytes, u8 kind, version, usable, nentries, ...} */
static bool entries_311(const struct python *py, uint64_t keys, struct pyobj_entries *ret)
{
	unsigned char k[32];

	if (!remote_read(&py->remote, keys, k, sizeof(k)) || k[9] > 36)
		return false;
	ret->addr = keys + sizeof(k) + (1ull << k[9]);
	ret->n = u64_at(k, 0x18);
	ret->size = k[10] == 0 ? 24 : 16;	/* DICT_KEYS_GENERAL keeps the hash */
	ret->key = k[10] == 0 ? 8 : 0;
	return true;
}

bool pyobj_dict_open(const struct python *py, uint64_t dict, struct pyobj_entries *ret)
{
	const struct layout *l = py->layout;
	unsigned char head[0x30];
	bool ok;

	*ret = (struct pyobj_entries){0};
	if (!dict || dict % 8 || !remote_read(&py->remote, dict, head, sizeof(head)) ||
	    !is_kind(py, u64_at(head, l->ob_type), py->sym.dict_type, FLAG_DICT))
		return false;
	if (l->dict == LAYOUT_DICT_27)
		ok = entries_27(l, head, ret);
	else if (l->dict == LAYOUT_DICT_36)
		ok = entries_36(py, u64_at(head, l->dict_keys), ret);
	else
		ok = entries_311(py, u64_at(head, l->dict_keys), ret);
	ret->used = u64_at(head, l->ob_size);
	ret->table = u64_at(head, l->dict_keys);
	if (l->dict_values != LAYOUT_NONE && u64_at(head, l->dict_values))
		ret->values = u64_at(head, l->dict_values) + (uint64_t)l->dict_first_value;
	return ok && ret->n < 1ull << 40;
}

bool pyobj_keys_open(const struct python *py, uint64_t keys, struct pyobj_entries *ret)
{
	*ret = (struct pyobj_entries){.table = keys};
	if (!keys || keys % 8 || py->layout->dict == LAYOUT_DICT_27)
		return false;
	return (py->layout->dict == LAYOUT_DICT_36 ? entries_36(py, keys, ret)
						   : entries_311(py, keys, ret)) &&
	       ret->n < 1ull << 40;
}

bool pyobj_dict_entry(const struct python *py, const struct pyobj_entries *e, uint64_t i,
		      uint64_t *ret_key, uint64_t *ret_value)
{
	uint64_t pair[2];

	if (i >= e->n ||
	    !remote_read(&py->remote, e->addr + i * e->size + e->key, pair, sizeof(pair)))
		return false;
	if (e->values && !remote_u64(&py->remote, e->values + i * 8, &pair[1]))
		return false;
	*ret_key = pair[0];
	*ret_value = pair[1];
	return true;
}

/* Is the object an ASCII str equal to key? One read. */
static bool key_is(const struct python *py, uint64_t addr, const char *key, size_t n)
{
	const struct layout *l = py->layout;
	unsigned char head[128];
	size_t need = (size_t)l->unicode_ascii_data + n;
	struct chars c;

	if (!addr || addr % 8 || need > sizeof(head) ||
	    !remote_read(&py->remote, addr, head, need))
		return false;
	if (u64_at(head, l->unicode_length) != n || !find_chars(py, addr, head, &c))
		return false;
	return c.width == 1 && c.addr == addr + (uint64_t)l->unicode_ascii_data &&
	       memcmp(head + l->unicode_ascii_data, key, n) == 0;
}

/* The value under key among the entries [from, to); one read for each. */
static bool search(const struct python *py, const struct pyobj_entries *e, uint64_t from,
		   uint64_t to, const char *key, uint64_t *ret)
{
	unsigned char part[ENTRIES_READ * 24];
	size_t n = strlen(key);

	for (uint64_t i = from; i < to; i++) {
		unsigned at = (unsigned)((i - from) % ENTRIES_READ) * e->size;
		uint64_t left = to - i, value;

		if (at == 0 && !remote_read(&py->remote, e->addr + i * e->size, part,
					    (size_t)(left < ENTRIES_READ ? left : ENTRIES_READ) *
					    e->size))
			return false;
		value = u64_at(part + at, (int32_t)e->key + 8);
		if ((!value && !e->values) ||
		    !key_is(py, u64_at(part + at, (int32_t)e->key), key, n))
			continue;
		if (e->values && !remote_u64(&py->remote, e->values + i * 8, &value))
			return false;
		if (value)
			*ret = value;
		return value != 0;
	}
	return false;
}

bool pyobj_dict_get(const struct python *py, uint64_t dict, const char *key, uint64_t *ret)
{
	struct pyobj_entries e;

	return pyobj_dict_open(py, dict, &e) && e.n <= ENTRIES_MAX &&
	       search(py, &e, 0, e.n, key, ret);
}

bool pyobj_dict_ends(const struct python *py, uint64_t dict, const char *key, uint64_t *ret)
{
	struct pyobj_entries e;

	if (!pyobj_dict_open(py, dict, &e) || e.n > ENTRIES_MAX)
		return false;
	if (py->layout->dict == LAYOUT_DICT_27 || e.n <= 2 * ENTRIES_END)
		return search(py, &e, 0, e.n, key, ret);
	return search(py, &e, 0, ENTRIES_END, key, ret) ||
	       search(py, &e, e.n - ENTRIES_END, e.n, key, ret);
}
