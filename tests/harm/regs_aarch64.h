/* All registers of a user program on aarch64, held for a while by hold_aarch64.S. */
#ifndef LT_TESTS_HARM_REGS_AARCH64_H
#define LT_TESTS_HARM_REGS_AARCH64_H

#include <stdint.h>

#define REGS_VECTOR_MOST 256		/* bytes of the longest that SVE has */

struct regs_image {			/* the offsets are written down in hold_aarch64.S */
	uint64_t x[31];
	uint64_t sp;			/* out only */
	uint64_t nzcv;
	uint32_t fpsr, fpcr;
	uint64_t unused[2];
	uint8_t vector[32 * REGS_VECTOR_MOST];	/* V0-31 or Z0-31, one behind the other */
	uint8_t predicate[16 * REGS_VECTOR_MOST / 8];
	uint8_t first_fault[REGS_VECTOR_MOST / 8];
};

extern struct regs_image regs_in, regs_out;
extern uint64_t regs_sp;		/* what sp was */
extern int32_t regs_sve;		/* 0: V registers, 1: Z, P and FFR */
extern int32_t regs_block;		/* 0: spin, 1: do the system call that regs_in describes */

#endif
