#include "config.h"

#include "proc/maps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/buf.h"
#include "util/io.h"
#include "util/mem.h"
#include "util/num.h"

#define READ_TRIES 8
#define DELETED " (deleted)"

struct cursor {
	const char *at, *end;
};

static bool take(struct cursor *c, char want)
{
	if (c->at == c->end || *c->at != want)
		return false;
	c->at++;
	return true;
}

/* 'r' or '-': one flag of "r-xp". */
static bool take_flag(struct cursor *c, char yes, char no, bool *ret)
{
	if (c->at == c->end || (*c->at != yes && *c->at != no))
		return false;
	*ret = *c->at++ == yes;
	return true;
}

static bool take_device(struct cursor *c, uint32_t *ret)
{
	uint64_t major, minor;

	if (!num_scan(&c->at, c->end, 16, &major) || !take(c, ':') ||
	    !num_scan(&c->at, c->end, 16, &minor))
		return false;
	*ret = (uint32_t)(major << 20 | minor);		/* MINORBITS is 20: linux/kdev_t.h */
	return true;
}

/* "7f12a3c00000-7f12a3c22000 r--p 00000000 08:01 1234", up to the blanks before the path */
static bool parse_fields(struct cursor *c, struct map *m)
{
	bool private;

	if (!num_scan(&c->at, c->end, 16, &m->start) || !take(c, '-') ||
	    !num_scan(&c->at, c->end, 16, &m->end) || !take(c, ' '))
		return false;
	if (!take_flag(c, 'r', '-', &m->read) || !take_flag(c, 'w', '-', &m->write) ||
	    !take_flag(c, 'x', '-', &m->exec) || !take_flag(c, 'p', 's', &private) ||
	    !take(c, ' '))
		return false;
	m->shared = !private;
	return num_scan(&c->at, c->end, 16, &m->offset) && take(c, ' ') &&
	       take_device(c, &m->dev) && take(c, ' ') &&
	       num_scan(&c->at, c->end, 10, &m->inode);
}

static bool octal(char c)
{
	return c >= '0' && c <= '7';
}

/*
 * Copies a path, undoing the kernel's \ooo (fs/seq_file.c mangle_path; in maps only a newline is
 * written so: "\012"). Returns the end of what was written; never longer than the source.
 */
static char *unescape(char *dst, const char *s, const char *end)
{
	while (s < end) {
		if (*s == '\\' && end - s >= 4 && octal(s[1]) && octal(s[2]) && octal(s[3])) {
			char byte = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));

			if (byte != '\0') {
				*dst++ = byte;
				s += 4;
				continue;
			}
		}
		*dst++ = *s++;
	}
	return dst;
}

/* Puts the path of the line at *text (a NUL behind it), and moves *text behind that. */
static void parse_path(struct cursor *c, struct map *m, char **text)
{
	char *begin = *text, *end;
	size_t tail = sizeof(DELETED) - 1;

	while (c->at < c->end && *c->at == ' ')
		c->at++;
	end = unescape(begin, c->at, c->end);
	if ((size_t)(end - begin) > tail && memcmp(end - tail, DELETED, tail) == 0) {
		m->deleted = true;
		end -= tail;
	}
	*end = '\0';
	m->path = begin;
	*text = end + 1;
}

static size_t count_lines(const char *text, size_t n)
{
	size_t lines = 0;

	for (size_t i = 0; i < n; i++)
		lines += text[i] == '\n';
	return lines + (n > 0 && text[n - 1] != '\n');
}

/*
 * A long map comes in several reads, and the process goes on in between. The next read begins with
 * the mapping that then contains the address reached (fs/proc/task_mmu.c m_start, Linux 6.18), and
 * one that has grown or was merged begins before it: seen on a heap growing under its threads.
 * Its part below `floor` is in the list already.
 */
static void clip(struct map *m, uint64_t floor)
{
	if (m->start >= floor)
		return;
	if (m->inode)
		m->offset += floor - m->start;
	m->start = floor;
}

static bool parse_line(struct cursor *c, uint64_t floor, struct map *m, char **text)
{
	if (memchr(c->at, '\0', (size_t)(c->end - c->at)) || !parse_fields(c, m))
		return false;
	if (c->at != c->end && *c->at != ' ')
		return false;
	if (m->end <= m->start || m->end <= floor)
		return false;
	clip(m, floor);
	parse_path(c, m, text);
	return true;
}

enum lt_errc maps_parse(const char *text, size_t n, struct maps *ret, struct lt_err *err)
{
	struct maps m = {0};
	size_t lines = count_lines(text, n);
	const char *at = text, *end = text + n;
	char *paths;
	uint64_t floor = 0;

	if (n > MAPS_MAX_BYTES)
		return lt_err_set(err, LT_E_BAD_DATA, 0, "memory map of more than %u bytes",
				  MAPS_MAX_BYTES);
	m.list = mem_array(lines + 1, sizeof(*m.list));
	m.text = mem_alloc(n + lines + 1);	/* a path is shorter than its line */
	paths = m.text;
	while (at < end) {
		const char *eol = memchr(at, '\n', (size_t)(end - at));
		struct cursor line = {at, eol ? eol : end};

		if (!parse_line(&line, floor, &m.list[m.n], &paths)) {
			lt_err_set(err, LT_E_BAD_DATA, 0, "line %zu of the memory map", m.n + 1);
			maps_done(&m);
			return LT_E_BAD_DATA;
		}
		floor = m.list[m.n++].end;
		at = eol ? eol + 1 : end;
	}
	*ret = m;
	return LT_OK;
}

static enum lt_errc read_once(pid_t pid, struct maps *ret, struct lt_err *err)
{
	struct buf b = {0};
	int e = io_read_proc(pid, 0, "maps", (size_t)MAPS_MAX_BYTES + 1, &b);
	enum lt_errc rc;

	if (e == ENOENT || e == ESRCH)
		rc = lt_err_set(err, LT_E_GONE, 0, "PID %d", (int)pid);
	else if (e == EACCES || e == EPERM)
		rc = lt_err_set(err, LT_E_PERM, e, "reading the memory map of PID %d", (int)pid);
	else if (e)
		rc = lt_err_set(err, LT_E_SYS, e, "reading the memory map of PID %d", (int)pid);
	else
		rc = maps_parse(buf_text(&b), b.len, ret, err);
	buf_done(&b);
	return rc;
}

/*
 * The kernel writes a page of lines at a time. Mappings that grow together between two pages make
 * a line begin before the end of the one above: no lie, and gone when it is read again.
 */
enum lt_errc maps_read(pid_t pid, struct maps *ret, struct lt_err *err)
{
	enum lt_errc rc = LT_E_BAD_DATA;

	for (int i = 0; i < READ_TRIES && rc == LT_E_BAD_DATA; i++)
		rc = read_once(pid, ret, err);
	return rc;
}

void maps_done(struct maps *m)
{
	free(m->list);
	free(m->text);
	*m = (struct maps){0};
}

const struct map *maps_find(const struct maps *m, uint64_t addr)
{
	size_t lo = 0, hi = m->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (addr < m->list[mid].start)
			hi = mid;
		else if (addr >= m->list[mid].end)
			lo = mid + 1;
		else
			return &m->list[mid];
	}
	return NULL;
}
