#include "config.h"
#include "inject/lodging.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "agent/blob.h"
#include "inject/fault.h"
#include "proc/pidstat.h"
#include "util/page.h"

#ifndef MAP_FIXED_NOREPLACE			/* Linux 4.17; earlier ones take it for a hint */
#define MAP_FIXED_NOREPLACE 0x100000
#endif

/*
 * Where the mappings go: in every 4 GiB of addresses there is one place. Nobody else asks for such
 * an address, and the kernel does not come to it by itself with so much free on either side.
 */
#define PLACE 0x1ea70000ul
#define PLACE_STEP (1ul << 32)
#define PLACE_FIRST ((0x20ul << 40) + PLACE)	/* above heaps of fixed programs, below others */
#define PLACE_LAST (0x50ul << 40)
#define PLACE_TRIES 8
#define AROUND (256ul << 20)
#define BLOCK_MOST (64ul << 20)
#define RANGES_MOST 65536ul			/* 1 MiB; vm.max_map_count is 65,530 mostly */

/* The last bytes of the code. Written before the block is mapped, after the code is. */
struct sign {
	uint64_t block, block_size;
	uint64_t owner, owner_start, owner_ns;
	uint64_t magic;			/* last, as it is written: there is more, or nothing */
};
#define SIGN_MAGIC 0x6e6769732d70746cul

static size_t blob_size(void)
{
	return (size_t)(agent_blob_end - agent_blob);
}

static uint64_t sign_at(const struct lodging *l)
{
	return l->code + l->code_size - sizeof(struct sign);
}

/* ---- who -------------------------------------------------------------------------------- */

/* The namespace that our PIDs are numbers of; 0: unknown. */
static uint64_t pid_namespace(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) == 0 ? st.st_ino : 0;
}

static uint64_t start_of(pid_t pid)
{
	struct pidstat ps;

	if (pidstat_read(pid, &ps, NULL) != LT_OK || pidstat_ended(ps.state))
		return 0;
	return ps.start_ticks;
}

/* In doubt it is alive. A leaktop in another PID namespace is always in doubt. */
static bool may_take(const struct sign *s, pid_t us)
{
	if (!s->owner_ns || s->owner_ns != pid_namespace())
		return false;
	return s->owner == (uint64_t)us || start_of((pid_t)s->owner) != s->owner_start;
}

static enum lt_errc write_sign(const struct lodging *l, pid_t owner, struct call *c,
			       struct lt_err *err)
{
	const struct sign s = {
		.magic = SIGN_MAGIC, .block = l->code + l->code_size, .block_size = l->block_size,
		.owner = (uint64_t)owner, .owner_start = start_of(owner),
		.owner_ns = pid_namespace(),
	};

	return tracee_poke(c->tracee, sign_at(l), &s, sizeof(s), err);
}

/* ---- in and out ------------------------------------------------------------------------- */

static enum lt_errc map_at(struct call *c, uint64_t addr, uint64_t size, int prot, int64_t *ret,
			   struct lt_err *err)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | (addr ? MAP_FIXED_NOREPLACE : 0);
	const uint64_t args[6] = {addr, size, (uint64_t)prot, (uint64_t)flags, (uint64_t)-1, 0};

	return call_syscall(c, arch_nr_mmap, args, ret, err);
}

static enum lt_errc map_failed(int64_t why, int prot, uint64_t size, struct lt_err *err)
{
	return lt_err_set(err, prot & PROT_EXEC ? LT_E_EXECMEM : LT_E_SYS, (int)-why,
			  "mapping %llu bytes in the target", (unsigned long long)size);
}

static bool is_failure(int64_t result)
{
	return result < 0 && result > -4096;
}

static enum lt_errc unmap(struct call *c, uint64_t addr, uint64_t size, struct lt_err *err)
{
	const uint64_t args[6] = {addr, size};
	int64_t ret = 0;
	enum lt_errc rc = LT_OK;

	if (addr && size)
		rc = call_syscall(c, arch_nr_munmap, args, &ret, err);
	fault_at(FAULT_UNMAPPED);
	if (rc == LT_OK && ret != 0)
		return lt_err_set(err, LT_E_SYS, (int)-ret, "unmapping leaktop's pages");
	return rc;
}

/* Nothing near it: the next mapping of the target's will not touch ours and merge with it. */
static bool is_free(const struct maps *maps, uint64_t at)
{
	for (size_t i = 0; i < maps->n; i++)
		if (maps->list[i].start < at + AROUND && maps->list[i].end > at - AROUND)
			return false;
	return true;
}

/*
 * The first place to try. Where addresses are few (aarch64 has kernels with 39 and 42 bits of them)
 * at a quarter of what there is; heaps and libraries of a program lie above two thirds.
 */
