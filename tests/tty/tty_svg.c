/*
 * A screen as a picture: runs a program in a private terminal, types keys, waits for a text, and
 * writes what stands there as SVG, colours included.
 *
 *     tty_svg ROWS COLS KEYS TEXT PROGRAM [ARGUMENT...]
 */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tty.h"

#define CELL_WIDTH 8.4
#define CELL_HEIGHT 18
#define MARGIN 10
#define DARK "#1d1f21"
#define LIGHT "#d4d4d4"

/* The terminal's 16 colours; those beyond are not used by what is shown here. */
static const char *const palette[] = {
	"#3b4048", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d4d4d4",
	"#6b7280", "#ff8b94", "#b5e890", "#ffd787", "#8cc8ff", "#e09cf3", "#7fdce6", "#ffffff",
};

static const char *name_of(int colour, const char *otherwise)
{
	return colour >= 0 && colour < 16 ? palette[colour] : otherwise;
}

static bool same_look(const struct tty_cell *a, const struct tty_cell *b)
{
	return a->fg == b->fg && a->bg == b->bg && a->bold == b->bold &&
	       a->underline == b->underline && a->reverse == b->reverse;
}

static void put_escaped(const char *text)
{
	for (; *text; text++) {
		if (*text == '<' || *text == '>' || *text == '&')
			printf("&#%d;", *text);
		else
			putchar(*text);
	}
}

/* One run of cells that look the same. */
static void put_run(const struct tty_cell *cells, int row, int from, int to)
{
	const struct tty_cell *look = &cells[from];
	const char *fg = name_of(look->fg, LIGHT), *bg = name_of(look->bg, DARK);
	int y = MARGIN + row * CELL_HEIGHT;

	if (look->reverse || look->bg >= 0)
		printf("<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n",
		       MARGIN + from * CELL_WIDTH, y, (to - from) * CELL_WIDTH, CELL_HEIGHT,
		       look->reverse ? fg : bg);
	while (from < to && strcmp(cells[from].text, " ") == 0)
		from++;
	while (from < to && strcmp(cells[to - 1].text, " ") == 0)
		to--;
	if (from == to)
		return;
	printf("<text x=\"%.1f\" y=\"%d\" textLength=\"%.1f\" fill=\"%s\"%s%s>",
	       MARGIN + from * CELL_WIDTH, y + CELL_HEIGHT - 5, (to - from) * CELL_WIDTH,
	       look->reverse ? bg : fg,
	       look->bold ? " font-weight=\"bold\"" : "",
	       look->underline ? " text-decoration=\"underline\"" : "");
	for (int i = from; i < to; i++)
		put_escaped(cells[i].text);
	printf("</text>\n");
}

static void put_row(struct tty *t, int row, int cols)
{
	struct tty_cell *cells = calloc((size_t)cols, sizeof(*cells));
	int from = 0;

	if (!cells)
		abort();
	for (int col = 0; col < cols; col++)
		tty_cell_at(t, row, col, &cells[col]);
	for (int col = 1; col <= cols; col++) {
		if (col < cols && same_look(&cells[col], &cells[from]))
			continue;
		put_run(cells, row, from, col);
		from = col;
	}
	free(cells);
}

static void put_screen(struct tty *t, int rows, int cols)
{
	double width = 2 * MARGIN + cols * CELL_WIDTH;
	int height = 2 * MARGIN + rows * CELL_HEIGHT;

	printf("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %d\" width=\"%.0f\" "
	       "height=\"%d\" font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" "
	       "font-size=\"14\" xml:space=\"preserve\">\n", width, height, width, height);
	printf("<rect width=\"100%%\" height=\"100%%\" rx=\"6\" fill=\"%s\"/>\n", DARK);
	for (int row = 0; row < rows; row++)
		put_row(t, row, cols);
	printf("</svg>\n");
}

int main(int argc, char **argv)
{
	struct tty *t;
	int rows, cols;

	if (argc < 6) {
		fprintf(stderr, "usage: tty_svg ROWS COLS KEYS TEXT PROGRAM [ARGUMENT...]\n");
		return 2;
	}
	rows = atoi(argv[1]);
	cols = atoi(argv[2]);
	t = tty_start((const char *const *)(uintptr_t)(argv + 5), rows, cols, NULL);
	if (!t)
		return 1;
	/* the keys go to a program that reads them, not to the terminal's line before it */
	if (!tty_wait_for(t, "F1Help", TTY_PATIENCE_MS))
		return 1;
	tty_key(t, argv[3]);
	if (!tty_wait_for(t, argv[4], TTY_PATIENCE_MS)) {
		fprintf(stderr, "tty_svg: the screen never said: %s\n", argv[4]);
		return 1;
	}
	put_screen(t, rows, cols);
	tty_free(t);
	return 0;
}
