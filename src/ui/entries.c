#include "config.h"
#include "ui/entries.h"

#include <string.h>

const char *entries_find(const char *term)
{
	for (size_t i = 0; entries_rows[i].term; i++)
		if (strcmp(entries_rows[i].term, term) == 0)
			return entries_rows[i].value;
	return NULL;
}
