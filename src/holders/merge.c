#include "config.h"

#include "holders/merge.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "util/mem.h"

#define SHAPES_MAX 512
#define NEWEST_WEIGHT 4		/* 60 of them are as much as 240 of the 200 */

/* Names by which people know what has another one. */
static const struct { const char *from, *to, *words; } aliases[] = {
	{"logging.Logger.manager", "logging.root.manager", "module logging"},
};

void merge_done(struct merge *m)
{
	for (size_t i = 0; i < m->n; i++) {
		free(m->list[i]->shape);
		free(m->list[i]);
	}
	free(m->list);
	*m = (struct merge){0};
}

static bool is_item(const struct step *s)
{
	return s->kind == STEP_ITEM || s->kind == STEP_KEY || s->kind == STEP_ANY;
}

static void shape_of(const struct path *p, struct buf *out)
{
	buf_puts(out, p->root);
	for (size_t i = p->n; i-- > 0;) {
		buf_putc(out, is_item(&p->steps[i]) ? '[' : '.');
		if (!is_item(&p->steps[i]))
			buf_puts(out, p->steps[i].text);
	}
}

static struct merged *find(struct merge *m, const char *shape)
{
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->list[i]->shape, shape) == 0)
			return m->list[i];
	return NULL;
}

void merge_add(struct merge *m, uint32_t sample, bool counted, bool newest, const struct path *p)
{
	struct buf shape = {0};
	struct merged *g;

	shape_of(p, &shape);
	g = find(m, buf_text(&shape));
	if (!g && m->n >= SHAPES_MAX) {
		m->left_out++;
	} else if (!g) {
		if (m->n == m->cap) {
			m->cap = m->cap ? m->cap * 2 : 16;
			m->list = mem_resize(m->list, m->cap, sizeof(struct merged *));
		}
		g = m->list[m->n++] = MEM_NEW(struct merged);
		g->shape = mem_strdup(buf_text(&shape));
		g->path = *p;
		g->count = counted;
		g->newest = newest;
		g->first = g->last = sample;
	} else {
		g->count += counted && g->last != sample;
		g->newest += newest && g->last != sample;
		g->last = sample;
		for (size_t i = 0; i < p->n; i++) {
			g->varies[i] |= p->steps[i].kind != g->path.steps[i].kind ||
					p->steps[i].which != g->path.steps[i].which;
			g->moves[i] |= p->steps[i].container != g->path.steps[i].container;
		}
	}
	buf_done(&shape);
}

static size_t weight(const struct merged *g)
{
	return g->count + NEWEST_WEIGHT * g->newest;
}

/* It ends some day: what has a name that stays is told before it. */
static bool is_call(const struct path *p)
{
	return p->rank == RANK_FRAME;
}

static int better(const void *a, const void *b)
{
	const struct merged *x = *(const struct merged *const *)a;
	const struct merged *y = *(const struct merged *const *)b;

	if (weight(x) != weight(y))
		return weight(x) > weight(y) ? -1 : 1;
	if (is_call(&x->path) != is_call(&y->path))
		return is_call(&x->path) ? 1 : -1;
	if (x->path.n != y->path.n)
		return x->path.n < y->path.n ? -1 : 1;
	if (x->path.rank != y->path.rank)
		return x->path.rank < y->path.rank ? -1 : 1;
	return strcmp(x->shape, y->shape);
}

void merge_sort(struct merge *m)
{
	if (m->n)
		qsort(m->list, m->n, sizeof(struct merged *), better);
}

static void put_item(const struct merged *m, size_t i, bool show_values, struct buf *out)
{
	const struct step *s = &m->path.steps[i];

	if (s->kind == STEP_ANY || m->varies[i])
		buf_puts(out, "[*]");
	else if (s->kind == STEP_ITEM)
		buf_printf(out, "[%" PRIu64 "]", s->which);
	else if (show_values && s->text[0])
		buf_printf(out, "['%s']", s->text);
	else
		buf_puts(out, "[...]");
}

/* Which alias the path begins with; COUNT_OF(aliases): none. */
static size_t alias_of(const char *text)
{
	size_t i = 0;

	for (; i < COUNT_OF(aliases); i++) {
		size_t n = strlen(aliases[i].from);

		if (strncmp(text, aliases[i].from, n) == 0 &&
		    (!text[n] || strchr(".[ ", text[n])))
			break;
	}
	return i;
}

static void put_path(const struct merged *m, bool show_values, struct buf *out)
{
	const struct path *p = &m->path;

	buf_puts(out, p->root);
	for (size_t i = p->n; i-- > 0;) {
		if (is_item(&p->steps[i]))
			put_item(m, i, show_values, out);
		else
			buf_printf(out, "%s%s", p->steps[i].kind == STEP_NAME ? "." : "",
				   p->steps[i].text);
	}
}

void merge_text(const struct merged *m, bool show_values, struct buf *out)
{
	struct buf plain = {0};
	size_t alias;

	put_path(m, show_values, &plain);
	alias = alias_of(buf_text(&plain));
	if (alias < COUNT_OF(aliases)) {
		buf_puts(out, aliases[alias].to);
		buf_puts(out, buf_text(&plain) + strlen(aliases[alias].from));
	} else {
		buf_puts(out, buf_text(&plain));
	}
	buf_done(&plain);
}

const char *merge_root(const struct merged *m)
{
	struct buf text = {0};
	size_t alias;

	put_path(m, false, &text);
	alias = alias_of(buf_text(&text));
	buf_done(&text);
	return alias < COUNT_OF(aliases) ? aliases[alias].words : m->path.root_words;
}

const struct step *merge_container(const struct merged *m)
{
	const struct step *last = NULL;

	for (size_t i = m->path.n; i-- > 0;) {
		const struct step *s = &m->path.steps[i];

		if (!is_item(s) || !s->container)
			continue;
		last = s;
		if (m->varies[i] || s->kind == STEP_ANY)
			return m->moves[i] ? NULL : s;
	}
	return m->first == m->last ? last : NULL;	/* several, and all in one place of it */
}

void merge_interval(size_t k, size_t n, double *ret_low, double *ret_high)
{
	const double z = 1.959964;
	double p = n ? (double)k / (double)n : 0, d = n ? z * z / (double)n : 0;
	double middle = (p + d / 2) / (1 + d);
	double half = n ? z * sqrt(p * (1 - p) / (double)n + d / (4 * (double)n)) / (1 + d) : 0.5;

	*ret_low = middle - half < 0 ? 0 : middle - half;
	*ret_high = middle + half > 1 ? 1 : middle + half;
}
