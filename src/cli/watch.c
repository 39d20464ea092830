#include "config.h"
#include "cli/watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/batch.h"
#include "cli/collecting.h"
#include "cli/complain.h"
#include "cli/failon.h"
#include "cli/requests.h"
#include "cli/scrape.h"
#include "cli/searching.h"
#include "cli/signals.h"
#include "model/model.h"
#include "output/record.h"
#include "proc/pidstat.h"
#include "proc/twin.h"
#include "session/session.h"
#include "ui/ui.h"
#include "util/clock.h"
#include "util/mem.h"

#define CALL_DEADLINE_LEAST (250 * CLOCK_NS_PER_MS)
#define CALL_DEADLINE_MOST (1 * CLOCK_NS_PER_S)
#define CLOCK_TICK_NS (1 * CLOCK_NS_PER_S)
#define SLOW_NS (300 * CLOCK_NS_PER_MS)	/* of a sample: until then the screen waits for it */
#define TWIN_NS (1 * CLOCK_NS_PER_S)
#define YOUNG_NS (3 * CLOCK_NS_PER_S)	/* a process may become Python until then */
#define YOUNG_LOOK_NS (50 * CLOCK_NS_PER_MS)

struct watch {
	const struct options *options;
	const struct settings *settings;
	bool batch;
	struct session *session;
	struct model *model;
	struct ui *ui;			/* NULL in batch */
	struct batch out;		/* without a screen */
	struct collecting collecting;	/* ! on the screen */
	struct record *record;		/* with -w, else NULL */
	enum lt_errc record_said;	/* its last state that was told */
	struct scrape *scrape;		/* with --listen, else NULL */
	pid_t pid;			/* the target: options->pid, or its successor */
	struct twin *twin;		/* what tells a successor; NULL in batch */
	pid_t successor;		/* after its end; 0: none so far */
	int64_t twin_ns;		/* when to look for one again */
	int signal_fd;
	int64_t delay_ns, next_ns;	/* between samples; when the next is due */
	int64_t asked_ns;		/* when the last one was asked for */
	int64_t tick_ns;		/* when the clock on the screen is due */
	int64_t end_ns;			/* of --duration, 0: none */
	int64_t samples;
	bool ended;			/* the target is gone */
	bool done;			/* leave the loop */
	bool changed;			/* something to draw */
	bool stalled;			/* the terminal has not taken it all: a slow line */
	int signal;			/* that ended us */
	enum lt_errc said;		/* the refusal to be borrowed that was told last */
	struct lt_err err;		/* of the output */
};

/* ---- signals ---------------------------------------------------------------------------- */

static void take_signals(struct watch *w)
{
	int got;

	while ((got = signals_next(w->signal_fd)) != 0) {
		if (got == SIGWINCH) {
			ui_resized(w->ui);
			w->changed = true;
			continue;
		}
		w->signal = got;
		w->done = true;
	}
}

/* Does one want us to end? */
static bool has_signal(void *arg)
{
	struct watch *w = arg;

	take_signals(w);
	return w->signal != 0;
}

/* ---- samples ---------------------------------------------------------------------------- */

/* In batch a refusal to be borrowed is told when it begins; the screen shows it while it is. */
static enum lt_errc tell_refusal(struct watch *w)
{
	const struct lt_err *why = session_refusal(w->session);
	enum lt_errc said = w->said;

	w->said = why->code;
	if (w->ui || why->code == LT_OK || why->code == said)
		return LT_OK;
	complain_readonly(why);
	return w->out.sink.ops->error(&w->out.sink, why, &w->err);
}

static void write_sample(struct watch *w)
{
	if (batch_ready(&w->out, &w->err) == LT_OK && tell_refusal(w) == LT_OK &&
	    batch_sample(&w->out, w->model, &w->err) == LT_OK)
		return;
	w->done = true;
	take_signals(w);		/* a write that a signal ended is no fault of the output */
}

/* A screen always says how the recording does; in batch it is told when that changes. */
static void tell_record(struct watch *w)
{
	enum lt_errc state = record_state(w->record);
	char text[200];

	record_text(w->record, text, sizeof(text));
	if (w->ui)
		ui_state(w->ui, text, state != LT_OK);
	else if (state != w->record_said)
		fprintf(stderr, "leaktop: %s\n", text);
	w->record_said = state;
}

