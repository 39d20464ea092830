/* A client for the tests of --listen and of Prometheus: one request, the whole answer. */
#ifndef LT_TESTS_LIVE_HTTP_H
#define LT_TESTS_LIVE_HTTP_H

/* Connects to a port of 127.0.0.1; -1 where nobody listens. */
int http_connect(int port);

/*
 * GETs path from it. Returns the body and, where asked for, the status line; the caller frees both.
 * NULL where nobody listens or the answer is none.
 */
char *http_get(int port, const char *path, char **ret_status);

/* A port that was free a moment ago. */
int http_free_port(void);

#endif
