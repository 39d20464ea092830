#include "config.h"
#include "cli/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output/outfile.h"
#include "util/clean.h"
#include "util/clock.h"
#include "util/io.h"
#include "util/mem.h"

#define SIZE_MOST (64u << 10)
#define SYSTEM_PATH "/etc/leaktop.conf"
#define NOTE "# not understood: "

/* ---- the settings ------------------------------------------------------------------------ */

static void delay_text(const struct options *o, char *buf, size_t size)
{
	snprintf(buf, size, "%g", (double)o->delay_ns / CLOCK_NS_PER_S);
}

static void confirm_text(const struct options *o, char *buf, size_t size)
{
	snprintf(buf, size, "%llds", (long long)(o->confirm_ns / CLOCK_NS_PER_S));
}

static void sort_text(const struct options *o, char *buf, size_t size)
{
	static const char *const names[] = {
#define X(id, name, help) name,
		SNAPSHOT_SORTS(X)
#undef X
	};

	/* names rise by nature, so there the sign of the reverse is the other one */
	snprintf(buf, size, "%s%s", !o->reversed ? "" : o->sort == SORT_NAME ? "+" : "-",
		 names[o->sort]);
}

static void census_text(const struct options *o, char *buf, size_t size)
{
	static const char *const words[] = {
		[CENSUS_AUTO] = "auto", [CENSUS_SCAN] = "scan", [CENSUS_WALK] = "walk",
	};

	snprintf(buf, size, "%s", words[o->census]);
}

static void max_cpu_text(const struct options *o, char *buf, size_t size)
{
	snprintf(buf, size, "%.0f", o->max_cpu * 100);
}

static void max_pause_text(const struct options *o, char *buf, size_t size)
{
	snprintf(buf, size, "%lld", (long long)(o->max_pause_ns / CLOCK_NS_PER_MS));
}

static void fields_text(const struct options *o, char *buf, size_t size)
{
	snprintf(buf, size, "%s", o->fields ? o->fields : "");
}

/* As text_unit_name(), but in one word each. */
static const char *const units[] = {
	[TEXT_AUTO] = "auto", [TEXT_BYTES] = "B", [TEXT_KIB] = "KiB", [TEXT_MIB] = "MiB",
};

static void units_text(const struct options *o, char *buf, size_t size)
{
	snprintf(buf, size, "%s", units[o->look.unit]);
}

static enum lt_errc units_take(struct options *o, const char *value, struct lt_err *err)
{
	char clean[48];

	for (size_t i = 0; i < COUNT_OF(units); i++) {
		if (strcmp(units[i], value) != 0)
			continue;
		o->look.unit = (enum text_unit)i;
		return LT_OK;
	}
	clean_text(clean, sizeof(clean), value, strlen(value));
	return lt_err_set(err, LT_E_USAGE, 0, "units are auto, B, KiB or MiB, not '%s'", clean);
}

/*
 * A value as text() writes it and take() reads it, without a take() the argument of the option of
 * that name; or without text() a yes or no at flag, of which `opposite` means the reverse.
 */
static const struct setting {
	const char *name, *help;
	void (*text)(const struct options *o, char *buf, size_t size);	/* "": left out */
	enum lt_errc (*take)(struct options *o, const char *value, struct lt_err *err);
	size_t flag;
	bool opposite;
} table[] = {
	{"delay", "seconds between samples", delay_text, NULL, 0, false},
	{"sort", "[+-]FIELD, as leaktop -O lists them", sort_text, NULL, 0, false},
	{"fields", "columns, as with --fields", fields_text, NULL, 0, false},
	{"hide-flat", "yes: only types that have changed", NULL, NULL,
	 offsetof(struct options, hide_flat), false},
	{"units", "of sizes: auto, B, KiB or MiB", units_text, units_take, 0, false},
	{"zeros", "no: blank in the table", NULL, NULL,
	 offsetof(struct options, look.blank_zeros), true},
	{"color", "no: as with -C", NULL, NULL, offsetof(struct options, look.no_color), true},
	{"ascii", "yes: as with -U", NULL, NULL, offsetof(struct options, ascii), false},
	{"mouse", "yes: as with --mouse", NULL, NULL, offsetof(struct options, look.mouse), false},
	{"confirm", "how long a suspect lasts before it is a leak", confirm_text, NULL, 0, false},
	{"census", "auto, scan or walk", census_text, NULL, 0, false},
	{"max-cpu", "percent of a core for counting", max_cpu_text, NULL, 0, false},
	{"max-pause", "milliseconds that a thread may wait at most", max_pause_text, NULL, 0,
	 false},
};

