#include "config.h"
#include "output/expo.h"

#include <inttypes.h>
#include <string.h>

#include "util/clean.h"
#include "util/num.h"

static const struct { const char *name, *suffix; } types[] = {
	[EXPO_GAUGE] = {"gauge", ""},
	[EXPO_COUNTER] = {"counter", "_total"},
};

void expo_begin(struct expo *e, struct buf *out, enum expo_dialect dialect,
		struct expo_label common)
{
	*e = (struct expo){.out = out, .dialect = dialect, .common = common};
}

void expo_family(struct expo *e, const struct expo_family *family)
{
	e->family = family;
	e->described = 0;
}

/*
 * In OpenMetrics a family of counters has a name without the suffix that its values carry; the
 * older format knows no such families, and no units. An info is a gauge in both: who reads the
 * newer format as the older one (node_exporter's collector of text files) knows no type "info".
 */
static void describe(struct expo *e)
{
	const struct expo_family *f = e->family;
	bool text = e->dialect == EXPO_TEXT;
	const char *suffix = text ? types[f->type].suffix : "";

	if (e->described++)
		return;
	buf_printf(e->out, "# TYPE %s%s %s\n", f->name, suffix, types[f->type].name);
	if (f->unit && !text)
		buf_printf(e->out, "# UNIT %s %s\n", f->name, f->unit);
	buf_printf(e->out, "# HELP %s%s %s\n", f->name, suffix, f->help);
}

/* Backslash, quote and newline are escaped; what is no UTF-8 would spoil the whole page. */
static void put_value(struct buf *out, const char *s)
{
	size_t n = strlen(s);

	while (n) {
		unsigned code = 0;
		size_t len = clean_decode(s, n, &code);

		if (len == 0)
			buf_puts(out, "\xef\xbf\xbd");		/* U+FFFD */
		else if (code == '\n')
			buf_puts(out, "\\n");
		else if (code == '"' || code == '\\')
			buf_printf(out, "\\%c", (char)code);
		else
			buf_put(out, s, len);
		len = len ? len : 1;
		s += len;
		n -= len;
	}
}

static void put_label(struct buf *out, const struct expo_label *label, char *before)
{
	if (!label->value[0])
		return;
	buf_printf(out, "%c%s=\"", *before, label->name);
	put_value(out, label->value);
	buf_putc(out, '"');
	*before = ',';
}

static void put_name(struct expo *e, const struct expo_label *labels)
{
	char before = '{';

	describe(e);
	buf_printf(e->out, "%s%s", e->family->name, types[e->family->type].suffix);
	put_label(e->out, &e->common, &before);
	for (int i = 0; labels && i < EXPO_LABELS && labels[i].name; i++)
		put_label(e->out, &labels[i], &before);
	buf_puts(e->out, before == ',' ? "} " : " ");
}

void expo_int(struct expo *e, const struct expo_label *labels, int64_t v)
{
	if (!num_known(v))
		return;
	put_name(e, labels);
	buf_printf(e->out, "%" PRId64 "\n", v);
}

void expo_micros(struct expo *e, const struct expo_label *labels, int64_t micros)
{
	uint64_t a = micros < 0 ? 0 - (uint64_t)micros : (uint64_t)micros;

	if (!num_known(micros))
		return;
	put_name(e, labels);
	buf_printf(e->out, "%s%" PRIu64 ".%06" PRIu64 "\n", micros < 0 ? "-" : "", a / 1000000,
		   a % 1000000);
}

void expo_end(struct expo *e)
{
	buf_puts(e->out, "# EOF\n");
}

const char *expo_media_type(enum expo_dialect dialect)
{
	static const char *const names[] = {
		[EXPO_OPENMETRICS] =
			"application/openmetrics-text; version=1.0.0; charset=utf-8",
		[EXPO_TEXT] = "text/plain; version=0.0.4; charset=utf-8",
	};

	return names[dialect];
}
