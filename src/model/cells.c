#include "config.h"
#include "model/cells.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/ratchet.h"
#include "util/mem.h"
#include "util/num.h"

const struct cells_column cells_columns[CELLS_OF] = {
#define X(id, name, title, width, right, help) [CELLS_##id] = {name, title, help, width, right},
	CELLS(X)
#undef X
};

/* "hold 6m"; LEAK stands out on a screen without colours; what does not move is blank. */
static const char *verdict_text(const struct cells_cell *cell, char *buf, size_t size)
{
	enum ratchet_word word = cell->row->word;
	char since[16];

	if (word == RATCHET_FLAT || word == RATCHET_EARLY)
		return "";
	if (word == RATCHET_LEAK)
		return "LEAK";
	if (word != RATCHET_HOLD)
		return ratchet_word_text(word);
	snprintf(buf, size, "hold %s", text_rough(cell->row->quiet_s, since, sizeof(since)));
	return buf;
}

static const char *type_text(const struct cells_cell *cell, char *buf, size_t size)
{
	if (!cell->member)
		return cell->row->name;
	snprintf(buf, size, CELLS_MEMBER "%s", cell->row->name);
	return buf;
}

static const char *count_text(const struct cells_cell *cell, char *buf, size_t size)
{
	return text_count(cell->row->count, 0, cell->width, buf, size);
}

static const char *size_text(const struct cells_cell *cell, char *buf, size_t size)
{
	return text_size(cell->row->bytes, 0, cell->unit, cell->width, buf, size);
}

static const char *count_delta_text(const struct cells_cell *cell, char *buf, size_t size)
{
	return text_count(cell->row->count_delta, 1, cell->width, buf, size);
}

static const char *size_delta_text(const struct cells_cell *cell, char *buf, size_t size)
{
	return text_size(cell->row->bytes_delta, 1, cell->unit, cell->width, buf, size);
}

/* The type's share of the growth of RSS. Blank where either did not grow: no share of nothing. */
static const char *share_text(const struct cells_cell *cell, char *buf, size_t size)
{
	int64_t all = cell->snap->memory_delta.rss, own = cell->row->bytes_delta;

	buf[0] = '\0';
	if (num_known(all) && num_known(own) && all > 0 && own > 0)
		snprintf(buf, size, own > all ? ">100%%" : "%.0f%%",
			 100 * (double)own / (double)all);
	return buf;
}

static const char *rate_text(const struct cells_cell *cell, char *buf, size_t size)
{
	double per_minute = cell->row->rate * 60;

	if (fabs(per_minute) >= 100)
		per_minute = text_two_digits(per_minute);
	num_rate(per_minute, buf, size);
	if (strlen(buf) > (size_t)cell->width)
		text_count((int64_t)per_minute, 1, cell->width, buf, size);
	return buf;
}

/* In steps of 10 s, so that a row at rest is not drawn anew in every second. */
static const char *last_text(const struct cells_cell *cell, char *buf, size_t size)
{
	double ago_s = cell->row->grew_ago_s;

	return text_rough(ago_s < 20 ? ago_s : ago_s - fmod(ago_s, 10), buf, size);
}

static const char *no_text(const struct cells_cell *cell, char *buf, size_t size)
{
	return "";
}

const char *cells_text(enum cells_id id, const struct cells_cell *cell, char *buf, size_t size)
{
	static const char *(*const texts[])(const struct cells_cell *, char *, size_t) = {
		[CELLS_VERDICT] = verdict_text, [CELLS_TYPE] = type_text,
		[CELLS_COUNT] = count_text, [CELLS_SIZE] = size_text,
		[CELLS_GROWTH] = count_delta_text, [CELLS_SIZE_GROWTH] = size_delta_text,
		[CELLS_SHARE] = share_text, [CELLS_RATE] = rate_text,
		[CELLS_TREND] = no_text, [CELLS_LAST] = last_text,
	};

	return texts[id](cell, buf, size);
}

bool cells_member(const struct snapshot *snap, size_t at)
{
	const struct snapshot_row *row = &snap->rows[at];

	return at > 0 && row->head != row->id && snap->rows[at - 1].head == row->head;
}

static int column_named(const char *name, size_t len)
{
	for (int i = 0; i < CELLS_OF; i++) {
		const char *own = cells_columns[i].name;

		if (strlen(own) == len && strncmp(own, name, len) == 0)
			return i;
	}
	return -1;
}

static void choose(struct cells_choice *choice, int id)
{
	for (int i = 0; i < choice->n; i++)
		if (choice->at[i] == id)
			return;
	choice->at[choice->n++] = (unsigned char)id;
}

bool cells_choose(const char *text, struct cells_choice *ret, char *msg, size_t size)
{
	struct cells_choice choice = {0};

	while (*text) {
		size_t len = strcspn(text, ",");
		int id = column_named(text, len);

		if (id < 0) {
			snprintf(msg, size, "%.*s", (int)len, text);
			return false;
		}
		choose(&choice, id);
		text += len;
		text += *text == ',';
	}
	if (choice.n)
		choose(&choice, CELLS_TYPE);
	*ret = choice;
	return true;
}
