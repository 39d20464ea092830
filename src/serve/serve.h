/*
 * A small HTTP server inside a poll loop: GET and HEAD of a few pages, nothing else. It never
 * blocks, starts no thread, and bounds what a client can take: connections, the size of a request,
 * its time in all. With libmicrohttpd (serve_mhd.c), or without (serve_none.c).
 */
#ifndef LT_SERVE_SERVE_H
#define LT_SERVE_SERVE_H

#include <stdbool.h>
#include <stddef.h>

#include "serve/address.h"
#include "util/err.h"

struct serve;

struct serve_limits {
	size_t request_bytes;		/* of its line and headers, and of memory per connection */
	unsigned idle_s;		/* without a byte in either direction */
	unsigned life_s;		/* of a connection in all */
};
#define SERVE_CONNECTIONS 16		/* at a time; others wait for their turn */
extern const struct serve_limits serve_limits_usual;

struct serve_page {
	const char *type;		/* media type */
	const char *text;		/* borrowed until the next call */
	size_t size;
};

/* Fills *ret with the page at path; accept is what the client asked for, or "". false: no page. */
typedef bool serve_find(void *ctx, const char *path, const char *accept, struct serve_page *ret);

/*
 * Listens; find is called with ctx, from serve_run() alone. LT_E_LISTEN with errno where it cannot:
 * nothing is left then.
 */
enum lt_errc serve_open(const struct serve_address *at, const struct serve_limits *limits,
			serve_find *find, void *ctx, struct serve **ret, struct lt_err *err);
void serve_close(struct serve *s);

/* Where it listens: with the port that the kernel chose, if 0 was asked for. */
const struct serve_address *serve_where(const struct serve *s);

/* Poll serve_fd() for reading, serve_wait_ms() at most (-1: for ever), then call serve_run(). */
int serve_fd(const struct serve *s);
int serve_wait_ms(struct serve *s);
void serve_run(struct serve *s);

#endif
