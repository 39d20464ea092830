/* All registers of a user program on x86-64, held for a while by hold_x86_64.S. */
#ifndef LT_TESTS_HARM_REGS_X86_64_H
#define LT_TESTS_HARM_REGS_X86_64_H

#include <stdint.h>

/* rax rbx rcx rdx rsi rdi rbp rsp r8-r15: the order in gpr[] */
enum regs_gpr { REGS_RAX, REGS_RBX, REGS_RCX, REGS_RDX, REGS_RSI, REGS_RDI, REGS_RBP, REGS_RSP,
		REGS_R8, REGS_R11 = 11, REGS_GPRS = 16 };

struct regs_image {			/* the offsets are written down in hold_x86_64.S */
	uint64_t gpr[REGS_GPRS];
	uint64_t flags;
	uint32_t mxcsr;
	uint32_t cw;
	uint8_t st[8][16];		/* st(0) first, 10 bytes each; not in the image stored */
	uint64_t red_zone[16];		/* the 128 bytes below the stack pointer */
	uint8_t unused[48];
	uint8_t vector[32][64];
	uint64_t mask[8];		/* k0-k7 */
	uint8_t fsave[128];		/* out: what fnsave stores */
};

extern struct regs_image regs_in, regs_out;
extern uint64_t regs_sp;		/* what rsp was */
extern int32_t regs_level;		/* 0: SSE, 1: AVX, 2: AVX-512 */
extern int32_t regs_block;		/* 0: spin, 1: do the system call that regs_in describes */
extern const char regs_after_syscall[];

#endif
