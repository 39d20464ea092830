#include "config.h"

#include "proc/resident.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proc/procfile.h"
#include "proc/status.h"
#include "util/io.h"
#include "util/mem.h"
#include "util/num.h"

#define GUARD_MAX   (64u << 10)		/* pthread_attr_setguardsize: a page unless asked for */
#define STACK_MAX   (64ull << 20)
#define STACK_MIN   (16u << 10)		/* PTHREAD_STACK_MIN */
#define AROUND_MAX  (8ull << 20)	/* the usual size of a stack */
#define THREADS_MAX 512

struct stack {
	uint64_t start, end;
};

static const struct {
	const char *key;
	size_t at;
} rows[] = {
	{"RssAnon", offsetof(struct resident, anon)},
	{"RssFile", offsetof(struct resident, file)},
	{"RssShmem", offsetof(struct resident, shmem)},
};

/* "RssAnon:\t    1234 kB" */
void resident_parse(const char *text, size_t n, struct resident *ret)
{
	struct procfile_line line;
	size_t at = 0;
	uint64_t kib;

	*ret = (struct resident){LT_UNKNOWN, LT_UNKNOWN, LT_UNKNOWN, LT_UNKNOWN};
	while (procfile_next(text, n, &at, &line))
		for (size_t i = 0; i < COUNT_OF(rows); i++) {
			const char *p = line.value;

			if (procfile_key_is(&line, rows[i].key) &&
			    num_scan(&p, line.value + line.value_len, 10, &kib))
				*(int64_t *)((char *)ret + rows[i].at) = procfile_scale(kib, 1024);
		}
}

static bool is_private(const struct map *m)
{
	return m->read && m->write && !m->shared && m->inode == 0;
}

/* A thread's stack as pthread_create makes it: one mapping whose lowest page is then closed. */
static bool is_guarded(const struct maps *maps, size_t i)
{
	const struct map *m = &maps->list[i], *guard = m - 1;
	uint64_t size = m->end - m->start;

	return i > 0 && is_private(m) && m->path[0] != '[' && size >= STACK_MIN &&
	       size <= STACK_MAX && guard->end == m->start && !guard->read && !guard->write &&
	       !guard->exec && guard->inode == 0 && guard->end - guard->start <= GUARD_MAX;
}

/* The resident pages around sp, in its mapping: a stack grows down and is used from its end on. */
static struct stack around(const struct map *m, struct pagemap *pages, uint64_t sp)
{
	struct stack s = {sp & ~(pages->page_bytes - 1), 0};
	uint64_t limit = m->end - sp > AROUND_MAX ? sp + AROUND_MAX : m->end;

	if (!pagemap_present(pages, sp))
		return (struct stack){sp, sp};
	s.end = pagemap_run(pages, sp, limit);
	while (s.start > m->start && s.end - s.start < AROUND_MAX &&
	       pagemap_present(pages, s.start - 1))
		s.start -= pages->page_bytes;
	return s;
}

static int by_start(const void *a, const void *b)
{
	const struct stack *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

/* Overlapping ones count once. */
static int64_t sum(struct stack *s, size_t n, struct pagemap *pages)
{
	uint64_t bytes = 0, done = 0;

	qsort(s, n, sizeof(*s), by_start);
	for (size_t i = 0; i < n; i++) {
		uint64_t start = s[i].start > done ? s[i].start : done;

		if (s[i].end <= start)
			continue;
		bytes += pagemap_resident(pages, start, s[i].end);
		done = s[i].end;
	}
	return (int64_t)bytes;
}

int64_t resident_stacks(const struct maps *maps, struct pagemap *pages, const uint64_t *sp,
			size_t n)
{
	struct stack *stacks;
	size_t k = 0;
	int64_t bytes;

	if (!pagemap_known(pages))
		return LT_UNKNOWN;
	stacks = mem_array(maps->n + n, sizeof(*stacks));
	for (size_t i = 0; i < maps->n; i++)
		if (strcmp(maps->list[i].path, "[stack]") == 0 || is_guarded(maps, i))
			stacks[k++] = (struct stack){maps->list[i].start, maps->list[i].end};
	for (size_t i = 0; i < n; i++) {
		const struct map *m = maps_find(maps, sp[i]);

		if (m && is_private(m) && m->path[0] != '[')
			stacks[k++] = around(m, pages, sp[i]);
	}
	bytes = k ? sum(stacks, k, pages) : 0;
	free(stacks);
	return bytes;
}

/* Stack pointers of the threads that are blocked in the kernel: others do not tell. */
static size_t stack_pointers(pid_t pid, uint64_t *ret, size_t max)
{
	struct status_syscall call;
	struct dirent *e;
	char path[64];
	size_t n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	d = opendir(path);
	if (!d)
		return 0;
	for (size_t looked = 0; looked < max && (e = readdir(d)) != NULL; looked++) {
		int64_t tid;

		if (num_parse(e->d_name, 1, INT32_MAX, &tid) && tid != pid &&
		    status_syscall_read(pid, (pid_t)tid, &call) && call.sp)
			ret[n++] = call.sp;
	}
	closedir(d);
	return n;
}

void resident_read(pid_t pid, const struct maps *maps, struct pagemap *pages,
		   struct resident *ret)
{
	uint64_t sp[THREADS_MAX];
	struct buf b = {0};

	resident_parse("", 0, ret);
	if (io_read_proc(pid, 0, "status", PROCFILE_SMALL_MAX, &b) == 0)
		resident_parse(buf_text(&b), b.len, ret);
	buf_done(&b);
	ret->stacks = resident_stacks(maps, pages, sp, stack_pointers(pid, sp, COUNT_OF(sp)));
}

int64_t resident_oom_score(pid_t pid)
{
	struct buf b = {0};
	const char *p;
	uint64_t v;
	bool ok;

	ok = io_read_proc(pid, 0, "oom_score", PROCFILE_SMALL_MAX, &b) == 0;
	p = buf_text(&b);
	ok = ok && num_scan(&p, p + b.len, 10, &v) && v <= INT32_MAX;
	buf_done(&b);
	return ok ? (int64_t)v : LT_UNKNOWN;
}
