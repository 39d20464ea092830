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
	jmp agent_count
	.balign 16
	.section .note.GNU-stack, "", @progbits
