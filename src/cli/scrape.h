/*
 * --listen: what a model knows, as pages of a small HTTP server. The page is made anew for the
 * first who asks after a sample.
 */
#ifndef LT_CLI_SCRAPE_H
#define LT_CLI_SCRAPE_H

#include <stddef.h>

#include "cli/options.h"
#include "model/model.h"

struct scrape;

/* Listens; serves nothing yet. Borrows the options. */
enum lt_errc scrape_open(const struct options *options, struct scrape **ret, struct lt_err *err);
/* NULL is fine for all of these: then nothing is served. */
void scrape_close(struct scrape *s);

/* The model to show from now on, borrowed. */
void scrape_show(struct scrape *s, struct model *m);
/* The model has changed. */
void scrape_changed(struct scrape *s);

/* For the poll loop, as serve_fd(), serve_wait_ms() and serve_run(). */
int scrape_fd(const struct scrape *s);
int scrape_wait_ms(const struct scrape *s);
void scrape_run(struct scrape *s);

/* "http://127.0.0.1:9123/metrics". Returns buf. */
char *scrape_url(const struct scrape *s, char *buf, size_t size);

#endif
