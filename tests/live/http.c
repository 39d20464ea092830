#include "config.h"
#include "http.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/mem.h"

#define PATIENCE_S 60

static struct sockaddr_in loopback(int port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return in;
}

int http_connect(int port)
{
	struct timeval patience = {.tv_sec = PATIENCE_S};
	struct sockaddr_in in = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&in, sizeof(in)) == 0)
		return fd;
	close(fd);
	return -1;
}

char *http_get(int port, const char *path, char **ret_status)
{
	int fd = http_connect(port);
	struct buf b = {0};
	char chunk[65536], *body = NULL;
	const char *end;
	ssize_t n;

	if (fd < 0)
		return NULL;
	buf_printf(&b, "GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n", path);
	(void)send(fd, b.data, b.len, MSG_NOSIGNAL);
	buf_clear(&b);
	while ((n = recv(fd, chunk, sizeof(chunk), 0)) > 0)
		buf_put(&b, chunk, (size_t)n);
	close(fd);
	end = strstr(buf_text(&b), "\r\n\r\n");
	if (end) {
		body = mem_strdup(end + 4);
		if (ret_status)
			*ret_status = strndup(b.data, strcspn(b.data, "\r"));
	}
	buf_done(&b);
	return body;
}

int http_free_port(void)
{
	struct sockaddr_in in = loopback(0);
	socklen_t size = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), port = -1;

	if (fd >= 0 && bind(fd, (struct sockaddr *)&in, size) == 0 &&
	    getsockname(fd, (struct sockaddr *)&in, &size) == 0)
		port = ntohs(in.sin_port);
	if (fd >= 0)
		close(fd);
	return port;
}
