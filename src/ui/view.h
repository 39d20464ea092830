/*
 * A view is a table of operations and the size of its private state. The screen keeps a stack of
 * them: the table of types below, help or a list over it. A view draws from the snapshot and its
 * state alone, and answers keys with requests; it knows neither the terminal nor the model.
 */
#ifndef LT_UI_VIEW_H
#define LT_UI_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "model/cells.h"
#include "model/processes.h"
#include "model/snapshot.h"
#include "ui/canvas.h"
#include "ui/keys.h"
#include "ui/tags.h"
#include "ui/ui.h"
#include "util/text.h"

/* What the views share; owned by the screen. */
struct view_ctx {
	double now;			/* wall seconds */
	double delay_s;
	bool sampling;			/* a sample is under way */
	bool paused;
	bool ascii;			/* no block characters */
	enum snapshot_sort sort;	/* last asked for: it may be newer than the rows */
	bool reversed;
	bool values;			/* show the values of keys in paths */
	char about[256];		/* the type that a view over the table is about */
	char message[320];		/* for the user, until the next key; "" none */
	char state[200];		/* of the replay or of the recording; "" none */
	bool state_alert;		/* ... is one to act on */
	bool replay;			/* of a recording */
	bool readonly;			/* --readonly */
	char plain[512];		/* what view_plain shows */
	pid_t successor;		/* of a target that ended, which r watches; 0: none */
	const struct processes *processes;	/* NULL: a process is watched */
	enum text_unit unit;		/* of sizes in the table */
	bool blank_zeros;
	struct tags tags;
	struct cells_choice columns;	/* n 0: as many as there is room for */
};

enum view_result {
	VIEW_IGNORED,			/* not my key: the screen's own actions are tried */
	VIEW_DONE,			/* taken; ret may hold a request */
	VIEW_CLOSE,			/* the same, and this view is left */
	VIEW_OPEN,			/* the same, and the view of this action is opened on the
					 * type in ret->text */
};

enum view_find {
	FIND_BEGIN,			/* remember where the cursor is */
	FIND_HERE,			/* the first match from there on, itself included */
	FIND_NEXT, FIND_PREVIOUS,	/* from the cursor on, around the end */
	FIND_CANCEL,			/* back to where it began */
};

struct view_ops {
	const char *name, *help;
	size_t state_size;		/* zeroed before the first call */
	bool overlay;			/* drawn over the view below it */
	bool modal;			/* keys it ignores do not act on the table */
	/* Once, when the view is opened; may be NULL. */
	void (*open)(void *state, const struct view_ctx *ctx);
	/* No other inputs; state only remembers what was seen (scroll position). */
	void (*draw)(void *state, const struct snapshot *snap, struct canvas *c,
		     const struct view_ctx *ctx);
	enum view_result (*key)(void *state, const struct snapshot *snap, int key,
				enum keys_action action, struct ui_request *ret);
	/* false: no row has the text in its name. May be NULL. */
	bool (*find)(void *state, const struct snapshot *snap, enum view_find how,
		     const char *text);
};

#endif
