/*
 * void regs_hold(void): loads every register that a user program has from regs_in, holds them for
 * a while, and stores them into regs_out. Between the two only one of these happens:
 *   regs_block == 0: rcx is counted down to 0 and r11 up by as much, without touching a flag;
 *   regs_block == 1: the system call whose number and arguments regs_in holds.
 * Layout of both images: struct regs_image in regs_x86_64.h. Flags survive because only mov, lea
 * and jrcxz run while they are held; the red zone because nothing is pushed.
 */
#define FLAGS 128
#define MXCSR 136
#define CW 140
#define ST 144
#define RED 272
#define VEC 448
#define MASK 2496
#define FSAVE 2560
#define SIZE 2688

	.bss
	.balign 64
	.globl regs_in, regs_out, regs_level, regs_block, regs_sp
regs_in:	.zero SIZE
regs_out:	.zero SIZE
regs_sp:	.zero 8
regs_level:	.zero 4		/* 0: SSE, 1: AVX, 2: AVX-512 with 64-bit masks */
regs_block:	.zero 4

	.macro for_all_vectors op, reg, n, store
	.altmacro
	.set i, 0
	.rept \n
	one_vector \op, \reg, %i, \store
	.set i, i + 1
	.endr
	.noaltmacro
	.endm

	.macro one_vector op, reg, i, store
	.if \store
	\op %\reg\i, regs_out + VEC + 64 * \i(%rip)
	.else
	\op regs_in + VEC + 64 * \i(%rip), %\reg\i
	.endif
	.endm

	.text
	.globl regs_hold, regs_after_syscall
	.type regs_hold, @function
regs_hold:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rsp, regs_sp(%rip)

	/* vectors */
	cmpl $2, regs_level(%rip)
	je 1f
	cmpl $1, regs_level(%rip)
	je 2f
	for_all_vectors movdqu, xmm, 16, 0
	jmp 3f
1:	for_all_vectors vmovdqu64, zmm, 32, 0
	.irp k, 0, 1, 2, 3, 4, 5, 6, 7
	kmovq regs_in + MASK + 8 * \k(%rip), %k\k
	.endr
	jmp 3f
2:	for_all_vectors vmovdqu, ymm, 16, 0
3:	ldmxcsr regs_in + MXCSR(%rip)

	/* x87: st(7) first */
	fninit
	.irp i, 7, 6, 5, 4, 3, 2, 1, 0
	fldt regs_in + ST + 16 * \i(%rip)
	.endr
	fldcw regs_in + CW(%rip)

	cmpl $1, regs_block(%rip)
	je 4f
	lea .Lspin(%rip), %rax
	jmp 5f
4:	lea .Lblock(%rip), %rax
5:	mov %rax, .Lway(%rip)

	pushq regs_in + FLAGS(%rip)
	popfq
	.irp i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	mov regs_in + RED + 8 * \i(%rip), %rax
	mov %rax, -128 + 8 * \i(%rsp)
	.endr
	mov regs_in(%rip), %rax
	mov regs_in + 8(%rip), %rbx
	mov regs_in + 16(%rip), %rcx
	mov regs_in + 24(%rip), %rdx
	mov regs_in + 32(%rip), %rsi
	mov regs_in + 40(%rip), %rdi
	mov regs_in + 48(%rip), %rbp
	mov regs_in + 64(%rip), %r8
	mov regs_in + 72(%rip), %r9
	mov regs_in + 80(%rip), %r10
	mov regs_in + 88(%rip), %r11
	mov regs_in + 96(%rip), %r12
	mov regs_in + 104(%rip), %r13
	mov regs_in + 112(%rip), %r14
	mov regs_in + 120(%rip), %r15
	jmp *.Lway(%rip)

.Lspin:	lea -1(%rcx), %rcx
	lea 1(%r11), %r11
	jrcxz .Lstore
	jmp .Lspin

.Lblock:
	syscall
regs_after_syscall:

.Lstore:
	mov %rax, regs_out(%rip)
	mov %rbx, regs_out + 8(%rip)
	mov %rcx, regs_out + 16(%rip)
	mov %rdx, regs_out + 24(%rip)
	mov %rsi, regs_out + 32(%rip)
	mov %rdi, regs_out + 40(%rip)
	mov %rbp, regs_out + 48(%rip)
	mov %rsp, regs_out + 56(%rip)
	mov %r8, regs_out + 64(%rip)
	mov %r9, regs_out + 72(%rip)
	mov %r10, regs_out + 80(%rip)
	mov %r11, regs_out + 88(%rip)
	mov %r12, regs_out + 96(%rip)
	mov %r13, regs_out + 104(%rip)
	mov %r14, regs_out + 112(%rip)
	mov %r15, regs_out + 120(%rip)
	.irp i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	mov -128 + 8 * \i(%rsp), %rax
	mov %rax, regs_out + RED + 8 * \i(%rip)
	.endr
	/* a changed stack pointer is in regs_out by now: go home by the one that is known */
	mov regs_sp(%rip), %rsp
	pushfq
	popq regs_out + FLAGS(%rip)
	cld

	fnstcw regs_out + CW(%rip)
	fnsave regs_out + FSAVE(%rip)
	fninit
	stmxcsr regs_out + MXCSR(%rip)
	movl $0x1f80, -8(%rsp)
	ldmxcsr -8(%rsp)
	cmpl $2, regs_level(%rip)
	je 1f
	cmpl $1, regs_level(%rip)
	je 2f
	for_all_vectors movdqu, xmm, 16, 1
	jmp 3f
1:	for_all_vectors vmovdqu64, zmm, 32, 1
	.irp k, 0, 1, 2, 3, 4, 5, 6, 7
	kmovq %k\k, regs_out + MASK + 8 * \k(%rip)
	.endr
	vzeroupper
	jmp 3f
2:	for_all_vectors vmovdqu, ymm, 16, 1
	vzeroupper
3:
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret
	.size regs_hold, . - regs_hold

	.bss
	.balign 8
.Lway:	.zero 8
	.section .note.GNU-stack, "", @progbits
