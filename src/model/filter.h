/*
 * Which type names are shown: a POSIX extended regular expression, case-insensitive, where a '!'
 * in front inverts it. Embedded: zero it to begin (shows all), filter_done() to end.
 */
#ifndef LT_MODEL_FILTER_H
#define LT_MODEL_FILTER_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

struct filter {
	char *text;		/* owned; NULL: all are shown */
	regex_t *re;		/* owned; compiled where text is set */
	bool invert;
};

void filter_done(struct filter *f);
/* NULL, "" and a lone "!" show all. false and *msg where text is wrong: f is as it was. */
bool filter_set(struct filter *f, const char *text, char *msg, size_t size);
bool filter_shows(const struct filter *f, const char *name);
const char *filter_text(const struct filter *f);	/* "" none; borrowed until filter_set */

#endif
