#include "config.h"
#include "session/growers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "holders/containers.h"
#include "holders/holders.h"
#include "util/clean.h"
#include "util/clock.h"
#include "util/mem.h"

#define FIRST_PASSES 6			/* five are needed before anything is said */
#define FIRST_EVERY_NS (4 * CLOCK_NS_PER_S)
#define EVERY_NS (20 * CLOCK_NS_PER_S)
#define PATHS_EVERY_NS (60 * CLOCK_NS_PER_S)	/* the same ones are searched again */

enum stage { IDLE, PASS, PATHS };

struct growers {
	const struct python *py;
	struct containers *containers;
	struct holders *holders;
	enum stage stage;
	int passes;
	int64_t pass_ns;		/* when the last one began */
	int64_t paths_ns;		/* when paths were searched last */
	uint64_t objects[GROWING_MAX];	/* whose paths are known, or were searched in vain */
	struct growing_container known[GROWING_MAX];	/* in the same order; path "": in vain */
	size_t n;
	struct growing found;
};

struct growers *growers_new(const struct python *py)
{
	struct growers *g = MEM_NEW(struct growers);

	g->py = py;
	g->containers = containers_new(py);
	g->holders = holders_new(py);
	return g;
}

void growers_free(struct growers *g)
{
	if (!g)
		return;
	containers_free(g->containers);
	holders_free(g->holders);
	free(g);
}

bool growers_due(const struct growers *g, int64_t now_ns)
{
	int64_t every = g->passes < FIRST_PASSES ? FIRST_EVERY_NS : EVERY_NS;

	return g->stage == IDLE && (g->passes == 0 || now_ns - g->pass_ns >= every);
}

bool growers_begin(struct growers *g, int64_t now_ns)
{
	g->pass_ns = now_ns;
	if (containers_begin(g->containers, now_ns, NULL) != LT_OK)
		return false;
	g->passes++;
	g->stage = PASS;
	return true;
}

void growers_abandon(struct growers *g)
{
	if (g->stage == PASS)
		containers_abandon(g->containers);
	else if (g->stage == PATHS)
		holders_abandon(g->holders);
	g->stage = IDLE;
}

const struct growing *growers_found(const struct growers *g)
{
	return &g->found;
}

/* ---- paths ---------------------------------------------------------------------------------- */

static size_t index_of(const struct growers *g, uint64_t object)
{
	size_t i = 0;

	while (i < g->n && g->objects[i] != object)
		i++;
	return i;
}

static size_t grown(const struct growers *g, const struct container_growth **ret)
{
	size_t n = containers_growing(g->containers, ret);

	return n < GROWING_MAX ? n : GROWING_MAX;
}

/* Is there one that was not searched, or were all of them long ago? */
static bool wants_paths(const struct growers *g)
{
	const struct container_growth *list;
	size_t n = grown(g, &list);
	bool old = clock_mono_ns() - g->paths_ns >= PATHS_EVERY_NS;

	for (size_t i = 0; i < n; i++)
		if (old || index_of(g, list[i].address) == g->n)
			return true;
	return false;
}

static bool begin_paths(struct growers *g)
{
	const struct container_growth *list;

	g->paths_ns = clock_mono_ns();
	g->n = grown(g, &list);
	memset(g->known, 0, sizeof(g->known));
	for (size_t i = 0; i < g->n; i++)
		g->objects[i] = list[i].address;
	return holders_begin_objects(g->holders, g->objects, g->n, NULL) == LT_OK;
}

static void take_text(char *to, size_t size, const char *from)
{
	clean_text(to, size, from, strlen(from));
}

static void take_paths(struct growers *g)
{
	struct holders_result r;

	holders_result(g->holders, &r);
	for (size_t i = 0; i < r.n; i++) {
		size_t at = r.list[i].object ? index_of(g, r.list[i].object) : g->n;
		struct growing_container *c = &g->known[at < g->n ? at : 0];

		if (at == g->n || c->path[0] || !strcmp(r.list[i].root, "C code"))
			continue;
		take_text(c->path, sizeof(c->path), r.list[i].path);
		take_text(c->shown, sizeof(c->shown), r.list[i].shown);
		take_text(c->root, sizeof(c->root), r.list[i].root);
	}
}

/* Those that have a path: without one there is nothing to tell. */
static void take_found(struct growers *g)
{
	const struct container_growth *list;
	size_t n = grown(g, &list);

	g->found.n = 0;
	g->found.t = clock_wall_s();
	for (size_t i = 0; i < n; i++) {
		size_t at = index_of(g, list[i].address);
		struct growing_container *c = &g->found.list[g->found.n];

		if (at == g->n || !g->known[at].path[0])
			continue;
		*c = g->known[at];
		take_text(c->type, sizeof(c->type), list[i].type);
		c->length = list[i].length;
		c->length_delta = list[i].length_delta;
		c->length_rate = list[i].length_rate;
		c->rises = list[i].rises;
		c->falls = list[i].falls;
		g->found.n++;
	}
}

/* ---- steps ---------------------------------------------------------------------------------- */

bool growers_step(struct growers *g, int64_t budget_ns)
{
	if (g->stage == PASS && containers_step(g->containers, budget_ns))
		g->stage = wants_paths(g) && begin_paths(g) ? PATHS : IDLE;
	else if (g->stage == PATHS && holders_step(g->holders, budget_ns)) {
		take_paths(g);
		g->stage = IDLE;
	}
	if (g->stage != IDLE)
		return false;
	take_found(g);
	return true;
}
