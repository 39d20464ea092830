#include "config.h"
#include "cli/failon.h"

#include "cli/complain.h"

#define STATUS_FOUND 10

/*
 * --fail-on: native growth has no confirmed leak behind it, it counts as a suspect. Without any
 * verdict a test must not pass as if there had been a good one.
 */
int failon_status(const struct options *options, const struct snapshot *snap)
{
	const struct outcome *v = &snap->verdict;
	enum ratchet_word word = v->word;
	struct lt_err err;

	if (options->fail_on == RATCHET_EARLY)
		return 0;
	if (v->leaking && word > RATCHET_SUSPECT)
		word = RATCHET_SUSPECT;
	if (word == RATCHET_EARLY) {
		lt_err_set(&err, LT_E_NO_VERDICT, 0, "%lld of %lld",
			   (long long)(snap->samples - snap->gaps), (long long)snap->samples);
		return complain(&err);
	}
	return word <= options->fail_on ? STATUS_FOUND : 0;
}
