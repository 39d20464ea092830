/*
 * The HTTP server as a client sees it, good ones and bad ones: both ends are in this process, in
 * one loop, so nothing here waits for anything but a state.
 */
#include "config.h"
#include "test.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "serve/serve.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/mem.h"

#define PATIENCE_NS (60 * CLOCK_NS_PER_S)

/* Shorter than usual, so that their end can be waited for. */
static const struct serve_limits limits = {.request_bytes = 16 << 10, .idle_s = 1, .life_s = 3};

static struct serve *server;
static struct serve_address where;
static size_t asked;		/* times that a page was looked for */
static char *big;		/* a page of a megabyte */

static bool find(void *ctx, const char *path, const char *accept, struct serve_page *ret)
{
	asked++;
	*ret = (struct serve_page){"text/plain", "one 1\n", 6};
	if (strcmp(path, "/big") == 0)
		*ret = (struct serve_page){"text/plain", big, 1 << 20};
	else if (strstr(accept, "openmetrics"))
		*ret = (struct serve_page){"application/openmetrics-text", "# EOF\n", 6};
	return strcmp(path, "/metrics") == 0 || strcmp(path, "/big") == 0;
}

static int open_server(void **state)
{
	struct serve_address at;
	struct lt_err err = {0};

	asked = 0;
	server = NULL;
	if (!serve_address_parse("127.0.0.1:0", &at))
		return -1;
	if (serve_open(&at, &limits, find, NULL, &server, &err) != LT_OK)
		return strstr(err.detail, "built without") ? 0 : -1;
	where = *serve_where(server);
	return 0;
}

static int close_server(void **state)
{
	serve_close(server);
	return 0;
}

#define NEEDS_SERVER() \
	do { \
		if (!server) \
			SKIP("built without libmicrohttpd"); \
	} while (0)

static int connect_client(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	if (connect(fd, (struct sockaddr *)&where.at, where.size) < 0)
		assert_int_equal(errno, EINPROGRESS);
	return fd;
}

/* One turn of the loop that leaktop has. */
static void turn(void)
{
	struct pollfd fd = {.fd = serve_fd(server), .events = POLLIN};
	int wait_ms = serve_wait_ms(server);

	(void)poll(&fd, 1, wait_ms >= 0 && wait_ms < 10 ? wait_ms : 10);
	serve_run(server);
}

static void send_all(int fd, const char *text)
{
	int64_t end = clock_mono_ns() + PATIENCE_NS;
	size_t n = strlen(text);

	while (n && clock_mono_ns() < end) {
		ssize_t put = send(fd, text, n, MSG_NOSIGNAL);

		if (put < 0 && errno != EAGAIN && errno != ENOTCONN)
			return;		/* it has closed: its answer says why */
		text += put > 0 ? put : 0;
		n -= put > 0 ? (size_t)put : 0;
		turn();
	}
}

/* All that comes until the other end closes; closes this one. */
static char *receive(int fd)
{
	int64_t end = clock_mono_ns() + PATIENCE_NS;
	struct buf b = {0};
	char chunk[65536];

	while (clock_mono_ns() < end) {
		ssize_t n = recv(fd, chunk, sizeof(chunk), 0);

		if (n == 0 || (n < 0 && errno != EAGAIN && errno != ENOTCONN))
			break;
		if (n > 0)
			buf_put(&b, chunk, (size_t)n);
		turn();
	}
	close(fd);
	return b.data ? b.data : mem_strdup("");
}

static char *ask(const char *request)
{
	int fd = connect_client();

	send_all(fd, request);
	return receive(fd);
}

/* The answer to request begins with this, and its body is that (NULL: whatever). */
static void assert_answer(const char *request, const char *begin, const char *body)
{
	char *got = ask(request), *at = strstr(got, "\r\n\r\n");

	if (strncmp(got, begin, strlen(begin)) != 0)
		fail_msg("'%.40s' was answered by '%.80s'", request, got);
	assert_non_null(at);
	if (body)
		assert_string_equal(at + 4, body);
	free(got);
}

#define HOST "Host: x\r\n"