static uint64_t first_place(const struct maps *maps)
{
	uint64_t top = maps->n ? maps->list[maps->n - 1].end : 0;

	return top > PLACE_LAST ? PLACE_FIRST : top / 4 / PLACE_STEP * PLACE_STEP + PLACE;
}

/* The next place from `at` on; 0 where there is none. */
static uint64_t free_place(const struct maps *maps, uint64_t at)
{
	for (; at < PLACE_LAST; at += PLACE_STEP)
		if (is_free(maps, at))
			return at;
	return 0;
}

/* Where no such place is to be had the kernel chooses: good enough while leaktop lives. */
static enum lt_errc map_code(struct lodging *l, const struct maps *maps, struct call *c,
			     struct lt_err *err)
{
	const int prot = PROT_READ | PROT_EXEC;
	uint64_t at = first_place(maps);
	int64_t ret = -EEXIST;
	enum lt_errc rc = LT_OK;

	l->code_size = page_up(LODGING_CODE_SIZE);
	for (int i = 0; i <= PLACE_TRIES && ret == -EEXIST; i++, at += PLACE_STEP) {
		at = i < PLACE_TRIES ? free_place(maps, at) : 0;
		if ((rc = map_at(c, at, l->code_size, prot, &ret, err)) != LT_OK)
			return rc;
	}
	if (is_failure(ret))
		return map_failed(ret, prot, l->code_size, err);
	l->code = (uint64_t)ret;
	return rc;
}

/* Twice what there are now: a block with bookmarks in the lists cannot be exchanged. */
static uint32_t room_for(size_t n)
{
	const size_t one = sizeof(struct agent_range);
	size_t room = page_up((2 * n + 1) * one) / one;

	return (uint32_t)(room < RANGES_MOST ? room : RANGES_MOST);
}

/* How a note leaves with both: only side by side, for one system call takes them. */
static struct agent_exit exit_of(const struct lodging *l, const struct gadgets *gadgets)
{
	if (!gadgets->zero_ret || l->block != l->code + l->code_size)
		return (struct agent_exit){0};
	return (struct agent_exit){
		.syscall_ret = gadgets->syscall_ret, .zero_ret = gadgets->zero_ret,
		.nr = (uint64_t)arch_nr_munmap, .at = l->code,
		.size = l->code_size + l->block_size,
	};
}

static enum lt_errc map_block(struct lodging *l, const struct lodging_plan *plan, struct call *c,
			      struct lt_err *err)
{
	const int prot = PROT_READ | PROT_WRITE;
	struct agent_block first = *plan->block;
	int64_t ret = 0;
	enum lt_errc rc;

	first.ranges_at = (uint32_t)plan->block_size;
	first.max_ranges = room_for(plan->ranges.n);
	l->block_size = plan->block_size + first.max_ranges * sizeof(struct agent_range);
	if ((rc = write_sign(l, plan->owner, c, err)) != LT_OK)
		return rc;
	fault_at(FAULT_SIGNED);
	rc = map_at(c, l->code + l->code_size, l->block_size, prot, &ret, err);
	if (rc == LT_OK && ret == -EEXIST)
		rc = map_at(c, 0, l->block_size, prot, &ret, err);
	fault_at(FAULT_MAPPED);
	if (rc == LT_OK && is_failure(ret))
		rc = map_failed(ret, prot, l->block_size, err);
	if (rc != LT_OK)
		return rc;
	l->block = first.self = (uint64_t)ret;
	first.magic = AGENT_MAGIC;
	first.exit = exit_of(l, c->gadgets);
	if (!remote_write(plan->remote, l->block, &first, sizeof(first)))
		return lt_err_set(err, LT_E_REMOTE, errno, "writing the helper's block");
	fault_at(FAULT_FILLED);
	return LT_OK;
}

static bool note_is_queued(const struct lodging *l, const struct remote *r)
{
	uint32_t posted = 1;

	(void)remote_u32(r, l->block + offsetof(struct agent_block, posted), &posted);
	return posted != 0;
}

/* What the block says of its room, as far as that can be true. */
static bool room_of(const struct lodging *l, const struct remote *r, uint32_t *at, uint32_t *most)
{
	_Static_assert(offsetof(struct agent_block, max_ranges) ==
		       offsetof(struct agent_block, ranges_at) + 4, "read at once");
	uint32_t said[2];

	if (!remote_read(r, l->block + offsetof(struct agent_block, ranges_at), said,
			 sizeof(said)) ||
	    said[0] < sizeof(struct agent_block) ||
	    said[0] + said[1] * sizeof(struct agent_range) > l->block_size)
		return false;
	*at = said[0];
	*most = said[1];
	return true;
}

