#include "config.h"
#include "util/clean.h"

#include <stdbool.h>
#include <string.h>

#include "util/mem.h"

size_t clean_decode(const char *s, size_t n, unsigned *ret_code)
{
	static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char c = n ? (unsigned char)s[0] : 0xff;
	size_t len = c < 0x80 ? 1 : c >> 5 == 6 ? 2 : c >> 4 == 14 ? 3 : c >> 3 == 30 ? 4 : 0;
	unsigned code = len == 1 ? c : len ? c & (0x7fU >> len) : 0;

	if (len == 0 || len > n)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | ((unsigned char)s[i] & 0x3f);
	}
	if (code < least[len] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	*ret_code = code;
	return len;
}

static bool forbidden(unsigned c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff0 && c <= 0xffff) ||
	       c >= 0xe0000;
}

size_t clean_text(char *dst, size_t size, const char *src, size_t n)
{
	size_t out = 0, room = 0, at = 0;	/* room: where "..." may start */

	if (size == 0)
		return 0;
	n = strnlen(src, n);
	while (at < n) {
		unsigned code;
		size_t len = clean_decode(src + at, n - at, &code);
		bool bad = len == 0 || forbidden(code);
		size_t put = bad ? 1 : len;

		if (out + put >= size)
			break;
		if (bad)
			dst[out] = '?';
		else
			memcpy(dst + out, src + at, len);
		out += put;
		at += len ? len : 1;
		if (out + 3 < size)
			room = out;
	}
	if (at < n && size > 3) {
		memcpy(dst + room, "...", 3);
		out = room + 3;
	}
	dst[out] = '\0';
	return out;
}

static int char_width(unsigned c)
{
	static const struct { unsigned lo, hi; } wide[] = {	/* East Asian Wide, coarse */
		{0x1100, 0x115f}, {0x2e80, 0x303e}, {0x3041, 0xa4cf}, {0xac00, 0xd7a3},
		{0xf900, 0xfaff}, {0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0xffe0, 0xffe6},
		{0x1f300, 0x1f64f}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
	};

	if ((c >= 0x300 && c <= 0x36f) || (c >= 0xfe00 && c <= 0xfe0f))
		return 0;
	for (size_t i = 0; i < COUNT_OF(wide); i++)
		if (c >= wide[i].lo && c <= wide[i].hi)
			return 2;
	return 1;
}

int clean_width(const char *s)
{
	size_t n = strlen(s);
	int width = 0;

	while (n) {
		unsigned code = 0;
		size_t len = clean_decode(s, n, &code);

		width += len ? char_width(code) : 1;
		len = len ? len : 1;
		s += len;
		n -= len;
	}
	return width;
}
