#include "config.h"
#include "ui/picture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/mem.h"

static void *grow(void *p, size_t *cap, size_t need, size_t size)
{
	if (need <= *cap)
		return p;
	*cap = need + need / 2;
	return mem_resize(p, *cap, size);
}

/* Copies a series behind *at and points it there. */
static void take_series(struct series_view *s, int64_t **at)
{
	if (s->n)
		memcpy(*at, s->cells, s->n * sizeof(**at));
	s->cells = *at;
	*at += s->n;
}

static size_t count_cells(const struct snapshot *snap)
{
	size_t n = snap->rss.n + snap->pss.n + snap->pyheap.n + snap->native.n + snap->gen2.n +
		   snap->cpu.n;

	for (size_t i = 0; i < snap->n_rows; i++)
		n += snap->rows[i].trend.n;
	return n;
}

/* Names are laid out first: the buffer moves while it grows, so pointers into it come after. */
static void take_names(struct picture *p)
{
	const char *at;

	buf_clear(&p->names);
	for (size_t i = 0; i < p->snap.n_rows; i++)
		buf_put(&p->names, p->rows[i].name, strlen(p->rows[i].name) + 1);
	at = buf_text(&p->names);
	for (size_t i = 0; i < p->snap.n_rows; i++) {
		p->rows[i].name = at;
		at += strlen(at) + 1;
	}
}

/* They are large and change seldom. */
void picture_take_holdings(struct picture *p, const struct snapshot *snap)
{
	size_t n = snap->n_holdings;

	if (snap->holdings_version != p->version || n > p->holdings_cap) {
		p->holdings = grow(p->holdings, &p->holdings_cap, n, sizeof(*p->holdings));
		p->shown = grow(p->shown, &p->shown_cap, n, sizeof(*p->shown));
		for (size_t i = 0; i < n; i++) {
			p->holdings[i] = *snap->holdings[i];
			p->shown[i] = &p->holdings[i];
		}
		p->version = snap->holdings_version;
	}
	p->snap.holdings = p->shown;
	if (snap->growing)
		p->growing = *snap->growing;
	p->snap.growing = snap->growing ? &p->growing : NULL;
	p->snap.n_holdings = n;
	p->snap.searching = snap->searching;
}

void picture_take(struct picture *p, const struct snapshot *snap)
{
	int64_t *at;

	p->rows = grow(p->rows, &p->rows_cap, snap->n_rows, sizeof(*p->rows));
	p->cells = grow(p->cells, &p->cells_cap, count_cells(snap), sizeof(*p->cells));
	p->snap = *snap;
	p->snap.verdict.suspects = NULL;	/* the rows say it too */
	p->snap.verdict.n_suspects = 0;
	if (snap->target)
		p->target = *snap->target;
	p->snap.target = &p->target;
	snprintf(p->filter, sizeof(p->filter), "%s", snap->filter ? snap->filter : "");
	p->snap.filter = p->filter;
	if (snap->n_rows)
		memcpy(p->rows, snap->rows, snap->n_rows * sizeof(*p->rows));
	p->snap.rows = p->rows;
	p->snap.all = NULL;			/* for sinks */
	take_names(p);
	picture_take_holdings(p, snap);
	at = p->cells;
	for (size_t i = 0; i < snap->n_rows; i++)
		take_series(&p->rows[i].trend, &at);
	take_series(&p->snap.rss, &at);
	take_series(&p->snap.pss, &at);
	take_series(&p->snap.pyheap, &at);
	take_series(&p->snap.native, &at);
	take_series(&p->snap.gen2, &at);
	take_series(&p->snap.cpu, &at);
}

void picture_done(struct picture *p)
{
	free(p->rows);
	free(p->cells);
	free(p->holdings);
	free(p->shown);
	buf_done(&p->names);
	memset(p, 0, sizeof(*p));
}
