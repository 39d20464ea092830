/* A snapshot made by hand, a screen drawn from it, and rows compared. */
#ifndef LT_TESTS_SCREEN_FIXTURE_H
#define LT_TESTS_SCREEN_FIXTURE_H

#include "ui/screen.h"

#define FIXTURE_ROWS 14
#define FIXTURE_NOW 1764000892.0	/* 16:14:52 UTC, 12m41s after the baseline */

struct fixture {
	struct snapshot snap;		/* tests change it freely */
	struct sample_target target;
	struct snapshot_row rows[FIXTURE_ROWS];
	int64_t cells[FIXTURE_ROWS][SERIES_CELLS];
	int64_t memory[4][SERIES_CELLS];
	struct screen *screen;
	struct canvas canvas;
	struct ui_request request;	/* of the last key */
	struct buf text;
};

/* Everything known, 14 types, two of them one leak; nothing drawn yet. */
void fixture_init(struct fixture *f, bool ascii);
void fixture_done(struct fixture *f);

/* Draws at FIXTURE_NOW. */
void fixture_draw(struct fixture *f, int rows, int cols);
/* One key; then the same size is drawn again. Returns what was asked for. */
enum ui_ask fixture_key(struct fixture *f, int key);
/* Characters one by one. */
void fixture_type(struct fixture *f, const char *keys);

/* A drawn row, borrowed until the next call. */
const char *fixture_row(struct fixture *f, int row);
/* The first row that contains text, or -1. */
int fixture_find(struct fixture *f, const char *text);
/* Fails, after printing what was drawn, where rows from..from+n-1 are not these. */
void fixture_expect(struct fixture *f, int from, const char *const *rows, size_t n);
#define EXPECT(f, from, ...)                                                       \
	fixture_expect(f, from, (const char *const[]){__VA_ARGS__},                \
		       sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

#endif
