#include "config.h"
#include "proc/container.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "proc/procfile.h"
#include "util/clean.h"
#include "util/mem.h"

#define ID_SHOWN 12		/* digits of an id, as `docker ps` shows */
#define ID_LEAST 32		/* digits that make it one */

struct word {			/* one component of a path */
	const char *at;
	size_t n;
};

/* "docker-ID.scope", "ID" below "docker": what stands before the id, and what a person calls it. */
static const struct { const char *prefix, *name; } engines[] = {
	{"docker-", "docker"}, {"libpod-", "podman"}, {"cri-containerd-", "k8s"},
	{"crio-", "k8s"}, {"nerdctl-", "nerdctl"}, {"docker", "docker"}, {"libpod", "podman"},
	{"kubepods", "k8s"}, {"pod", "k8s"},
};

/* "NAME" between a prefix and a suffix. */
static const struct { const char *prefix, *suffix, *name; } named[] = {
	{"systemd-nspawn@", ".service", "nspawn"}, {"machine-", ".scope", "machine"},
	{"lxc.payload.", "", "lxc"},
};

static bool begins(struct word w, const char *prefix)
{
	size_t n = strlen(prefix);

	return w.n >= n && memcmp(w.at, prefix, n) == 0;
}

static bool ends(struct word w, const char *suffix)
{
	size_t n = strlen(suffix);

	return w.n >= n && memcmp(w.at + w.n - n, suffix, n) == 0;
}

/* The hexadecimal id that the word is or ends in, ".scope" aside. */
static bool find_id(struct word w, struct word *ret)
{
	size_t end = ends(w, ".scope") ? w.n - strlen(".scope") : w.n, from = end;

	while (from > 0 && isxdigit((unsigned char)w.at[from - 1]))
		from--;
	*ret = (struct word){w.at + from, end - from};
	return ret->n >= ID_LEAST && (from == 0 || w.at[from - 1] == '-');
}

static const char *engine_of(struct word w)
{
	for (size_t i = 0; i < COUNT_OF(engines); i++)
		if (begins(w, engines[i].prefix))
			return engines[i].name;
	return NULL;
}

static void put(char *dst, size_t size, const char *name, struct word w)
{
	char text[160];
	int n = snprintf(text, sizeof(text), "%s%s%.*s", name, name[0] ? " " : "",
			 w.n < 100 ? (int)w.n : 100, w.at);

	clean_text(dst, size, text, (size_t)n);
}

/* Does this component name a container? The one above it may say of which kind. */
static bool say_container(struct word w, struct word above, char *dst, size_t size)
{
	struct word id;
	const char *engine;

	if (find_id(w, &id)) {
		engine = engine_of(id.at == w.at ? above : w);
		id.n = ID_SHOWN;
		put(dst, size, engine ? engine : "container", id);
		return true;
	}
	for (size_t i = 0; i < COUNT_OF(named); i++) {
		size_t head = strlen(named[i].prefix), tail = strlen(named[i].suffix);

		if (!begins(w, named[i].prefix) || !ends(w, named[i].suffix) || w.n <= head + tail)
			continue;
		put(dst, size, named[i].name, (struct word){w.at + head, w.n - head - tail});
		return true;
	}
	if (above.n == 3 && memcmp(above.at, "lxc", 3) == 0) {
		put(dst, size, "lxc", w);
		return true;
	}
	return false;
}

/* A login session runs below user@1000.service: that says nothing. */
static bool is_service(struct word w)
{
	return ends(w, ".service") && w.n > strlen(".service") && !begins(w, "user@");
}

/* "0::/system.slice/api.service": from the end, for a container in a container is the inner one. */
static bool say_path(const char *path, size_t n, char *dst, size_t size)
{
	struct word service = {0};

	while (n > 0) {
		struct word w, above;
		size_t from = n, up;

		while (from > 0 && path[from - 1] != '/')
			from--;
		up = from ? from - 1 : 0;
		w = (struct word){path + from, n - from};
		while (up > 0 && path[up - 1] != '/')
			up--;
		above = (struct word){path + up, from ? from - 1 - up : 0};
		if (w.n && say_container(w, above, dst, size))
			return true;
		if (!service.n && is_service(w))
			service = w;
		n = from ? from - 1 : 0;
	}
	if (service.n)
		put(dst, size, "", service);
	return service.n > 0;
}

char *container_name(const char *cgroup, pid_t pid, pid_t ns_pid, char *dst, size_t size)
{
	dst[0] = '\0';
	while (*cgroup && !dst[0]) {
		const char *end = strchrnul(cgroup, '\n');
		const char *path = memchr(cgroup, '/', (size_t)(end - cgroup));

		if (path && say_path(path, (size_t)(end - path), dst, size))
			return dst;
		cgroup = *end ? end + 1 : end;
	}
	if (ns_pid > 0 && ns_pid != pid)
		snprintf(dst, size, "namespace (PID %d)", (int)ns_pid);
	return dst;
}

char *container_read(pid_t pid, pid_t ns_pid, char *dst, size_t size)
{
	struct buf b = {0};

	(void)procfile_read(pid, 0, "cgroup", PROCFILE_SMALL_MAX, &b, NULL);	/* then "" */
	container_name(buf_text(&b), pid, ns_pid, dst, size);
	buf_done(&b);
	return dst;
}
