#include "config.h"
#include "ui/term.h"

#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "ui/clip.h"
#include "ui/entries.h"
#include "ui/escape.h"
#include "ui/frame.h"
#include "ui/keys.h"
#include "ui/rescue.h"
#include "util/clean.h"
#include "util/clock.h"
#include "util/mem.h"

#define OUT STDOUT_FILENO
#define ESC_DELAY_MS 25			/* a lone Esc is an Esc after this; ncurses waits 1000 */

static SCREEN *screen;
static WINDOW *pad;			/* keys are read through it: it never refreshes */
static bool no_color;
static bool mouse_on, mouse_rescued;
static struct ui_mouse mouse;
static int64_t pressed_ns;		/* when a button was pressed last */

/*
 * newterm() installs handlers where a signal has its default action: for SIGINT and SIGTERM they
 * call functions no handler may call, for SIGTSTP and SIGWINCH they act behind the loop's back.
 */
static SCREEN *newterm_without_handlers(const char *term)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGTSTP, SIGWINCH};
	struct sigaction before[COUNT_OF(numbers)];
	FILE *out = frame_open(OUT);
	SCREEN *made;

	if (!out)
		return NULL;
	for (size_t i = 0; i < COUNT_OF(numbers); i++)
		(void)sigaction(numbers[i], NULL, &before[i]);
	made = newterm(term, out, stdin);
	for (size_t i = 0; i < COUNT_OF(numbers); i++)
		(void)sigaction(numbers[i], &before[i], NULL);
	return made;
}

/* Opening. */

static void rescue_prepare(const struct termios *before)
{
	static const char *const names[] = {"rmkx", "sgr0", "op", "rmcup", "cnorm"};

	rescue_clear();
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const char *s = tigetstr(names[i]);

		if (s && s != (const char *)-1)
			rescue_add(s);
	}
	rescue_arm(OUT, before);
}

/* The machine's own description, or the one inside. TERMINFO stays set: newterm() looks again. */
static bool describe(const char *term)
{
	int found;
	const char *entry;

	if (setupterm(term, OUT, &found) == OK)
		return true;
	entry = entries_find(term);
	return entry && setenv("TERMINFO", entry, 1) == 0 && setupterm(term, OUT, &found) == OK;
}

/* term, or one that it is like: terminals newer than the machine have names that it cannot know. */
static const char *describe_terminal(const char *term)
{
	if (describe(term))
		return term;
	term = entries_like(term);
	return term && describe(term) ? term : NULL;
}

/* ret: what newterm() is to call it. */
static enum lt_errc check_terminal(const char **ret, struct lt_err *err)
{
	const char *term = getenv("TERM");
	const char *cup;
	bool able;

	if (!isatty(STDIN_FILENO) || !isatty(OUT))
		return lt_err_set(err, LT_E_TERM, 0, "standard %s is no terminal",
				  isatty(OUT) ? "input" : "output");
	if (!term || !term[0])
		return lt_err_set(err, LT_E_TERM, 0, "TERM is not set");
	*ret = describe_terminal(term);
	if (!*ret)
		return lt_err_set(err, LT_E_TERM, 0, "TERM=%.40s is not known on this machine",
				  term);
	cup = tigetstr("cup");
	able = cup && cup != (const char *)-1;
	del_curterm(cur_term);
	if (!able)
		return lt_err_set(err, LT_E_TERM, 0, "TERM=%.40s cannot move its cursor", term);
	return LT_OK;
}

