/*
 * The screen. Keys go in, requests come out, a snapshot is drawn: the ui never reads the target,
 * the clock or the model's insides (I9). One ui exists at a time, because one terminal does.
 */
#ifndef LT_UI_UI_H
#define LT_UI_UI_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "model/processes.h"
#include "model/snapshot.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/text.h"

struct ui;

/* Of poll() on the terminal: it is gone. POLLIN comes with them, and says nothing of keys. */
#define UI_LOST (POLLHUP | POLLERR | POLLNVAL)

struct ui_look {			/* what the user may change with a key, and keep with W */
	bool no_color, mouse, blank_zeros;
	enum text_unit unit;
};

struct ui_options {
	struct ui_look look;
	bool ascii;
	bool replay;			/* the keys of a recording, not of a living process */
	bool pick;			/* a list of processes is shown, instead of one */
	bool readonly;			/* --readonly: nothing acts on the target */
	double delay_s;
	const char *fields;		/* cells_choose() takes it; NULL: by the room there is */
};

enum ui_ask {				/* what the loop should do after a key */
	UI_NOTHING,
	UI_QUIT,
	UI_REDRAW,
	UI_RESAMPLE,			/* t, r: sample now */
	UI_BASELINE_NOW, UI_BASELINE_FIRST,
	UI_SORT,			/* request.sort, request.reversed */
	UI_FILTER,			/* request.text */
	UI_HIDE_FLAT,			/* request.on */
	UI_HOLD_ORDER,			/* the cursor moved */
	UI_DELAY,			/* request.delay_s */
	UI_SUSPEND,			/* ^Z */
	UI_COPY,			/* y: request.text to the clipboard; ui.c does it itself */
	UI_STEP_BACK,			/* T in a replay; t is UI_RESAMPLE */
	UI_JUMP,			/* request.text: a time; "begin", "end" */
	UI_PLAY,			/* p in a replay: play on, or stop */
	UI_SPEED,			/* request.delay_s: 1 faster, -1 slower */
	UI_WATCH,			/* request.pid, of the list of processes */
	UI_SEARCH,			/* request.text: a type, for who holds its objects */
	UI_SEARCH_STOP,
	UI_COLLECT,			/* ! and y: gc.collect() in the target */
	UI_SAVE,			/* W: the settings, into the configuration */
	UI_REPORT,			/* w: what ui_text() has, into a file */
	UI_CLEAR,			/* no filter, the order by verdict, nothing hidden */
	UI_TAG,				/* request.id; the screen does it itself */
};

struct ui_request {
	enum ui_ask ask;
	enum snapshot_sort sort;
	bool reversed, on;
	pid_t pid;
	double delay_s;
	char text[512];
	uint32_t id;
};

/*
 * LT_E_TERM where the terminal is unknown or dumb; then nothing has been written to it. Takes the
 * locale from the environment (LC_NUMERIC stays C). From here on every way out restores the
 * terminal: ui_close, exit(), no memory, faults - and SIGINT, SIGTERM, SIGHUP and SIGQUIT where
 * these have their default action now. A loop that handles them by a flag of its own leaves,
 * calls ui_close and exits with 128+N. ^Z comes as UI_SUSPEND; a SIGTSTP from outside is the
 * loop's to catch and to answer with ui_suspend. Poll standard input for keys.
 */
enum lt_errc ui_open(const struct ui_options *options, struct ui **ret, struct lt_err *err);
void ui_close(struct ui *u);

/* Takes all keys that are waiting, one request at a time, until ask is UI_NOTHING and no key is
 * left (ret: false). */
bool ui_next_request(struct ui *u, struct ui_request *ret);

/*
 * Draws one frame, or none where the terminal has not taken the one before: false, and then it is
 * to be called again when standard output can be written. now: wall seconds, for the clock on the
 * screen; sampling: a sample is under way.
 * While paused by p the picture of the moment stays (the ui keeps what it needs), sampling goes on.
 */
bool ui_draw(struct ui *u, const struct snapshot *snap, double now, bool sampling);
/* The same where options.pick was set; the ui keeps what it needs of the list. */
bool ui_draw_processes(struct ui *u, const struct processes *list, double now);
/* One was chosen: from now on ui_draw() shows it. */
void ui_watch(struct ui *u);
/* After the target's end: pid runs the same command (0: none does); UI_RESAMPLE is to watch it. */
void ui_successor(struct ui *u, pid_t pid);
/* As it is now; no_color: by option or by z, and not because the terminal has no colours. */
void ui_look(const struct ui *u, struct ui_look *ret);
/* A line for the user ("baseline set", "bad filter: ..."), shown until the next key. */
void ui_message(struct ui *u, const char *text);
/* Where a replay is, or how a recording does: always on the screen; alert: something is wrong. */
void ui_state(struct ui *u, const char *text, bool alert);
/* Appends what is on the screen, a line each row. */
void ui_text(const struct ui *u, struct buf *b);
void ui_resized(struct ui *u);		/* after SIGWINCH */
void ui_suspend(struct ui *u);		/* ^Z: restore the terminal, stop, come back, redraw */

#endif
