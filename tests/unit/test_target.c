#include "config.h"
#include "test.h"

#include <elf.h>
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "target/elf.h"
#include "target/image.h"
#include "target/layout.h"
#include "target/remote.h"
#include "util/clock.h"
#include "util/mem.h"
#include "util/page.h"

#define PAGE 4096

static struct remote self(void)
{
	return (struct remote){.pid = getpid()};
}

static void every_supported_version_has_a_layout(void **state)
{
	static const struct { uint32_t hex; const char *name; } known[] = {
		{0x020712f0, "2.7"}, {0x03060ff0, "3.6"}, {0x030703f0, "3.7.0-3.7.3"},
		{0x030704c1, "3.7"}, {0x030710f0, "3.7"}, {0x030812f0, "3.8"},
		{0x030912f0, "3.9"}, {0x030a0df0, "3.10"}, {0x030b07f0, "3.11"},
		{0x030c01f0, "3.12"}, {0x030d00f0, "3.13"}, {0x030d12f0, "3.13"},
		{0x030e00f0, "3.14.0-3.14.4"}, {0x030e04f0, "3.14.0-3.14.4"},
		{0x030e05f0, "3.14"}, {0x030e0af0, "3.14"}, {0x030f00f0, "3.15"},
		{0x030f02f0, "3.15"},
	};

	for (size_t i = 0; i < COUNT_OF(known); i++) {
		const struct layout *l = layout_for(known[i].hex);

		assert_non_null(l);
		assert_string_equal(l->name, known[i].name);
		assert_int_equal(l->walk == LAYOUT_WALK_VISIT,
				 strcmp(l->name, "3.14.0-3.14.4") == 0);
	}
}

static void other_versions_and_prereleases_have_none(void **state)
{
	static const uint32_t unknown[] = {0, 0x020609f0, 0x030509f0, 0x030800b1, 0x030d00a5,
					   0x030f00b2, 0x031000a0, 0x041000f0, UINT32_MAX};

	for (size_t i = 0; i < COUNT_OF(unknown); i++)
		assert_null(layout_for(unknown[i]));
}

static void rows_are_sorted_and_do_not_overlap(void **state)
{
	const struct layout *l, *before = NULL;
	size_t n = 0;

	for (; (l = layout_at(n)); n++) {
		assert_true(l->version_lo <= l->version_hi);
		if (before)
			assert_true(l->version_lo > before->version_hi);
		before = l;
	}
	assert_true(n >= 13);
	assert_null(layout_at(n + 1000));
}

static void a_row_leaves_out_no_field_that_its_kind_needs(void **state)
{
	const struct layout *l;

	for (size_t i = 0; (l = layout_at(i)); i++) {
		bool statics = l->evidence == LAYOUT_FROM_STATICS;

		assert_int_equal(l->rt_initialized == LAYOUT_NONE, statics);
		assert_int_equal(l->gc_state == LAYOUT_NONE, statics);
		assert_true(l->in_sysdict > 0 && l->in_modules > 0 && l->ts_interp > 0);
		assert_true(l->ob_type == 8 && l->tp_name == 24 && l->tp_flags == 168);
		assert_true(l->gc_threshold == l->gc_head_size && l->gc_count > l->gc_threshold);
		assert_true(l->gc_generation_size >= l->gc_count + 4);
		assert_true(l->ht_name > l->tp_subclasses && l->dict_keys > 0);
		if (!statics)
			assert_true(l->gc_generations > l->gc_state &&
				    l->gc_permanent >= l->gc_generations +
							       3 * l->gc_generation_size &&
				    l->gc_stats > l->gc_permanent &&
				    l->gc_garbage > l->gc_collecting);
	}
}

static void memory_of_this_process_is_read(void **state)
{
	static const char text[] = "hello";
	uint64_t word = 0x1122334455667788, got = 0;
	struct remote r = self();
	char b[8] = "";

	assert_true(remote_u64(&r, (uint64_t)(uintptr_t)&word, &got));
	assert_int_equal(got, word);
	assert_true(remote_string(&r, (uint64_t)(uintptr_t)text, b, sizeof(b)));
	assert_string_equal(b, "hello");
	assert_true(remote_string(&r, (uint64_t)(uintptr_t)text, b, 3));
	assert_string_equal(b, "he");
	assert_false(remote_u64(&r, 0, &got));
	assert_false(remote_u64(&r, UINT64_MAX - 3, &got));
	assert_int_equal(got, word);
}