/* How a meaning looks: attributes on every terminal, a colour (or none, -1) where there are any. */
static const struct { attr_t bits; short color; } looks[ATTR_COUNT_OF] = {
	[ATTR_PLAIN] = {A_NORMAL, -1},
	[ATTR_LABEL] = {A_NORMAL, COLOR_CYAN},
	[ATTR_TITLE] = {A_BOLD, -1},
	[ATTR_HEAD] = {A_REVERSE, -1},
	[ATTR_HEAD_SORT] = {A_REVERSE | A_BOLD, -1},
	[ATTR_LEAK] = {A_REVERSE | A_BOLD, COLOR_RED},
	[ATTR_SUSPECT] = {A_BOLD, COLOR_YELLOW},
	[ATTR_GROW] = {A_NORMAL, COLOR_YELLOW},
	[ATTR_HOLD] = {A_NORMAL, COLOR_CYAN},
	[ATTR_CALM] = {A_DIM, -1},
	[ATTR_TAGGED] = {A_BOLD, -1},
	[ATTR_CURSOR] = {A_REVERSE, -1},
	[ATTR_CURSOR_STRONG] = {A_REVERSE | A_BOLD, -1},
	[ATTR_NOTICE] = {A_BOLD, COLOR_CYAN},
	[ATTR_ALERT] = {A_REVERSE | A_BOLD, COLOR_RED},
	[ATTR_KEY] = {A_BOLD, -1},
	[ATTR_MENU] = {A_REVERSE, -1},
};

static void colors_prepare(void)
{
	const char *env = getenv("NO_COLOR");

	no_color = (env && env[0]) || !has_colors();
	if (!has_colors())
		return;
	start_color();
	use_default_colors();
	for (int i = 0; i < ATTR_COUNT_OF; i++)
		init_pair((short)(i + 1), looks[i].color, -1);
}

/* ^Z must come as a key: the screen is restored by ui_suspend, not by a signal handler. */
static void modes_prepare(void)
{
	struct termios now;

	cbreak();
	noecho();
	nonl();
	if (tcgetattr(OUT, &now) == 0) {
		now.c_cc[VSUSP] = _POSIX_VDISABLE;
		(void)tcsetattr(OUT, TCSANOW, &now);
	}
	def_prog_mode();
}

/*
 * terminfo knows one sequence per key, but terminals that ignore keypad mode send the other one.
 * Unless a mouse is asked for its reports are dropped with everything else that is not known.
 */
static void keys_prepare(void)
{
	static const struct { const char *bytes; int key; } others[] = {
		{"\x1b[A", KEY_UP}, {"\x1b[B", KEY_DOWN}, {"\x1bOA", KEY_UP}, {"\x1bOB", KEY_DOWN},
		{"\x1b[C", KEY_RIGHT}, {"\x1b[D", KEY_LEFT}, {"\x1bOC", KEY_RIGHT},
		{"\x1bOD", KEY_LEFT},
		{"\x1b[H", KEY_HOME}, {"\x1b[F", KEY_END}, {"\x1bOH", KEY_HOME},
		{"\x1bOF", KEY_END},
		{"\x1b[1~", KEY_HOME}, {"\x1b[4~", KEY_END}, {"\x1b[Z", KEY_BTAB},
	};

	pad = newpad(1, 1);
	keypad(pad, TRUE);
	nodelay(pad, TRUE);
	typeahead(-1);				/* a frame is not left half drawn for a key */
	for (size_t i = 0; i < COUNT_OF(others); i++)
		define_key(others[i].bytes, others[i].key);
	keyok(KEY_MOUSE, FALSE);
}

enum lt_errc term_open(struct lt_err *err)
{
	const char *term = NULL;
	struct termios before;
	enum lt_errc code;

	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C");
	code = check_terminal(&term, err);
	if (code != LT_OK)
		return code;
	if (tcgetattr(OUT, &before) != 0)
		return lt_err_set(err, LT_E_TERM, 0, "its modes cannot be read");
	if (!getenv("ESCDELAY"))
		set_escdelay(ESC_DELAY_MS);
	screen = newterm_without_handlers(term);
	if (!screen) {
		frame_close();
		return lt_err_set(err, LT_E_TERM, 0, "ncurses refuses TERM=%.40s", term);
	}
	rescue_prepare(&before);
	rescue_catch();
	modes_prepare();
	colors_prepare();
	keys_prepare();
	term_resized();
	return LT_OK;
}

static int put_byte(int c)
{
	char byte = (char)c;

	return write(OUT, &byte, 1) == 1 ? c : EOF;
}

/*
 * endwin() shows the cursor and then leaves the other screen. Terminals of libvterm (Neovim, Emacs)
 * come back from there with the cursor as it was last saved, and ncurses saves it, hidden, when it
 * scrolls: so it is shown once more.
 */
