/* /proc/PID/maps. The paths in it are the target's choice. */
#include "config.h"
#include "fuzz.h"

#include <string.h>

#include "proc/maps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct maps maps = {0};
	struct lt_err err = {0};
	uint64_t floor = 0;

	if (maps_parse((const char *)data, size, &maps, &err) != LT_OK) {
		PROMISE(err.code == LT_E_BAD_DATA && maps.n == 0 && !maps.list);
		return 0;
	}
	for (size_t i = 0; i < maps.n; i++) {
		const struct map *m = &maps.list[i];

		PROMISE(m->start >= floor && m->end > m->start);
		PROMISE(strlen(m->path) <= size);
		PROMISE(maps_find(&maps, m->start) == m && maps_find(&maps, m->end - 1) == m);
		floor = m->end;
	}
	PROMISE(!maps_find(&maps, UINT64_MAX));
	maps_done(&maps);
	return 0;
}