/* On a machine with other things to do the wait for a turn is not time spent. */
static void the_time_to_look_is_of_the_processor(void **state)
{
	struct remote r = self();
	uint64_t word = 42, got;

	r.cpu_end_ns = clock_cpu_ns() + 50 * CLOCK_NS_PER_MS;
	assert_int_equal(usleep(200000), 0);
	assert_false(remote_late(&r));
	assert_true(remote_u64(&r, (uint64_t)(uintptr_t)&word, &got));
	while (clock_cpu_ns() <= r.cpu_end_ns)
		;
	assert_true(remote_late(&r));
	assert_false(remote_u64(&r, (uint64_t)(uintptr_t)&word, &got));
}

static void a_read_ends_where_the_memory_ends(void **state)
{
	const size_t page = (size_t)page_bytes();
	char *p = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char b[64];
	struct remote r = self();
	uint64_t end = (uint64_t)(uintptr_t)p + page;

	assert_true(p != MAP_FAILED);
	assert_int_equal(munmap(p + page, page), 0);
	memset(p, 'x', page);
	assert_int_equal(remote_read_some(&r, end - 10, b, sizeof(b)), 10);
	assert_int_equal(remote_read_some(&r, end, b, sizeof(b)), 0);
	assert_false(remote_read(&r, end - 10, b, sizeof(b)));
	assert_false(remote_string(&r, end - 10, b, sizeof(b)));	/* no NUL before the hole */
	p[page - 1] = '\0';
	assert_true(remote_string(&r, end - 10, b, sizeof(b)));
	assert_string_equal(b, "xxxxxxxxx");
	munmap(p, page);
}

static void writing_changes_the_memory_or_fails(void **state)
{
	static const char constant[] = "constant";
	uint64_t word = 1, new = 2;
	struct remote r = self();

	assert_true(remote_write(&r, (uint64_t)(uintptr_t)&word, &new, sizeof(new)));
	assert_int_equal(word, 2);
	assert_false(remote_write(&r, (uint64_t)(uintptr_t)constant, &new, sizeof(new)));
	assert_false(remote_write(&r, 0, &new, sizeof(new)));
}

static void a_probe_tells_gone_from_a_hole(void **state)
{
	struct remote r = self(), nobody = {.pid = 0x7ffffff0};
	struct lt_err err;

	assert_int_equal(remote_probe(&r, (uint64_t)(uintptr_t)&r, &err), LT_OK);
	assert_int_equal(remote_probe(&r, 0, &err), LT_E_REMOTE);
	assert_int_equal(remote_probe(&nobody, (uint64_t)(uintptr_t)&r, &err), LT_E_GONE);
}

static void the_own_objects_and_their_symbols_are_found(void **state)
{
	struct remote r = self();
	struct maps maps = {0};
	struct images images;
	const struct image *libc;
	struct lt_err err;

	assert_int_equal(maps_read(getpid(), &maps, &err), LT_OK);
	images_read(&r, &maps, &images);
	assert_true(images.n >= 3);
	assert_non_null(images.exe);
	assert_non_null(images.loader);
	assert_false(images.bits32);
	assert_true(images.exe->elf.has_interp);
	libc = images_definer(&images, "getpid");
	assert_non_null(libc);
	assert_int_equal(elf_address(&libc->elf, "getpid"), (uintptr_t)getpid);
	/* a variable: libc's own, or the copy that the linker made in the program */
	assert_int_equal(elf_address(&images_definer(&images, "environ")->elf, "environ"),
			 (uintptr_t)&environ);
	assert_int_equal(elf_address(&libc->elf, "no_such_symbol_anywhere"), 0);
	assert_int_equal(elf_address(&libc->elf, ""), 0);
	assert_int_equal(elf_address(&libc->elf, "errno"), 0);		/* thread-local */
	assert_null(images_definer(&images, "PyGILState_Ensure"));
	images_done(&images);
	maps_done(&maps);
}

