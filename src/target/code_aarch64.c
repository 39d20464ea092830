#include "config.h"

#include "target/code.h"

#include <string.h>

#define INSN 4u
#define ADRP_MASK 0x9f000000u
#define ADRP 0x90000000u
#define IMM_MASK 0xffc00000u	/* xN and an unsigned immediate of 12 bits */
#define ADD_IMM 0x91000000u
#define LDR_IMM 0xb9400000u	/* of 32 bits; the immediate counts words */

/* The 21 bits of an adrp, in pages (Arm ARM C6.2, ADRP). */
static uint64_t pages(uint32_t insn)
{
	uint64_t bits = (insn >> 5 & 0x7ffffu) << 2 | (insn >> 29 & 3u);

	return (uint64_t)((int64_t)(bits << 43) >> 43);
}

/* adrp xN, page; perhaps add xK, xN, #imm; ldr wM, [xN or xK, #imm] */
uint64_t code_first_load(const unsigned char *code, size_t n, uint64_t at)
{
	uint64_t addr[32] = {0};	/* what is known to be in each register; 0: nothing */

	for (size_t i = 0; i + INSN <= n; i += INSN) {
		uint32_t insn, imm, from, to;

		memcpy(&insn, code + i, sizeof(insn));
		imm = insn >> 10 & 0xfffu;
		from = insn >> 5 & 31u;
		to = insn & 31u;
		if ((insn & ADRP_MASK) == ADRP)
			addr[to] = ((at + i) & ~0xfffull) + pages(insn) * 4096;
		else if ((insn & IMM_MASK) == ADD_IMM && addr[from])
			addr[to] = addr[from] + imm;
		else if ((insn & IMM_MASK) == LDR_IMM && addr[from])
			return addr[from] + imm * 4;
	}
	return 0;
}
