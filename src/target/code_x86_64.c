#include "config.h"

#include "target/code.h"

#include <stdbool.h>
#include <string.h>

#define MOVE 6u		/* bytes of mov disp(%rip), %reg */
#define COMPARE 7u	/* and of cmpl $0, disp(%rip): Intel SDM 2, MOV and CMP */

uint64_t code_first_load(const unsigned char *code, size_t n, uint64_t at)
{
	for (size_t i = 0; i + COMPARE <= n; i++) {
		bool move = code[i] == 0x8b && (code[i + 1] & 0xc7) == 0x05;
		bool compare = code[i] == 0x83 && code[i + 1] == 0x3d;
		int32_t disp;

		if (!move && !compare)
			continue;
		memcpy(&disp, code + i + 2, sizeof(disp));
		return at + i + (move ? MOVE : COMPARE) + (uint64_t)(int64_t)disp;
	}
	return 0;
}
