/* A step of a recording told to a model, as the living process would have told it. */
#ifndef LT_SESSION_RETELL_H
#define LT_SESSION_RETELL_H

#include "model/model.h"
#include "session/replay.h"

/*
 * Of a step that begins a part the model must be a new one: what another process did is nothing to
 * it. Takes the step's texts as model_push() does: they may go afterwards.
 */
void retell_step(struct model *m, const struct replay_step *step);

#endif
