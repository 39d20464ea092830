/*
 * The first bytes of the helper: one jump per entry point, 16 bytes apart, so that leaktop knows
 * their places without symbols. The linker script puts this section first.
 */
	.section .entry, "ax", @progbits
	.globl agent_entry
	.hidden agent_entry
agent_entry:
	.balign 16
	jmp agent_call
	.balign 16
	jmp agent_post
	.balign 16
	jmp agent_note

/*
 * int agent_note(struct agent_block *): what the interpreter runs. agent_do answers 0, or a struct
 * agent_exit when leaktop's pages are to go, these bytes among them. From then on only bytes of the
 * C library run: munmap, which returns to `xor %eax, %eax; ret`, which returns to the interpreter.
 */
	.globl agent_note
	.hidden agent_note
	.type agent_note, @function
agent_note:
	sub $8, %rsp
	call agent_do
	add $8, %rsp
	test %rax, %rax
	jnz 1f
	ret
1:	mov %rax, %rdx
	push 8(%rdx)
	mov 16(%rdx), %rax
	mov 24(%rdx), %rdi
	mov 32(%rdx), %rsi
	jmp *(%rdx)
	.size agent_note, . - agent_note
	.balign 16
	.section .note.GNU-stack, "", @progbits
