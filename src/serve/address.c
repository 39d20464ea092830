#include "config.h"
#include "serve/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "util/num.h"

static bool parse_v4(const char *host, in_port_t port, struct serve_address *ret)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = port};

	if (!*host || strcmp(host, "localhost") == 0)
		host = "127.0.0.1";
	if (inet_pton(AF_INET, host, &in.sin_addr) != 1)
		return false;
	memcpy(&ret->at, &in, sizeof(in));
	ret->size = sizeof(in);
	return true;
}

static bool parse_v6(const char *host, in_port_t port, struct serve_address *ret)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = port};

	if (inet_pton(AF_INET6, host, &in6.sin6_addr) != 1)
		return false;
	memcpy(&ret->at, &in6, sizeof(in6));
	ret->size = sizeof(in6);
	return true;
}

bool serve_address_parse(const char *text, struct serve_address *ret)
{
	const char *colon = strrchr(text, ':');
	const char *number = colon ? colon + 1 : text;
	size_t n = colon ? (size_t)(colon - text) : 0;
	struct serve_address a = {0};
	char host[INET6_ADDRSTRLEN + 2];
	int64_t port;
	bool ok;

	if (n >= sizeof(host) || !num_parse(number, 0, 65535, &port))
		return false;
	memcpy(host, text, n);
	host[n] = '\0';
	if (n > 2 && host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = '\0';
		ok = parse_v6(host + 1, htons((uint16_t)port), &a);
	} else {
		ok = parse_v4(host, htons((uint16_t)port), &a);
	}
	if (ok)
		*ret = a;
	return ok;
}

char *serve_address_text(const struct serve_address *a, char *buf, size_t size)
{
	bool v6 = a->at.ss_family == AF_INET6;
	char host[INET6_ADDRSTRLEN] = "?";
	struct sockaddr_in6 in6;
	struct sockaddr_in in;
	unsigned port;

	memcpy(&in6, &a->at, sizeof(in6));
	memcpy(&in, &a->at, sizeof(in));
	port = ntohs(v6 ? in6.sin6_port : in.sin_port);
	(void)inet_ntop(a->at.ss_family, v6 ? (void *)&in6.sin6_addr : (void *)&in.sin_addr, host,
			sizeof(host));
	snprintf(buf, size, v6 ? "[%s]:%u" : "%s:%u", host, port);
	return buf;
}