static void a_page_is_got_with_its_type_and_the_connection_ends(void **state)
{
	char *got;

	NEEDS_SERVER();
	got = ask("GET /metrics HTTP/1.1\r\n" HOST "\r\n");
	assert_int_equal(strncmp(got, "HTTP/1.1 200 OK\r\n", 17), 0);
	assert_non_null(strstr(got, "Content-Type: text/plain\r\n"));
	assert_non_null(strstr(got, "Connection: close\r\n"));
	assert_string_equal(strstr(got, "\r\n\r\n") + 4, "one 1\n");
	free(got);
	assert_answer("GET /metrics?a=b HTTP/1.0\r\n\r\n", "HTTP/1.", "one 1\n");
	assert_answer("GET /metrics HTTP/1.1\r\n" HOST
		      "Accept: application/openmetrics-text\r\n\r\n",
		      "HTTP/1.1 200", "# EOF\n");
}

static void head_has_the_size_and_no_body(void **state)
{
	char *got;

	NEEDS_SERVER();
	got = ask("HEAD /metrics HTTP/1.1\r\n" HOST "\r\n");
	assert_non_null(strstr(got, "Content-Length: 6\r\n"));
	assert_string_equal(strstr(got, "\r\n\r\n"), "\r\n\r\n");
	free(got);
}

static void what_is_not_asked_politely_is_answered_by_its_status(void **state)
{
	static const struct { const char *request, *answer; } cases[] = {
		{"GET /etc/passwd HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 404"},
		{"GET /../../metrics HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 404"},
		{"GET /metrics/ HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 404"},
		{"POST /metrics HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\na=b", "HTTP/1.1 405"},
		{"PUT /metrics HTTP/1.1\r\n" HOST "Content-Length: 999999999999\r\n\r\n",
		 "HTTP/1.1 405"},
		{"DELETE /metrics HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 405"},
		{"CONNECT x:1 HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 405"},
	};

	NEEDS_SERVER();
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_answer(cases[i].request, cases[i].answer, NULL);
	assert_answer("GET /metrics HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 200", "one 1\n");
}

/* Too much of anything: an error or a closed connection, and no page is even looked for. */
static void a_request_of_any_size_gets_no_memory(void **state)
{
	static const char *const begins[] = {
		"GET /", "GET /metrics HTTP/1.1\r\n" HOST "X: ", "", "\r\n",
		"GET /metrics HTTP/1.1\r\n",
	};
	char *junk = mem_alloc((1 << 20) + 1);

	NEEDS_SERVER();
	for (size_t i = 0; i < COUNT_OF(begins); i++) {
		int fd = connect_client();
		char *got;

		memset(junk, 'a', 1 << 20);
		if (i == COUNT_OF(begins) - 1)
			for (size_t k = 0; k < 1 << 20; k += 4)
				memcpy(junk + k, "a:\r\n", 4);
		send_all(fd, begins[i]);
		send_all(fd, junk);
		got = receive(fd);
		assert_null(strstr(got, " 200 "));
		free(got);
	}
	assert_int_equal(asked, 0);
	assert_answer("GET /metrics HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 200", "one 1\n");
	free(junk);
}

/* Bytes that are no HTTP, from a generator with a fixed beginning. */
static void noise_is_survived(void **state)
{
	uint32_t x = 1;

	NEEDS_SERVER();
	for (int i = 0; i < 200; i++) {
		char noise[257];
		int fd = connect_client();

		for (size_t k = 0; k < sizeof(noise) - 1; k++) {
			x = x * 1664525 + 1013904223;
			noise[k] = (char)(1 + (x >> 24) % 255);
		}
		noise[sizeof(noise) - 1] = '\0';
		send_all(fd, noise);
		close(fd);
		turn();
	}
	assert_answer("GET /metrics HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 200", "one 1\n");
}

/* Open ones of this process, which has both ends. */
static size_t descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	size_t n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/*
 * A hundred who connect and say nothing or half of it, or ask for a large page and take none of it.
 * Sixteen of them have places, for a second without a byte; then others have their turn.
 */
static void scrapers_that_hang_lose_their_places(void **state)
{
	static const char *const says[] = {
		"", "GET /big HTTP/1.1\r\n" HOST "\r\n", "GET /metrics HTTP/1.1\r\nHo",
	};
	int fds[100];
	const int small = 4096;
	size_t before = descriptors();

	NEEDS_SERVER();
	big = mem_alloc(1 << 20);
	memset(big, 'x', 1 << 20);
	for (size_t i = 0; i < COUNT_OF(fds); i++) {
		fds[i] = connect_client();
		(void)setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
		(void)send(fds[i], says[i % 3], strlen(says[i % 3]), MSG_NOSIGNAL);
		turn();
	}
	assert_in_range(descriptors() - before, COUNT_OF(fds) + 1,
			COUNT_OF(fds) + SERVE_CONNECTIONS);
	for (size_t i = 0; i < COUNT_OF(fds) - 12; i++)	/* the backlog behind them, not all */
		close(fds[i]);
	assert_answer("GET /metrics HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 200", "one 1\n");
	for (size_t i = COUNT_OF(fds) - 12; i < COUNT_OF(fds); i++)
		close(fds[i]);
	free(big);
	big = NULL;
}

