/*
 * All registers that a user program has, held for a while by hold_CPU.S. What a CPU has and what
 * becomes of it is known to regs_CPU.c alone.
 */
#ifndef LT_TESTS_HARM_REGS_H
#define LT_TESTS_HARM_REGS_H

#include <stdbool.h>
#include <stdint.h>

#include "inject/tracee.h"

#define REGS_SPIN 200000	/* rounds of the loop in which all is held: about 0.2 ms */

/* How many kinds of vector registers this machine has; the last one is the largest. */
int regs_levels(void);
/* In the victim, before anything else. blocks: hold them in a system call, not in a loop. */
void regs_use(int level, bool blocks);
/* New values; where it blocks, in read(fd, byte, 1). */
void regs_fill(uint64_t *seed, int fd, uint8_t *byte);
void regs_hold(void);
/* What is not as it must be after regs_hold; NULL: all is. */
const char *regs_compare(void);

/* Changes one bit of a thread that is stopped in its read(2). Its name; NULL: there are no more. */
const char *regs_spoil(int what, const struct tracee *t, struct arch_state *s);

/* Stays in a restartable sequence (rseq(2)) for ever; *rseq_cs is the thread's pointer to it. */
void regs_stay_in_section(volatile uint64_t *rseq_cs);
void regs_stay_outside(void);

#endif
