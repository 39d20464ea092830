/*
 * The ui with a target that does not exist: figures that move by rule, one step per key t, so
 * that a test knows every frame; B lets time pass alone. The loop is the one cli/ has, in small.
 *
 *   ui_demo [what b does: segv, abort, exit, oom, end, gap] [file: a byte for each step, so that
 *           a test that does not look at the screen can see it]
 */
#include "config.h"
#include "ui/ui.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/mem.h"
#include "util/num.h"

#define TYPES 60
#define STEP_S 2.0
#define START_S 1764000000.0

static volatile sig_atomic_t stop_signal, window_changed;

static void on_signal(int number)
{
	if (number == SIGWINCH)
		window_changed = 1;
	else
		stop_signal = number;
}

struct demo {
	struct snapshot snap;
	struct sample_target target;
	struct snapshot_row all[TYPES], shown[TYPES];
	char names[TYPES][64];
	int64_t cells[TYPES][SERIES_CELLS], rss[SERIES_CELLS];
	char filter[512];
	const char *on_b;
	int steps;			/* the file, -1 none */
	double idle_s;			/* B: time passes and nothing else changes */
};

static void name_types(struct demo *d)
{
	static const char *const first[] = {
		"__main__.Connection", "__main__.ConnectionHandler", "dict", "list", "function",
		"日本.接続", "urllib3.connectionpool.HTTPSConnectionPoolWithAVeryLongName.Inner",
	};

	for (size_t i = 0; i < TYPES; i++) {
		if (i < COUNT_OF(first))
			snprintf(d->names[i], sizeof(d->names[i]), "%s", first[i]);
		else
			snprintf(d->names[i], sizeof(d->names[i]), "app.module%zu.Type%zu", i % 7,
				 i);
	}
}

/* Types 0 to 2 grow by a fixed number per step, the others stand still. */
static void fill_row(struct demo *d, size_t i)
{
	struct snapshot_row *row = &d->all[i];
	int64_t step = d->snap.seq - 1, gain = i < 3 ? 7 * (3 - (int64_t)i) : 0;

	*row = (struct snapshot_row){
		.id = (uint32_t)i + 1, .name = d->names[i],
		.count = 90000 / ((int64_t)i + 1) + gain * step, .count_delta = gain * step,
		.rate = (double)gain / STEP_S, .grew_ago_s = gain ? 0 : NAN,
		.word = gain && step > 0 ? RATCHET_GROWING : RATCHET_FLAT, .flat = gain == 0,
		.head = (uint32_t)i + 1, .group_n = 1,
		.trend = {d->cells[i], SERIES_CELLS, 10},
	};
	row->bytes = row->count * 64;
	row->bytes_delta = row->count_delta * 64;
	for (int k = 0; k < SERIES_CELLS; k++) {
		int64_t ago = gain * (SERIES_CELLS - 1 - k + (step > 5 ? 0 : 5 - step)) * 5;

		d->cells[i][k] = row->count - ago;
	}
}

static void show_rows(struct demo *d)
{
	struct snapshot *s = &d->snap;

	s->n_rows = 0;
	for (size_t i = 0; i < TYPES; i++) {
		size_t from = s->sort_reversed ? TYPES - 1 - i : i;
		const struct snapshot_row *row = &d->all[from];

		if ((s->hide_flat && row->flat) || !strcasestr(row->name, d->filter))
			continue;
		d->shown[s->n_rows++] = *row;
	}
}

static void fill(struct demo *d)
{
	struct snapshot *s = &d->snap;

	s->t = START_S + 3600 + (double)s->seq * STEP_S;
	s->census_t = s->census ? s->t : s->census_t;
	s->samples = s->seq;
	s->memory.rss = (400LL << 20) + s->seq * (1 << 18);
	s->memory_delta.rss = (s->seq - 1) * (1 << 18);
	s->rss_rate = (1 << 18) / STEP_S;
	for (int k = 0; k < SERIES_CELLS; k++)
		d->rss[k] = s->memory.rss - (SERIES_CELLS - 1 - k) * (1 << 20);
	s->rss = (struct series_view){d->rss, SERIES_CELLS, 10};
	for (size_t i = 0; i < TYPES; i++)
		fill_row(d, i);
	s->rows = d->shown;
	s->n_types = s->n_listed = TYPES;
	s->verdict.n[RATCHET_GROWING] = s->seq > 1 ? 3 : 0;
	s->n_flat = TYPES - s->verdict.n[RATCHET_GROWING];
	s->verdict.n[RATCHET_FLAT] = s->n_flat;
	s->verdict.word = s->seq > 1 ? RATCHET_GROWING : RATCHET_FLAT;
	s->order_held -= s->order_held > 0;
	show_rows(d);
}

static void step(struct demo *d)
{
	d->snap.seq++;
	fill(d);
	if (d->steps >= 0 && write(d->steps, ".", 1) != 1)
		abort();
}

