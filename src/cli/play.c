#include "config.h"
#include "cli/play.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/batch.h"
#include "cli/collecting.h"
#include "cli/complain.h"
#include "cli/failon.h"
#include "cli/player.h"
#include "cli/requests.h"
#include "cli/signals.h"
#include "ui/ui.h"
#include "util/clock.h"
#include "util/mem.h"
#include "util/num.h"

#define SLICE_NS (20 * CLOCK_NS_PER_MS)	/* of work between two looks at the keys */
#define GAP_MOST_S 5.0			/* a longer pause between samples is not sat through */
#define SPEED_LEAST (-4)		/* 1/16 */
#define SPEED_MOST 10			/* 1024 */

struct play {
	const struct options *options;
	struct player player;
	struct ui *ui;			/* NULL in batch */
	struct batch out;		/* without a screen */
	int signal_fd;
	bool playing, done, changed;
	bool jumped;			/* to the goal, so what lies between was not played */
	bool stalled;			/* the terminal has not taken it all: a slow line */
	int speed;			/* a power of two */
	int64_t next_ns;		/* when the next sample is due */
	enum replay_load load;
	double first_t;
	int signal;			/* that ended us */
	struct lt_err err;		/* of the output */
};

static void take_signals(struct play *p)
{
	int signo;

	while ((signo = signals_next(p->signal_fd)) != 0) {
		if (signo == SIGWINCH) {
			ui_resized(p->ui);
			p->changed = true;
			continue;
		}
		p->signal = signo;
		p->done = true;
	}
}

static void load(struct play *p)
{
	if (p->load != REPLAY_COMPLETE)
		p->load = replay_load(p->player.replay, SLICE_NS);
}

/* ---- batch ------------------------------------------------------------------------------- */

/* The end of a part: nobody is left anywhere, for nobody was there. */
static enum lt_errc write_end(struct play *p, const struct snapshot *snap)
{
	static const struct sample_left left = {LT_UNKNOWN, LT_UNKNOWN, LT_UNKNOWN};

	return batch_end(&p->out, snap, &left, snap->t, &p->err);
}

static bool is_over(const struct play *p)
{
	const struct options *o = p->options;
	double t = model_snapshot(p->player.model)->t;

	return (o->iterations && (int64_t)p->player.at >= o->iterations) ||
	       (o->duration_ns && (t - p->first_t) * 1e9 >= (double)o->duration_ns);
}

/* All samples that are there. false: that was the last one, or the output has failed. */
static bool write_some(struct play *p)
{
	enum lt_errc rc = LT_OK;

	while (rc == LT_OK && !p->signal) {
		if (player_begins(&p->player))
			rc = write_end(p, model_snapshot(p->player.model));
		if (rc != LT_OK || !player_step(&p->player))
			break;
		if (p->player.at == 1)
			p->first_t = model_snapshot(p->player.model)->t;
		rc = batch_sample(&p->out, p->player.model, &p->err);
		take_signals(p);
		if (rc == LT_OK && is_over(p))
			return false;
	}
	return rc == LT_OK && p->load != REPLAY_COMPLETE;
}

static void run_batch(struct play *p)
{
	bool more = true;

	while (more && !p->done) {
		struct pollfd fds[] = {
			{.fd = p->signal_fd, .events = POLLIN},
			{.fd = replay_fd(p->player.replay), .events = POLLIN},
		};

		load(p);
		more = write_some(p);
		if (more && p->load == REPLAY_WAIT)
			(void)poll(fds, COUNT_OF(fds), -1);
		take_signals(p);
	}
	if (p->err.code == LT_OK)
		(void)write_end(p, model_snapshot(p->player.model));
	/* of a recording that is damaged there is a part, which takes nobody's place */
	if (p->err.code == LT_OK && replay_damage(p->player.replay)->code == LT_OK)
		(void)batch_commit(&p->out, &p->err);
}

/* ---- the screen -------------------------------------------------------------------------- */

static void tell_place(struct play *p)
{
	const struct replay *r = p->player.replay;
	const struct lt_err *damage = replay_damage(r);
	size_t n = replay_count(r), at = p->player.at;
	bool last = p->load == REPLAY_COMPLETE && at >= n;
	char text[400], why[240], speed[24], when[32] = "";
	time_t t = (time_t)model_snapshot(p->player.model)->t;
	struct tm tm;

	if (localtime_r(&t, &tm))
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
	snprintf(speed, sizeof(speed), p->speed < 0 ? "x1/%d" : "x%d", 1 << abs(p->speed));
	snprintf(text, sizeof(text), "REPLAY %s %zu/%zu%s %s", when, at, n,
		 p->load == REPLAY_COMPLETE ? "" : "+",
		 player_seeking(&p->player) ? "..." : last ? "end" :
		 p->playing ? speed : "stopped");
	if (last && damage->code != LT_OK)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), ": %s",
			 lt_err_text(damage, why, sizeof(why)));
	ui_state(p->ui, text, last && damage->code != LT_OK);
}

