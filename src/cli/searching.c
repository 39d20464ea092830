#include "config.h"
#include "cli/searching.h"

#include "model/searches.h"
#include "session/search.h"
#include "util/clock.h"

#define LAST_CPU_NS (5 * CLOCK_NS_PER_S)	/* of one type, when a batch ends */
#define LAST_ALL_NS (20 * CLOCK_NS_PER_S)	/* of time: a busy machine leaves little CPU */

int64_t searching_due_ns(struct session *s)
{
	struct search *search = session_search(s);

	return search ? search_due_ns(search) : SEARCH_IDLE;
}

static void tell(struct search *search, struct model *m)
{
	const struct holding_search *now = search_now(search);

	model_searching(m, now->type[0] ? now : NULL);
}

static bool step(struct search *search, struct model *m)
{
	struct search_found found;
	bool ended = search_step(search, &found);

	if (ended && found.holding)
		model_holding(m, found.holding);
	if (ended && found.growing)
		model_growing(m, found.growing);
	tell(search, m);
	return ended;
}

static bool begin_next(struct search *search, struct model *m, bool last)
{
	const char *type = model_wants_search(m, clock_mono_ns(), last);

	if (type)
		search_begin(search, type, false);
	else if (!last)
		search_begin_growing(search);
	return type != NULL;
}

bool searching_advance(struct session *s, struct model *m)
{
	struct search *search = session_search(s);
	bool ended;

	if (!search) {
		model_searching(m, NULL);
		return false;
	}
	if (search_due_ns(search) > clock_mono_ns())
		return false;
	ended = step(search, m);
	if (ended && search_rested(search, clock_mono_ns()))
		(void)begin_next(search, m, false);
	return ended;
}

void searching_sample(struct session *s, struct model *m, int64_t mono_ns)
{
	struct search *search = session_search(s);
	int64_t lengths[HOLDING_PATHS];
	const char *type;
	size_t n;

	if (!search)
		return;
	for (size_t i = 0; (type = search_lengths(search, i, lengths, &n)) != NULL; i++)
		model_lengths(m, type, lengths, n, mono_ns);
	if (search_due_ns(search) == SEARCH_IDLE && search_rested(search, clock_mono_ns()))
		(void)begin_next(search, m, false);
	tell(search, m);
}

void searching_ask(struct session *s, struct model *m, const char *type)
{
	struct search *search = session_search(s);

	if (!search)
		return;
	search_begin(search, type, true);
	tell(search, m);
}

void searching_stop(struct session *s, struct model *m)
{
	struct search *search = session_search(s);

	if (search)
		search_stop(search);
	model_searching(m, NULL);
}

/* Nobody waits at a screen: no rests. */
void searching_last(struct session *s, struct model *m, bool (*stop)(void *arg), void *arg)
{
	struct search *search = session_search(s);
	int64_t last = clock_mono_ns() + LAST_ALL_NS;
	bool ended = true;

	for (int i = 0; search && ended && i < SEARCHES_TYPES; i++) {
		int64_t cpu = clock_cpu_ns();

		if (search_due_ns(search) == SEARCH_IDLE && !begin_next(search, m, true))
			break;
		for (ended = false; !ended && !stop(arg) && clock_mono_ns() < last &&
				    clock_cpu_ns() - cpu < LAST_CPU_NS;)
			ended = step(search, m);
	}
	searching_stop(s, m);
}
