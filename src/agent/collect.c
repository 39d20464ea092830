#include "agent/collect.h"

#include "agent/arch.h"
#include "agent/guard.h"

AGENT_COLD void collect_post(struct agent_block *b)
{
	b->posted_pid = agent_arch_pid();
}

/* The interpreter's own function does nothing while the collector is off: the module's does. */
AGENT_COLD static uint32_t by_module(struct agent_block *b)
{
	const struct agent_collect *c = &b->collect;
	void *modules = ((void *(*)(void))(uintptr_t)c->fn_modules)(), *gc, *found;

	if (!modules)
		return AGENT_CANNOT;
	gc = ((void *(*)(void *, const char *))(uintptr_t)c->fn_item)(modules, "gc");
	if (!gc)
		return AGENT_CANNOT;
	found = ((void *(*)(void *, const char *, const char *, ...))(uintptr_t)c->fn_call)(
		gc, "collect", (const char *)0);
	if (!found)
		return AGENT_CANNOT;
	b->unreachable = ((int64_t (*)(void *, void *))(uintptr_t)c->fn_size)(found, (void *)0);
	((void (*)(void *))(uintptr_t)c->fn_decref)(found);
	return AGENT_OK;
}

AGENT_COLD static uint32_t collect(struct agent_block *b)
{
	const struct agent_collect *c = &b->collect;

	if (c->enabled && !READ(int32_t, c->enabled))
		return c->fn_modules && c->fn_item && c->fn_call && c->fn_size && c->fn_decref
			       ? by_module(b) : AGENT_CANNOT;
	b->unreachable = ((int64_t (*)(void))(uintptr_t)c->fn_collect)();
	return AGENT_OK;
}

/*
 * An exception that is set would be taken for one of a finalizer's (2.7: a fatal error), and what
 * the call itself may leave is nobody's.
 */
AGENT_COLD uint32_t collect_run(struct agent_block *b)
{
	const struct agent_collect *c = &b->collect;
	void *exc[3] = {0, 0, 0};
	int *errno_at, saved;
	uint32_t status;

	if (!c->fn_collect || !c->fn_fetch || !c->fn_restore)
		return AGENT_CANNOT;
	if (agent_arch_ticks() > b->order.until_ticks || b->posted_pid != agent_arch_pid())
		return AGENT_LATE;
	errno_at = ((int *(*)(void))(uintptr_t)b->fn_errno)();
	saved = *errno_at;
	((void (*)(void **, void **, void **))(uintptr_t)c->fn_fetch)(&exc[0], &exc[1], &exc[2]);
	status = collect(b);
	((void (*)(void *, void *, void *))(uintptr_t)c->fn_restore)(exc[0], exc[1], exc[2]);
	*errno_at = saved;
	return status;
}
