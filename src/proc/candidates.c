#include "config.h"
#include "proc/candidates.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc/container.h"
#include "proc/figures_ops.h"
#include "proc/pidstat.h"
#include "proc/procfile.h"
#include "proc/status.h"
#include "util/clock.h"
#include "util/mem.h"
#include "util/num.h"

#define SETTLED_NS (10 * CLOCK_NS_PER_S)	/* younger ones may still load a Python */
#define PIECE 16384				/* of a memory map */
#define NEEDLE_MAX 64				/* bytes of a name that may be cut in two */

struct known {
	uint64_t start_ticks;
	pid_t pid;
	char comm[64];			/* another one: it has started another program */
	bool python;
	size_t at;			/* in found, where it is Python */
};

struct round {
	struct known *known;		/* owned, by PID */
	struct candidate *found;	/* owned, by PID */
	size_t n, cap, n_found, cap_found;
};

struct candidates {
	struct round last, now;
	size_t seen;			/* in last */
	DIR *proc;			/* owned; NULL between rounds */
	struct {			/* a process whose map is being read; fd -1: none */
		int fd;
		struct pidstat st;
		pid_t pid;
		size_t tail;		/* bytes of the piece before, in text */
		char text[NEEDLE_MAX + PIECE];
	} map;
};

struct candidates *candidates_new(void)
{
	struct candidates *c = MEM_NEW(struct candidates);

	c->map.fd = -1;
	return c;
}

static void round_done(struct round *r)
{
	free(r->known);
	free(r->found);
	*r = (struct round){0};
}

void candidates_free(struct candidates *c)
{
	if (!c)
		return;
	if (c->map.fd >= 0)
		close(c->map.fd);
	if (c->proc)
		closedir(c->proc);
	round_done(&c->last);
	round_done(&c->now);
	free(c);
}

/* ---- names ------------------------------------------------------------------------------- */

/* "3.11" of "3.11.so.1.0", "3.11" of "311-x86_64": the digits behind the name. */
static void take_version(const char *p, size_t n, char *version, size_t size)
{
	size_t at = 0;

	version[0] = '\0';
	if (n < 2 || !isdigit((unsigned char)p[0]))
		return;
	if (p[1] == '.') {
		at = 2;
		while (at < n && isdigit((unsigned char)p[at]))
			at++;
		snprintf(version, size, "%.*s", at > 2 && at < 8 ? (int)at : 1, p);
	} else {
		at = 1;
		while (at < n && isdigit((unsigned char)p[at]))
			at++;
		snprintf(version, size, "%c.%.*s", p[0], at < 8 ? (int)at - 1 : 0, p + 1);
	}
}

static const struct { const char *needle; bool begins; } names[] = {
	{"python", true}, {"pypy", true},		/* a program */
	{"libpython", false}, {"libpypy", false},	/* a library */
	{".cpython-", false}, {"/lib-dynload/", false},	/* a module of it */
};

bool candidates_name(const char *name, size_t n, char *version, size_t size)
{
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		size_t len = strlen(names[i].needle);
		const char *at = memmem(name, n, names[i].needle, len);

		if (!at || (names[i].begins && at != name))
			continue;
		take_version(at + len, n - len - (size_t)(at - name), version, size);
		return true;
	}
	return false;
}

static bool base_name(const char *path, char *version, size_t size)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;

	return candidates_name(base, strlen(base), version, size);
}

/* ---- one process ------------------------------------------------------------------------- */

