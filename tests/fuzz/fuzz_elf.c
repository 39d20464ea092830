/* An ELF object in the target's memory, and the loader's list of them. */
#include "config.h"
#include "fuzz.h"

#include <stdlib.h>

#include "memory.h"
#include "target/elf.h"
#include "target/image.h"
#include "util/mem.h"

#define READS_MOST 20000u	/* of all of this; a real libpython needs under 20 a symbol */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"malloc", "PyGILState_Ensure", "_PyRuntime", "a", ""};
	struct remote r = {.pid = 1};
	struct elf e;
	size_t n;

	memory_set(data, size, size);
	if (elf_open(&r, MEMORY_BASE, &e) == ELF_64) {
		struct image image = {.elf = e};
		struct images images = {.list = &image, .n = 1, .exe = &image};

		PROMISE(e.n_loads > 0 && e.n_loads <= ELF_LOADS_MAX && e.end > e.start);
		for (size_t i = 0; i < COUNT_OF(names); i++) {
			uint64_t at = elf_address(&e, names[i]);

			PROMISE(!at || (at >= e.start && at < e.end));
		}
		free(images_order(&images, &n));
		PROMISE(n == 1);
	}
	PROMISE(memory_reads() < READS_MOST);
	return 0;
}
