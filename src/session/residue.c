#include "config.h"
#include "session/residue.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/mem.h"
#include "util/num.h"

struct numbers {		/* sorted */
	int64_t *list;
	size_t n;
};

struct residue {
	pid_t pid;
	struct numbers threads, fds;
};

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* The numeric names in /proc/PID/DIR. false with errno where it cannot be read. */
static bool list_numbers(pid_t pid, const char *dir, struct numbers *ret)
{
	char path[64];
	struct dirent *e;
	size_t cap = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, dir);
	d = opendir(path);
	if (!d)
		return false;
	*ret = (struct numbers){0};
	while ((e = readdir(d)) != NULL) {
		int64_t v;

		if (!num_parse(e->d_name, 0, INT64_MAX, &v))
			continue;
		if (ret->n == cap) {
			cap = cap ? cap * 2 : 64;
			ret->list = mem_resize(ret->list, cap, sizeof(*ret->list));
		}
		ret->list[ret->n++] = v;
	}
	closedir(d);
	if (ret->n)
		qsort(ret->list, ret->n, sizeof(*ret->list), by_value);
	return true;
}

struct residue *residue_take(pid_t pid)
{
	struct residue *r = MEM_NEW(struct residue);

	r->pid = pid;
	if (list_numbers(pid, "task", &r->threads) && list_numbers(pid, "fd", &r->fds))
		return r;
	residue_free(r);
	return NULL;
}

void residue_free(struct residue *r)
{
	if (!r)
		return;
	free(r->threads.list);
	free(r->fds.list);
	free(r);
}

static int64_t compare(pid_t pid, const char *dir, const struct numbers *before)
{
	struct numbers now;
	int64_t left = 0;

	if (!list_numbers(pid, dir, &now))
		return errno == ENOENT ? 0 : LT_UNKNOWN;
	for (size_t i = 0; i < now.n; i++)
		if (!before->n || !bsearch(&now.list[i], before->list, before->n,
					   sizeof(*before->list), by_value))
			left = LT_UNKNOWN;
	free(now.list);
	return left;
}

void residue_compare(const struct residue *before, struct sample_left *ret)
{
	ret->threads = ret->fds = LT_UNKNOWN;
	if (!before)
		return;
	ret->threads = compare(before->pid, "task", &before->threads);
	ret->fds = compare(before->pid, "fd", &before->fds);
}
