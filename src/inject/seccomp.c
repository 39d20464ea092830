#include "config.h"
#include "inject/seccomp.h"

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "util/mem.h"

#define DATA_WORDS (sizeof(struct seccomp_data) / sizeof(uint32_t))
#define STEPS_MAX (1u << 17)
#define FORKS_MAX 64		/* ways that are open at once: the stack is ours */

struct word {
	uint32_t value;
	bool known;
};

struct machine {
	struct word a, x, memory[BPF_MEMWORDS];
	size_t pc;
};

struct run {
	const struct sock_filter *code;
	size_t n;
	struct word data[DATA_WORDS];
	bool may_fail;
	unsigned steps, forks;
};

static const struct word unknown;

static struct word known(uint32_t value)
{
	return (struct word){value, true};
}

/* *ok false: an instruction that no seccomp filter has, or a division by zero (it ends in 0). */
static struct word calculate(uint16_t code, struct word a, struct word b, bool *ok)
{
	if (BPF_OP(code) == BPF_NEG)
		return a.known ? known(0 - a.value) : unknown;
	if (!a.known || !b.known)
		return unknown;
	switch (BPF_OP(code)) {
	case BPF_ADD:
		return known(a.value + b.value);
	case BPF_SUB:
		return known(a.value - b.value);
	case BPF_MUL:
		return known(a.value * b.value);
	case BPF_DIV:
		*ok = *ok && b.value;
		return b.value ? known(a.value / b.value) : unknown;
	case BPF_AND:
		return known(a.value & b.value);
	case BPF_OR:
		return known(a.value | b.value);
	case BPF_XOR:
		return known(a.value ^ b.value);
	case BPF_LSH:
		return b.value < 32 ? known(a.value << b.value) : unknown;
	case BPF_RSH:
		return b.value < 32 ? known(a.value >> b.value) : unknown;
	}
	*ok = false;
	return unknown;
}

/* What a load puts into A or X. */
static bool load(const struct run *r, const struct machine *m, const struct sock_filter *f,
		 struct word *ret)
{
	switch (f->code & ~BPF_LDX) {	/* LD is 0, LDX 1: the modes are the same */
	case BPF_W | BPF_ABS:
		if (f->k % 4 || f->k / 4 >= DATA_WORDS || BPF_CLASS(f->code) == BPF_LDX)
			return false;
		*ret = r->data[f->k / 4];
		return true;
	case BPF_W | BPF_LEN:
		*ret = known(sizeof(struct seccomp_data));
		return true;
	case BPF_IMM:
		*ret = known(f->k);
		return true;
	case BPF_MEM:
		if (f->k >= BPF_MEMWORDS)
			return false;
		*ret = m->memory[f->k];
		return true;
	}
	return false;
}

static bool accepted(const struct run *r, struct word action)
{
	if (!action.known)
		return false;
	switch (action.value & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
	case SECCOMP_RET_LOG:
		return true;
	case SECCOMP_RET_ERRNO:
		return r->may_fail;
	}
	return false;
}

static bool run_from(struct run *r, struct machine m);

/* A comparison of what is not known goes both ways, and both must end well. */
static bool jump(struct run *r, struct machine *m, const struct sock_filter *f)
{
	struct word b = BPF_SRC(f->code) == BPF_X ? m->x : known(f->k);
	struct machine other = *m;
	bool yes, ok;

	if (BPF_OP(f->code) == BPF_JA) {
		m->pc += f->k;
		return f->k < r->n;
	}
	if (m->a.known && b.known) {
		switch (BPF_OP(f->code)) {
		case BPF_JEQ:
			yes = m->a.value == b.value;
			break;
		case BPF_JGT:
			yes = m->a.value > b.value;
			break;
		case BPF_JGE:
			yes = m->a.value >= b.value;
			break;
		case BPF_JSET:
			yes = m->a.value & b.value;
			break;
		default:
			return false;
		}
		m->pc += yes ? f->jt : f->jf;
		return true;
	}
	other.pc += f->jf;
	m->pc += f->jt;
	if (r->forks++ >= FORKS_MAX)
		return false;
	ok = run_from(r, other);
	r->forks--;
	return ok;
}

/* One instruction but a return; false: the filter cannot be followed or said no. */
static bool step(struct run *r, struct machine *m, const struct sock_filter *f)
{
	struct word b = BPF_SRC(f->code) == BPF_X ? m->x : known(f->k);
	bool ok = true;

	switch (BPF_CLASS(f->code)) {
	case BPF_LD:
		return load(r, m, f, &m->a);
	case BPF_LDX:
		return load(r, m, f, &m->x);
	case BPF_ST:
	case BPF_STX:
		if (f->k >= BPF_MEMWORDS)
			return false;
		m->memory[f->k] = BPF_CLASS(f->code) == BPF_ST ? m->a : m->x;
		return true;
	case BPF_ALU:
		m->a = calculate(f->code, m->a, b, &ok);
		return ok;
	case BPF_JMP:
		return jump(r, m, f);
	case BPF_MISC:
		if (BPF_MISCOP(f->code) == BPF_TAX)
			m->x = m->a;
		else
			m->a = m->x;
		return true;
	}
	return false;
}

static bool run_from(struct run *r, struct machine m)
{
	while (m.pc < r->n && r->steps++ < STEPS_MAX) {
		const struct sock_filter *f = &r->code[m.pc++];

		if (BPF_CLASS(f->code) == BPF_RET)
			return accepted(r, BPF_RVAL(f->code) == BPF_A ? m.a : known(f->k));
		if (!step(r, &m, f))
			return false;
	}
	return false;
}

bool seccomp_allows(const struct sock_filter *code, size_t n, uint32_t arch,
		    const struct seccomp_call *call)
{
	struct run r = {.code = code, .n = n, .may_fail = call->may_fail};
	/* kernel: A, X and the scratch memory begin as 0 */
	struct machine m = {.a = known(0), .x = known(0)};

	for (size_t i = 0; i < BPF_MEMWORDS; i++)
		m.memory[i] = known(0);
	r.data[offsetof(struct seccomp_data, nr) / 4] = known(call->nr);
	r.data[offsetof(struct seccomp_data, arch) / 4] = known(arch);
	for (size_t i = 0; i < COUNT_OF(call->args); i++) {
		size_t low = (offsetof(struct seccomp_data, args) + i * 8) / 4;

		if (!(call->known >> i & 1))
			continue;
		r.data[low] = known((uint32_t)call->args[i]);	/* little endian */
		r.data[low + 1] = known((uint32_t)(call->args[i] >> 32));
	}
	return n > 0 && n <= SECCOMP_INSNS_MAX && run_from(&r, m);
}
