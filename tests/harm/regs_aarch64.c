#include "config.h"
#include "regs_aarch64.h"

#include <asm/hwcap.h>
#include <asm/unistd.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>

#include "harm.h"
#include "regs.h"

#ifndef PR_SVE_SET_VL			/* Linux 4.15 */
#define PR_SVE_SET_VL 50
#endif

_Static_assert(offsetof(struct regs_image, sp) == 248, "as in hold_aarch64.S");
_Static_assert(offsetof(struct regs_image, fpcr) == 268, "as in hold_aarch64.S");
_Static_assert(offsetof(struct regs_image, vector) == 288, "as in hold_aarch64.S");
_Static_assert(offsetof(struct regs_image, predicate) == 8480, "as in hold_aarch64.S");
_Static_assert(offsetof(struct regs_image, first_fault) == 8992, "as in hold_aarch64.S");
_Static_assert(sizeof(struct regs_image) == 9024, "as in hold_aarch64.S");

#define NZCV_FREE 0xf0000000u
#define FPCR_FREE 0x03c00000u		/* rounding, flush to zero, default NaN: no traps */
#define FPSR_FREE 0x0800009fu

/* V registers; Z of a length that finds room in an ordinary frame; of the longest there is. */
static const size_t lengths[] = {16, 64, REGS_VECTOR_MOST};
static size_t length = 16;

int regs_levels(void)
{
	return getauxval(AT_HWCAP) & HWCAP_SVE ? 3 : 1;
}

void regs_use(int level, bool blocks)
{
	int got = level ? prctl(PR_SVE_SET_VL, lengths[level]) : 16;

	length = (size_t)(got & 0xffff);	/* the CPU may have no such long ones */
	regs_sve = level > 0;
	regs_block = blocks;
}

void regs_fill(uint64_t *seed, int fd, uint8_t *byte)
{
	struct regs_image *in = &regs_in;

	for (size_t i = 0; i < sizeof(*in); i += 8) {
		uint64_t r = harm_random(seed);

		memcpy((uint8_t *)in + i, &r, sizeof(r));
	}
	in->nzcv &= NZCV_FREE;
	in->fpcr &= FPCR_FREE;
	in->fpsr &= FPSR_FREE;
	/* first faults: ones, then zeros; else the CPU may do as it likes */
	memset(in->first_fault, 0, sizeof(in->first_fault));
	memset(in->first_fault, 0xff, harm_random(seed) % (length / 8 + 1));
	in->x[1] = REGS_SPIN;
	if (!regs_block)
		return;
	in->x[0] = (uint64_t)fd;
	in->x[1] = (uint64_t)(uintptr_t)byte;
	in->x[2] = 1;
	in->x[8] = __NR_read;
}

/* A system call leaves only the low 16 bytes of each vector (Documentation/arch/arm64/sve.rst). */
static const char *compare_vectors(void)
{
	for (size_t i = 0; i < 32; i++)
		if (memcmp(regs_out.vector + i * length, regs_in.vector + i * length,
			   regs_block ? 16 : length) != 0)
			return "vector registers";
	if (regs_block || !regs_sve)
		return NULL;
	if (memcmp(regs_out.predicate, regs_in.predicate, 16 * length / 8) != 0)
		return "predicate registers";
	if (memcmp(regs_out.first_fault, regs_in.first_fault, length / 8) != 0)
		return "first fault register";
	return NULL;
}

const char *regs_compare(void)
{
	static char name[24];
	uint64_t want[31];

	memcpy(want, regs_in.x, sizeof(want));
	if (regs_block) {
		want[0] = 1;		/* read one byte */
	} else {
		want[1] = 0;
		want[2] += REGS_SPIN;
	}
	for (int i = 0; i < 31; i++)
		if (regs_out.x[i] != want[i]) {
			snprintf(name, sizeof(name), "x%d", i);
			return name;
		}
	if (regs_out.sp != regs_sp)
		return "sp";
	if (regs_out.nzcv != regs_in.nzcv)
		return "flags";
	if (regs_out.fpsr != regs_in.fpsr || regs_out.fpcr != regs_in.fpcr)
		return "floating point control and status";
	return compare_vectors();
}

/* Byte offsets: struct user_pt_regs, struct user_fpsimd_state. */
const char *regs_spoil(int what, const struct tracee *t, struct arch_state *s)
{
	switch (what) {
	case 0:
		s->regs[8 * 15] ^= 1;
		return "x15";
	case 1:
		s->regs[8 * 7] ^= 1;
		return "x7";
	case 2:
		s->regs[8 * 33 + 3] ^= 0x80;
		return "flags";
	case 3:
		s->fp[16 * 7] ^= 1;
		return "v7";
	case 4:
		s->fp[16 * 32] ^= 1;
		return "fpsr";
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
		"5:	adrp x9, 1b\n\t"
		"add x9, x9, :lo12:1b\n\t"
		"str x9, %0\n"
		"2:	yield\n\t"
		"b 2b\n"
		"3:	udf #0\n\t"
		".inst 0xd428bc00\n"		/* the signature in front of the way out */
		"4:	b 5b\n\t"
		: "=m"(*rseq_cs) : : "x9", "memory");
}

void regs_stay_outside(void)
{
	for (;;)
		__asm__ volatile("yield");
}