/* Is it the block of the plan, with room for the ranges? */
static bool fits(const struct lodging *l, const struct lodging_plan *plan)
{
	uint32_t at, most;

	return room_of(l, plan->remote, &at, &most) && at == plan->block_size &&
	       (plan->ranges.n <= most || most >= RANGES_MOST);
}

enum lt_errc lodging_tell(const struct lodging *l, struct lodging_plan *plan, struct lt_err *err)
{
	struct ranges *ranges = &plan->ranges;
	uint32_t at, most, n;

	if (!room_of(l, plan->remote, &at, &most))
		return lt_err_set(err, LT_E_REPLACED, errno, "leaktop's block is damaged");
	ranges_cut(ranges, most);
	n = (uint32_t)ranges->n;
	if (!remote_write(plan->remote, l->block + at, ranges->list, n * sizeof(*ranges->list)) ||
	    !remote_write(plan->remote, l->block + offsetof(struct agent_block, ranges), &n,
			  sizeof(n)))
		return lt_err_set(err, LT_E_REMOTE, errno, "writing the helper's block");
	return LT_OK;
}

static enum lt_errc first_move_in(struct lodging *l, const struct lodging_plan *plan,
				  const struct maps *maps, struct call *c, struct lt_err *err)
{
	struct lt_err ignored;
	enum lt_errc rc;

	if ((rc = map_code(l, maps, c, err)) != LT_OK)
		return rc;
	fault_at(FAULT_TAKEN);
	rc = map_block(l, plan, c, err);
	if (rc == LT_OK)	/* never writable for the target: ptrace may write all the same */
		rc = tracee_poke(c->tracee, l->code, agent_blob, blob_size(), err);
	fault_at(FAULT_CODED);
	if (rc == LT_OK || rc == LT_E_GONE || rc == LT_E_TIMEOUT)
		return rc;
	(void)unmap(c, l->block, l->block_size, &ignored);
	(void)unmap(c, l->code, l->code_size, &ignored);
	*l = (struct lodging){0};
	return rc;
}

enum lt_errc lodging_move_in(struct lodging *l, const struct lodging_plan *plan,
			     const struct maps *maps, struct call *c, struct lt_err *err)
{
	enum lt_errc rc;

	if (!l->code)
		return first_move_in(l, plan, maps, c, err);
	if (l->block && (fits(l, plan) || note_is_queued(l, plan->remote) ||
			 !lodging_is_clear(l, plan->remote)))
		return LT_OK;
	if ((rc = unmap(c, l->block, l->block_size, err)) != LT_OK)
		return rc;
	l->block = 0;
	return map_block(l, plan, c, err);
}

enum lt_errc lodging_move_out(struct lodging *l, const struct remote *r, struct call *c,
			      struct lt_err *err)
{
	enum lt_errc rc;

	if (!lodging_is_clear(l, r))
		return lt_err_set(err, LT_E_BUSY, 0, "the program holds leaktop's bookmarks");
	if ((rc = unmap(c, l->block, l->block_size, err)) != LT_OK)
		return rc;
	l->block = l->block_size = 0;
	if ((rc = unmap(c, l->code, l->code_size, err)) == LT_OK)
		*l = (struct lodging){0};
	return rc;
}

/* ---- what is there ---------------------------------------------------------------------- */

static bool has_blob(const struct lodging *l, const struct remote *r)
{
	uint8_t bytes[LODGING_CODE_SIZE];
	size_t n = blob_size();

	return n <= sizeof(bytes) && remote_read(r, l->code, bytes, n) &&
	       memcmp(bytes, agent_blob, n) == 0;
}

/* As far as a leaktop got that died while it wrote: the beginning, and nothing behind it. */
static bool has_part_of_blob(const struct lodging *l, const struct remote *r)
{
	uint8_t bytes[LODGING_CODE_SIZE];
	size_t n = blob_size(), i = 0;

	if (n > sizeof(bytes) || !remote_read(r, l->code, bytes, n))
		return false;
	while (i < n && bytes[i] == agent_blob[i])
		i++;
	while (i < n && bytes[i] == 0)
		i++;
	return i == n;
}

bool lodging_stands(const struct lodging *l, const struct remote *r)
{
	uint64_t first[2];

	return (!l->code || has_blob(l, r)) &&
	       (!l->block || (remote_read(r, l->block, first, sizeof(first)) &&
			      first[0] == AGENT_MAGIC && first[1] == l->block));
}

static bool is_idle(const struct agent_block *b, int i)
{
	const uint8_t *mark = (const uint8_t *)&b->marks[i];
	const size_t obj = b->gc_head_size;
	uint32_t want = i == AGENT_CANARY ? 1 : AGENT_MARK_REFS, refs;
	uint64_t type;

	memcpy(&type, mark + obj + b->ob_type, sizeof(type));
	memcpy(&refs, mark + obj, sizeof(refs));
	return !type || (b->marks[i].word[0] == 0 && refs == want);
}

