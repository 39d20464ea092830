#include "config.h"

#include "target/elf.h"

#include <elf.h>
#include <string.h>

#include "util/mem.h"

#define PHDRS_MAX   128
#define DYNS_MAX    256
#define CHAIN_MAX   1024u	/* symbols looked at for one name; real chains are under ten */
#define TABLE_MAX   (1u << 24)	/* buckets, bloom words */
#define SPAN_MAX    (1ull << 40)
#define SYMBOL_MAX  128

static void add_load(struct elf *e, const Elf64_Phdr *p)
{
	struct elf_load *l = &e->loads[e->n_loads];

	if (p->p_memsz == 0 || p->p_memsz > SPAN_MAX || e->n_loads == ELF_LOADS_MAX)
		return;
	l->start = e->bias + p->p_vaddr;
	l->end = l->start + p->p_memsz;
	if (l->end < l->start)
		return;
	l->offset = p->p_offset;
	l->file_size = p->p_filesz;
	l->exec = p->p_flags & PF_X;
	l->write = p->p_flags & PF_W;
	if (e->n_loads == 0 || l->start < e->start)
		e->start = l->start;
	if (e->n_loads == 0 || l->end > e->end)
		e->end = l->end;
	e->n_loads++;
}

/* The header is byte 0 of the file, so the PT_LOAD that holds byte 0 says where vaddr 0 went. */
static bool find_bias(struct elf *e, const Elf64_Phdr *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i].p_type != PT_LOAD || p[i].p_offset >= 4096 || p[i].p_filesz == 0)
			continue;
		e->bias = e->base - (p[i].p_vaddr - p[i].p_offset);
		return true;
	}
	return false;
}

static bool inside(const struct elf *e, uint64_t addr)
{
	for (size_t i = 0; i < e->n_loads; i++)
		if (addr >= e->loads[i].start && addr < e->loads[i].end)
			return true;
	return false;
}

/*
 * A d_ptr as an address: glibc writes the relocated address back into PT_DYNAMIC, musl and the
 * vdso leave the vaddr. Both are told apart by which of them is inside the object.
 */
static uint64_t dyn_address(const struct elf *e, uint64_t value)
{
	if (inside(e, value))
		return value;
	return inside(e, e->bias + value) ? e->bias + value : 0;
}

static void read_dynamic(struct elf *e, uint64_t addr, uint64_t size)
{
	Elf64_Dyn d[DYNS_MAX];
	size_t n;

	if (size > sizeof(d))
		size = sizeof(d);
	n = remote_read_some(&e->remote, addr, d, (size_t)size) / sizeof(d[0]);
	e->dynamic = addr;
	for (size_t i = 0; i < n && d[i].d_tag != DT_NULL; i++) {
		switch (d[i].d_tag) {
		case DT_SYMTAB:
			e->symtab = dyn_address(e, d[i].d_un.d_ptr);
			break;
		case DT_STRTAB:
			e->strtab = dyn_address(e, d[i].d_un.d_ptr);
			break;
		case DT_STRSZ:
			e->str_size = d[i].d_un.d_val;
			break;
		case DT_HASH:
			e->hash = dyn_address(e, d[i].d_un.d_ptr);
			break;
		case DT_GNU_HASH:
			e->gnu_hash = dyn_address(e, d[i].d_un.d_ptr);
			break;
		case DT_DEBUG:
			e->debug = d[i].d_un.d_ptr;
			break;
		default:
			break;
		}
	}
}

/* The program headers: mostly right behind the ELF header, so one read has both. */
static size_t read_phdrs(const struct elf *e, Elf64_Phdr *dst, Elf64_Ehdr *ret)
{
	char head[1024];
	size_t got = remote_read_some(&e->remote, e->base, head, sizeof(head));
	uint64_t bytes;

	if (got < sizeof(*ret))
		return 0;
	memcpy(ret, head, sizeof(*ret));
	if (ret->e_phnum == 0 || ret->e_phnum > PHDRS_MAX || ret->e_phentsize != sizeof(*dst))
		return 0;
	bytes = ret->e_phnum * sizeof(*dst);
	if (ret->e_phoff <= got && bytes <= got - ret->e_phoff)
		memcpy(dst, head + ret->e_phoff, bytes);
	else if (!remote_read(&e->remote, e->base + ret->e_phoff, dst, bytes))
		return 0;
	return ret->e_phnum;
}

static enum elf_kind kind_of(const struct remote *r, uint64_t base)
{
	unsigned char id[EI_NIDENT];

	if (!remote_read(r, base, id, sizeof(id)) || memcmp(id, ELFMAG, SELFMAG) != 0)
		return ELF_NONE;
	if (id[EI_CLASS] == ELFCLASS32)
		return ELF_32;
	return id[EI_CLASS] == ELFCLASS64 ? ELF_64 : ELF_NONE;
}

enum elf_kind elf_open(const struct remote *r, uint64_t base, struct elf *ret)
{
	struct elf e = {.remote = *r, .base = base};
	Elf64_Phdr p[PHDRS_MAX];
	Elf64_Ehdr head;
	enum elf_kind kind = kind_of(r, base);
	size_t n;