/* A byte now and then is never idle; its time in all is bounded too. */
static void a_client_that_drips_is_ended(void **state)
{
	int64_t end, next;
	bool ended = false;
	int fd;

	NEEDS_SERVER();
	fd = connect_client();
	send_all(fd, "GET /metrics HTTP/1.1\r\nX: ");
	next = clock_mono_ns();
	end = next + PATIENCE_NS;
	while (!ended && clock_mono_ns() < end) {
		char c;

		if (clock_mono_ns() >= next) {
			(void)send(fd, "a", 1, MSG_NOSIGNAL);
			next += 300 * CLOCK_NS_PER_MS;
		}
		turn();
		ended = recv(fd, &c, 1, 0) >= 0 || errno != EAGAIN;
	}
	close(fd);
	assert_true(ended);
	assert_int_equal(asked, 0);
}

static void a_port_in_use_is_an_error_that_names_it(void **state)
{
	struct serve *second = NULL;
	struct lt_err err = {0};
	char text[SERVE_ADDRESS_TEXT];

	NEEDS_SERVER();
	assert_int_equal(serve_open(&where, &limits, find, NULL, &second, &err), LT_E_LISTEN);
	assert_int_equal(err.sys_errno, EADDRINUSE);
	assert_string_equal(err.detail, serve_address_text(&where, text, sizeof(text)));
	assert_null(second);
}

static void a_port_is_free_again_when_its_server_has_gone(void **state)
{
	struct serve *second = NULL;

	NEEDS_SERVER();
	assert_answer("GET /metrics HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 200", "one 1\n");
	serve_close(server);
	server = NULL;
	assert_int_equal(serve_open(&where, &limits, find, NULL, &second, NULL), LT_OK);
	server = second;
	assert_answer("GET /metrics HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 200", "one 1\n");
}

static void an_address_is_this_machine_unless_it_says_otherwise(void **state)
{
	static const struct { const char *given, *means; } cases[] = {
		{"9123", "127.0.0.1:9123"}, {":9123", "127.0.0.1:9123"},
		{"localhost:1", "127.0.0.1:1"}, {"0.0.0.0:65535", "0.0.0.0:65535"},
		{"192.168.1.2:0", "192.168.1.2:0"}, {"[::1]:9123", "[::1]:9123"},
		{"[::]:80", "[::]:80"},
	};
	static const char *const wrong[] = {
		"", ":", "x", "65536", "-1", "127.0.0.1", "127.0.0.1:", "::1:9123", "[::1]",
		"[]:1", "[127.0.0.1]:1", "example.org:80", "1.2.3:4", "9123 ", " 9123", "0x50",
		"[::1:2", "127.0.0.1:80:80",
		"[aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]:1",
	};
	struct serve_address a, before;
	char text[SERVE_ADDRESS_TEXT];

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		assert_true(serve_address_parse(cases[i].given, &a));
		assert_string_equal(serve_address_text(&a, text, sizeof(text)), cases[i].means);
	}
	before = a;
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		if (serve_address_parse(wrong[i], &a))
			fail_msg("'%s' was taken", wrong[i]);
	assert_memory_equal(&a, &before, sizeof(a));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, open_server, close_server)
	const struct CMUnitTest tests[] = {
		T(a_page_is_got_with_its_type_and_the_connection_ends),
		T(head_has_the_size_and_no_body),
		T(what_is_not_asked_politely_is_answered_by_its_status),
		T(a_request_of_any_size_gets_no_memory),
		T(noise_is_survived),
		T(scrapers_that_hang_lose_their_places),
		T(a_client_that_drips_is_ended),
		T(a_port_in_use_is_an_error_that_names_it),
		T(a_port_is_free_again_when_its_server_has_gone),
		cmocka_unit_test(an_address_is_this_machine_unless_it_says_otherwise),
	};

	return cmocka_run_group_tests_name("serve", tests, NULL, NULL);
}
