#include "config.h"
#include "cli/pick.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/complain.h"
#include "cli/signals.h"
#include "cli/watch.h"
#include "session/roster.h"
#include "ui/ui.h"
#include "util/clock.h"
#include "util/mem.h"
#include "util/num.h"

#define STEP_NS (10 * CLOCK_NS_PER_MS)	/* how long a key may wait for the search */
#define REFRESH_NS (2 * CLOCK_NS_PER_S)

struct pick {
	struct roster *roster;
	struct ui *ui;
	int signal_fd, signal;
	bool searching, changed, done;
	bool stalled;			/* the terminal has not taken it all: a slow line */
	int64_t next_ns;		/* when the next search begins */
	pid_t pid;			/* chosen; 0: none */
	struct lt_err err;
};

/* ---- without a screen -------------------------------------------------------------------- */

static void print_row(const struct process_row *row)
{
	char rss[16], age[16];
	const char *why = lt_err_info(row->refusal.code)->code;

	printf("%7d %-10s %7s %7s %-8s %-20s %s%s%s%s\n", (int)row->pid, row->user,
	       num_size(row->rss_bytes, rss, sizeof(rss)),
	       num_span(row->age_s > 0 ? row->age_s : 0, age, sizeof(age)),
	       row->python[0] ? row->python : "?", row->where[0] ? row->where : "-",
	       process_refused(row) ? "[" : "", process_refused(row) ? why : "",
	       process_refused(row) ? "] " : "", row->command);
}

/* A program that reads JSON Lines gets what it can read. */
static int refuse(const struct options *options)
{
	struct sink sink = {.ops = options->sink, .options = {.out = stdout}};
	struct lt_err err;

	lt_err_set(&err, LT_E_USAGE, 0, "no PID given (leaktop -b lists what can be watched)");
	(void)sink.ops->error(&sink, &err, NULL);
	return complain(&err);
}

static int list_all(struct roster *roster)
{
	const struct processes *list;

	while (!roster_step(roster, CLOCK_NS_PER_S))
		;
	list = roster_list(roster);
	if (list->n)
		printf("%7s %-10s %7s %7s %-8s %-20s %s\n", "PID", "USER", "RSS", "AGE", "PYTHON",
		       "CONTAINER", "COMMAND");
	for (size_t i = 0; i < list->n; i++)
		print_row(&list->rows[i]);
	(void)fflush(stdout);
	if (list->n)
		fputs("leaktop: which one? leaktop -p PID\n", stderr);
	else
		fprintf(stderr, "leaktop: no Python process: %s\n", list->empty);
	return lt_err_info(LT_E_USAGE)->exit_status;
}

/* ---- on the screen ----------------------------------------------------------------------- */

static void choose(struct pick *p, pid_t pid)
{
	const struct processes *list = roster_list(p->roster);
	char text[300];

	for (size_t i = 0; i < list->n; i++) {
		if (list->rows[i].pid != pid)
			continue;
		if (!process_refused(&list->rows[i])) {
			p->pid = pid;
			p->done = true;
			return;
		}
		ui_message(p->ui, lt_err_text(&list->rows[i].refusal, text, sizeof(text)));
		return;
	}
	ui_message(p->ui, "that process has ended");
}

static void do_request(struct pick *p, const struct ui_request *r)
{
	char msg[128];

	p->changed = true;
	switch (r->ask) {
	case UI_QUIT:
		p->done = true;
		break;
	case UI_WATCH:
		choose(p, r->pid);
		break;
	case UI_FILTER:
		if (!roster_filter(p->roster, r->text, msg, sizeof(msg)))
			ui_message(p->ui, msg);
		break;
	case UI_RESAMPLE:
		p->next_ns = clock_mono_ns();
		break;
	case UI_SUSPEND:
		ui_suspend(p->ui);
		break;
	default:
		break;
	}
}

static void take_signals(struct pick *p)
{
	int got;

	while ((got = signals_next(p->signal_fd)) != 0) {
		p->changed = true;
		if (got == SIGWINCH) {
			ui_resized(p->ui);
			continue;
		}
		p->signal = got;
		p->done = true;
	}
}

static void wait_for_something(struct pick *p)
{
	struct pollfd fds[] = {
		{.fd = p->signal_fd, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN},
		{.fd = p->stalled ? STDOUT_FILENO : -1, .events = POLLOUT},
	};
	int64_t left = p->next_ns - clock_mono_ns();
	struct ui_request r;
	int ms = p->searching || left <= 0 ? 0 : (int)(left / CLOCK_NS_PER_MS) + 1;

	if (poll(fds, COUNT_OF(fds), ms) < 0 && errno != EINTR)
		p->done = true;
	if (fds[0].revents)
		take_signals(p);
	if ((fds[1].revents | fds[2].revents) & UI_LOST)
		p->done = true;
	else if (fds[1].revents & POLLIN)
		while (!p->done && ui_next_request(p->ui, &r))
			do_request(p, &r);
	p->changed |= fds[2].revents != 0;
}

/* The first list grows while it is made; later ones replace the one that is shown. */
static void search(struct pick *p)
{
	if (!p->searching && clock_mono_ns() < p->next_ns)
		return;
	p->searching = !roster_step(p->roster, STEP_NS);
	if (p->searching)
		return;
	p->changed = true;
	p->next_ns = clock_mono_ns() + REFRESH_NS;
}

static void loop(struct pick *p)
{
	while (!p->done) {
		search(p);
		if (p->changed) {
			p->changed = false;
			p->stalled = !ui_draw_processes(p->ui, roster_list(p->roster),
							clock_wall_s());
		}
		wait_for_something(p);
	}
}

static int on_screen(struct pick *p, const struct options *options, const struct settings *settings)
{
	if (watch_open_screen(options, settings, true, &p->ui, &p->err) != LT_OK)
		return complain(&p->err);
	p->signal_fd = signals_open(true);
	p->changed = true;
	loop(p);
	if (p->pid)
		ui_watch(p->ui);
	else
		ui_close(p->ui);
	if (p->signal_fd >= 0)
		close(p->signal_fd);
	return p->signal ? 128 + p->signal : 0;
}

bool pick_run(const struct options *options, const struct settings *settings, pid_t *ret,
	      struct ui **ret_ui, int *status)
{
	struct pick p = {.roster = roster_new(), .signal_fd = -1};

	if (!options_batch(options))
		*status = on_screen(&p, options, settings);
	else if (options->sink == &sink_table)
		*status = list_all(p.roster);
	else
		*status = refuse(options);
	roster_free(p.roster);
	*ret = p.pid;
	*ret_ui = p.ui;
	return *status == 0 && p.pid != 0;
}
