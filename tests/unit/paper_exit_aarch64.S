/* What is run last when a note takes leaktop out, as the C library has it: arch_zero_ret. */
	.text
	.globl paper_syscall, paper_zero, paper_zero_signed
paper_syscall:
	svc #0
	ret
paper_zero:
	mov w0, #0
	ldp x29, x30, [sp], #32
	ret
paper_zero_signed:
	mov x0, #0
	ldp x29, x30, [sp], #16
	hint #29			/* autiasp */
	ret
	.section .note.GNU-stack, "", %progbits
