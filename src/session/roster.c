#include "config.h"
#include "session/roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inject/preflight.h"
#include "proc/candidates.h"
#include "target/python.h"
#include "util/clock.h"
#include "util/mem.h"
#include "util/num.h"
#include "util/pattern.h"

#define AGAIN_NS (10 * CLOCK_NS_PER_S)	/* rights change, tracers come and go */

struct entry {
	struct candidate who;
	char version[24];		/* from its memory; "" not known */
	struct lt_err refusal;
	int64_t asked_ns;		/* clock_mono_ns(); 0: never */
};

struct roster {
	struct candidates *candidates;	/* owned */
	struct entry *entries;		/* owned, by PID */
	size_t n, at;			/* the next one to be asked */
	bool searched;			/* a round is complete */
	bool asking;			/* entries from at on wait for it */
	char filter[128];
	bool filtered, inverted;
	regex_t re;			/* where filtered */
	struct process_row *rows;	/* owned */
	struct processes list;
};

struct roster *roster_new(void)
{
	struct roster *r = MEM_NEW(struct roster);

	r->candidates = candidates_new();
	return r;
}

void roster_free(struct roster *r)
{
	if (!r)
		return;
	candidates_free(r->candidates);
	if (r->filtered)
		regfree(&r->re);
	free(r->entries);
	free(r->rows);
	free(r);
}

/* ---- asking ------------------------------------------------------------------------------ */

/* What was learnt of the same process before. Both lists are by PID. */
static void take_candidates(struct roster *r)
{
	size_t n, k = 0;
	const struct candidate *found = candidates_list(r->candidates, &n);
	struct entry *entries = mem_array(n + 1, sizeof(*entries));

	for (size_t i = 0; i < n; i++) {
		struct entry *e = &entries[i];

		while (k < r->n && r->entries[k].who.pid < found[i].pid)
			k++;
		if (k < r->n && r->entries[k].who.pid == found[i].pid &&
		    r->entries[k].who.start_ticks == found[i].start_ticks &&
		    strcmp(r->entries[k].who.command, found[i].command) == 0)
			*e = r->entries[k];
		e->who = found[i];
	}
	free(r->entries);
	r->entries = entries;
	r->n = n;
	r->at = 0;
	r->searched = true;
	r->asking = true;
}

/* Reasons that /proc tells may go; what its memory told stays, but for a Python that starts up. */
static bool settled(const struct entry *e)
{
	int status = lt_err_info(e->refusal.code)->exit_status;

	if (e->version[0] || e->refusal.code == LT_E_TIMEOUT)
		return true;
	return e->refusal.code != LT_OK && status == 5 && e->refusal.code != LT_E_UNREADY;
}

static void ask(struct entry *e)
{
	struct lt_err err = {0};
	struct python py;
	bool was = settled(e);

	e->asked_ns = clock_mono_ns();
	if (was && !e->version[0])
		return;
	if (preflight_read(e->who.pid, &err) == LT_OK && !was &&
	    python_find(e->who.pid, &py, &err) == LT_OK)
		snprintf(e->version, sizeof(e->version), "%s", py.version);
	if (err.code == LT_OK)
		(void)preflight_inject(e->who.pid, &err);
	e->refusal = err;
}

static bool due(const struct entry *e)
{
	return e->asked_ns == 0 || clock_mono_ns() - e->asked_ns > AGAIN_NS ||
	       e->refusal.code == LT_E_UNREADY;
}

bool roster_step(struct roster *r, int64_t budget_ns)
{
	int64_t end = clock_mono_ns() + budget_ns;

	if (!r->asking) {
		if (!candidates_step(r->candidates, budget_ns))
			return false;
		take_candidates(r);
	}
	for (; r->at < r->n; r->at++) {
		if (clock_mono_ns() >= end)
			return false;
		if (due(&r->entries[r->at]))
			ask(&r->entries[r->at]);
	}
	r->asking = false;
	return true;
}

/* ---- the list ---------------------------------------------------------------------------- */

bool roster_filter(struct roster *r, const char *text, char *msg, size_t size)
{
	bool inverted = text[0] == '!';
	regex_t re;

	if (text[inverted] && !pattern_compile(&re, text + inverted, msg, size))
		return false;
	if (r->filtered)
		regfree(&r->re);
	r->filtered = text[inverted] != '\0';
	r->inverted = inverted;
	if (r->filtered)
		r->re = re;
	snprintf(r->filter, sizeof(r->filter), "%s", r->filtered ? text : "");
	return true;
}

static bool shown(const struct roster *r, const struct process_row *row)
{
	char text[sizeof(row->user) + sizeof(row->python) + sizeof(row->where) +
		  sizeof(row->command) + 32];

	if (!r->filtered)
		return true;
	snprintf(text, sizeof(text), "%d %s %s %s %s", (int)row->pid, row->user, row->python,
		 row->where, row->command);
	return (regexec(&r->re, text, 0, NULL, 0) == 0) != r->inverted;
}

static void put_row(struct process_row *row, const struct entry *e, double now)
{
	const struct candidate *who = &e->who;

	*row = (struct process_row){
		.pid = who->pid, .rss_bytes = who->rss_bytes, .age_s = now - who->start_wall_s,
		.refusal = e->refusal,
	};
	snprintf(row->user, sizeof(row->user), "%s", who->user);
	snprintf(row->python, sizeof(row->python), "%s",
		 e->version[0] ? e->version : who->python);
	snprintf(row->where, sizeof(row->where), "%s", who->where);
	snprintf(row->command, sizeof(row->command), "%s", who->command);
}

static int larger_first(const void *a, const void *b)
{
	const struct process_row *x = a, *y = b;

	if (x->rss_bytes != y->rss_bytes)
		return x->rss_bytes < y->rss_bytes ? 1 : -1;
	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

/* Other users' processes are visible to all, unless /proc is mounted with hidepid=2. */
static void say_empty(const struct roster *r, char *dst, size_t size)
{
	dst[0] = '\0';
	if (r->n > 0)
		snprintf(dst, size, "no process matches the filter %s", r->filter);
	else if (access("/proc/1", F_OK) != 0)
		snprintf(dst, size, "none is yours, and /proc hides those of others (hidepid): "
			 "sudo leaktop shows them");
	else
		snprintf(dst, size, "none among the %zu processes that can be seen from here",
			 candidates_seen(r->candidates));
}

const struct processes *roster_list(struct roster *r)
{
	double now = clock_wall_s();
	size_t n = 0;

	free(r->rows);
	r->rows = mem_array(r->n + 1, sizeof(*r->rows));
	for (size_t i = 0; i < r->n; i++) {
		put_row(&r->rows[n], &r->entries[i], now);
		n += shown(r, &r->rows[n]) ? 1 : 0;
	}
	qsort(r->rows, n, sizeof(*r->rows), larger_first);
	r->list = (struct processes){
		.rows = r->rows, .n = n, .n_all = r->n, .searching = !r->searched,
	};
	snprintf(r->list.filter, sizeof(r->list.filter), "%s", r->filter);
	if (n == 0 && r->searched)
		say_empty(r, r->list.empty, sizeof(r->list.empty));
	return &r->list;
}
