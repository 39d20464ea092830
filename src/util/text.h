/* Figures as the screen writes them, beyond util/num. All return buf. */
#ifndef LT_UTIL_TEXT_H
#define LT_UTIL_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Wall seconds -> "14:14:52", local time; "" where t is 0 or not finite. */
char *text_clock(double t, char *buf, size_t size);

/* Seconds in one unit, rounded: "45s", "10m", "2h", "3d"; "" where not finite. */
char *text_rough(double seconds, char *buf, size_t size);

/* Microseconds -> "1.2 ms", "" where unknown. */
char *text_ms(int64_t us, char *buf, size_t size);

/*
 * A count in at most `width` columns: grouped digits where they fit ("1 204 331"), else rounded
 * ("1.20M"). sign: write a '+'. LT_UNKNOWN gives "".
 */
char *text_count(int64_t v, int sign, int width, char *buf, size_t size);

/* Two digits are enough of what is an estimate: 5410.2 -> 5400. */
double text_two_digits(double v);

/* X(ID, name on the screen) */
#define TEXT_UNITS(X) X(AUTO, "by size") X(BYTES, "B") X(KIB, "KiB") X(MIB, "MiB")

enum text_unit {
#define X(id, name) TEXT_##id,
	TEXT_UNITS(X)
#undef X
	TEXT_UNITS_OF
};

const char *text_unit_name(enum text_unit unit);
/*
 * Bytes in that unit ("98 412K"), or with a unit of their size where that is AUTO or takes more
 * than `width` columns: "96.1M", "793K", few digits, for each that changes is bytes on the line and
 * a flicker. sign: write a '+'. LT_UNKNOWN gives "".
 */
char *text_size(int64_t bytes, int sign, enum text_unit unit, int width, char *buf, size_t size);

/* The program's own name in a command line: "python3 -u /srv/api/app.py --port 1" -> "app.py". */
char *text_program(const char *command, char *buf, size_t size);

#endif
