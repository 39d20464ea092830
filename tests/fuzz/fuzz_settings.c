/* The settings file: any bytes of a file that its owner may have written. */
#include "config.h"
#include "fuzz.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/settings.h"
#include "util/io.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct settings settings;
	struct options options, defaults;
	int fd = memfd_create("settings", MFD_CLOEXEC);
	char path[32];

	PROMISE(fd >= 0 && io_write_all(fd, data, size) == 0 && fchmod(fd, 0600) == 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	options_defaults(&options);
	defaults = options;
	settings_read(&settings, path, &options);
	for (const char *c = settings.message; *c; c++)
		PROMISE((unsigned char)*c >= ' ' && *c != 0x7f);
	/* a name that nobody knows does not keep the rest from being used */
	if (settings.message[0] && !strstr(settings.message, ": no such setting: "))
		PROMISE(memcmp(&options, &defaults, sizeof(options)) == 0);
	PROMISE(options.delay_ns >= 100000000 && options.sort < SORT_COUNT_OF);
	PROMISE(options.look.unit < TEXT_UNITS_OF && options.max_cpu > 0);
	PROMISE(options.pid == 0 && !options.batch && !options.filter);
	settings_done(&settings);
	close(fd);
	return 0;
}
