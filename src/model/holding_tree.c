#include "config.h"
#include "model/holding_tree.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

struct tree {
	struct holding_row *rows;
	size_t n;
};

struct piece {
	const char *at;
	size_t len;
};

/* Behind a quoted string that begins at s. */
static const char *skip_quoted(const char *s)
{
	char quote = *s++;

	while (*s && *s != quote)
		s += *s == '\\' && s[1] ? 2 : 1;
	return *s ? s + 1 : s;
}

/* Where the piece that begins at s ends: before the next ".name" or "[key]", or at " -> ". */
static const char *piece_end(const char *s, bool splits)
{
	const char *p = s;

	if (*p == '.' || *p == '[')
		p++;
	while (*p && strncmp(p, " -> ", 4) != 0) {
		if (*p == '\'' || *p == '"')
			p = skip_quoted(p);
		else if (splits && (*p == '[' || (*p == '.' && p[1] != '.' && p[1] != ']' &&
						  p[-1] != '.')))
			break;
		else
			p++;
	}
	return p;
}

/* Names of frames and tasks may have dots in them; attributes of locals are steps. */
static bool has_steps(const char *s)
{
	return *s == '.' || *s == '[' || strncmp(s, "local ", 6) == 0;
}

static size_t put_piece(struct piece *pieces, size_t n, const char *at, size_t len)
{
	if (n < HOLDING_TREE_DEEPEST)
		pieces[n++] = (struct piece){at, len};
	else					/* all the rest */
		pieces[n - 1].len = strlen(pieces[n - 1].at);
	return n;
}

/* "module __main__" and "__main__._CONNECTIONS[*]": the name is told once. */
static const char *behind_root(const char *path, const char *root)
{
	const char *name = strchr(root, ' ');
	size_t len = name ? strlen(++name) : 0;

	if (!len || strncmp(path, name, len) != 0 || (path[len] != '.' && path[len] != '['))
		return NULL;
	return path + len;
}

static size_t split(const char *path, const char *root,
		    struct piece pieces[HOLDING_TREE_DEEPEST])
{
	const char *s = behind_root(path, root), *end;
	size_t n = 0;

	if (s)
		n = put_piece(pieces, n, root, strlen(root));
	else
		s = path;
	while (*s) {
		bool splits = n > 0 && has_steps(s);

		end = piece_end(s, splits);
		n = put_piece(pieces, n, s, (size_t)(end - s));
		s = strncmp(end, " -> ", 4) == 0 ? end + 4 : end;
	}
	return n;
}

size_t holding_tree_end(const struct holding_row *rows, size_t n, size_t i)
{
	int depth = rows[i++].depth;

	while (i < n && rows[i].depth > depth)
		i++;
	return i;
}

static uint32_t key_of(uint32_t above, const char *text)
{
	uint32_t key = above ^ 2166136261u;

	for (; *text; text++)
		key = (key ^ (unsigned char)*text) * 16777619u;
	return key;
}

/* The row of a piece below `above` (at its depth + 1), made if need be; SIZE_MAX: no room. */
static size_t place(struct tree *t, size_t above, const char *text)
{
	int depth = above == SIZE_MAX ? 0 : t->rows[above].depth + 1;
	size_t i = above == SIZE_MAX ? 0 : above + 1;
	size_t end = above == SIZE_MAX ? t->n : holding_tree_end(t->rows, t->n, above);

	for (; i < end; i = holding_tree_end(t->rows, t->n, i))
		if (!strcmp(t->rows[i].text, text))
			return i;
	if (t->n == HOLDING_TREE_ROWS)
		return SIZE_MAX;
	memmove(&t->rows[i + 1], &t->rows[i], (t->n - i) * sizeof(*t->rows));
	t->n++;
	t->rows[i] = (struct holding_row){
		.depth = depth, .path = SIZE_MAX,
		.key = key_of(above == SIZE_MAX ? 0 : t->rows[above].key, text),
	};
	snprintf(t->rows[i].text, sizeof(t->rows[i].text), "%s", text);
	return i;
}

static void put_path(struct tree *t, const struct holding *h, size_t path, bool values)
{
	const struct holding_path *p = &h->paths[path];
	struct piece pieces[HOLDING_TREE_DEEPEST];
	size_t n = split(values ? p->shown : p->path, p->root, pieces);
	size_t at = SIZE_MAX, above, alive = holding_alive(h);
	char text[HOLDING_TREE_TEXT];
	bool fanned = false;

	for (size_t i = 0; i < n; i++) {
		struct holding_row *row;

		snprintf(text, sizeof(text), "%.*s", (int)pieces[i].len, pieces[i].at);
		above = at;
		at = place(t, above, text);
		if (at == SIZE_MAX)
			return;
		row = &t->rows[at];
		row->path = row->path < path ? row->path : path;
		row->samples += p->samples;
		row->samples = row->samples < alive ? row->samples : alive;
		row->leaf |= i + 1 == n;
		if (!fanned && !strcmp(text, "[*]")) {
			fanned = row->fans = true;
			if (above != SIZE_MAX && p->container[0])
				t->rows[above].container = true;
		}
	}
}

size_t holding_tree(const struct holding *h, bool values,
		    struct holding_row rows[HOLDING_TREE_ROWS])
{
	struct tree t = {.rows = rows};

	for (size_t i = 0; i < h->n_paths; i++)
		put_path(&t, h, i, values);
	return t.n;
}
