#include "config.h"
#include "output/jsonw.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "util/clean.h"
#include "util/mem.h"
#include "util/num.h"

void jsonw_begin(struct jsonw *j, struct buf *out)
{
	*j = (struct jsonw){.out = out};
}

static void put_escaped(struct buf *out, const char *at, size_t len, unsigned code)
{
	static const struct { unsigned code; const char *text; } names[] = {
		{'"', "\\\""}, {'\\', "\\\\"}, {'\b', "\\b"}, {'\f', "\\f"},
		{'\n', "\\n"}, {'\r', "\\r"}, {'\t', "\\t"},
	};

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if (names[i].code == code) {
			buf_puts(out, names[i].text);
			return;
		}
	}
	if (code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029)
		buf_printf(out, "\\u%04x", code);
	else
		buf_put(out, at, len);
}

static void put_text(struct buf *out, const char *s)
{
	size_t n = strlen(s);

	buf_putc(out, '"');
	while (n) {
		unsigned code = 0;
		size_t len = clean_decode(s, n, &code);

		if (len)
			put_escaped(out, s, len, code);
		else
			buf_puts(out, "\\ufffd");
		len = len ? len : 1;
		s += len;
		n -= len;
	}
	buf_putc(out, '"');
}

/* The comma before and the key of the value that follows. */
static void lead(struct jsonw *j, const char *key)
{
	if (j->comma)
		buf_putc(j->out, ',');
	j->comma = true;
	if (!key)
		return;
	put_text(j->out, key);
	buf_putc(j->out, ':');
}

static void open_with(struct jsonw *j, const char *key, char bracket)
{
	lead(j, key);
	buf_putc(j->out, bracket);
	j->comma = false;
}

static void close_with(struct jsonw *j, char bracket)
{
	buf_putc(j->out, bracket);
	j->comma = true;
}

void jsonw_object(struct jsonw *j, const char *key)
{
	open_with(j, key, '{');
}

void jsonw_object_end(struct jsonw *j)
{
	close_with(j, '}');
}

void jsonw_array(struct jsonw *j, const char *key)
{
	open_with(j, key, '[');
}

void jsonw_array_end(struct jsonw *j)
{
	close_with(j, ']');
}

void jsonw_null(struct jsonw *j, const char *key)
{
	lead(j, key);
	buf_puts(j->out, "null");
}

void jsonw_bool(struct jsonw *j, const char *key, bool v)
{
	lead(j, key);
	buf_puts(j->out, v ? "true" : "false");
}

void jsonw_int(struct jsonw *j, const char *key, int64_t v)
{
	if (!num_known(v)) {
		jsonw_null(j, key);
		return;
	}
	lead(j, key);
	buf_printf(j->out, "%" PRId64, v);
}

static void put_decimal(struct jsonw *j, const char *key, double v, int decimals, bool strip)
{
	char text[32];

	if (!*num_decimal(v, decimals, strip, text, sizeof(text))) {
		jsonw_null(j, key);
		return;
	}
	lead(j, key);
	buf_puts(j->out, text);
}

void jsonw_real(struct jsonw *j, const char *key, double v)
{
	put_decimal(j, key, v, 6, true);
}

void jsonw_time(struct jsonw *j, const char *key, double wall_s)
{
	put_decimal(j, key, wall_s, 3, false);
}

void jsonw_string(struct jsonw *j, const char *key, const char *s)
{
	if (!s) {
		jsonw_null(j, key);
		return;
	}
	lead(j, key);
	put_text(j->out, s);
}
