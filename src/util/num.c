#include "config.h"
#include "util/num.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "util/clock.h"
#include "util/mem.h"

int64_t num_delta(int64_t a, int64_t b)
{
	int64_t d;

	if (!num_known(a) || !num_known(b) || __builtin_sub_overflow(a, b, &d))
		return LT_UNKNOWN;
	return d;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

bool num_scan(const char **p, const char *end, int base, uint64_t *ret)
{
	const char *at = *p;
	uint64_t v = 0;

	for (; at < end && digit_value(*at) < base; at++)
		if (__builtin_mul_overflow(v, (uint64_t)base, &v) ||
		    __builtin_add_overflow(v, (uint64_t)digit_value(*at), &v))
			return false;
	if (at == *p)
		return false;
	*p = at;
	*ret = v;
	return true;
}

bool num_parse(const char *s, int64_t lo, int64_t hi, int64_t *ret)
{
	const char *end = s + strlen(s);
	bool minus = *s == '-';
	uint64_t u;
	int64_t v;

	s += minus;
	if (!num_scan(&s, end, 10, &u) || s != end || u > INT64_MAX)
		return false;
	v = minus ? -(int64_t)u : (int64_t)u;
	if (v < lo || v > hi)
		return false;
	*ret = v;
	return true;
}

bool num_parse_seconds(const char *s, int64_t lo_ns, int64_t hi_ns, int64_t *ret_ns)
{
	const char *end = s + strlen(s);
	uint64_t whole = 0;
	int64_t scale = CLOCK_NS_PER_S, frac = 0;
	bool digits = num_scan(&s, end, 10, &whole);

	if (whole > 1000000000)
		return false;
	if (s < end && *s == '.') {
		for (s++; s < end && digit_value(*s) < 10; s++, digits = true)
			frac += digit_value(*s) * (scale /= 10);
	}
	frac += (int64_t)whole * CLOCK_NS_PER_S;
	if (!digits || s != end || frac < lo_ns || frac > hi_ns)
		return false;
	*ret_ns = frac;
	return true;
}

bool num_parse_duration(const char *s, int64_t *ret_ns)
{
	static const struct { char unit; int64_t s; } units[] = {
		{'\0', 1}, {'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400},
	};
	const char *end = s + strlen(s);
	uint64_t v;

	if (!num_scan(&s, end, 10, &v) || v == 0 || v > 100000 || end - s > 1)
		return false;
	for (size_t i = 0; i < COUNT_OF(units); i++) {
		if (units[i].unit != *s)
			continue;
		*ret_ns = (int64_t)v * units[i].s * CLOCK_NS_PER_S;
		return true;
	}
	return false;
}

char *num_decimal(double v, int decimals, bool strip, char *buf, size_t size)
{
	int64_t scale = 1, whole, part;
	double scaled;
	int n;

	for (int i = 0; i < decimals; i++)
		scale *= 10;
	scaled = v * (double)scale;
	buf[0] = '\0';
	if (!(fabs(scaled) < 9.2e18))	/* also catches NAN */
		return buf;
	whole = (int64_t)(fabs(scaled) + 0.5);	/* libm is not everywhere */
	part = whole % scale;
	n = snprintf(buf, size, "%s%" PRId64, v < 0 && whole ? "-" : "", whole / scale);
	for (; strip && decimals && part % 10 == 0; decimals--)
		part /= 10;
	if (decimals && (size_t)n < size)
		snprintf(buf + n, size - (size_t)n, ".%0*" PRId64, decimals, part);
	return buf;
}

/* Digits in groups of three, from the right: 48213 -> "48 213". */
static char *grouped(const char *sign, uint64_t v, char *buf, size_t size)
{
	char rev[40];
	size_t n = 0, at = 0;

	for (int i = 0; i == 0 || v; i++, v /= 10) {
		if (i && i % 3 == 0)
			rev[n++] = ' ';
		rev[n++] = (char)('0' + v % 10);
	}
	at = (size_t)snprintf(buf, size, "%s", sign);
	while (n && at + 1 < size)
		buf[at++] = rev[--n];
	buf[at < size ? at : size - 1] = '\0';
	return buf;
}

/* At most four digits and a unit letter. */
static char *scaled(const char *sign, double v, double step, const char *units, char *buf,
		    size_t size)
{
	size_t u = 0;
	int digits;

	while (v >= (u ? 999.95 : step) && units[u + 1]) {
		v /= step;
		u++;
	}
	digits = v < 9.995 ? 2 : v < 999.95 ? 1 : 0;
	if (u == 0)
		snprintf(buf, size, "%s%.0f", sign, v);
	else
		snprintf(buf, size, "%s%.*f%c", sign, digits, v, units[u]);
	return buf;
}

static char *count_of(const char *sign, uint64_t v, char *buf, size_t size)
{
	if (v < 10000000)
		return grouped(sign, v, buf, size);
	return scaled(sign, (double)v, 1000, " kMGTPE", buf, size);
}

static uint64_t magnitude(int64_t v)
{
	return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

static char *blank(char *buf)
{
	buf[0] = '\0';
	return buf;
}

char *num_count(int64_t v, char *buf, size_t size)
{
	return num_known(v) ? count_of(v < 0 ? "-" : "", magnitude(v), buf, size) : blank(buf);
}

char *num_signed(int64_t v, char *buf, size_t size)
{
	const char *sign = v < 0 ? "-" : v > 0 ? "+" : "";

	return num_known(v) ? count_of(sign, magnitude(v), buf, size) : blank(buf);
}

char *num_size(int64_t v, char *buf, size_t size)
{
	const char *sign = v < 0 ? "-" : "";

	return num_known(v) ? scaled(sign, (double)magnitude(v), 1024, " KMGTPE", buf, size)
			    : blank(buf);
}

char *num_ssize(int64_t v, char *buf, size_t size)
{
	const char *sign = v < 0 ? "-" : v > 0 ? "+" : "";

	return num_known(v) ? scaled(sign, (double)magnitude(v), 1024, " KMGTPE", buf, size)
			    : blank(buf);
}

char *num_span(double seconds, char *buf, size_t size)
{
	long s;

	if (!isfinite(seconds) || seconds < 0 || seconds > 1e10)
		return blank(buf);
	s = (long)seconds;
	if (s < 60)
		snprintf(buf, size, "%lds", s);
	else if (s < 3600)
		snprintf(buf, size, "%ldm%02lds", s / 60, s % 60);
	else if (s < 86400)
		snprintf(buf, size, "%ldh%02ldm", s / 3600, s / 60 % 60);
	else
		snprintf(buf, size, "%ldd%02ldh", s / 86400, s / 3600 % 24);
	return buf;
}

char *num_rate(double per_minute, char *buf, size_t size)
{
	double a = fabs(per_minute);
	const char *sign = per_minute < 0 ? "-" : "+";

	if (!isfinite(per_minute))
		return blank(buf);
	if (a < 0.05)
		snprintf(buf, size, "0");
	else if (a < 9.95)
		snprintf(buf, size, "%s%.1f", sign, a);
	else
		count_of(sign, a < 1e18 ? (uint64_t)(a + 0.5) : (uint64_t)1e18, buf, size);
	return buf;
}
