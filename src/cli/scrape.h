/*
 * --listen: what a model knows, as pages of a small HTTP server. The page is made anew for the
 * first who asks after a sample.
 */
#ifndef LT_CLI_SCRAPE_H
#define LT_CLI_SCRAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/options.h"
#include "model/model.h"

struct scrape;

/* Listens; serves nothing yet. Borrows the options. */
enum lt_errc scrape_open(const struct options *options, struct scrape **ret, struct lt_err *err);
/* NULL is fine for all of these: then nothing is served. */
void scrape_close(struct scrape *s);

/*
 * What is shown from now on: m, borrowed until the next call. on_screen: keys change its order,
 * filter and baseline, so a model beside it is shown, which has only what searches found from it.
 */
void scrape_watch(struct scrape *s, const struct sample_target *target, struct model *m,
		  bool on_screen);
/* There was a sample (m has it already), or the target has ended. */
void scrape_sample(struct scrape *s, const struct sample_target *target,
		   const struct sample *sample);
void scrape_ended(struct scrape *s, double wall_s);

/* For the poll loop, as serve_fd(), serve_wait_ms() and serve_run(). */
int scrape_fd(const struct scrape *s);
int scrape_wait_ms(const struct scrape *s);
void scrape_run(struct scrape *s);

/* "http://127.0.0.1:9123/metrics". Returns buf. */
char *scrape_url(const struct scrape *s, char *buf, size_t size);

#endif
