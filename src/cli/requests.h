/* What keys ask for that concerns the model and the screen alone, whatever the samples are from. */
#ifndef LT_CLI_REQUESTS_H
#define LT_CLI_REQUESTS_H

#include <stdbool.h>

#include "model/model.h"
#include "ui/ui.h"

/* false: it is the caller's. */
bool requests_do(struct model *m, struct ui *ui, const struct ui_request *r);

#endif
