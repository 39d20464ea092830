/* Cleaning of foreign text: what comes out is fit for a terminal whatever goes in. */
#include "config.h"
#include "fuzz.h"

#include <stdbool.h>
#include <string.h>

#include "util/clean.h"
#include "util/mem.h"

static bool printable(unsigned c)
{
	return c >= 0x20 && (c < 0x7f || c >= 0xa0) && !(c >= 0x200b && c <= 0x200f) &&
	       !(c >= 0x202a && c <= 0x202e) && !(c >= 0x2066 && c <= 0x2069) && c != 0xfeff;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t sizes[] = {0, 1, 2, 4, 5, 16, 64, 4096};
	char out[4096], again[4096];

	if (size < 1)
		return 0;
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		size_t room = sizes[i], n, at = 0;

		n = clean_text(out, room, (const char *)data, size);
		if (room == 0) {
			PROMISE(n == 0);
			continue;
		}
		PROMISE(n < room && strlen(out) == n && clean_width(out) >= 0);
		while (at < n) {
			unsigned code;
			size_t len = clean_decode(out + at, n - at, &code);

			PROMISE(len > 0 && printable(code));
			at += len;
		}
		PROMISE(clean_text(again, sizeof(again), out, n) == n && !strcmp(out, again));
	}
	return 0;
}