static int64_t gap_ns(const struct play *p)
{
	const struct replay *r = p->player.replay;
	size_t at = p->player.goal;
	double s = at && at < replay_count(r) ? replay_time(r, at) - replay_time(r, at - 1) : 0;

	return (int64_t)(ldexp(s < 0 ? 0 : s > GAP_MOST_S ? GAP_MOST_S : s, -p->speed) * 1e9);
}

static void play_on(struct play *p)
{
	p->playing = true;
	p->next_ns = clock_mono_ns() + gap_ns(p);
}

/* As many samples as are due: at a high speed some are not drawn, but none is left out. */
static void play(struct play *p)
{
	int64_t now = clock_mono_ns();
	size_t n = replay_count(p->player.replay);

	if (!p->playing || player_seeking(&p->player))
		return;
	while (p->next_ns <= now && p->player.goal < n) {
		p->jumped = false;
		player_go(&p->player, p->player.goal + 1);
		p->next_ns += gap_ns(p);
	}
	if (p->next_ns < now - CLOCK_NS_PER_S)
		p->next_ns = now;	/* too fast for this machine: no debt is run up */
	if (p->player.goal >= n && p->load == REPLAY_COMPLETE) {
		p->playing = false;
		p->changed = true;
	}
}

static void step(struct play *p, int way)
{
	p->playing = false;
	if (way > 0 || p->player.goal > 1)
		player_go(&p->player, p->player.goal + (size_t)way);
}

static void do_request(struct play *p, const struct ui_request *r)
{
	char text[160];

	p->changed = true;
	if (requests_do(p->player.model, p->ui, r)) {
		if (r->ask == UI_BASELINE_NOW || r->ask == UI_BASELINE_FIRST)
			player_based(&p->player, r->ask == UI_BASELINE_FIRST);
		return;
	}
	switch (r->ask) {
	case UI_QUIT:
		p->done = true;
		break;
	case UI_RESAMPLE:
		step(p, 1);
		break;
	case UI_STEP_BACK:
		step(p, -1);
		break;
	case UI_JUMP:
		p->playing = false;
		p->jumped = true;
		if (player_jump(&p->player, r->text))
			break;
		snprintf(text, sizeof(text), "not a time: %.40s (14:05, +10m, -30s, begin, end)",
			 r->text);
		ui_message(p->ui, text);
		break;
	case UI_SEARCH:
		ui_message(p->ui, "a replay has what was found while it was recorded");
		break;
	case UI_PLAY:
		if (p->playing)
			p->playing = false;
		else
			play_on(p);
		break;
	case UI_SPEED:
		p->speed += r->delay_s > 0 ? p->speed < SPEED_MOST : -(p->speed > SPEED_LEAST);
		if (p->playing)
			play_on(p);
		break;
	default:
		break;
	}
}

static void take_keys(struct play *p)
{
	struct ui_request r;

	while (!p->done && ui_next_request(p->ui, &r))
		do_request(p, &r);
}

static int until_ms(const struct play *p)
{
	int64_t ns;

	if (p->changed || p->load == REPLAY_MORE ||
	    (player_seeking(&p->player) && p->load == REPLAY_COMPLETE))
		return 0;
	if (!p->playing || p->player.goal >= replay_count(p->player.replay))
		return -1;
	ns = p->next_ns - clock_mono_ns();
	return ns <= 0 ? 0 : (int)(ns / CLOCK_NS_PER_MS) + 1;
}

static void draw(struct play *p)
{
	const struct snapshot *snap = model_snapshot(p->player.model);

	p->changed = false;
	tell_place(p);
	p->stalled = !ui_draw(p->ui, snap, snap->t, false);
}

/*
 * What was said when it was recorded: at that sample, and at a later one if this was played past it
 * between two pictures. A jump past it says nothing. As then it stays until the next key.
 */
static void tell_collect(struct play *p, size_t from)
{
	const struct player *at = &p->player;
	bool passed = !p->jumped && from < at->collect_at && at->collect_at <= at->at;
	char text[320];

	if (at->collect_at && (passed || at->collect_at == at->at))
		ui_message(p->ui, collecting_text(&at->collect, false, text, sizeof(text)));
}