static void the_program_comes_first_in_the_lookup_order(void **state)
{
	struct remote r = self();
	struct maps maps = {0};
	struct images images;
	const struct image **order;
	struct lt_err err;
	size_t n;

	assert_int_equal(maps_read(getpid(), &maps, &err), LT_OK);
	images_read(&r, &maps, &images);
	order = images_order(&images, &n);
	assert_int_equal(n, images.n);
	assert_ptr_equal(order[0], images.exe);
	free(order);
	images_done(&images);
	maps_done(&maps);
}

/* A made-up object of two pages, headers in the first, tables in the second. */
struct fake {
	Elf64_Ehdr head;
	Elf64_Phdr phdr[2];
	Elf64_Dyn dyn[6];
	Elf64_Sym sym[2];
	char str[16];
	uint32_t gnu[4];
	uint64_t bloom;
	uint32_t bucket, chain[1024];
	uint32_t sysv[2 + 1 + 2];
};

static struct fake *fake_new(void)
{
	struct fake *f = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(f != MAP_FAILED);
	memcpy(f->head.e_ident, ELFMAG, SELFMAG);
	f->head.e_ident[EI_CLASS] = ELFCLASS64;
	f->head.e_type = ET_DYN;
	f->head.e_phoff = offsetof(struct fake, phdr);
	f->head.e_phentsize = sizeof(f->phdr[0]);
	f->head.e_phnum = 2;
	f->phdr[0] = (Elf64_Phdr){.p_type = PT_LOAD, .p_flags = PF_R, .p_filesz = sizeof(*f),
				  .p_memsz = sizeof(*f)};
	f->phdr[1] = (Elf64_Phdr){.p_type = PT_DYNAMIC, .p_vaddr = offsetof(struct fake, dyn),
				  .p_memsz = sizeof(f->dyn)};
	f->dyn[0] = (Elf64_Dyn){DT_SYMTAB, {offsetof(struct fake, sym)}};
	f->dyn[1] = (Elf64_Dyn){DT_STRTAB, {offsetof(struct fake, str)}};
	f->dyn[2] = (Elf64_Dyn){DT_STRSZ, {sizeof(f->str)}};
	f->dyn[3] = (Elf64_Dyn){DT_GNU_HASH, {offsetof(struct fake, gnu)}};
	strcpy(f->str + 1, "name");
	f->sym[1] = (Elf64_Sym){.st_name = 1, .st_shndx = 1, .st_value = 0x10,
				.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT)};
	memcpy(f->gnu, (uint32_t[]){1, 1, 1, 0}, sizeof(f->gnu));
	f->bloom = UINT64_MAX;
	f->bucket = 1;
	f->chain[0] = 0x7c9b0c46 | 1;		/* the GNU hash of "name", last of its chain */
	memcpy(f->sysv, (uint32_t[]){1, 2, 1, 0, 0}, sizeof(f->sysv));
	return f;
}

static bool fake_open(struct fake *f, struct elf *e)
{
	struct remote r = self();

	return elf_open(&r, (uint64_t)(uintptr_t)f, e) == ELF_64;
}

static uint64_t fake_find(struct fake *f)
{
	struct elf e;

	return fake_open(f, &e) ? elf_address(&e, "name") : 0;
}

static void a_made_up_object_works_with_either_hash_table(void **state)
{
	struct fake *f = fake_new();

	assert_int_equal(fake_find(f), (uint64_t)(uintptr_t)f + 0x10);
	f->dyn[3] = (Elf64_Dyn){DT_HASH, {offsetof(struct fake, sysv)}};
	assert_int_equal(fake_find(f), (uint64_t)(uintptr_t)f + 0x10);
	f->head.e_ident[EI_CLASS] = ELFCLASS32;
	assert_int_equal(fake_find(f), 0);
	munmap(f, 4 * PAGE);
}

