/*
 * One loaded ELF object, read from the target's memory alone: program headers, PT_DYNAMIC,
 * .dynsym through DT_GNU_HASH or DT_HASH. Paths in maps belong to other mount namespaces and
 * files may be deleted, so none is ever opened. Every value in it was chosen by the target: all
 * are bounded, a hostile image costs a fixed number of reads and finds nothing.
 */
#ifndef LT_TARGET_ELF_H
#define LT_TARGET_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target/remote.h"

#define ELF_LOADS_MAX 32

struct elf_load {			/* one PT_LOAD, at its place in the target */
	uint64_t start, end;		/* end: with bss */
	uint64_t offset, file_size;
	bool exec, write;
};

struct elf {				/* owns nothing */
	struct remote remote;
	uint64_t base;			/* where the ELF header is */
	uint64_t bias;			/* add it to a p_vaddr or st_value */
	uint64_t start, end;		/* of all PT_LOADs */
	struct elf_load loads[ELF_LOADS_MAX];
	size_t n_loads;
	bool has_interp;		/* PT_INTERP: an executable that wants a loader */
	uint64_t dynamic;		/* address of PT_DYNAMIC, 0: linked statically */
	uint64_t debug;			/* DT_DEBUG: struct r_debug, 0 if none */
	uint64_t symtab, strtab, str_size, hash, gnu_hash;
};

enum elf_kind { ELF_NONE, ELF_32, ELF_64 };

/* Reads the headers at base. Only for ELF_64 is *ret filled. */
enum elf_kind elf_open(const struct remote *r, uint64_t base, struct elf *ret);

struct elf_symbol {
	uint64_t addr;
	bool object;			/* STT_OBJECT, else a function or untyped */
};

/* A symbol that this object *defines* (no undefined one, no TLS, inside its segments). */
bool elf_symbol(const struct elf *e, const char *name, struct elf_symbol *ret);

/* Its address or 0. */
uint64_t elf_address(const struct elf *e, const char *name);

#endif
