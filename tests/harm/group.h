/* A control group of the test's own, of whichever kind the machine lets it make. */
#ifndef LT_TESTS_HARM_GROUP_H
#define LT_TESTS_HARM_GROUP_H

#include <stdbool.h>
#include <stddef.h>

struct group_kind {
	const char *parent;		/* where it is made */
	const char *file, *text;	/* what is written into it first */
};

/* The first of n kinds that can be had; its path, or NULL. It stays until group_remove(). */
const char *group_make(const struct group_kind *kinds, size_t n);
bool group_put(const char *file, const char *text);
/* Once nobody is in it any more. */
void group_remove(void);

#endif