	if (kind != ELF_64)
		return kind;
	n = read_phdrs(&e, p, &head);
	if (n == 0 || (head.e_type != ET_DYN && head.e_type != ET_EXEC) || !find_bias(&e, p, n))
		return ELF_NONE;
	for (size_t i = 0; i < n; i++)
		if (p[i].p_type == PT_LOAD)
			add_load(&e, &p[i]);
	if (e.n_loads == 0 || e.end - e.start > SPAN_MAX)
		return ELF_NONE;
	for (size_t i = 0; i < n; i++) {
		if (p[i].p_type == PT_INTERP)
			e.has_interp = true;
		if (p[i].p_type == PT_DYNAMIC && inside(&e, e.bias + p[i].p_vaddr))
			read_dynamic(&e, e.bias + p[i].p_vaddr, p[i].p_memsz);
	}
	*ret = e;
	return ELF_64;
}

/* Is symbol `index` the definition of name? */
static bool matches(const struct elf *e, uint32_t index, const char *name, struct elf_symbol *ret)
{
	char text[SYMBOL_MAX];
	size_t n = strlen(name) + 1;
	Elf64_Sym s;
	unsigned type;

	if (!remote_read(&e->remote, e->symtab + (uint64_t)index * sizeof(s), &s, sizeof(s)))
		return false;
	type = ELF64_ST_TYPE(s.st_info);
	if (s.st_shndx == SHN_UNDEF || s.st_shndx >= SHN_LORESERVE || s.st_value == 0 ||
	    (type != STT_NOTYPE && type != STT_OBJECT && type != STT_FUNC))
		return false;
	if (n > sizeof(text) || s.st_name >= e->str_size || n > e->str_size - s.st_name ||
	    !remote_read(&e->remote, e->strtab + s.st_name, text, n) ||
	    memcmp(text, name, n) != 0 || !inside(e, e->bias + s.st_value))
		return false;
	ret->addr = e->bias + s.st_value;
	ret->object = type == STT_OBJECT;
	return true;
}

static uint32_t gnu_hash(const char *s)
{
	uint32_t h = 5381;

	for (; *s; s++)
		h = h * 33 + (unsigned char)*s;
	return h;
}

struct gnu_table {
	uint32_t buckets, first, blooms, shift;
};

/* The chain of one bucket: hashes with bit 0 set in the last. */
static bool gnu_chain(const struct elf *e, uint64_t chain, uint32_t index, uint32_t hash,
		      const char *name, struct elf_symbol *ret)
{
	uint32_t part[16];

	for (uint32_t seen = 0; seen < CHAIN_MAX; seen += COUNT_OF(part)) {
		size_t n = remote_read_some(&e->remote, chain + seen * 4ull, part, sizeof(part));

		n /= sizeof(part[0]);
		for (uint32_t i = 0; i < n; i++) {
			if ((part[i] | 1) == (hash | 1) && matches(e, index + seen + i, name, ret))
				return true;
			if (part[i] & 1)
				return false;
		}
		if (n < COUNT_OF(part))
			return false;
	}
	return false;
}

/* DT_GNU_HASH: {header}{bloom words}{buckets}{chains}; the bloom word spares most misses. */
static bool gnu_lookup(const struct elf *e, const char *name, struct elf_symbol *ret)
{
	struct gnu_table t;
	uint32_t h = gnu_hash(name), index;
	uint64_t at = e->gnu_hash, word, bits;

	if (!remote_read(&e->remote, at, &t, sizeof(t)) || t.buckets == 0 ||
	    t.buckets > TABLE_MAX || t.blooms == 0 || t.blooms > TABLE_MAX || t.shift > 31)
		return false;
	at += sizeof(t);
	if (!remote_u64(&e->remote, at + 8ull * (h / 64 % t.blooms), &word))
		return false;
	bits = 1ull << (h % 64) | 1ull << ((h >> t.shift) % 64);
	if ((word & bits) != bits)
		return false;
	at += 8ull * t.blooms;
	if (!remote_u32(&e->remote, at + 4ull * (h % t.buckets), &index) || index < t.first)
		return false;
	at += 4ull * t.buckets + 4ull * (index - t.first);
	return gnu_chain(e, at, index, h, name, ret);
}

static uint32_t sysv_hash(const char *s)
{
	uint32_t h = 0;

	for (; *s; s++) {
		h = (h << 4) + (unsigned char)*s;
		h ^= h >> 24 & 0xf0;
		h &= 0x0fffffff;
	}
	return h;
}

/* DT_HASH: {buckets, symbols}{buckets}{next symbol of each}. */
static bool sysv_lookup(const struct elf *e, const char *name, struct elf_symbol *ret)
{
	uint32_t head[2], index;
	uint64_t at = e->hash + sizeof(head);

	if (!remote_read(&e->remote, e->hash, head, sizeof(head)) || head[0] == 0 ||
	    head[0] > TABLE_MAX || head[1] > TABLE_MAX)
		return false;
	if (!remote_u32(&e->remote, at + 4ull * (sysv_hash(name) % head[0]), &index))
		return false;
	at += 4ull * head[0];
	for (uint32_t seen = 0; index != 0 && index < head[1] && seen < CHAIN_MAX; seen++) {
		if (matches(e, index, name, ret))
			return true;
		if (!remote_u32(&e->remote, at + 4ull * index, &index))
			return false;
	}
	return false;
}

bool elf_symbol(const struct elf *e, const char *name, struct elf_symbol *ret)
{
	if (!e->symtab || !e->strtab)
		return false;
	if (e->gnu_hash)
		return gnu_lookup(e, name, ret);
	return e->hash && sysv_lookup(e, name, ret);
}

uint64_t elf_address(const struct elf *e, const char *name)
{
	struct elf_symbol s;

	return elf_symbol(e, name, &s) ? s.addr : 0;
}
