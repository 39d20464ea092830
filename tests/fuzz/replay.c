/*
 * Runs a fuzzer over files: its committed corpus by default, so that what was found once stays
 * found under any compiler; or the files named, as libFuzzer's own main does.
 */
#include "config.h"
#include "fuzz.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "util/buf.h"
#include "util/io.h"

#define INPUT_MAX (1u << 20)

static int ran;

static bool run_file(const char *path)
{
	struct buf b = {0};
	int rc = io_read_file(path, INPUT_MAX, &b);

	if (rc == 0) {
		fprintf(stderr, "%s\n", path);		/* the last one named is the culprit */
		(void)LLVMFuzzerTestOneInput((const uint8_t *)buf_text(&b), b.len);
		ran++;
	}
	buf_done(&b);
	return rc == 0;
}

static bool run_dir(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	bool fine = d != NULL;

	while (d && (e = readdir(d)) != NULL) {
		char path[4600];

		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (e->d_name[0] != '.')
			fine = run_file(path) && fine;
	}
	if (d)
		closedir(d);
	return fine;
}

int main(int argc, char **argv)
{
	const char *top = getenv("LT_SRCDIR"), *name = strrchr(argv[0], '/');
	bool fine = true;
	char dir[4200];

	name = name ? name + 1 : argv[0];
	name = strncmp(name, "fuzz_", 5) == 0 ? name + 5 : name;
	for (int i = 1; i < argc; i++)
		fine = run_file(argv[i]) && fine;
	if (argc > 1)
		return fine ? 0 : 1;
	snprintf(dir, sizeof(dir), "%s/tests/fuzz/corpus/%s", top ? top : ".", name);
	fine = (LLVMFuzzerTestOneInput((const uint8_t *)"", 0), run_dir(dir)) && ran > 0;
	printf("1..1\n%s 1 - the_corpus_of_%s_is_taken_without_a_complaint\n",
	       fine ? "ok" : "not ok", name);
	printf("# %d inputs\n", ran);
	return fine ? 0 : 1;
}
