#include "config.h"
#include "session/collect.h"

#include <poll.h>

#include "util/clock.h"
#include "util/num.h"

#define BEGIN_NS (30 * CLOCK_NS_PER_S)	/* for a walk that is under way to end ... */
#define WAIT_NS	 (30 * CLOCK_NS_PER_S)	/* ... and for the main thread to come by */

void collect_ask(struct collect *c)
{
	if (!c->wanted)
		*c = (struct collect){
			.wanted = true, .give_up_ns = clock_mono_ns() + BEGIN_NS,
		};
}

static bool over(struct collect *c, struct sample_collect *ret)
{
	c->wanted = c->begun = false;
	ret->t = clock_wall_s();
	ret->mono_ns = clock_mono_ns();
	return true;
}

static bool begin(struct collect *c, struct census *census, struct sample_collect *ret)
{
	enum lt_errc rc = census_collect_begin(census, WAIT_NS, &ret->err);

	c->begun = rc == LT_OK;
	return rc != LT_OK && (rc != LT_E_BUSY || clock_mono_ns() > c->give_up_ns) &&
	       over(c, ret);
}

bool collect_advance(struct collect *c, struct census *census, struct sample_collect *ret)
{
	struct pollfd fd = {.events = POLLIN};
	struct census_collected got;

	*ret = (struct sample_collect){
		.unreachable = LT_UNKNOWN, .took_us = LT_UNKNOWN,
		.objects_before = LT_UNKNOWN, .objects_after = LT_UNKNOWN,
		.rss_before = LT_UNKNOWN, .rss_after = LT_UNKNOWN,
	};
	if (!c->wanted)
		return false;
	if (!c->begun)
		return begin(c, census, ret);
	fd.fd = census_collect_fd(census);
	if (fd.fd >= 0 && poll(&fd, 1, 0) <= 0)
		return false;
	if (fd.fd < 0) {		/* given up with all else that was under way */
		lt_err_set(&ret->err, LT_E_TIMEOUT, 0, "it was abandoned");
		return over(c, ret);
	}
	census_collect_end(census, &got);
	ret->err = got.cost.err;
	ret->unreachable = got.unreachable;
	ret->took_us = num_known(got.took_ns) ? got.took_ns / 1000 : LT_UNKNOWN;
	return over(c, ret);
}