static void record(struct watch *w)
{
	if (!w->record)
		return;
	record_sample(w->record, model_snapshot(w->model));
	tell_record(w);
}

static void take_sample(struct watch *w, const struct sample *sample)
{
	model_target(w->model, session_target(w->session));
	model_push(w->model, sample);
	scrape_sample(w->scrape, session_target(w->session), sample);
	searching_sample(w->session, w->model, sample->mono_ns);
	record(w);
	if (w->ui)
		collecting_sample(&w->collecting, sample, w->session, w->ui, w->record);
	w->samples++;
	w->changed = true;
	if (!w->ui)
		write_sample(w);
	if (w->options->iterations && w->samples >= w->options->iterations)
		w->done = true;
}

static void target_ended(struct watch *w)
{
	w->ended = true;
	w->changed = true;
	model_ended(w->model, clock_wall_s());
	scrape_ended(w->scrape, clock_wall_s());
	if (!w->ui)
		w->done = true;
}

static void advance(struct watch *w)
{
	const struct sample *sample;

	while (!w->ended && !w->done && session_busy(w->session)) {
		switch (session_advance(w->session, &sample)) {
		case SESSION_SAMPLE:
			take_sample(w, sample);
			break;
		case SESSION_ENDED:
			target_ended(w);
			break;
		case SESSION_WAIT:
			return;
		}
	}
}

static void request(struct watch *w, int64_t now)
{
	w->next_ns += w->delay_ns;
	if (w->next_ns <= now)		/* late: no burst to catch up */
		w->next_ns = now + w->delay_ns;
	if (w->ended)
		return;
	w->asked_ns = now;
	session_request(w->session);
	if (session_fd(w->session) < 0)	/* nothing to wait for */
		advance(w);
}

/* ---- the screen ------------------------------------------------------------------------- */

/* W: what is in force now, by options, configuration and keys. */
static void save_settings(struct watch *w)
{
	const struct snapshot *snap = model_snapshot(w->model);
	struct options now = *w->options;
	char text[PATH_MAX + 64], why[300];
	struct lt_err err;

	now.delay_ns = w->delay_ns;
	now.sort = snap->sort;
	now.reversed = snap->sort_reversed;
	now.hide_flat = snap->hide_flat;
	ui_look(w->ui, &now.look);
	if (settings_write(w->settings, &now, &err) == LT_OK)
		snprintf(text, sizeof(text), "settings written to %s", w->settings->path);
	else
		snprintf(text, sizeof(text), "%s", lt_err_text(&err, why, sizeof(why)));
	ui_message(w->ui, text);
}

static void watch_successor(struct watch *w);

static void do_request(struct watch *w, const struct ui_request *r)
{
	w->changed = true;
	if (requests_do(w->model, w->ui, r))
		return;
	switch (r->ask) {
	case UI_QUIT:
		w->done = true;
		break;
	case UI_RESAMPLE:
		if (w->ended)
			watch_successor(w);
		else
			w->next_ns = clock_mono_ns();
		break;
	case UI_DELAY:
		w->delay_ns = (int64_t)(r->delay_s * 1e9);
		w->next_ns = clock_mono_ns() + w->delay_ns;
		break;
	case UI_SEARCH:
		searching_ask(w->session, w->model, r->text);
		break;
	case UI_SEARCH_STOP:
		searching_stop(w->session, w->model);
		break;
	case UI_COLLECT:
		collecting_ask(&w->collecting, w->session, w->ui);
		break;
	case UI_SAVE:
		save_settings(w);
		break;
	default:		/* the screen has done it, or it is a replay's */
		break;
	}
}

