#include "config.h"
#include "model/filter.h"

#include <stdlib.h>

#include "util/mem.h"
#include "util/pattern.h"

void filter_done(struct filter *f)
{
	if (f->re)
		regfree(f->re);
	free(f->re);
	free(f->text);
	*f = (struct filter){0};
}

bool filter_set(struct filter *f, const char *text, char *msg, size_t size)
{
	bool invert = text && *text == '!';
	regex_t *re;

	if (!text || !text[invert]) {
		filter_done(f);
		return true;
	}
	re = MEM_NEW(regex_t);
	if (!pattern_compile(re, text + invert, msg, size)) {
		free(re);
		return false;
	}
	text = mem_strdup(text);	/* it may be our own */
	filter_done(f);
	*f = (struct filter){.text = (char *)text, .re = re, .invert = invert};
	return true;
}

bool filter_shows(const struct filter *f, const char *name)
{
	if (!f->text)
		return true;
	return (regexec(f->re, name, 0, NULL, 0) == 0) != f->invert;
}

const char *filter_text(const struct filter *f)
{
	return f->text ? f->text : "";
}
