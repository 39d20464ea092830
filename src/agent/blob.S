	.section .rodata
	.globl agent_blob, agent_blob_end
	.balign 16
agent_blob:
	.incbin "src/agent/helper.bin"
agent_blob_end:
	.section .note.GNU-stack, "", @progbits
