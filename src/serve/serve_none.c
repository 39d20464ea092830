/* Built where there is no libmicrohttpd: nothing can be served. */
#include "config.h"
#include "serve/serve.h"

const struct serve_limits serve_limits_usual;

enum lt_errc serve_open(const struct serve_address *at, const struct serve_limits *limits,
			serve_find *find, void *ctx, struct serve **ret, struct lt_err *err)
{
	return lt_err_set(err, LT_E_LISTEN, 0, "this leaktop was built without libmicrohttpd");
}

void serve_close(struct serve *s)
{
}

const struct serve_address *serve_where(const struct serve *s)
{
	return NULL;
}

int serve_fd(const struct serve *s)
{
	return -1;
}

int serve_wait_ms(struct serve *s)
{
	return -1;
}

void serve_run(struct serve *s)
{
}
