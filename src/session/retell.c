#include "config.h"
#include "session/retell.h"

static void set_baseline(struct model *m, enum replay_base base)
{
	switch (base) {
	case REPLAY_BASE_NOW:
		model_baseline_now(m);
		break;
	case REPLAY_BASE_FIRST:
		model_baseline_first(m);
		break;
	case REPLAY_BASE_KEPT:
		break;
	}
}

/* What was asked for since the sample before comes first, what was found in this one after it. */
void retell_step(struct model *m, const struct replay_step *step)
{
	set_baseline(m, step->base);
	model_target(m, step->target);
	model_push(m, step->sample);
	for (size_t i = 0; i < step->n_lengths; i++) {
		const struct replay_lengths *l = &step->lengths[i];

		model_lengths(m, l->type, l->lengths, l->n, step->sample->mono_ns);
	}
	for (size_t i = 0; i < step->n_holdings; i++)
		model_holding(m, &step->holdings[i]);
	if (step->ended > 0)
		model_ended(m, step->ended);
}
