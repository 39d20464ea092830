/* A recording of any bytes: read to its end, played twice into a model. */
#include "config.h"
#include "fuzz.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "model/model.h"
#include "session/replay.h"
#include "session/retell.h"
#include "util/clock.h"
#include "util/io.h"
#include "util/num.h"

#define SAMPLES_MOST 200		/* of an input: a model takes its time over each */

static size_t play(struct replay *r)
{
	struct model *m = NULL;
	struct replay_step step;
	size_t n = 0;

	replay_rewind(r);
	while (n < SAMPLES_MOST && replay_next(r, &step)) {
		PROMISE(m || step.begins);
		if (step.begins) {
			model_free(m);
			m = model_new(step.target);
		}
		retell_step(m, &step);
		PROMISE(model_snapshot(m)->n_rows <= model_snapshot(m)->n_listed);
		n++;
	}
	model_free(m);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("recording", MFD_CLOEXEC);
	struct replay *r;
	char path[32];
	size_t n;

	PROMISE(fd >= 0 && io_write_all(fd, data, size) == 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	PROMISE(replay_open(path, &r, NULL) == LT_OK);
	close(fd);
	while (replay_load(r, CLOCK_NS_PER_S) != REPLAY_COMPLETE)
		;
	n = play(r);
	PROMISE(n > 0 || replay_damage(r)->code != LT_OK);
	PROMISE(play(r) == n);
	replay_free(r);
	return 0;
}
