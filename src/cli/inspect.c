#include "config.h"
#include "cli/inspect.h"

#include <stdio.h>

#include "cli/complain.h"
#include "inject/gadget.h"
#include "inject/preflight.h"
#include "inject/safepoint.h"
#include "proc/figures.h"
#include "target/python.h"

static void line(const char *what, const char *text)
{
	printf("%-9s %s\n", what, text);
}

/* One question: "ok" or the cause and the remedy. Keeps the first refusal for the exit status. */
static void answer(const char *what, enum lt_errc rc, const struct lt_err *err,
		   struct lt_err *first)
{
	char text[512];

	if (rc == LT_OK) {
		line(what, "ok");
		return;
	}
	line(what, lt_err_text(err, text, sizeof(text)));
	line("", lt_err_info(rc)->remedy);
	if (first->code == LT_OK)
		*first = *err;
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

int inspect_run(const struct options *options)
{
	pid_t pid = options->pid;
	struct lt_err err = {0}, first = {0};
	struct python py;
	struct gadgets gadgets;
	enum lt_errc rc = preflight_read(pid, &err);

	if (rc != LT_OK)
		return complain(&err);
	say_who(pid);
	answer("reading", rc, &err, &first);
	rc = python_find(pid, &py, &err);
	if (rc != LT_OK) {
		answer("python", rc, &err, &first);
	} else {
		say_python(&py);
		rc = preflight_inject(pid, &err);
		if (rc == LT_OK)
			rc = gadgets_find(&py, &gadgets, &err);
		answer("borrowing", rc, &err, &first);
		say_moment(&py);
	}
	return lt_err_info(first.code)->exit_status;
}