const char *settings_name(size_t i)
{
	return i < COUNT_OF(table) ? table[i].name : NULL;
}

static const struct setting *find(const char *name, size_t n)
{
	for (size_t i = 0; i < COUNT_OF(table); i++)
		if (strlen(table[i].name) == n && memcmp(table[i].name, name, n) == 0)
			return &table[i];
	return NULL;
}

static bool *flag_of(const struct setting *s, struct options *o)
{
	return (bool *)((char *)o + s->flag);
}

static enum lt_errc set(const struct setting *s, struct options *o, const char *value,
			struct lt_err *err)
{
	static const struct { const char *word; bool on; } words[] = {
		{"yes", true}, {"no", false}, {"on", true}, {"off", false},
	};
	char clean[48];

	if (s->take)
		return s->take(o, value, err);
	if (s->text)
		return options_set(o, s->name, value, err);
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		if (strcmp(words[i].word, value) != 0)
			continue;
		*flag_of(s, o) = words[i].on != s->opposite;
		return LT_OK;
	}
	clean_text(clean, sizeof(clean), value, strlen(value));
	return lt_err_set(err, LT_E_USAGE, 0, "%s is yes or no, not '%s'", s->name, clean);
}

static void put_setting(struct buf *b, const struct setting *s, const struct options *o,
			bool with_help)
{
	struct options copy = *o;
	char value[256];

	if (s->text)
		s->text(o, value, sizeof(value));
	else
		snprintf(value, sizeof(value), "%s",
			 *flag_of(s, &copy) != s->opposite ? "yes" : "no");
	if (!value[0])
		return;
	if (with_help)
		buf_printf(b, "# %s\n", s->help);
	buf_printf(b, "%s = %s\n", s->name, value);
}

/* ---- lines ------------------------------------------------------------------------------- */

struct line {
	const char *at;			/* of n bytes, without the newline */
	size_t n;
	const char *key, *value;	/* key NULL: blank or a comment */
	size_t key_n, value_n;
	bool bad;			/* neither that nor "key = value" */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void trim(const char **at, size_t *n)
{
	while (*n && is_blank(**at)) {
		++*at;
		--*n;
	}
	while (*n && is_blank((*at)[*n - 1]))
		--*n;
}

/* The line at text[*at..n), and *at behind it; false at the end. */
static bool next_line(const char *text, size_t n, size_t *at, struct line *ret)
{
	const char *end, *equals;

	if (*at >= n)
		return false;
	*ret = (struct line){.at = text + *at};
	end = memchr(ret->at, '\n', n - *at);
	ret->n = end ? (size_t)(end - ret->at) : n - *at;
	*at += ret->n + 1;
	ret->key = ret->at;
	ret->key_n = ret->n;
	trim(&ret->key, &ret->key_n);
	if (ret->key_n == 0 || ret->key[0] == '#') {
		ret->key = NULL;
		return true;
	}
	equals = memchr(ret->key, '=', ret->key_n);
	if (!equals || equals == ret->key) {
		ret->bad = true;
		return true;
	}
	ret->value = equals + 1;
	ret->value_n = (size_t)(ret->key + ret->key_n - ret->value);
	ret->key_n = (size_t)(equals - ret->key);
	trim(&ret->key, &ret->key_n);
	trim(&ret->value, &ret->value_n);
	return true;
}

/* ---- reading ----------------------------------------------------------------------------- */

/* Why the open file may not be used; NULL: it may. */
static const char *distrust(const struct stat *file)
{
	if (!S_ISREG(file->st_mode))
		return "is no file";
	if (file->st_uid != geteuid() && file->st_uid != 0)
		return "belongs to another user";
	if (file->st_mode & (S_IWGRP | S_IWOTH))
		return "may be written by others";
	if (file->st_size > (off_t)SIZE_MOST)
		return "is larger than 64 KiB";
	return NULL;
}

/* 0, or an errno value; EPERM with the reason in *ret_why. O_NONBLOCK: it may be a pipe. */
static int load(const char *path, struct buf *b, struct stat *file, const char **ret_why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), e = 0;

