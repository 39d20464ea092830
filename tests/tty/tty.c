#include "config.h"
#include "tty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>
#include <vterm.h>

#include "util/buf.h"
#include "util/clock.h"
#include "util/mem.h"

#define MARK '\x05'			/* ENQ, which no program here writes and no screen shows */
#define STEP_MS 20			/* how often a state without an event is looked at */

struct tty {
	VTerm *vt;			/* owned */
	VTermScreen *screen;
	int master, slave;		/* slave stays open: the modes outlive the program */
	pid_t pid;
	bool ended;
	int status;
	struct termios before;
	bool alternate, cursor_visible;
	int leaves;
	size_t bytes, escapes;
	bool flushed;			/* the mark behind all that the program wrote has come */
	struct buf row;
};

static int on_prop(VTermProp prop, VTermValue *value, void *user)
{
	struct tty *t = user;

	if (prop == VTERM_PROP_ALTSCREEN) {
		t->leaves += t->alternate && !value->boolean;
		t->alternate = value->boolean;
	} else if (prop == VTERM_PROP_CURSORVISIBLE) {
		t->cursor_visible = value->boolean;
	}
	return 1;
}

static void on_answer(const char *bytes, size_t n, void *user)
{
	struct tty *t = user;

	(void)!write(t->master, bytes, n);
}