bool lodging_is_clear(const struct lodging *l, const struct remote *r)
{
	struct agent_block b;

	if (!l->block)
		return true;
	if (!remote_read(r, l->block, &b, sizeof(b)) ||
	    (uint64_t)b.gc_head_size + b.ob_type + 8 > sizeof(struct agent_mark))
		return false;
	for (int i = 0; i < AGENT_MARKS; i++)
		if (!is_idle(&b, i))
			return false;
	return true;
}

/* ---- what others left ------------------------------------------------------------------- */

static bool is_place(const struct map *m)
{
	return m->exec && !m->write && !m->shared && m->path[0] == '\0' &&
	       m->start % PLACE_STEP == PLACE && m->end - m->start == page_up(LODGING_CODE_SIZE);
}

bool lodging_is_found(const struct maps *maps)
{
	for (size_t i = 0; i < maps->n; i++)
		if (is_place(&maps->list[i]))
			return true;
	return false;
}

/* The sign is written before the block is mapped, the code last: what is missing tells. */
enum leavings { LEFT_NOT_OURS, LEFT_CODE, LEFT_BEGUN, LEFT_WHOLE };

static enum leavings judge(struct lodging *l, const struct lodging_plan *plan)
{
	struct sign s;

	if (!remote_read(plan->remote, sign_at(l), &s, sizeof(s)))
		return LEFT_NOT_OURS;
	if (s.magic != SIGN_MAGIC)
		return s.magic == 0 ? LEFT_CODE : LEFT_NOT_OURS;
	if (s.block != l->code + l->code_size || s.block_size == 0 ||
	    s.block_size % page_bytes() != 0 || s.block_size > BLOCK_MOST ||
	    !may_take(&s, plan->owner))
		return LEFT_NOT_OURS;
	l->block = s.block;
	l->block_size = s.block_size;
	if (!has_blob(l, plan->remote))
		return has_part_of_blob(l, plan->remote) ? LEFT_BEGUN : LEFT_NOT_OURS;
	if (lodging_stands(l, plan->remote))
		return LEFT_WHOLE;
	/* killed between the two steps of the way out, or of an exchange */
	return remote_probe(plan->remote, l->block, NULL) == LT_OK ? LEFT_NOT_OURS : LEFT_CODE;
}

/* The new contents, but the old places of index and table, bookmarks and a note that may be due. */
static enum lt_errc furnish(const struct lodging *l, const struct lodging_plan *plan,
			    const struct gadgets *gadgets, struct lt_err *err)
{
	const size_t n = offsetof(struct agent_block, saved);
	struct agent_block old, b;

	if (!plan->block)
		return LT_OK;
	b = *plan->block;
	if (!remote_read(plan->remote, l->block, &old, sizeof(old)))
		return lt_err_set(err, LT_E_REMOTE, errno, "reading the helper's block");
	b.magic = AGENT_MAGIC;
	b.self = l->block;
	b.exit = exit_of(l, gadgets);
	b.working = old.working;
	b.posted_pid = old.posted_pid;
	b.posted = old.posted;
	b.slots = old.slots;
	b.max_types = old.max_types;
	b.index_at = old.index_at;
	b.table_at = old.table_at;
	b.ranges_at = old.ranges_at;
	b.max_ranges = old.max_ranges;
	if (!remote_write(plan->remote, l->block, &b, n))
		return lt_err_set(err, LT_E_REMOTE, errno, "writing the helper's block");
	return LT_OK;
}

enum lt_errc lodging_take_over(struct lodging *ret_l, const struct lodging_plan *plan,
			       const struct maps *maps, struct call *c, struct lt_err *err)
{
	for (size_t i = 0; i < maps->n; i++) {
		struct lodging l = {
			.code = maps->list[i].start, .code_size = page_up(LODGING_CODE_SIZE),
		};
		enum leavings what = is_place(&maps->list[i]) ? judge(&l, plan) : LEFT_NOT_OURS;
		enum lt_errc rc = LT_OK;

		if (what == LEFT_WHOLE) {
			if ((rc = write_sign(&l, plan->owner, c, err)) == LT_OK &&
			    (rc = furnish(&l, plan, c->gadgets, err)) == LT_OK)
				*ret_l = l;
			return rc;
		}
		if (what == LEFT_BEGUN)
			rc = unmap(c, l.block, l.block_size, err);
		if (rc == LT_OK && (what == LEFT_BEGUN || what == LEFT_CODE))
			rc = unmap(c, l.code, l.code_size, err);
		if (rc != LT_OK)
			return rc;
	}
	return LT_OK;
}