static const struct known *recall(const struct candidates *c, pid_t pid, const struct pidstat *st)
{
	size_t lo = 0, hi = c->last.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct known *k = &c->last.known[mid];

		if (k->pid == pid)
			return k->start_ticks == st->start_ticks &&
			       strcmp(k->comm, st->comm) == 0 ? k : NULL;
		if (k->pid < pid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

static void remember(struct candidates *c, pid_t pid, const struct pidstat *st,
		     const struct candidate *python)
{
	struct round *r = &c->now;
	struct known *k;

	if (r->n == r->cap) {
		r->cap = r->cap ? 2 * r->cap : 512;
		r->known = mem_resize(r->known, r->cap, sizeof(*r->known));
	}
	k = &r->known[r->n++];
	*k = (struct known){.start_ticks = st->start_ticks, .pid = pid, .python = python != NULL};
	snprintf(k->comm, sizeof(k->comm), "%s", st->comm);
	if (!python)
		return;
	if (r->n_found == r->cap_found) {
		r->cap_found = r->cap_found ? 2 * r->cap_found : 32;
		r->found = mem_resize(r->found, r->cap_found, sizeof(*r->found));
	}
	k->at = r->n_found;
	r->found[r->n_found++] = *python;
}

static void read_rss(struct candidate *who)
{
	struct figures_quick quick = {.rss_bytes = LT_UNKNOWN};
	struct buf b = {0};

	if (procfile_read(who->pid, 0, "statm", PROCFILE_SMALL_MAX, &b, NULL) == LT_OK)
		(void)figures_parse_statm(buf_text(&b), b.len, &quick, NULL);
	who->rss_bytes = quick.rss_bytes;
	buf_done(&b);
}

/* What does not change, once. */
static void take_python(struct candidates *c, pid_t pid, const struct pidstat *st,
			const char *version)
{
	struct candidate who = {.pid = pid, .start_ticks = st->start_ticks};
	struct figures_fixed fixed = {0};
	struct status status = {0};

	if (figures_fixed_read(pid, &fixed, NULL) != LT_OK ||
	    status_read(pid, 0, &status, NULL) != LT_OK)
		return;
	snprintf(who.user, sizeof(who.user), "%s", fixed.user);
	snprintf(who.command, sizeof(who.command), "%s", fixed.command);
	snprintf(who.python, sizeof(who.python), "%s", version);
	who.start_wall_s = fixed.start_wall_s;
	container_read(pid, status.ns_pid, who.where, sizeof(who.where));
	read_rss(&who);
	remember(c, pid, st, &who);
}

/* The first word of its command line, for who may not read the link to its program. */
static bool named_python(pid_t pid, const char *comm, char *version, size_t size)
{
	struct buf b = {0};
	bool is;

	(void)procfile_read(pid, 0, "cmdline", 256, &b, NULL);
	is = base_name(buf_text(&b), version, size) ||
	     candidates_name(comm, strlen(comm), version, size);
	buf_done(&b);
	return is;
}

static void map_begin(struct candidates *c, pid_t pid, const struct pidstat *st)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	c->map.fd = open(path, O_RDONLY | O_CLOEXEC);
	c->map.pid = pid;
	c->map.st = *st;
	c->map.tail = 0;
	if (c->map.fd < 0)
		remember(c, pid, st, NULL);
}

static void map_end(struct candidates *c, const char *version)
{
	close(c->map.fd);
	c->map.fd = -1;
	if (version)
		take_python(c, c->map.pid, &c->map.st, version);
	else
		remember(c, c->map.pid, &c->map.st, NULL);
}

/* One piece of the map. A name that is cut in two is seen with the next one. */
static void map_step(struct candidates *c)
{
	char version[16];
	ssize_t n = read(c->map.fd, c->map.text + c->map.tail, PIECE);
	size_t len;

	if (n <= 0) {
		map_end(c, NULL);
		return;
	}
	len = c->map.tail + (size_t)n;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const char *needle = names[i].needle, *at, *end;

		if (names[i].begins)
			continue;
		at = memmem(c->map.text, len, needle, strlen(needle));
		if (!at)
			continue;
		end = memchr(at, '\n', len - (size_t)(at - c->map.text));
		if (!candidates_name(at, (size_t)((end ? end : c->map.text + len) - at), version,
				     sizeof(version)))
			continue;
		map_end(c, version);
		return;
	}
	c->map.tail = len < NEEDLE_MAX ? len : NEEDLE_MAX;
	memmove(c->map.text, c->map.text + len - c->map.tail, c->map.tail);
}

/* Just after its exec a process has no arguments yet: then its command is its name in brackets. */
static bool has_arguments(const struct candidate *who)
{
	return who->command[0] != '[';
}

static void look_at(struct candidates *c, pid_t pid)
{
	struct pidstat st;
	const struct known *k;
	char path[32], exe[4096], version[16] = "";
	ssize_t n;

	if (pidstat_read(pid, &st, NULL) != LT_OK || pidstat_ended(st.state))
		return;
	k = recall(c, pid, &st);
	if (k && k->python && has_arguments(&c->last.found[k->at])) {
		struct candidate who = c->last.found[k->at];

		read_rss(&who);
		remember(c, pid, &st, &who);
		return;
	}
	if (k && !k->python && pidstat_age_ns(&st) > SETTLED_NS) {
		remember(c, pid, &st, NULL);
		return;
	}
	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	n = readlink(path, exe, sizeof(exe) - 1);
	exe[n > 0 ? n : 0] = '\0';
	if (n > 0 ? base_name(exe, version, sizeof(version))
		  : (errno == EACCES || errno == EPERM) &&
		    named_python(pid, st.comm, version, sizeof(version)))
		take_python(c, pid, &st, version);
	else if (n > 0)
		map_begin(c, pid, &st);
	else
		remember(c, pid, &st, NULL);
}

/* ---- rounds ------------------------------------------------------------------------------ */

static bool next_pid(struct candidates *c, pid_t *ret)
{
	struct dirent *e;
	int64_t pid;

	while ((e = readdir(c->proc)) != NULL) {
		if (!num_parse(e->d_name, 1, INT32_MAX, &pid))
			continue;
		*ret = (pid_t)pid;
		return true;
	}
	return false;
}

/* The kernel lists /proc by PID (fs/proc/base.c next_tgid), which recall() relies on. */
static void end_round(struct candidates *c)
{
	closedir(c->proc);
	c->proc = NULL;
	round_done(&c->last);
	c->last = c->now;
	c->now = (struct round){0};
	c->seen = c->last.n;
}

bool candidates_step(struct candidates *c, int64_t budget_ns)
{
	int64_t end = clock_mono_ns() + budget_ns;
	pid_t pid;

	if (!c->proc)
		c->proc = opendir("/proc");
	if (!c->proc)
		return true;
	do {
		if (c->map.fd >= 0) {
			map_step(c);
		} else if (next_pid(c, &pid)) {
			look_at(c, pid);
		} else {
			end_round(c);
			return true;
		}
	} while (clock_mono_ns() < end);
	return false;
}

const struct candidate *candidates_list(const struct candidates *c, size_t *ret_n)
{
	*ret_n = c->last.n_found;
	return c->last.found;
}

size_t candidates_seen(const struct candidates *c)
{
	return c->seen;
}
