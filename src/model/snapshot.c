#include "config.h"
#include "model/snapshot.h"

#include <string.h>

const struct holding *snapshot_holding(const struct snapshot *snap, const char *type)
{
	for (size_t i = 0; i < snap->n_holdings; i++)
		if (!strcmp(snap->holdings[i]->type, type))
			return snap->holdings[i];
	return NULL;
}