	*ret_why = NULL;
	if (fd < 0)
		return errno;
	if (fstat(fd, file) != 0)
		e = errno;
	else if (!(S_ISCHR(file->st_mode) && strcmp(path, "/dev/null") == 0))
		*ret_why = distrust(file);
	if (e == 0 && *ret_why)
		e = EPERM;
	if (e == 0)
		e = io_read_fd(fd, SIZE_MOST, b);
	close(fd);
	return e;
}

/* Keys that another version may know: the first is named, all are kept. */
static void note_unknown(struct settings *c, const char *path, size_t nr, const struct line *line)
{
	char key[48];

	if (c->message[0])
		return;
	clean_text(key, sizeof(key), line->key, line->key_n);
	snprintf(c->message, sizeof(c->message), "%.300s:%zu: no such setting: %s", path, nr, key);
}

static enum lt_errc take_line(struct settings *c, const char *path, size_t nr,
			      const struct line *line, struct options *o, struct lt_err *err)
{
	const struct setting *s;

	if (line->bad)
		return lt_err_set(err, LT_E_USAGE, 0, "a line is a comment or: key = value");
	if (!line->key)
		return LT_OK;
	s = find(line->key, line->key_n);
	if (!s) {
		note_unknown(c, path, nr, line);
		return LT_OK;
	}
	/* what is behind the value is a blank or the newline: it becomes the value's end */
	((char *)(uintptr_t)line->value)[line->value_n] = '\0';
	return set(s, o, line->value, err);
}

static void take_text(struct settings *c, const char *path, struct options *ret_options)
{
	struct options o = *ret_options;
	struct lt_err err = {0};
	struct line line;
	size_t at = 0, nr = 0;

	buf_putc(&c->text, '\n');		/* so that each value has room for its NUL */
	while (next_line(c->text.data, c->text.len, &at, &line)) {
		nr++;
		if (take_line(c, path, nr, &line, &o, &err) == LT_OK)
			continue;
		snprintf(c->message, sizeof(c->message), "%.300s:%zu: %s; defaults are used", path,
			 nr, err.detail);
		return;
	}
	*ret_options = o;
}

/* ---- where it is ------------------------------------------------------------------------- */

/* false: the variable is not set, or not to a path that is the same from everywhere. */
static bool from_env(const char *name, const char *tail, char path[PATH_MAX])
{
	const char *value = getenv(name);

	return value && value[0] == '/' &&
	       snprintf(path, PATH_MAX, "%s%s", value, tail) < PATH_MAX;
}

static const struct { const char *variable, *tail; } places[] = {
	{"LEAKTOPRC", ""}, {"XDG_CONFIG_HOME", "/leaktop/config"},
	{"HOME", "/.config/leaktop/config"},
};

/* The one of this user, whether it is there or not. */
static void find_own(char path[PATH_MAX])
{
	for (size_t i = 0; i < COUNT_OF(places); i++)
		if (from_env(places[i].variable, places[i].tail, path))
			return;
	path[0] = '\0';
}

