#include "config.h"
#include "ui/keys.h"

#include "util/mem.h"

static const struct keys_row rows[] = {
#define X(id, names, bar, help, ...) {KEYS_##id, names, bar, help, {__VA_ARGS__}},
	KEYS(X)
#undef X
};

enum keys_action keys_find(int key)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		for (size_t k = 0; k < KEYS_PER_ROW && rows[i].keys[k]; k++)
			if (rows[i].keys[k] == key)
				return rows[i].action;
	return KEYS_NONE;
}

const struct keys_row *keys_row(enum keys_action action)
{
	return &rows[action - 1];
}

const struct keys_row *keys_rows(size_t *ret_n)
{
	*ret_n = COUNT_OF(rows);
	return rows;
}

void keys_print(FILE *f)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		fprintf(f, "%s\t%s\n", rows[i].names, rows[i].help);
}