static void leave_screen(void)
{
	const char *shown;

	endwin();
	shown = tigetstr("cnorm");
	if (shown && shown != (const char *)-1)
		(void)tputs(shown, 1, put_byte);
}

void term_close(void)
{
	if (!screen)
		return;
	if (rescue_disarm())
		leave_screen();
	rescue_release();
	delwin(pad);
	delscreen(screen);
	frame_close();
	screen = NULL;
	mouse_on = mouse_rescued = false;
}

bool term_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* The Linux console has 256 or 512 glyphs, and most of its fonts lack the lower blocks. */
bool term_blocks(void)
{
	const char *term = getenv("TERM");

	return term_utf8() && term && strcmp(term, "linux") != 0;
}

bool term_colors(void)
{
	return !no_color;
}

void term_size(int *ret_rows, int *ret_cols)
{
	struct winsize size;

	if (ioctl(OUT, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
		*ret_rows = size.ws_row;
		*ret_cols = size.ws_col;
	} else {
		getmaxyx(stdscr, *ret_rows, *ret_cols);
	}
}

/* Drawing. */

bool term_ready(void)
{
	return frame_flush();
}

/*
 * The C library's idea of a character's width decides where ncurses goes next. Where it differs
 * from the canvas's, a '?' of the right width keeps the columns straight.
 */
static void blit_cell(int row, int col, const struct canvas_cell *cell, attr_t bits, short pair)
{
	wchar_t text[2] = {L' ', 0};
	unsigned code = ' ';
	cchar_t out;

	(void)clean_decode(cell->text, strlen(cell->text), &code);
	text[0] = (wchar_t)code;
	if (wcwidth(text[0]) != cell->width) {
		if (cell->width == 2)
			mvaddch(row, col + 1, ' ' | bits);
		text[0] = L'?';
	}
	if (setcchar(&out, text, bits, pair, NULL) == OK)
		mvadd_wch(row, col, &out);	/* ERR at the last cell, but written */
}

void term_blit(const struct canvas *c, bool color)
{
	int rows, cols;

	getmaxyx(stdscr, rows, cols);
	for (int row = 0; row < rows && row < c->rows; row++) {
		for (int col = 0; col < cols && col < c->cols; col++) {
			const struct canvas_cell *cell = &c->cells[row * c->cols + col];
			short pair = color && has_colors() ? (short)(cell->attr + 1) : 0;

			if (cell->width)
				blit_cell(row, col, cell, looks[cell->attr].bits, pair);
		}
	}
	move(c->cursor_row < rows ? c->cursor_row : rows - 1,
	     c->cursor_col < cols ? c->cursor_col : cols - 1);
	frame_begin();
	curs_set(c->cursor_shown);
	wnoutrefresh(stdscr);
	doupdate();
	frame_end();
}

void term_repaint(void)
{
	clearok(curscr, TRUE);
}

bool term_copy(const char *text)
{
	const char *ms = tigetstr("Ms");	/* "set selection": the terminal says it can */
	struct clip_place place = {
		.term = getenv("TERM"), .can = ms && ms != (const char *)-1,
		.tmux = getenv("TMUX") != NULL, .gnu_screen = getenv("STY") != NULL,
	};
	struct buf b = {0};
	bool made = clip_put(&b, &place, text);

	if (made)
		frame_put(buf_text(&b), b.len);
	buf_done(&b);
	return made;
}

/* Keys. */

static const struct { wint_t curses; int key; } known_keys[] = {
	{KEY_UP, UI_KEY_UP}, {KEY_DOWN, UI_KEY_DOWN},
	{KEY_PPAGE, UI_KEY_PAGE_UP}, {KEY_NPAGE, UI_KEY_PAGE_DOWN},
	{KEY_LEFT, UI_KEY_LEFT}, {KEY_RIGHT, UI_KEY_RIGHT},
	{KEY_HOME, UI_KEY_HOME}, {KEY_END, UI_KEY_END}, {KEY_FIND, UI_KEY_HOME},
	{KEY_SELECT, UI_KEY_END}, {KEY_BTAB, UI_KEY_BACK_TAB},
	{KEY_BACKSPACE, UI_KEY_BACKSPACE}, {KEY_ENTER, UI_KEY_ENTER},
};

static int decode_curses(wint_t code)
{
	for (size_t i = 0; i < COUNT_OF(known_keys); i++)
		if (known_keys[i].curses == code)
			return known_keys[i].key;
	if (code >= KEY_F(1) && code <= KEY_F(12))
		return KEYS_F((int)(code - KEY_F0));
	return UI_KEY_NONE;
}

static int next_char(void *unused)
{
	wint_t c;

	return wget_wch(pad, &c) == ERR ? ESCAPE_NONE : (int)c;
}

static void put_back(void *unused, int c)
{
	unget_wch((wchar_t)c);
}

static const struct escape_source waiting = {next_char, put_back, NULL};

/* The mouse. */

#define DOUBLE_CLICK_NS (400 * CLOCK_NS_PER_MS)
#define MOUSE_EVENTS (BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED)
#define MOUSE_OFF "\x1b[?1006;1000l"	/* as ncurses writes it for xterm and its like */

void term_mouse_on(bool on)
{
	if (on == mouse_on)
		return;
	mouse_on = on;
	keyok(KEY_MOUSE, on);
	if (on && !mouse_rescued)
		rescue_add(MOUSE_OFF);
	mouse_rescued |= on;
	mouseinterval(0);		/* a press is told at once, not when it was no click */
	mousemask(on ? MOUSE_EVENTS : 0, NULL);
	doupdate();
}

const struct ui_mouse *term_mouse(void)
{
	return &mouse;
}

/* What ncurses has read of a report; anything but a press or the wheel is no key. */
static int decode_mouse(void)
{
	int64_t now = clock_mono_ns();
	MEVENT event;
	bool again;

	if (getmouse(&event) != OK)
		return UI_KEY_NONE;
	again = event.y == mouse.row && now - pressed_ns < DOUBLE_CLICK_NS &&
		mouse.what == UI_MOUSE_PRESS;
	mouse.row = event.y;
	mouse.col = event.x;
	if (event.bstate & BUTTON4_PRESSED)
		mouse.what = UI_MOUSE_WHEEL_UP;
	else if (event.bstate & BUTTON5_PRESSED)
		mouse.what = UI_MOUSE_WHEEL_DOWN;
	else if (event.bstate & BUTTON1_PRESSED)
		mouse.what = again ? UI_MOUSE_AGAIN : UI_MOUSE_PRESS;
	else
		return UI_KEY_NONE;
	pressed_ns = now;
	return UI_KEY_MOUSE;
}

int term_key(void)
{
	int key = UI_KEY_NONE;

	while (key == UI_KEY_NONE) {
		wint_t c = 0;
		int got = wget_wch(pad, &c);

		if (got == ERR)
			return UI_KEY_NONE;
		if (got == KEY_CODE_YES && c == KEY_MOUSE)
			key = decode_mouse();
		else if (got == KEY_CODE_YES)
			key = decode_curses(c);
		else if (c == UI_KEY_ESC)
			key = escape_rest(&waiting);
		else
			key = escape_char((int)c);
	}
	return key;
}

/* Size and suspension. */

void term_resized(void)
{
	int rows, cols;

	term_size(&rows, &cols);
	resizeterm(rows, cols);
	term_repaint();
}

void term_suspend(void)
{
	struct sigaction former, plain = {.sa_handler = SIG_DFL};
	sigset_t stop, mask;
	struct termios before;

	leave_screen();
	(void)rescue_disarm();
	sigemptyset(&plain.sa_mask);
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	(void)sigaction(SIGTSTP, &plain, &former);
	(void)sigprocmask(SIG_UNBLOCK, &stop, &mask);
	(void)raise(SIGTSTP);			/* here the process stands until SIGCONT */
	(void)sigprocmask(SIG_SETMASK, &mask, NULL);
	(void)sigaction(SIGTSTP, &former, NULL);
	/* The user may have changed the modes meanwhile; in the background this stops us again. */
	if (tcgetattr(OUT, &before) == 0)
		rescue_arm(OUT, &before);
	def_shell_mode();
	reset_prog_mode();
	term_resized();
}