static bool advance(struct play *p)
{
	size_t from = p->player.at;
	bool moved = player_advance(&p->player, SLICE_NS);

	if (moved)
		tell_collect(p, from);
	return moved;
}

static void wait_for_something(struct play *p)
{
	struct pollfd fds[] = {
		{.fd = p->signal_fd, .events = POLLIN},
		{.fd = STDIN_FILENO, .events = POLLIN},
		{.fd = p->load == REPLAY_WAIT ? replay_fd(p->player.replay) : -1,
		 .events = POLLIN},
		{.fd = p->stalled ? STDOUT_FILENO : -1, .events = POLLOUT},
	};

	(void)poll(fds, COUNT_OF(fds), until_ms(p));
	take_signals(p);
	if ((fds[1].revents | fds[3].revents) & UI_LOST)
		p->done = true;
	else if (fds[1].revents & POLLIN)
		take_keys(p);
	p->changed |= fds[3].revents != 0;
}

static void run_screen(struct play *p)
{
	p->changed = true;
	player_go(&p->player, 1);
	play_on(p);
	while (!p->done) {
		size_t had = replay_count(p->player.replay);

		load(p);
		play(p);
		p->changed |= advance(p) || replay_count(p->player.replay) != had;
		if (p->changed)
			draw(p);
		wait_for_something(p);
	}
}

/* ---- begin and end ----------------------------------------------------------------------- */

/* Where the recording came through standard input, the keys come from the terminal itself. */
static enum lt_errc open_keys(const struct options *o, struct lt_err *err)
{
	int fd;

	if (strcmp(o->replay, "-") != 0)
		return LT_OK;
	fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
	if (fd < 0 || dup2(fd, STDIN_FILENO) < 0)
		return lt_err_set(err, LT_E_TERM, errno, "opening it for the keys");
	close(fd);
	return LT_OK;
}

static enum lt_errc open_screen(struct play *p, const struct settings *settings)
{
	const struct replay *r = p->player.replay;
	const struct options *o = p->options;
	double gap = replay_count(r) > 1 ? replay_time(r, 1) - replay_time(r, 0) : 0;
	struct ui_options ui = {
		.look = o->look, .ascii = o->ascii, .replay = true, .fields = o->fields,
		.delay_s = gap > 0 ? round(gap * 10) / 10 : (double)o->delay_ns / 1e9,
	};
	enum lt_errc rc = open_keys(o, &p->err);

	if (rc == LT_OK)
		rc = ui_open(&ui, &p->ui, &p->err);
	if (rc == LT_OK)
		ui_message(p->ui, settings->message);
	return rc;
}

static int exit_status(struct play *p)
{
	const struct lt_err *damage = replay_damage(p->player.replay);

	if (p->err.code == LT_E_OUTPUT && p->err.sys_errno == EINTR && p->signal)
		return 128 + p->signal;
	if (p->err.code == LT_E_OUTPUT && p->err.sys_errno == EPIPE)
		return 0;		/* `| head` has seen enough */
	if (p->err.code != LT_OK)
		return complain(&p->err);
	if (p->signal)
		return 128 + p->signal;
	if (!p->ui && damage->code != LT_OK)	/* a screen has shown it */
		return complain(damage);
	return failon_status(p->options, model_snapshot(p->player.model));
}

int play_run(const struct options *options, const struct settings *settings)
{
	const struct player_options po = {
		.path = options->replay, .sort = options->sort, .reversed = options->reversed,
		.filter = options->filter,
		.confirm_ns = options->confirm_given ? options->confirm_ns : LT_UNKNOWN,
	};
	struct play p = {.options = options, .signal_fd = -1};
	bool batch = options_batch(options);
	int status;

	batch_init(&p.out, options, options->sink);
	if (player_open(&p.player, &po, &p.err) != LT_OK ||
	    batch_ready(&p.out, &p.err) != LT_OK ||
	    (!batch && open_screen(&p, settings) != LT_OK)) {
		batch_drop(&p.out);
		player_done(&p.player);
		return complain(&p.err);
	}
	p.signal_fd = signals_open(!batch);
	if (batch)
		run_batch(&p);
	else
		run_screen(&p);
	ui_close(p.ui);
	batch_drop(&p.out);		/* of a run that has failed */
	status = exit_status(&p);	/* p.ui still says that there was one */
	player_done(&p.player);
	if (p.signal_fd >= 0)
		close(p.signal_fd);
	return status;
}
