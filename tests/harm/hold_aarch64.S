/*
 * void regs_hold(void): loads every register that a user program has from regs_in, holds them for
 * a while, and stores them into regs_out. Between the two only one of these happens:
 *   regs_block == 0: x1 is counted down to 0 and x2 up by as much, without touching a flag;
 *   regs_block == 1: the system call whose number and arguments regs_in holds.
 * Layout of both images: struct regs_image in regs_aarch64.h.
 */
	.arch armv8.2-a+sve

#define SP_AT 248
#define NZCV_AT 256
#define FPSR_AT 264
#define FPCR_AT 268
#define VEC 288
#define PRED 8480
#define FFR 8992
#define SIZE 9024

	.bss
	.balign 64
	.globl regs_in, regs_out, regs_sve, regs_block, regs_sp
regs_in:	.zero SIZE
regs_out:	.zero SIZE
regs_sp:	.zero 8
regs_sve:	.zero 4
regs_block:	.zero 4

	.macro address reg, symbol
	adrp \reg, \symbol
	add \reg, \reg, :lo12:\symbol
	.endm

	/* x30 is the base, and the last one */
	.macro load_all
	ldp x0, x1, [x30]
	ldp x2, x3, [x30, #16]
	ldp x4, x5, [x30, #32]
	ldp x6, x7, [x30, #48]
	ldp x8, x9, [x30, #64]
	ldp x10, x11, [x30, #80]
	ldp x12, x13, [x30, #96]
	ldp x14, x15, [x30, #112]
	ldp x16, x17, [x30, #128]
	ldp x18, x19, [x30, #144]
	ldp x20, x21, [x30, #160]
	ldp x22, x23, [x30, #176]
	ldp x24, x25, [x30, #192]
	ldp x26, x27, [x30, #208]
	ldp x28, x29, [x30, #224]
	ldr x30, [x30, #240]
	.endm

	.text
	.globl regs_hold
	.type regs_hold, %function
regs_hold:
	stp x29, x30, [sp, #-160]!
	stp x19, x20, [sp, #16]
	stp x21, x22, [sp, #32]
	stp x23, x24, [sp, #48]
	stp x25, x26, [sp, #64]
	stp x27, x28, [sp, #80]
	stp d8, d9, [sp, #96]
	stp d10, d11, [sp, #112]
	stp d12, d13, [sp, #128]
	stp d14, d15, [sp, #144]
	address x0, regs_in
	address x1, regs_sp
	mov x2, sp
	str x2, [x1]

	/* vectors */
	add x2, x0, #VEC
	address x1, regs_sve
	ldr w1, [x1]
	cbnz w1, 1f
	.irp i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, \
		23, 24, 25, 26, 27, 28, 29, 30, 31
	ldr q\i, [x2, #16 * \i]
	.endr
	b 2f
1:
	.irp i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, \
		23, 24, 25, 26, 27, 28, 29, 30, 31
	ldr z\i, [x2, #\i, mul vl]
	.endr
	mov x2, #FFR
	add x2, x0, x2
	ldr p0, [x2]
	wrffr p0.b
	mov x2, #PRED
	add x2, x0, x2
	.irp i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	ldr p\i, [x2, #\i, mul vl]
	.endr
2:
	ldr w1, [x0, #FPSR_AT]
	msr fpsr, x1
	ldr w1, [x0, #FPCR_AT]
	msr fpcr, x1
	ldr x1, [x0, #NZCV_AT]
	msr nzcv, x1
	address x1, regs_block
	ldr w1, [x1]
	mov x30, x0
	cbnz w1, .Lblock

	load_all
.Lspin:	sub x1, x1, #1
	add x2, x2, #1
	cbnz x1, .Lspin
	b .Lstore

.Lblock:
	load_all
	svc #0

.Lstore:
	stp x29, x30, [sp, #-16]!
	address x30, regs_out
	stp x0, x1, [x30]
	stp x2, x3, [x30, #16]
	stp x4, x5, [x30, #32]
	stp x6, x7, [x30, #48]
	stp x8, x9, [x30, #64]
	stp x10, x11, [x30, #80]
	stp x12, x13, [x30, #96]
	stp x14, x15, [x30, #112]
	stp x16, x17, [x30, #128]
	stp x18, x19, [x30, #144]
	stp x20, x21, [x30, #160]
	stp x22, x23, [x30, #176]
	stp x24, x25, [x30, #192]
	stp x26, x27, [x30, #208]
	str x28, [x30, #224]
	ldp x0, x1, [sp], #16
	str x0, [x30, #232]
	str x1, [x30, #240]
	mov x0, sp
	str x0, [x30, #SP_AT]
	mrs x0, nzcv
	str x0, [x30, #NZCV_AT]
	mrs x0, fpsr
	str w0, [x30, #FPSR_AT]
	mrs x0, fpcr
	str w0, [x30, #FPCR_AT]
	msr fpcr, xzr
	msr fpsr, xzr
	/* a changed stack pointer is in regs_out by now: go home by the one that is known */
	address x0, regs_sp
	ldr x0, [x0]
	mov sp, x0

	add x2, x30, #VEC
	address x1, regs_sve
	ldr w1, [x1]
	cbnz w1, 1f
	.irp i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, \
		23, 24, 25, 26, 27, 28, 29, 30, 31
	str q\i, [x2, #16 * \i]
	.endr
	b 2f
1:
	.irp i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, \
		23, 24, 25, 26, 27, 28, 29, 30, 31
	str z\i, [x2, #\i, mul vl]
	.endr
	mov x2, #PRED
	add x2, x30, x2
	.irp i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	str p\i, [x2, #\i, mul vl]
	.endr
	mov x2, #FFR
	add x2, x30, x2
	rdffr p0.b
	str p0, [x2]
2:
	ldp x19, x20, [sp, #16]
	ldp x21, x22, [sp, #32]
	ldp x23, x24, [sp, #48]
	ldp x25, x26, [sp, #64]
	ldp x27, x28, [sp, #80]
	ldp d8, d9, [sp, #96]
	ldp d10, d11, [sp, #112]
	ldp d12, d13, [sp, #128]
	ldp d14, d15, [sp, #144]
	ldp x29, x30, [sp], #160
	ret
	.size regs_hold, . - regs_hold
	.section .note.GNU-stack, "", %progbits
