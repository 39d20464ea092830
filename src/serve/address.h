/* --listen ADDR:PORT: a numeric address to serve on, this machine alone unless one is given. */
#ifndef LT_SERVE_ADDRESS_H
#define LT_SERVE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

struct serve_address {
	struct sockaddr_storage at;
	socklen_t size;
};

#define SERVE_ADDRESS_TEXT 64		/* bytes that hold any of them as text */

/*
 * "9123" and ":9123" are 127.0.0.1; "localhost:9123", "0.0.0.0:9123", "[::1]:9123". Port 0: one
 * that is free. No names are looked up. false leaves *ret untouched.
 */
bool serve_address_parse(const char *text, struct serve_address *ret);

/* "127.0.0.1:9123", "[::1]:9123", as in a URL. Returns buf. */
char *serve_address_text(const struct serve_address *a, char *buf, size_t size);

#endif
