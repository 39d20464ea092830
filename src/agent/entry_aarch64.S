/*
 * The first bytes of the helper: one jump per entry point, 16 bytes apart, so that leaktop knows
 * their places without symbols. The linker script puts this section first.
 *
 * No landing pads (bti): the page they would guard is mapped without PROT_BTI, and calls begin
 * with PSTATE.BTYPE clear.
 */
	.section .entry, "ax", @progbits
	.globl agent_entry
	.hidden agent_entry
	.balign 16
agent_entry:
	b agent_call
	.balign 16
	b agent_post
	.balign 16
	b agent_note
	.balign 16

/*
 * int agent_note(struct agent_block *): what the interpreter runs. A way out for leaktop's pages,
 * as on x86-64, is not looked for on this CPU (arch_zero_ret), and agent_do answers 0.
 */
	.globl agent_note
	.hidden agent_note
	.type agent_note, %function
agent_note:
	stp x29, x30, [sp, #-16]!
	bl agent_do
	mov w0, #0
	ldp x29, x30, [sp], #16
	ret
	.size agent_note, . - agent_note
	.balign 16
	.section .note.GNU-stack, "", @progbits
