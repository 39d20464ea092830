/*
 * The HTTP server, by libmicrohttpd 0.9.71 or later, whose epoll descriptor the caller polls. The
 * library is loaded when something is to be served: with it come GnuTLS and eight others, 2.5 MiB
 * resident and 14,000 relocations in a viewer that nearly always serves nothing.
 */
#include "config.h"
#include "serve/serve.h"

#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <microhttpd.h>

#include "util/clock.h"
#include "util/mem.h"

#define BACKLOG 16
#define LIBRARY "libmicrohttpd.so.12"	/* 12 in Debian 11 to 13: the header we are built with */

#define CALLS(X) \
	X(get_connection_info) \
	X(create_response_from_buffer) \
	X(add_response_header) \
	X(queue_response) \
	X(destroy_response) \
	X(lookup_connection_value) \
	X(start_daemon) \
	X(get_daemon_info) \
	X(stop_daemon) \
	X(get_timeout) \
	X(run)

static struct {
#define X(name) __typeof__(&MHD_##name) name;
	CALLS(X)
#undef X
} mhd;

/* A longer request gets 431 or 414; a client that sends a byte a second has its time, no more. */
const struct serve_limits serve_limits_usual = {
	.request_bytes = 16 << 10, .idle_s = 10, .life_s = 30,
};

struct client {
	int fd;				/* of the daemon; -1: free */
	int64_t end_ns;			/* when it has had its time */
};

struct serve {
	struct MHD_Daemon *daemon;
	struct serve_address where;
	struct serve_limits limits;
	serve_find *find;
	void *ctx;
	int epoll_fd;			/* of the daemon */
	struct client clients[SERVE_CONNECTIONS];
};

/* ---- connections ------------------------------------------------------------------------ */

/* The daemon bounds their number, and the time without a byte; here each gets a time in all. */
static void client_came(struct serve *s, int fd)
{
	for (size_t i = 0; i < SERVE_CONNECTIONS; i++) {
		if (s->clients[i].fd >= 0)
			continue;
		s->clients[i] = (struct client){
			.fd = fd,
			.end_ns = clock_mono_ns() + s->limits.life_s * CLOCK_NS_PER_S,
		};
		return;
	}
}

static void client_went(struct serve *s, int fd)
{
	for (size_t i = 0; i < SERVE_CONNECTIONS; i++)
		if (s->clients[i].fd == fd)
			s->clients[i].fd = -1;
}

static void on_connection(void *cls, struct MHD_Connection *c, void **socket_ctx,
			  enum MHD_ConnectionNotificationCode what)
{
	const union MHD_ConnectionInfo *info =
		mhd.get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);

	if (!info)
		return;
	if (what == MHD_CONNECTION_NOTIFY_STARTED)
		client_came(cls, info->connect_fd);
	else
		client_went(cls, info->connect_fd);
}

/* Shut down, not closed: the descriptor is the daemon's, which finds that nothing comes. */
static void end_late_clients(struct serve *s)
{
	int64_t now = clock_mono_ns();

	for (size_t i = 0; i < SERVE_CONNECTIONS; i++) {
		struct client *c = &s->clients[i];

		if (c->fd >= 0 && now >= c->end_ns) {
			(void)shutdown(c->fd, SHUT_RDWR);
			c->end_ns = INT64_MAX;
		}
	}
}

/* ---- requests --------------------------------------------------------------------------- */