void settings_read(struct settings *ret, const char *given, struct options *ret_options)
{
	const char *path = ret->path, *why = NULL;
	struct stat file;
	int e = ENOENT;

	*ret = (struct settings){0};
	if (given)
		snprintf(ret->path, sizeof(ret->path), "%s", given);
	else
		find_own(ret->path);
	if (ret->path[0])
		e = load(path, &ret->text, &file, &why);
	if (e == ENOENT && !given)
		e = load(path = SYSTEM_PATH, &ret->text, &file, &why);
	if (e == 0)
		take_text(ret, path, ret_options);
	else if (e != ENOENT || given)
		snprintf(ret->message, sizeof(ret->message), "%.300s %s; defaults are used", path,
			 e == EPERM && why ? why : strerror(e));
}

void settings_done(struct settings *c)
{
	buf_done(&c->text);
}

/* ---- writing ----------------------------------------------------------------------------- */

/* Lines of the old text with the new values, then what it did not have. */
static void compose(struct buf *b, const struct buf *old, const struct options *o)
{
	bool done[COUNT_OF(table)] = {false};
	struct line line;
	size_t at = 0;

	if (old->len == 0)
		buf_puts(b, "# leaktop's settings, written by W; see leaktop(1)\n");
	while (next_line(buf_text(old), old->len, &at, &line)) {
		const struct setting *s = line.key && !line.bad ? find(line.key, line.key_n) : NULL;

		if (s) {
			put_setting(b, s, o, false);
			done[s - table] = true;
			continue;
		}
		if (line.bad)
			buf_puts(b, NOTE);
		buf_put(b, line.at, line.n);
		buf_putc(b, '\n');
	}
	for (size_t i = 0; i < COUNT_OF(table); i++)
		if (!done[i])
			put_setting(b, &table[i], o, true);
}

/* Every folder on the way to the file, as mkdir -p. */
static void make_folders(const char *path)
{
	char part[PATH_MAX];

	snprintf(part, sizeof(part), "%s", path);
	for (char *at = strchr(part + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		(void)mkdir(part, 0700);	/* where it fails the file will say why */
		*at = '/';
	}
}

static enum lt_errc put_in_place(const char *path, const struct buf *b, mode_t mode,
				 struct lt_err *err)
{
	struct outfile f;
	enum lt_errc rc = outfile_begin(&f, path, err);
	int e;

	if (rc != LT_OK)
		return rc;
	e = io_write_all(fileno(f.out), buf_text(b), b->len);
	if (e == 0 && fchmod(fileno(f.out), mode) != 0)
		e = errno;
	if (e == 0)
		return outfile_commit(&f, true, err);
	outfile_drop(&f);
	return lt_err_set(err, LT_E_OUTPUT, e, "%.100s", path);
}

enum lt_errc settings_write(const struct settings *c, const struct options *o, struct lt_err *err)
{
	struct buf old = {0}, text = {0};
	struct stat file = {.st_mode = S_IFREG | 0600};
	char real[PATH_MAX];
	enum lt_errc rc;
	const char *why;
	int e;

	if (!c->path[0])
		return lt_err_set(err, LT_E_OUTPUT, 0, "no HOME to keep settings in");
	e = load(c->path, &old, &file, &why);
	if (e == 0 && !S_ISREG(file.st_mode)) {	/* never a file in the place of /dev/null */
		why = distrust(&file);
		e = EPERM;
	}
	if (e == EPERM && why)
		lt_err_set(err, LT_E_OUTPUT, 0, "%.100s %s", c->path, why);
	else if (e && e != ENOENT)
		lt_err_set(err, LT_E_OUTPUT, e, "%.100s", c->path);
	if (e && e != ENOENT) {
		buf_done(&old);
		return LT_E_OUTPUT;
	}
	make_folders(c->path);
	/* a link into a person's own collection of such files stays one */
	if (!realpath(c->path, real))
		snprintf(real, sizeof(real), "%s", c->path);
	compose(&text, &old, o);
	rc = put_in_place(real, &text, file.st_mode & 0777, err);
	buf_done(&old);
	buf_done(&text);
	return rc;
}
