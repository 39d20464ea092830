#include "config.h"
#include "cli/inspect.h"

#include <stdio.h>

#include "inject/gadget.h"
#include "inject/preflight.h"
#include "inject/safepoint.h"
#include "proc/figures.h"
#include "proc/status.h"
#include "target/python.h"

static void line(const char *what, const char *text)
{
	printf("%-13s %s\n", what, text);
}

/* One question: "ok", or the cause and the remedy. */
static void answer(const char *what, const struct lt_err *err, const char *well)
{
	char text[512];

	if (err->code == LT_OK) {
		line(what, well ? well : "ok");
		return;
	}
	printf("%-13s refused: %s\n", what, lt_err_text(err, text, sizeof(text)));
	line("", lt_err_info(err->code)->remedy);
}

static void say_who(pid_t pid)
{
	struct figures *figures;
	struct figures_fixed fixed;
	char text[600];

	if (figures_new(pid, &figures, NULL) != LT_OK)
		return;
	if (figures_read_fixed(figures, &fixed, NULL) == LT_OK) {
		snprintf(text, sizeof(text), "%d, user %s, %s", pid, fixed.user, fixed.command);
		line("process", text);
	}
	figures_free(figures);
}

static void say_python(const struct python *py)
{
	char text[400];
	const char *debug = py->build == PYTHON_DEBUG ? " (debug build)" : "";
	bool lists = py->layout->walk == LAYOUT_WALK_LISTS;

	snprintf(text, sizeof(text), "CPython %s%s in %s, layout %s", py->version, debug,
		 py->where.path, py->layout->name);
	line("python", text);
	line("counting",
	     lists ? "walks the collector's lists: exact, with generations and frozen"
		   : "asks the interpreter to visit objects: exact but for frozen ones");
}

/* What the main thread is doing tells which way in a sample would take now. */
static void say_moment(const struct python *py)
{
	static const char *const texts[] = {
		[SAFEPOINT_NO] = NULL,
		[SAFEPOINT_BLOCKED] = "main thread is blocked: the helper would run on it at once",
		[SAFEPOINT_RUNNING] =
			"main thread is running: the interpreter would be asked to run it",
	};
	pid_t pid = py->remote.pid;
	struct status_syscall now;
	struct maps maps = {0};
	const char *why = "";
	enum safepoint point;

	if (!status_syscall_read(pid, pid, &now) || maps_read(pid, &maps, NULL) != LT_OK)
		return;
	point = safepoint_guess(py, &now, &maps, &why);
	line("moment", texts[point] ? texts[point] : why);
	maps_done(&maps);
}

/* Keeps the first refusal. */
static void keep(struct lt_err *first, const struct lt_err *err)
{
	if (first->code == LT_OK)
		*first = *err;
}

/* What stands against borrowing its main thread, all of it. */
static void say_borrowing(pid_t pid, struct lt_err *first)
{
	struct status st;

	if (status_read(pid, 0, &st, NULL) != LT_OK)
		return;
	for (size_t i = 0; preflight_checks[i].name; i++) {
		const struct preflight_check *check = &preflight_checks[i];
		struct lt_err err = {0};

		(void)check->ask(pid, &st, &err);
		answer(check->name, &err, check->well ? check->well(&st) : NULL);
		keep(first, &err);
	}
}

/* The same of what its memory tells. */
static void say_interpreter(const struct python *py, struct lt_err *first)
{
	struct lt_err library = {0}, several = {0};
	struct gadgets gadgets;

	(void)gadgets_find(py, &gadgets, &library);
	answer("c-library", &library, NULL);
	if (!python_alone(py))
		lt_err_set(&several, LT_E_INTERPRETERS, 0, "only the main one could be counted");
	answer("interpreters", &several, NULL);
	keep(first, &library);
	keep(first, &several);
}

static void say_end(enum lt_errc reading, const struct options *options, enum lt_errc borrowing)
{
	if (reading != LT_OK)
		line("leaktop", "does not watch it");
	else if (options->readonly)
		line("leaktop", "shows what can be read, as asked");
	else if (borrowing != LT_OK)
		line("leaktop", "shows what can be read, and counts once nothing refuses");
	else
		line("leaktop", "counts");
}

int inspect_run(const struct options *options)
{
	pid_t pid = options->pid;
	struct lt_err reading = {0}, borrowing = {0};
	struct python py;

	say_who(pid);
	(void)preflight_read(pid, &reading);
	answer("reading", &reading, NULL);
	if (reading.code == LT_OK && preflight_memory(pid, &reading) != LT_OK)
		answer("memory", &reading, NULL);
	if (reading.code == LT_OK) {
		if (python_find(pid, &py, &reading) == LT_OK)
			say_python(&py);
		else
			answer("python", &reading, NULL);
		say_borrowing(pid, &borrowing);
	}
	if (reading.code == LT_OK) {
		say_interpreter(&py, &borrowing);
		if (borrowing.code == LT_OK)
			say_moment(&py);
	}
	say_end(reading.code, options, borrowing.code);
	return lt_err_info(reading.code)->exit_status;
}