static void start(struct demo *d)
{
	struct sample_memory unknown = {LT_UNKNOWN, LT_UNKNOWN, LT_UNKNOWN, LT_UNKNOWN,
					LT_UNKNOWN, LT_UNKNOWN, LT_UNKNOWN};
	struct snapshot *s = &d->snap;

	d->target = (struct sample_target){.pid = 4242, .python = "3.12.1", .start_wall_s = START_S,
					   .attach_wall_s = START_S + 3600};
	snprintf(d->target.command, sizeof(d->target.command),
		 "/usr/bin/python3 -u /srv/api/app.py --port 8080");
	s->target = &d->target;
	s->memory = s->memory_delta = unknown;
	s->ledger.now = (struct sample_ledger){300 << 20, 20 << 20, 60 << 20, 9 << 20, 9 << 20,
					       1 << 20, 1 << 20};
	s->memory.limit = 1LL << 30;
	s->memory.threads = 18;
	s->gc.enabled = 1;
	s->gc.gen[0] = (struct sample_generation){.count = 312, .threshold = 700};
	s->gc.gen[1] = (struct sample_generation){.count = 4, .threshold = 10};
	s->gc.gen[2] = (struct sample_generation){.count = 7, .threshold = 10, .collections = 1841};
	s->gc_full_ago_s = 9;
	s->objects = 1734220;
	s->cost_share = 0.004;
	s->base_t = START_S + 3602;
	s->census = true;
	s->filter = d->filter;
	name_types(d);
	step(d);
}

/* What b does. Each way of dying must leave the terminal as it was. */
/* A fault of the hardware: at NULL a sanitizer would be there first. */
static void fault(void)
{
	*(volatile int *)mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) = 1;
}

static void on_baseline(struct demo *d)
{
	if (strcmp(d->on_b, "segv") == 0)
		fault();
	if (strcmp(d->on_b, "abort") == 0)
		abort();
	if (strcmp(d->on_b, "exit") == 0)
		exit(3);
	if (strcmp(d->on_b, "oom") == 0)
		(void)mem_array(SIZE_MAX / 4, 16);
	if (strcmp(d->on_b, "gap") == 0) {
		d->snap.census = false;
		lt_err_set(&d->snap.why, LT_E_BUSY, 0, "in time.sleep");
	}
	if (strcmp(d->on_b, "end") == 0) {
		d->snap.ended = true;
		d->snap.ended_t = d->snap.t;
	}
}

static void obey(struct demo *d, struct ui *ui, const struct ui_request *request)
{
	switch (request->ask) {
	case UI_RESAMPLE:
		step(d);
		break;
	case UI_BASELINE_NOW:
		on_baseline(d);
		ui_message(ui, "baseline set");
		break;
	case UI_BASELINE_FIRST:
		d->idle_s += STEP_S;
		break;
	case UI_SORT:
		d->snap.sort = request->sort;
		d->snap.sort_reversed = request->reversed;
		break;
	case UI_FILTER:
		snprintf(d->filter, sizeof(d->filter), "%s", request->text);
		break;
	case UI_HIDE_FLAT:
		d->snap.hide_flat = request->on;
		break;
	case UI_HOLD_ORDER:
		d->snap.order_held = 5;
		break;
	case UI_SUSPEND:
		ui_suspend(ui);
		break;
	default:
		break;
	}
	show_rows(d);
}

static bool serve_keys(struct demo *d, struct ui *ui)
{
	struct ui_request request;

	while (ui_next_request(ui, &request)) {
		if (request.ask == UI_QUIT)
			return false;
		obey(d, ui, &request);
	}
	return true;
}

static int loop(struct demo *d, struct ui *ui)
{
	struct pollfd fds[] = {
		{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = -1, .events = POLLOUT},
	};
	sigset_t waiting;

	sigemptyset(&waiting);
	while (!stop_signal) {
		if (window_changed) {
			window_changed = 0;
			ui_resized(ui);
		}
		fds[1].fd = ui_draw(ui, &d->snap, d->snap.t + d->idle_s, false) ? -1
			    : STDOUT_FILENO;
		if (ppoll(fds, COUNT_OF(fds), NULL, &waiting) > 0 && !serve_keys(d, ui))
			return 0;
	}
	return 128 + (int)stop_signal;
}

int main(int argc, char **argv)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGWINCH};
	struct sigaction action = {.sa_handler = on_signal};
	struct ui_options options = {.delay_s = STEP_S};
	static struct demo demo;
	struct lt_err err;
	char text[256];
	struct ui *ui;
	int status;

	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		sigaddset(&action.sa_mask, numbers[i]);
		(void)sigaction(numbers[i], &action, NULL);
	}
	(void)sigprocmask(SIG_BLOCK, &action.sa_mask, NULL);
	demo.on_b = argc > 1 ? argv[1] : "";
	demo.steps = argc > 2 ? open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
	if (ui_open(&options, &ui, &err) != LT_OK) {
		fprintf(stderr, "ui_demo: %s\n", lt_err_text(&err, text, sizeof(text)));
		return lt_err_info(err.code)->exit_status;
	}
	start(&demo);
	status = loop(&demo, ui);
	ui_close(ui);
	return status;
}