static void take_keys(struct watch *w)
{
	struct ui_request r;

	while (!w->done && ui_next_request(w->ui, &r))
		do_request(w, &r);
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* A sample brings the clock with it: a frame for the clock alone, just before, is to be saved. */
static int64_t clock_due_ns(const struct watch *w)
{
	int64_t sample_ns = session_busy(w->session) ? w->asked_ns : w->next_ns;
	bool together = sample_ns > w->tick_ns - SLOW_NS && sample_ns < w->tick_ns + SLOW_NS;

	return together && !w->ended ? sample_ns + SLOW_NS : w->tick_ns;
}

static void draw(struct watch *w, int64_t now)
{
	bool slow = session_busy(w->session) && now - w->asked_ns >= SLOW_NS;

	w->changed = false;
	w->tick_ns = now + CLOCK_TICK_NS;
	w->stalled = !ui_draw(w->ui, model_snapshot(w->model), clock_wall_s(), slow);
}

/* ---- what is watched --------------------------------------------------------------------- */

static void prepare_model(struct watch *w)
{
	const struct options *o = w->options;

	w->model = model_new(session_target(w->session));
	model_sort(w->model, o->sort, o->reversed);
	model_confirm(w->model, o->confirm_ns);
	model_hide_flat(w->model, o->hide_flat);
	if (o->filter)
		(void)model_filter(w->model, o->filter, NULL, 0);	/* options.c has tried it */
	scrape_watch(w->scrape, session_target(w->session), w->model, w->ui != NULL);
}

/* On success the session is another one; the former is the caller's. */
static enum lt_errc open_session(struct watch *w, pid_t pid, struct lt_err *err)
{
	enum lt_errc rc;
	const struct options *o = w->options;
	int64_t deadline = o->delay_ns;
	struct session_options so = {
		.readonly = o->readonly, .census = o->census, .max_pause_ns = o->max_pause_ns,
		.max_cpu = o->max_cpu,
	};

	if (deadline < CALL_DEADLINE_LEAST)
		deadline = CALL_DEADLINE_LEAST;
	so.call_deadline_ns = least(deadline, CALL_DEADLINE_MOST);
	if ((rc = session_open_live(pid, &so, &w->session, err)) != LT_OK)
		return rc;
	w->pid = pid;
	twin_free(w->twin);
	w->twin = w->batch ? NULL : twin_new(pid);
	return LT_OK;
}

/* "python server.py & leaktop -p $!" is faster than the shell that is to become the server. */
static enum lt_errc open_first(struct watch *w)
{
	pid_t pid = w->options->pid;
	struct pidstat st;
	struct lt_err err;
	enum lt_errc rc;

	while ((rc = open_session(w, pid, &err)) == LT_E_NOT_PYTHON || rc == LT_E_UNREADY) {
		if (pidstat_read(pid, &st, NULL) != LT_OK || pidstat_age_ns(&st) > YOUNG_NS)
			break;
		clock_sleep_ns(YOUNG_LOOK_NS);
	}
	if (rc != LT_OK)
		w->err = err;
	return rc;
}

/* ---- a successor of the target ---------------------------------------------------------- */

static void look_for_successor(struct watch *w, int64_t now)
{
	pid_t found;

	if (!w->ended || !w->ui || !w->twin || now < w->twin_ns)
		return;
	w->twin_ns = now + TWIN_NS;
	found = twin_find(w->twin);
	if (found == w->successor)
		return;
	w->successor = found;
	w->changed = true;
	ui_successor(w->ui, found);
}

/* What the user has set stays; baseline and verdict begin anew, for this is another process. */
static void watch_successor(struct watch *w)
{
	const struct snapshot *old;
	struct session *ended = w->session;
	struct model *former = w->model;
	struct sample_left left;
	struct lt_err err;
	char why[300];

	if (!w->successor)
		return;
	if (open_session(w, w->successor, &err) != LT_OK) {
		ui_message(w->ui, lt_err_text(&err, why, sizeof(why)));
		return;
	}
	session_detach(ended, &left);
	session_free(ended);
	if (w->record)
		record_end(w->record, model_snapshot(former), &left, clock_wall_s());
	old = model_snapshot(former);
	prepare_model(w);
	model_sort(w->model, old->sort, old->sort_reversed);
	model_hide_flat(w->model, old->hide_flat);
	(void)model_filter(w->model, old->filter, NULL, 0);
	model_free(former);
	w->successor = 0;
	w->collecting = (struct collecting){0};
	ui_successor(w->ui, 0);
	w->ended = false;
	w->said = LT_OK;
	w->next_ns = clock_mono_ns();
}

/* ---- the loop --------------------------------------------------------------------------- */

static int until_ms(const struct watch *w)
{
	int64_t now = clock_mono_ns(), at = INT64_MAX;
	int scrape_ms = scrape_wait_ms(w->scrape);

	if (!w->ended && !session_busy(w->session))
		at = w->next_ns;
	if (w->ui)
		at = least(at, clock_due_ns(w));
	if (w->ui && w->ended && w->twin)
		at = least(at, w->twin_ns);
	if (!w->ended)
		at = least(at, least(searching_due_ns(w->session),
				     collecting_due_ns(&w->collecting)));
	if (w->end_ns)
		at = least(at, w->end_ns);
	if (scrape_ms >= 0)
		at = least(at, now + scrape_ms * CLOCK_NS_PER_MS);
	if (at == INT64_MAX)
		return -1;
	if (at <= now)
		return 0;
	return (int)least((at - now + CLOCK_NS_PER_MS - 1) / CLOCK_NS_PER_MS, 1 << 30);
}

static void wait_for_something(struct watch *w)
{
	struct pollfd fds[] = {
		{.fd = w->signal_fd, .events = POLLIN},
		{.fd = w->ended ? -1 : session_fd(w->session), .events = POLLIN},
		{.fd = w->ended ? -1 : session_end_fd(w->session), .events = POLLIN},
		{.fd = w->ui ? STDIN_FILENO : -1, .events = POLLIN},
		{.fd = w->stalled ? STDOUT_FILENO : -1, .events = POLLOUT},
		{.fd = scrape_fd(w->scrape), .events = POLLIN},
	};

	if (poll(fds, COUNT_OF(fds), until_ms(w)) < 0 && errno != EINTR)
		w->done = true;
	if (fds[0].revents)
		take_signals(w);
	scrape_run(w->scrape);
	if ((fds[3].revents | fds[4].revents) & UI_LOST)
		w->done = true;
	else if (fds[3].revents & POLLIN)
		take_keys(w);
	w->changed |= fds[4].revents != 0;
	if (fds[1].revents)
		advance(w);
	if (fds[2].revents && !session_busy(w->session) && !w->ended)
		target_ended(w);
}

static void loop(struct watch *w)
{
	w->next_ns = w->tick_ns = clock_mono_ns();
	while (!w->done) {
		int64_t now = clock_mono_ns();

		if (w->end_ns && now >= w->end_ns)
			break;
		if (now >= w->next_ns && !session_busy(w->session))
			request(w, now);
		look_for_successor(w, now);
		if (!w->ended)
			w->changed |= searching_advance(w->session, w->model);
		w->changed |= collecting_advance(&w->collecting, w->session, w->ui);
		if (w->ui && (w->changed || now >= clock_due_ns(w)))
			draw(w, now);
		if (!w->done)
			wait_for_something(w);
	}
}

/* ---- begin and end ---------------------------------------------------------------------- */

/* What --listen alone is for is served; a table in a service's log would be too much. */
static const struct sink_ops *batch_sink(const struct options *o)
{
	return o->listen && !o->batch ? &sink_nothing : o->sink;
}

static enum lt_errc open_scrape(struct watch *w)
{
	char url[128];

	if (!w->options->listen)
		return LT_OK;
	if (scrape_open(w->options, &w->scrape, &w->err) != LT_OK)
		return w->err.code;
	if (w->batch)		/* a screen has no line to spare */
		fprintf(stderr, "leaktop: serving %s\n",
			scrape_url(w->scrape, url, sizeof(url)));
	return LT_OK;
}

enum lt_errc watch_open_screen(const struct options *o, const struct settings *settings, bool pick,
			       struct ui **ret, struct lt_err *err)
{
	struct ui_options ui = {
		.look = o->look, .ascii = o->ascii, .pick = pick, .readonly = o->readonly,
		.delay_s = (double)o->delay_ns / 1e9, .fields = o->fields,
	};
	enum lt_errc rc = ui_open(&ui, ret, err);

	if (rc == LT_OK)
		ui_message(*ret, settings->message);
	return rc;
}

static enum lt_errc open_output(struct watch *w)
{
	const struct options *o = w->options;

	if (o->record && record_open(o->record, &w->record, &w->err) != LT_OK)
		return w->err.code;
	batch_init(&w->out, o, batch_sink(o));
	if (batch_ready(&w->out, &w->err) != LT_OK || open_scrape(w) != LT_OK)
		return w->err.code;
	if (w->batch || w->ui)
		return LT_OK;
	return watch_open_screen(o, w->settings, false, &w->ui, &w->err);
}

/* The last lines of a batch: what was found, what was left. Not to a reader that is gone. */
static void write_end(struct watch *w, const struct sample_left *left)
{
	if (w->ui || !w->out.attached || w->err.code != LT_OK)
		return;
	if (batch_end(&w->out, model_snapshot(w->model), left, clock_wall_s(), &w->err) == LT_OK)
		(void)batch_commit(&w->out, &w->err);
}

static void end_record(struct watch *w, const struct sample_left *left)
{
	if (!w->record)
		return;
	record_end(w->record, model_snapshot(w->model), left, clock_wall_s());
	if (record_lost(w->record))
		fprintf(stderr, "leaktop: the recording lacks %lld samples that could not be "
			"written\n", (long long)record_lost(w->record));
	record_close(w->record);
	w->record = NULL;
}

static void warn_left(const struct sample_left *left)
{
	if (left->maps > 0)
		fprintf(stderr,
			"leaktop: the target gave no chance to take back %lld small mappings\n"
			"leaktop: they are harmless and go when it ends\n",
			(long long)left->maps);
}

static int exit_status(const struct watch *w)
{
	struct lt_err err;

	if (w->err.code == LT_E_OUTPUT && w->err.sys_errno == EINTR && w->signal)
		return 128 + w->signal;
	if (w->err.code == LT_E_OUTPUT && w->err.sys_errno == EPIPE)
		return 0;		/* `| head` has seen enough */
	if (w->err.code != LT_OK)
		return complain(&w->err);
	if (w->ended && w->samples == 0) {
		lt_err_set(&err, LT_E_GONE, 0, "PID %d ended before the first sample",
			   w->pid);
		return complain(&err);
	}
	if (w->signal)
		return 128 + w->signal;
	return failon_status(w->options, model_snapshot(w->model));
}

static void close_all(struct watch *w)
{
	ui_close(w->ui);
	scrape_close(w->scrape);
	batch_drop(&w->out);		/* of a run that has failed */
	record_close(w->record);
	model_free(w->model);
	session_free(w->session);
	twin_free(w->twin);
	if (w->signal_fd >= 0)
		close(w->signal_fd);
}

static int refuse(struct watch *w)
{
	struct sink sink = {.ops = w->options->sink, .options = {.out = stdout}};

	if (w->batch && !w->options->output)
		(void)sink.ops->error(&sink, &w->err, NULL);
	close_all(w);
	return complain(&w->err);
}

int watch_run(const struct options *options, const struct settings *settings, struct ui *ui)
{
	struct watch w = {
		.options = options, .settings = settings, .ui = ui,
		.batch = !ui && options_batch(options),
		.delay_ns = options->delay_ns, .signal_fd = -1,
	};
	struct sample_left left = {0};
	int status;

	if (open_first(&w) != LT_OK)
		return refuse(&w);
	w.signal_fd = signals_open(!w.batch);
	if (open_output(&w) != LT_OK)
		return refuse(&w);
	prepare_model(&w);
	if (options->duration_ns)
		w.end_ns = clock_mono_ns() + options->duration_ns;
	loop(&w);
	if (!w.ui && !w.ended && w.err.code == LT_OK)
		searching_last(w.session, w.model, has_signal, &w);
	session_detach(w.session, &left);
	write_end(&w, &left);
	ui_close(w.ui);
	end_record(&w, &left);
	w.ui = NULL;
	warn_left(&left);
	status = exit_status(&w);
	close_all(&w);
	return status;
}
