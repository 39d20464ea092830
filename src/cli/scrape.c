#include "config.h"
#include "cli/scrape.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output/openmetrics.h"
#include "serve/serve.h"
#include "util/mem.h"

struct scrape {
	const struct options *options;
	struct serve *serve;
	struct model *model;		/* borrowed, or `own`; NULL: none yet */
	struct model *own;
	struct buf pages[EXPO_DIALECTS_OF], front;
	bool fresh[EXPO_DIALECTS_OF];	/* the page is of the latest sample */
};

static void make(struct scrape *s, enum expo_dialect dialect)
{
	const struct options *o = s->options;

	if (s->fresh[dialect])
		return;
	s->fresh[dialect] = true;
	buf_clear(&s->pages[dialect]);
	model_sort(s->model, o->sort, o->reversed);
	openmetrics_put(model_snapshot(s->model), o->listen_top, dialect, &s->pages[dialect]);
}

static const struct buf *front(struct scrape *s)
{
	const struct sample_target *target = model_snapshot(s->model)->target;

	buf_clear(&s->front);
	buf_printf(&s->front,
		   "leaktop " PACKAGE_VERSION_TEXT " watches PID %d, Python %s.\n\n"
		   "/metrics  its memory and objects, for Prometheus\n",
		   (int)target->pid, target->python);
	return &s->front;
}

/* Prometheus says that it takes OpenMetrics; who does not gets what any reader of metrics takes. */
static bool find(void *ctx, const char *path, const char *accept, struct serve_page *ret)
{
	bool metrics = strcmp(path, "/metrics") == 0;
	enum expo_dialect dialect = strstr(accept, "application/openmetrics-text")
		? EXPO_OPENMETRICS : EXPO_TEXT;
	struct scrape *s = ctx;
	const struct buf *page;

	if (!s->model || (!metrics && strcmp(path, "/") != 0))
		return false;
	if (metrics)
		make(s, dialect);
	page = metrics ? &s->pages[dialect] : front(s);
	ret->type = metrics ? expo_media_type(dialect) : "text/plain; charset=utf-8";
	ret->text = buf_text(page);
	ret->size = page->len;
	return true;
}

enum lt_errc scrape_open(const struct options *options, struct scrape **ret, struct lt_err *err)
{
	struct scrape *s = MEM_NEW(struct scrape);
	enum lt_errc rc;

	s->options = options;
	rc = serve_open(&options->listen_at, &serve_limits_usual, find, s, &s->serve, err);
	if (rc == LT_OK)
		*ret = s;
	else
		free(s);
	return rc;
}

void scrape_close(struct scrape *s)
{
	if (!s)
		return;
	serve_close(s->serve);
	model_free(s->own);
	for (int i = 0; i < EXPO_DIALECTS_OF; i++)
		buf_done(&s->pages[i]);
	buf_done(&s->front);
	free(s);
}

static void changed(struct scrape *s)
{
	for (int i = 0; i < EXPO_DIALECTS_OF; i++)
		s->fresh[i] = false;
}

void scrape_watch(struct scrape *s, const struct sample_target *target, struct model *m,
		  bool on_screen)
{
	const struct options *o;

	if (!s)
		return;
	o = s->options;
	model_free(s->own);
	s->own = on_screen ? model_new(target) : NULL;
	s->model = on_screen ? s->own : m;
	if (s->own) {
		model_share_searches(s->own, m);
		model_confirm(s->own, o->confirm_ns);
		if (o->filter)
			(void)model_filter(s->own, o->filter, NULL, 0);
	}
	changed(s);
}

void scrape_sample(struct scrape *s, const struct sample_target *target,
		   const struct sample *sample)
{
	if (!s)
		return;
	if (s->own) {
		model_target(s->own, target);
		model_push(s->own, sample);
	}
	changed(s);
}

void scrape_ended(struct scrape *s, double wall_s)
{
	if (!s)
		return;
	if (s->own)
		model_ended(s->own, wall_s);
	changed(s);
}

int scrape_fd(const struct scrape *s)
{
	return s ? serve_fd(s->serve) : -1;
}

int scrape_wait_ms(const struct scrape *s)
{
	return s ? serve_wait_ms(s->serve) : -1;
}

void scrape_run(struct scrape *s)
{
	if (s)
		serve_run(s->serve);
}

char *scrape_url(const struct scrape *s, char *buf, size_t size)
{
	char where[SERVE_ADDRESS_TEXT];

	snprintf(buf, size, "http://%s/metrics",
		 serve_address_text(serve_where(s->serve), where, sizeof(where)));
	return buf;
}