static void apply_env(const char *const *env)
{
	setenv("TERM", "xterm-256color", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	setenv("TZ", "UTC", 1);
	unsetenv("NO_COLOR");
	unsetenv("LINES");
	unsetenv("COLUMNS");
	for (; env && *env; env++) {
		char *name = mem_strdup(*env), *value = strchr(name, '=');

		if (value)
			*value++ = '\0';
		if (value)
			setenv(name, value, 1);
		else
			unsetenv(name);
		free(name);
	}
}

static bool take_terminal(int slave, bool apart)
{
	if (!apart)
		return login_tty(slave) == 0;
	return setsid() >= 0 && dup2(slave, 0) == 0 && dup2(slave, 1) == 1 && dup2(slave, 2) == 2 &&
	       close(slave) == 0;
}

static void run_child(const struct tty *t, const char *const *argv, const char *const *env,
		      bool apart)
{
	close(t->master);
	if (!take_terminal(t->slave, apart))
		_exit(126);
	apply_env(env);
	execvp(argv[0], (char *const *)argv);
	fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static void open_screen(struct tty *t, int rows, int cols)
{
	static const VTermScreenCallbacks callbacks = {.settermprop = on_prop};

	t->cursor_visible = true;
	t->vt = vterm_new(rows, cols);
	vterm_set_utf8(t->vt, 1);
	vterm_output_set_callback(t->vt, on_answer, t);
	t->screen = vterm_obtain_screen(t->vt);
	vterm_screen_enable_altscreen(t->screen, 1);
	vterm_screen_set_callbacks(t->screen, &callbacks, t);
	vterm_screen_reset(t->screen, 1);
}

static struct tty *start(const char *const *argv, int rows, int cols, const char *const *env,
			 bool apart)
{
	struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
	struct tty *t = MEM_NEW(struct tty);

	if (openpty(&t->master, &t->slave, NULL, NULL, &size) != 0) {
		free(t);
		return NULL;
	}
	(void)tcgetattr(t->slave, &t->before);
	(void)fcntl(t->master, F_SETFD, FD_CLOEXEC);
	(void)fcntl(t->master, F_SETFL, O_NONBLOCK);
	open_screen(t, rows, cols);
	t->pid = fork();
	if (t->pid == 0)
		run_child(t, argv, env, apart);
	return t;
}

struct tty *tty_start(const char *const *argv, int rows, int cols, const char *const *env)
{
	return start(argv, rows, cols, env, false);
}

struct tty *tty_start_apart(const char *const *argv, int rows, int cols, const char *const *env)
{
	return start(argv, rows, cols, env, true);
}

void tty_hang_up(struct tty *t)
{
	if (t->slave >= 0)
		close(t->slave);
	if (t->master >= 0)
		close(t->master);
	t->master = t->slave = -1;
}

void tty_free(struct tty *t)
{
	if (!t)
		return;
	if (!t->ended && t->pid > 0) {
		kill(t->pid, SIGKILL);
		waitpid(t->pid, NULL, 0);
	}
	tty_hang_up(t);
	vterm_free(t->vt);
	buf_done(&t->row);
	free(t);
}

pid_t tty_pid(const struct tty *t)
{
	return t->pid;
}

/* Takes what is there, waiting at most ms for it. false: nothing came. */
static bool pump(struct tty *t, int ms)
{
	struct pollfd in = {.fd = t->master, .events = POLLIN};
	char bytes[4096];
	ssize_t n;

	if (poll(&in, 1, ms) <= 0)
		return false;
	n = read(t->master, bytes, sizeof(bytes));
	if (n <= 0)
		return false;
	t->bytes += (size_t)n;
	for (ssize_t i = 0; i < n; i++)
		t->escapes += bytes[i] == '\x1b';
	t->flushed |= memchr(bytes, MARK, (size_t)n) != NULL;
	vterm_input_write(t->vt, bytes, (size_t)n);
	return true;
}

bool tty_wait_until(struct tty *t, bool (*pred)(struct tty *t, void *arg), void *arg,
		    int timeout_ms)
{
	int64_t end = clock_mono_ns() + timeout_ms * CLOCK_NS_PER_MS;

	for (;;) {
		while (pump(t, 0))
			;
		if (pred(t, arg))
			return true;
		if (clock_mono_ns() >= end)
			return false;
		(void)pump(t, STEP_MS);
	}
}

static bool shows(struct tty *t, void *text)
{
	return tty_find(t, text) >= 0;
}

static bool lacks(struct tty *t, void *text)
{
	return tty_find(t, text) < 0;
}

static bool has_ended(struct tty *t, void *unused)
{
	if (!t->ended && waitpid(t->pid, &t->status, WNOHANG) == t->pid)
		t->ended = true;
	return t->ended;
}

bool tty_wait_for(struct tty *t, const char *text, int timeout_ms)
{
	return tty_wait_until(t, shows, (void *)text, timeout_ms);
}

bool tty_wait_gone(struct tty *t, const char *text, int timeout_ms)
{
	return tty_wait_until(t, lacks, (void *)text, timeout_ms);
}

void tty_key(struct tty *t, const char *bytes)
{
	(void)!write(t->master, bytes, strlen(bytes));
}

void tty_resize(struct tty *t, int rows, int cols)
{
	struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};

	vterm_set_size(t->vt, rows, cols);
	(void)ioctl(t->master, TIOCSWINSZ, &size);	/* the kernel sends SIGWINCH */
}

static void put_utf8(struct buf *b, uint32_t c)
{
	static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
	int len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	char one[4];

	for (int i = len - 1; i > 0; i--, c >>= 6)
		one[i] = (char)(0x80 | (c & 0x3f));
	one[0] = (char)(lead[len] | c);
	buf_put(b, one, (size_t)len);
}

const char *tty_row(struct tty *t, int row)
{
	VTermScreenCell cell;
	int rows, cols;
	size_t end = 0;

	buf_clear(&t->row);
	vterm_get_size(t->vt, &rows, &cols);
	for (int col = 0; col < cols && row < rows; col += cell.width > 0 ? cell.width : 1) {
		vterm_screen_get_cell(t->screen, (VTermPos){row, col}, &cell);
		if (cell.chars[0] == 0 || cell.chars[0] == ' ') {
			buf_putc(&t->row, ' ');
			continue;
		}
		if (cell.chars[0] != (uint32_t)-1)
			put_utf8(&t->row, cell.chars[0]);
		end = t->row.len;
	}
	if (t->row.len) {
		t->row.data[end] = '\0';
		t->row.len = end;
	}
	return buf_text(&t->row);
}

int tty_find(struct tty *t, const char *text)
{
	int rows, cols;

	vterm_get_size(t->vt, &rows, &cols);
	for (int row = 0; row < rows; row++)
		if (strstr(tty_row(t, row), text))
			return row;
	return -1;
}

void tty_print(struct tty *t)
{
	int rows, cols;

	vterm_get_size(t->vt, &rows, &cols);
	for (int row = 0; row < rows; row++)
		printf("# |%s\n", tty_row(t, row));
	fflush(stdout);
}

void tty_cursor(struct tty *t, int *ret_row, int *ret_col)
{
	VTermPos at;

	vterm_state_get_cursorpos(vterm_obtain_state(t->vt), &at);
	*ret_row = at.row;
	*ret_col = at.col;
}

bool tty_cursor_visible(const struct tty *t)
{
	return t->cursor_visible;
}

bool tty_alternate(const struct tty *t)
{
	return t->alternate;
}

bool tty_has_attr(struct tty *t, int row, int col, char attr)
{
	VTermScreenCell cell;

	vterm_screen_get_cell(t->screen, (VTermPos){row, col}, &cell);
	return attr == 'r' ? cell.attrs.reverse : attr == 'b' ? cell.attrs.bold : false;
}

static int colour(const VTermColor *c)
{
	return VTERM_COLOR_IS_DEFAULT_FG(c) || VTERM_COLOR_IS_DEFAULT_BG(c) ||
	       !VTERM_COLOR_IS_INDEXED(c) ? -1 : c->indexed.idx;
}

void tty_cell_at(struct tty *t, int row, int col, struct tty_cell *ret)
{
	struct buf text = {0};
	VTermScreenCell cell;

	vterm_screen_get_cell(t->screen, (VTermPos){row, col}, &cell);
	*ret = (struct tty_cell){
		.fg = colour(&cell.fg), .bg = colour(&cell.bg), .bold = cell.attrs.bold,
		.underline = cell.attrs.underline, .reverse = cell.attrs.reverse,
	};
	if (cell.chars[0] == (uint32_t)-1)
		return;
	if (cell.chars[0] == 0)
		buf_putc(&text, ' ');
	else
		put_utf8(&text, cell.chars[0]);
	snprintf(ret->text, sizeof(ret->text), "%s", buf_text(&text));
	buf_done(&text);
}

int tty_leaves(const struct tty *t)
{
	return t->leaves;
}

size_t tty_bytes(const struct tty *t)
{
	return t->bytes;
}

size_t tty_escapes(const struct tty *t)
{
	return t->escapes;
}

static bool is_flushed(struct tty *t, void *unused)
{
	return t->flushed;
}

/*
 * What it wrote last may still be on its way, for a worker of the kernel carries it from the slave
 * to the master (drivers/tty/tty_buffer.c): a mark goes the same way behind it.
 */
int tty_exit_status(struct tty *t, int timeout_ms)
{
	bool ended = tty_wait_until(t, has_ended, NULL, timeout_ms), marked;

	t->flushed = false;
	marked = ended && write(t->slave, (char[]){MARK}, 1) == 1;
	(void)tty_wait_until(t, is_flushed, NULL, marked ? timeout_ms : 0);
	return ended ? t->status : -1;
}

void tty_modes(const struct tty *t, struct termios *ret_now, struct termios *ret_before)
{
	memset(ret_now, 0, sizeof(*ret_now));
	(void)tcgetattr(t->slave, ret_now);
	*ret_before = t->before;
}