/* One request, one connection: a scraper comes every few seconds, and none can keep a place. */
static enum MHD_Result reply(struct MHD_Connection *c, unsigned status,
			     const struct serve_page *page)
{
	struct MHD_Response *r = mhd.create_response_from_buffer(
		page->size, (void *)(uintptr_t)page->text, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result rc;

	if (!r)
		return MHD_NO;
	(void)mhd.add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, page->type);
	(void)mhd.add_response_header(r, MHD_HTTP_HEADER_CONNECTION, "close");
	(void)mhd.add_response_header(r, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	(void)mhd.add_response_header(r, "X-Content-Type-Options", "nosniff");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		(void)mhd.add_response_header(r, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	rc = mhd.queue_response(c, status, r);
	mhd.destroy_response(r);
	return rc;
}

static enum MHD_Result reply_text(struct MHD_Connection *c, unsigned status, const char *text)
{
	struct serve_page page = {"text/plain; charset=utf-8", text, strlen(text)};

	return reply(c, status, &page);
}

/* Answered at the first call, before a body is read: the daemon then takes none. */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *c, const char *url,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_size, void **request_ctx)
{
	struct serve *s = cls;
	const char *accept = mhd.lookup_connection_value(c, MHD_HEADER_KIND,
							 MHD_HTTP_HEADER_ACCEPT);
	struct serve_page page;

	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return reply_text(c, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
	if (!s->find(s->ctx, url, accept ? accept : "", &page))
		return reply_text(c, MHD_HTTP_NOT_FOUND, "there is /metrics\n");
	return reply(c, MHD_HTTP_OK, &page);
}

/* What it says of clients' mistakes is nobody's business: stderr may be under a screen. */
static void on_log(void *cls, const char *fmt, va_list ap)
{
}

/* ---- opening ---------------------------------------------------------------------------- */

/* NULL: all of it is there; else what is wrong. It stays loaded: it may have exit handlers. */
static const char *load_library(void)
{
	void *lib = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

	if (!lib)
		return dlerror();
#define X(name) \
	mhd.name = (__typeof__(mhd.name))dlsym(lib, "MHD_" #name); \
	if (!mhd.name) \
		return dlerror();
	CALLS(X)
#undef X
	return NULL;
}

static int listen_on(const struct serve_address *at, struct serve_address *ret_where)
{
	int fd = socket(at->at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1, why;

	if (fd < 0)
		return -1;
	/* a port is free again at once when its leaktop has ended, and never while one serves */
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (at->at.ss_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	*ret_where = *at;
	ret_where->size = sizeof(ret_where->at);
	if (bind(fd, (const struct sockaddr *)&at->at, at->size) == 0 && listen(fd, BACKLOG) == 0 &&
	    getsockname(fd, (struct sockaddr *)&ret_where->at, &ret_where->size) == 0)
		return fd;
	why = errno;
	close(fd);
	errno = why;
	return -1;
}

/* No flag of an internal thread: the daemon runs in mhd.run() alone. */
static bool start_daemon(struct serve *s, int listen_fd)
{
	const union MHD_DaemonInfo *info;

	s->daemon = mhd.start_daemon(
		MHD_USE_EPOLL | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_request, s,
		MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
		MHD_OPTION_LISTEN_SOCKET, listen_fd,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)SERVE_CONNECTIONS,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, s->limits.request_bytes,
		MHD_OPTION_CONNECTION_TIMEOUT, s->limits.idle_s,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, s,
		MHD_OPTION_END);
	if (!s->daemon)
		return false;
	info = mhd.get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	s->epoll_fd = info ? info->epoll_fd : -1;
	return s->epoll_fd >= 0;
}

enum lt_errc serve_open(const struct serve_address *at, const struct serve_limits *limits,
			serve_find *find, void *ctx, struct serve **ret, struct lt_err *err)
{
	char text[SERVE_ADDRESS_TEXT];
	struct serve_address where;
	const char *missing = load_library();
	struct serve *s;
	int fd;

	if (missing)
		return lt_err_set(err, LT_E_LISTEN, 0, "%s (Debian: apt install libmicrohttpd12)",
				  missing);
	serve_address_text(at, text, sizeof(text));
	fd = listen_on(at, &where);
	if (fd < 0)
		return lt_err_set(err, LT_E_LISTEN, errno, "%s", text);
	s = MEM_NEW(struct serve);
	s->where = where;
	s->limits = *limits;
	s->find = find;
	s->ctx = ctx;
	for (size_t i = 0; i < SERVE_CONNECTIONS; i++)
		s->clients[i].fd = -1;
	if (start_daemon(s, fd)) {
		*ret = s;
		return LT_OK;
	}
	if (!s->daemon)
		close(fd);
	serve_close(s);
	return lt_err_set(err, LT_E_LISTEN, 0, "%s: libmicrohttpd does not start", text);
}

void serve_close(struct serve *s)
{
	if (!s)
		return;
	if (s->daemon)
		mhd.stop_daemon(s->daemon);
	free(s);
}

const struct serve_address *serve_where(const struct serve *s)
{
	return &s->where;
}

/* ---- running ---------------------------------------------------------------------------- */

int serve_fd(const struct serve *s)
{
	return s->epoll_fd;
}

int serve_wait_ms(struct serve *s)
{
	int64_t now = clock_mono_ns(), wait_ms = -1;
	MHD_UNSIGNED_LONG_LONG idle_ms;

	if (mhd.get_timeout(s->daemon, &idle_ms) == MHD_YES)
		wait_ms = idle_ms < 3600000 ? (int64_t)idle_ms : 3600000;
	for (size_t i = 0; i < SERVE_CONNECTIONS; i++) {
		const struct client *c = &s->clients[i];
		int64_t left_ms;

		if (c->fd < 0 || c->end_ns == INT64_MAX)
			continue;
		left_ms = now >= c->end_ns ? 0 : (c->end_ns - now) / CLOCK_NS_PER_MS + 1;
		if (wait_ms < 0 || left_ms < wait_ms)
			wait_ms = left_ms;
	}
	return (int)wait_ms;
}

void serve_run(struct serve *s)
{
	end_late_clients(s);
	(void)mhd.run(s->daemon);
}
