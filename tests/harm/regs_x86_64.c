#include "config.h"
#include "regs_x86_64.h"

#include <asm/unistd.h>
#include <stddef.h>
#include <string.h>
#include <sys/uio.h>

#include "harm.h"
#include "regs.h"
#include "tests/unit/test.h"

#define FLAGS_FREE 0xcd5u	/* CF PF AF ZF SF DF OF */
#define FLAGS_FIXED 0x202u	/* IF and the bit that is always 1 */

_Static_assert(offsetof(struct regs_image, flags) == 128, "as in hold_x86_64.S");
_Static_assert(offsetof(struct regs_image, st) == 144, "as in hold_x86_64.S");
_Static_assert(offsetof(struct regs_image, red_zone) == 272, "as in hold_x86_64.S");
_Static_assert(offsetof(struct regs_image, vector) == 448, "as in hold_x86_64.S");
_Static_assert(offsetof(struct regs_image, mask) == 2496, "as in hold_x86_64.S");
_Static_assert(offsetof(struct regs_image, fsave) == 2560, "as in hold_x86_64.S");
_Static_assert(sizeof(struct regs_image) == 2688, "as in hold_x86_64.S");

int regs_levels(void)
{
	if (__builtin_cpu_supports("avx512bw"))
		return 3;
	return __builtin_cpu_supports("avx2") ? 2 : 1;
}

void regs_use(int level, bool blocks)
{
	regs_level = level;
	regs_block = blocks;
}

void regs_fill(uint64_t *seed, int fd, uint8_t *byte)
{
	struct regs_image *in = &regs_in;

	for (size_t i = 0; i < sizeof(*in); i += 8) {
		uint64_t r = harm_random(seed);

		memcpy((uint8_t *)in + i, &r, sizeof(r));
	}
	in->flags = (in->flags & FLAGS_FREE) | FLAGS_FIXED;
	in->mxcsr = (in->mxcsr & 0xe07f) | 0x1f80;	/* all exceptions masked */
	in->cw = (in->cw & 0xf00) | 0x7f;
	for (int i = 0; i < 8; i++)	/* normal numbers: integer bit set, middling exponent */
		in->st[i][7] |= 0x80, in->st[i][9] = (in->st[i][9] & 0x80) | 0x3f;
	in->gpr[REGS_RCX] = REGS_SPIN;
	if (!regs_block)
		return;
	in->gpr[REGS_RAX] = __NR_read;
	in->gpr[REGS_RDI] = (uint64_t)fd;
	in->gpr[REGS_RSI] = (uint64_t)(uintptr_t)byte;
	in->gpr[REGS_RDX] = 1;
}

/* What the general registers must be afterwards. */
static void expect(uint64_t want[REGS_GPRS])
{
	memcpy(want, regs_in.gpr, sizeof(regs_in.gpr));
	want[REGS_RSP] = regs_sp;
	if (regs_block) {
		want[REGS_RAX] = 1;	/* read one byte */
		want[REGS_RCX] = (uint64_t)(uintptr_t)regs_after_syscall;
		want[REGS_R11] = regs_in.flags;
	} else {
		want[REGS_RCX] = 0;
		want[REGS_R11] = regs_in.gpr[REGS_R11] + REGS_SPIN;
	}
}

static const char *compare_x87(void)
{
	const uint8_t *got = regs_out.fsave;	/* seven words of 32 bits, then st(0) to st(7) */
	uint16_t status, tags;

	memcpy(&status, got + 4, 2);
	memcpy(&tags, got + 8, 2);
	if (regs_out.cw != (regs_out.cw & ~0xffffu) + (regs_in.cw & 0xffff))
		return "x87 control word";
	if (status != 0 || tags != 0)
		return "x87 status or tags";
	for (int i = 0; i < 8; i++)
		if (memcmp(got + 28 + 10 * i, regs_in.st[i], 10) != 0)
			return "x87 stack";
	return NULL;
}

static const char *compare_vectors(void)
{
	static const int width[] = {16, 32, 64};

	for (int i = 0; i < (regs_level == 2 ? 32 : 16); i++)
		if (memcmp(regs_out.vector[i], regs_in.vector[i], (size_t)width[regs_level]) != 0)
			return "vector registers";
	if (regs_level == 2 && memcmp(regs_out.mask, regs_in.mask, sizeof(regs_in.mask)) != 0)
		return "mask registers";
	return NULL;
}

const char *regs_compare(void)
{
	static const char names[REGS_GPRS][4] = {
		"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp",
		"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
	};
	uint64_t want[REGS_GPRS];
	const char *x87 = compare_x87();

	expect(want);
	for (int i = 0; i < REGS_GPRS; i++)
		if (regs_out.gpr[i] != want[i])
			return names[i];
	if (regs_out.flags != regs_in.flags)
		return "flags";
	if (memcmp(regs_out.red_zone, regs_in.red_zone, sizeof(regs_in.red_zone)) != 0)
		return "red zone";
	if (regs_out.mxcsr != regs_in.mxcsr)
		return "mxcsr";
	return x87 ? x87 : compare_vectors();
}

static void spoil_red_zone(const struct tracee *t, uint64_t sp)
{
	uint8_t byte = 0;
	struct iovec here = {&byte, 1}, there = {(void *)(uintptr_t)(sp - 64), 1};

	assert_int_equal(process_vm_readv(t->tid, &here, 1, &there, 1, 0), 1);
	byte ^= 1;
	assert_int_equal(process_vm_writev(t->tid, &here, 1, &there, 1, 0), 1);
}

/* Byte offsets: struct user_regs_struct begins with r15, eflags is its 19th; FXSAVE layout. */
const char *regs_spoil(int what, const struct tracee *t, struct arch_state *s)
{
	switch (what) {
	case 0:
		s->regs[0] ^= 1;
		return "r15";
	case 1:
		s->regs[18 * 8] ^= 1;
		return "flags";
	case 2:
		s->fp[160 + 16 * 7] ^= 1;
		return "xmm7";
	case 3:
		s->fp[32 + 16 * 3] ^= 1;
		return "st3";
	case 4:
		spoil_red_zone(t, arch_sp(s));
		return "red zone";
	}
	return NULL;
}

/* Enters the section again whenever the kernel has thrown it out: rseq(2). */
void regs_stay_in_section(volatile uint64_t *rseq_cs)
{
	__asm__ volatile(
		".pushsection __rseq_cs, \"aw\"\n\t"
		".balign 32\n"
		"1:	.long 0, 0\n\t"
		".quad 2f, 3f - 2f, 4f\n\t"
		".popsection\n"
		"5:	leaq 1b(%%rip), %%rax\n\t"
		"movq %%rax, %0\n"
		"2:	pause\n\t"
		"jmp 2b\n"
		"3:	ud2\n\t"
		".byte 0x0f, 0xb9, 0x3d\n\t"	/* the signature in front of the way out */
		".long 0x53053053\n"
		"4:	jmp 5b\n\t"
		: "=m"(*rseq_cs) : : "rax", "memory");
}

void regs_stay_outside(void)
{
	for (;;)
		__asm__ volatile("pause");
}
