#include "config.h"
#include "tiny.h"

#include <elf.h>

/* 1: mov $34,%eax; syscall; jmp 1b: pause() */
const struct tiny_code tiny_wide = {
	EM_X86_64, 0, {0xb8, 34, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7},
};

/* 1: mov $29,%eax; int $0x80; jmp 1b: the same */
const struct tiny_code tiny_narrow = {
	EM_386, 0, {0xb8, 29, 0, 0, 0, 0xcd, 0x80, 0xeb, 0xf7},
};