/* Each breaks one value of the object; what is asked for is an end, and no symbol. */
static void break_phnum(struct fake *f) { f->head.e_phnum = 0xffff; }
static void break_phoff(struct fake *f) { f->head.e_phoff = UINT64_MAX - 8; }
static void break_size(struct fake *f) { f->phdr[0].p_memsz = UINT64_MAX; }
static void break_dynamic(struct fake *f) { f->phdr[1].p_vaddr = 1ull << 62; }
static void break_strings(struct fake *f) { f->dyn[2].d_un.d_val = 2; }
static void break_symtab(struct fake *f) { f->dyn[0].d_un.d_ptr = UINT64_MAX - 64; }
static void break_name(struct fake *f) { f->sym[1].st_name = UINT32_MAX; }
static void break_section(struct fake *f) { f->sym[1].st_shndx = SHN_UNDEF; }
static void break_value(struct fake *f) { f->sym[1].st_value = 1ull << 63; }
static void break_type(struct fake *f) { f->sym[1].st_info = STT_TLS; }
static void break_buckets(struct fake *f) { f->gnu[0] = 0; }
static void break_many(struct fake *f) { f->gnu[0] = UINT32_MAX; }
static void break_blooms(struct fake *f) { f->gnu[2] = 0; }
static void break_shift(struct fake *f) { f->gnu[3] = 64; }
static void break_bucket(struct fake *f) { f->bucket = UINT32_MAX; }

static void break_chain(struct fake *f)			/* one that never ends */
{
	memset(f->chain, 0, sizeof(f->chain));
}

static void break_loop(struct fake *f)			/* a SysV chain that bites its tail */
{
	f->dyn[3] = (Elf64_Dyn){DT_HASH, {offsetof(struct fake, sysv)}};
	f->sym[1].st_name = 0;
	f->sysv[4] = 1;
}

static void a_hostile_object_finds_nothing_and_does_not_hang(void **state)
{
	static void (*const breaks[])(struct fake *) = {
		break_phnum, break_phoff, break_size, break_dynamic, break_strings, break_symtab,
		break_name, break_section, break_value, break_type, break_buckets, break_many,
		break_blooms, break_shift, break_bucket, break_chain, break_loop,
	};

	for (size_t i = 0; i < COUNT_OF(breaks); i++) {
		struct fake *f = fake_new();

		assert_int_not_equal(fake_find(f), 0);
		breaks[i](f);
		if (fake_find(f) != 0)
			fail_msg("break %zu", i);
		munmap(f, 4 * PAGE);
	}
}

/* A plain read of a library's file into memory is not the loaded library. */
static void a_file_that_is_only_mapped_is_no_loaded_object(void **state)
{
	struct remote r = self();
	struct maps maps = {0}, again = {0};
	struct images images, more;
	struct lt_err err;
	FILE *f = fopen("/proc/self/exe", "rb");
	void *p;

	assert_non_null(f);
	assert_int_equal(maps_read(getpid(), &maps, &err), LT_OK);
	images_read(&r, &maps, &images);
	p = mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE, fileno(f), 0);
	assert_true(p != MAP_FAILED);
	assert_int_equal(maps_read(getpid(), &again, &err), LT_OK);
	assert_true(again.n > maps.n);
	images_read(&r, &again, &more);
	assert_int_equal(more.n, images.n);
	munmap(p, 2 * PAGE);
	fclose(f);
	images_done(&images);
	images_done(&more);
	maps_done(&maps);
	maps_done(&again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_supported_version_has_a_layout),
		cmocka_unit_test(other_versions_and_prereleases_have_none),
		cmocka_unit_test(rows_are_sorted_and_do_not_overlap),
		cmocka_unit_test(a_row_leaves_out_no_field_that_its_kind_needs),
		cmocka_unit_test(memory_of_this_process_is_read),
		cmocka_unit_test(the_time_to_look_is_of_the_processor),
		cmocka_unit_test(a_read_ends_where_the_memory_ends),
		cmocka_unit_test(writing_changes_the_memory_or_fails),
		cmocka_unit_test(a_probe_tells_gone_from_a_hole),
		cmocka_unit_test(the_own_objects_and_their_symbols_are_found),
		cmocka_unit_test(the_program_comes_first_in_the_lookup_order),
		cmocka_unit_test(a_made_up_object_works_with_either_hash_table),
		cmocka_unit_test(a_hostile_object_finds_nothing_and_does_not_hang),
		cmocka_unit_test(a_file_that_is_only_mapped_is_no_loaded_object),
	};

	return cmocka_run_group_tests_name("target", tests, NULL, NULL);
}
