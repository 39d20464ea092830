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
	b agent_count
	.balign 16
	.section .note.GNU-stack, "", @progbits
