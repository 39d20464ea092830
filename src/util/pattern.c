#include "config.h"
#include "util/pattern.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "util/num.h"

#define COPIES_MAX 4096		/* of the smallest part, where all repetitions are in each other */

/* The largest number in "{2,30}", behind the brace. */
static uint64_t most_of(const char *s)
{
	const char *end = s + strcspn(s, "}");
	uint64_t most = 1, n;

	while (s < end)
		if (num_scan(&s, end, 10, &n))
			most = n > most ? n : most;
		else
			s++;		/* a comma, or more digits than regcomp() takes */
	return most < COPIES_MAX ? most : COPIES_MAX;
}

/*
 * How often regcomp() may copy a part, or take it while it looks for what can be left out ("a????"
 * with a '+' behind took seconds for 50 of them); a '+' in brackets counts too.
 */
static bool repeats_much(const char *s)
{
	uint64_t copies = 1;

	for (; *s && copies <= COPIES_MAX; s++) {
		if (*s == '\\' && s[1])
			s++;
		else if (*s == '+' || *s == '*' || *s == '?')
			copies *= 2;
		else if (*s == '{')
			copies *= 1 + most_of(s + 1);
	}
	return copies > COPIES_MAX;
}

static bool refers_back(const char *s)
{
	for (; *s; s++)
		if (*s == '\\' && s[1] && *++s >= '1' && *s <= '9')
			return true;
	return false;
}

bool pattern_compile(regex_t *ret, const char *text, char *msg, size_t size)
{
	const char *refused = repeats_much(text) ? "It repeats too much" :
			      refers_back(text) ? "It refers back" : NULL;
	int rc;

	if (refused) {
		snprintf(msg, size, "%s", refused);
		return false;
	}
	rc = regcomp(ret, text, REG_EXTENDED | REG_ICASE | REG_NOSUB);
	if (rc)
		(void)regerror(rc, ret, msg, size);
	return rc == 0;
}
