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
 * int agent_note(struct agent_block *): what the interpreter runs. agent_do answers 0, or a struct
 * agent_exit when leaktop's pages are to go, these bytes among them. From then on only bytes of the
 * C library run: munmap, whose ret goes to x30, to the end of a function that returns 0 and takes
 * the interpreter's address from the stack (arch_zero_ret in inject/). That end itself tells how:
 * its second instruction is the ldp, whose bits 15 to 21 are the size of the frame in 8 bytes; if
 * the third authenticates the address, it has to be signed as at the function's beginning.
 *
 * A br would have to meet a landing pad in a library that has them; a ret need not.
 */
#define AUTIASP_LOW 0x23bf
#define AUTIASP_HIGH 0xd503
	.globl agent_note
	.hidden agent_note
	.type agent_note, %function
agent_note:
	stp x29, x30, [sp, #-16]!
	bl agent_do
	ldp x29, x30, [sp], #16
	cbnz x0, 1f
	ret
1:	ldp x9, x10, [x0]		/* munmap's place, the end's */
	ldp w11, w12, [x10, #4]
	mov w13, #AUTIASP_LOW
	movk w13, #AUTIASP_HIGH, lsl #16
	cmp w12, w13
	b.ne 2f
	hint #25			/* paciasp: nothing where the CPU signs nothing */
2:	ubfx x11, x11, #15, #6
	sub sp, sp, x11, lsl #3
	stp x29, x30, [sp]
	mov x30, x10
	ldp x8, x11, [x0, #16]
	ldr x1, [x0, #32]
	mov x0, x11
	ret x9
	.size agent_note, . - agent_note
	.balign 16
	.section .note.GNU-stack, "", @progbits
