#include "config.h"
#include "util/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "util/mem.h"
#include "util/num.h"

char *text_clock(double t, char *buf, size_t size)
{
	time_t s;
	struct tm tm;

	buf[0] = '\0';
	if (!isfinite(t) || t <= 0 || t > 1e12)
		return buf;
	s = (time_t)t;
	if (localtime_r(&s, &tm))
		strftime(buf, size, "%H:%M:%S", &tm);
	return buf;
}

char *text_rough(double seconds, char *buf, size_t size)
{
	static const struct { double below, unit; char name; } units[] = {
		{100, 1, 's'}, {100 * 60, 60, 'm'}, {48 * 3600, 3600, 'h'}, {INFINITY, 86400, 'd'},
	};

	buf[0] = '\0';
	if (!isfinite(seconds) || seconds < 0)
		return buf;
	for (size_t i = 0; i < COUNT_OF(units); i++) {
		if (seconds >= units[i].below)
			continue;
		snprintf(buf, size, "%.0f%c", seconds / units[i].unit, units[i].name);
		break;
	}
	return buf;
}

char *text_ms(int64_t us, char *buf, size_t size)
{
	if (num_known(us))
		snprintf(buf, size, "%.*f ms", us < 99950 ? 1 : 0, (double)us / 1000);
	else
		buf[0] = '\0';
	return buf;
}

char *text_count(int64_t v, int sign, int width, char *buf, size_t size)
{
	static const char units[] = "kMGTPE";
	double x = (double)v;
	size_t u = 0;

	if (sign)
		num_signed(v, buf, size);
	else
		num_count(v, buf, size);
	if (!num_known(v) || strlen(buf) <= (size_t)width)
		return buf;
	for (x /= 1000; fabs(x) >= 999.5 && units[u + 1]; x /= 1000)
		u++;
	snprintf(buf, size, "%s%.*f%c", sign && v > 0 ? "+" : "",
		 fabs(x) < 9.995 ? 2 : fabs(x) < 99.95 ? 1 : 0, x, units[u]);
	return buf;
}

const char *text_unit_name(enum text_unit unit)
{
	static const char *const names[] = {
#define X(id, name) name,
		TEXT_UNITS(X)
#undef X
	};

	return names[unit];
}

/* "-103 179 878", all digits. */
static char *in_groups(int64_t v, int sign, char *buf, size_t size)
{
	uint64_t left = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	char *at = buf + size - 1;

	*at = '\0';
	for (int n = 0; n == 0 || left; n++, left /= 10) {
		if (n && n % 3 == 0)
			*--at = ' ';
		*--at = (char)('0' + left % 10);
	}
	if (v < 0 || (sign && v > 0))
		*--at = v < 0 ? '-' : '+';
	return at;
}

/* Rounded to the nearest. */
static int64_t in_unit(int64_t bytes, int shift)
{
	double x = (double)bytes / (double)(1LL << shift);

	return (int64_t)(x < 0 ? x - 0.5 : x + 0.5);
}

static char *in_few_digits(int64_t bytes, int sign, char *buf, size_t size)
{
	static const char marks[] = "KMGTPE";
	double x = (double)bytes;
	size_t unit = 0;

	if (!num_known(bytes) || fabs(x) < 1023.5)
		return sign ? num_ssize(bytes, buf, size) : num_size(bytes, buf, size);
	for (x /= 1024; fabs(x) >= 1023.5 && marks[unit + 1]; x /= 1024)
		unit++;
	snprintf(buf, size, "%s%.*f%c", sign && x > 0 ? "+" : "", fabs(x) < 99.95 ? 1 : 0, x,
		 marks[unit]);
	return buf;
}

double text_two_digits(double v)
{
	double step = 1;

	while (isfinite(v) && fabs(v) / step >= 99.5)
		step *= 10;
	return round(v / step) * step;
}

char *text_size(int64_t bytes, int sign, enum text_unit unit, int width, char *buf, size_t size)
{
	static const struct { const char *mark; int shift; } forms[TEXT_UNITS_OF] = {
		[TEXT_BYTES] = {"", 0}, [TEXT_KIB] = {"K", 10}, [TEXT_MIB] = {"M", 20},
	};
	char digits[40];
	int64_t v;

	if (num_known(bytes) && unit != TEXT_AUTO) {
		v = in_unit(bytes, forms[unit].shift);
		snprintf(buf, size, "%s%s", in_groups(v, sign, digits, sizeof(digits)),
			 v ? forms[unit].mark : "");
		if (strlen(buf) <= (size_t)width)
			return buf;
	}
	return in_few_digits(bytes, sign, buf, size);
}

/* The first word behind the interpreter that is no option; for -m and -c the option says enough. */
char *text_program(const char *command, char *buf, size_t size)
{
	const char *word = command + strcspn(command, " ");
	const char *slash;
	size_t len;

	for (;;) {
		word += strspn(word, " ");
		len = strcspn(word, " ");
		if (len == 0) {
			word = command;
			len = strcspn(word, " ");
			break;
		}
		if (word[0] != '-' || strncmp(word, "-m", 2) == 0 || strncmp(word, "-c", 2) == 0)
			break;
		word += len;
	}
	if (word[0] == '-') {
		snprintf(buf, size, "%s", word);
		return buf;
	}
	slash = memrchr(word, '/', len);
	if (slash && slash + 1 < word + len) {
		len -= (size_t)(slash + 1 - word);
		word = slash + 1;
	}
	snprintf(buf, size, "%.*s", (int)len, word);
	return buf;
}
