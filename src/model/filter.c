#include "config.h"
#include "model/filter.h"

#include <stdlib.h>

#include "util/mem.h"

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
	int rc;

	if (!text || !text[invert]) {
		filter_done(f);
		return true;
	}
	re = MEM_NEW(regex_t);
	rc = regcomp(re, text + invert, REG_EXTENDED | REG_ICASE | REG_NOSUB);
	if (rc) {
		(void)regerror(rc, re, msg, size);
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
