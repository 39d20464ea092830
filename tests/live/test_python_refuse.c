/* What is no CPython that can be watched is refused by its name, and never guessed at. */
#include "config.h"
#include "../unit/test.h"

#include <elf.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pythons.h"
#include "target/python.h"
#include "util/clock.h"

static const char *build_dir(void)
{
	const char *dir = getenv("LT_BUILDDIR");

	return dir ? dir : ".";
}

static enum lt_errc find_imposter(const char *program, const char *what, struct lt_err *err)
{
	char path[512];
	const char *argv[] = {path, what, NULL};
	struct python_run run;
	struct python py;
	enum lt_errc rc;

	snprintf(path, sizeof(path), "%s/%s", build_dir(), program);
	assert_true(python_start_program(&run, "", argv));
	assert_non_null(python_line(&run));
	rc = python_find(run.pid, &py, err);
	printf("# %s: %s\n", what, err->detail);
	python_stop(&run);
	return rc;
}

static void a_free_threaded_build_is_refused_by_name(void **state)
{
	struct lt_err err;

	assert_int_equal(find_imposter("imposter", "free-threaded", &err), LT_E_FREE_THREADED);
	assert_non_null(strstr(err.detail, "3.13.0t"));
}

static void a_version_that_is_not_known_is_refused_with_its_number(void **state)
{
	struct lt_err err;

	assert_int_equal(find_imposter("imposter", "future", &err), LT_E_VERSION);
	assert_non_null(strstr(err.detail, "3.32.0"));
	assert_int_equal(find_imposter("imposter", "prerelease", &err), LT_E_VERSION);
	assert_non_null(strstr(err.detail, "3.15.0a3"));
}

static void an_interpreter_that_was_never_initialized_is_not_ready(void **state)
{
	struct lt_err err;

	assert_int_equal(find_imposter("imposter", "unready", &err), LT_E_UNREADY);
}

static void a_build_that_traces_references_is_a_layout_not_known(void **state)
{
	struct lt_err err;

	assert_int_equal(find_imposter("imposter", "traced", &err), LT_E_LAYOUT);
	assert_non_null(strstr(err.detail, "Py_TRACE_REFS"));
}

static void an_interpreter_that_makes_no_sense_is_a_layout_not_known(void **state)
{
	struct lt_err err;

	assert_int_equal(find_imposter("imposter", "garbage", &err), LT_E_LAYOUT);
}

static void pypy_is_refused_by_name(void **state)
{
	struct lt_err err;

	assert_int_equal(find_imposter("imposter_pypy", "pypy", &err), LT_E_PYPY);
}

/* Compiles source with $CC; false where this machine cannot. */
static bool compile(const char *dir, const char *source, const char *flags)
{
	const char *cc = getenv("CC");
	char command[1024], path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/p.c", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(source, f);
	fclose(f);
	snprintf(command, sizeof(command), "%s %s -o %s/p %s >/dev/null 2>&1", cc ? cc : "cc",
		 flags, dir, path);
	return system(command) == 0;
}

/* Until the child has become the program it answers like this test, which is not Python. */
static enum lt_errc find_compiled(const char *dir, struct lt_err *err)
{
	char path[512];
	const char *argv[] = {path, NULL};
	int64_t deadline = clock_mono_ns() + 60 * CLOCK_NS_PER_S;
	struct python_run run;
	struct python py;
	enum lt_errc rc;

	snprintf(path, sizeof(path), "%s/p", dir);
	assert_true(python_start_program(&run, "", argv));
	do {
		rc = python_find(run.pid, &py, err);
	} while (rc == LT_E_NOT_PYTHON && clock_mono_ns() < deadline);
	python_stop(&run);
	return rc;
}

static void remove_all(const char *dir)
{
	static const char *const names[] = {"/p", "/p.c", ""};
	char path[512];

	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s%s", dir, names[i]);
		remove(path);
	}
}

static void expect_compiled(const char *source, const char *flags, enum lt_errc want)
{
	char dir[] = "/tmp/leaktop-test-XXXXXX";
	struct lt_err err;
	enum lt_errc rc;

	assert_non_null(mkdtemp(dir));
	if (!compile(dir, source, flags)) {
		remove_all(dir);
		SKIP("the compiler cannot build with %s", flags);
	}
	rc = find_compiled(dir, &err);
	remove_all(dir);
	assert_int_equal(rc, want);
}

static void a_static_program_is_refused_by_name(void **state)
{
	expect_compiled("#include <unistd.h>\nint main(void) { for (;;) pause(); }\n",
			"-static", LT_E_STATIC);
	expect_compiled("#include <unistd.h>\nint main(void) { for (;;) pause(); }\n",
			"-static-pie -fPIE", LT_E_STATIC);
}

static void a_32_bit_program_is_refused_by_name(void **state)
{
	/* 29 is pause; no C library, so that the compiler alone is enough */
	expect_compiled("void _start(void)\n{\n\tfor (;;)\n"
			"\t\t__asm__ volatile(\"int $0x80\" : : \"a\"(29));\n}\n",
			"-m32 -static -nostdlib -ffreestanding -fno-pie -no-pie", LT_E_BITS32);
}

/* ---- a process made to be looked at for ever --------------------------------------------- */

#define SLOW_SIZE 0x10000
#define SLOW_OBJECTS 2000
#define SLOW_SYMBOLS 0x1000		/* in each hash chain */

/* A file that is an ELF object whose hash table has one bucket with one long chain. */
static int slow_object(void)
{
	static uint8_t file[SLOW_SIZE];
	const Elf64_Ehdr head = {
		.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		.e_type = ET_DYN, .e_phoff = sizeof(head), .e_phnum = 2,
		.e_phentsize = sizeof(Elf64_Phdr),
	};
	const Elf64_Phdr parts[2] = {
		{.p_type = PT_LOAD, .p_flags = PF_R, .p_filesz = SLOW_SIZE, .p_memsz = SLOW_SIZE},
		{.p_type = PT_DYNAMIC, .p_flags = PF_R, .p_vaddr = 0x800, .p_memsz = 0x100},
	};
	const Elf64_Dyn dynamic[] = {
		{DT_SYMTAB, {0x1000}}, {DT_STRTAB, {0x800}}, {DT_STRSZ, {0x800}},
		{DT_HASH, {0x8000}}, {DT_NULL, {0}},
	};
	uint32_t *hash = (uint32_t *)(void *)(file + 0x8000);
	int fd = memfd_create("slow", MFD_CLOEXEC);

	memcpy(file, &head, sizeof(head));
	memcpy(file + sizeof(head), parts, sizeof(parts));
	memcpy(file + 0x800, dynamic, sizeof(dynamic));
	hash[0] = 1;
	hash[1] = SLOW_SYMBOLS;
	for (uint32_t i = 0; i < SLOW_SYMBOLS; i++)
		hash[2 + i] = i + 1;
	return write(fd, file, sizeof(file)) == (ssize_t)sizeof(file) ? fd : -1;
}

static void a_process_that_takes_too_long_to_look_through_is_given_up(void **state)
{
	int fd = slow_object(), ready[2];
	int64_t begin;
	struct lt_err err;
	struct python py;
	enum lt_errc rc;
	pid_t pid;
	char c;

	assert_true(fd >= 0);
	assert_int_equal(pipe(ready), 0);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (int i = 0; i < SLOW_OBJECTS; i++)
			if (mmap(NULL, SLOW_SIZE, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED)
				_exit(1);
		(void)!write(ready[1], "x", 1);
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	begin = clock_mono_ns();
	rc = python_find(pid, &py, &err);
	printf("# given up after %lld ms\n", (long long)((clock_mono_ns() - begin) / 1000000));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(ready[0]);
	close(fd);
	assert_int_equal(rc, LT_E_TIMEOUT);
}

/* The child cannot be read by another uid; only root can play both parts. */
static void a_process_of_another_user_is_not_permitted(void **state)
{
	struct python_run run;
	struct lt_err err;
	struct python py;
	static const char *const argv[] = {"/bin/sh", "-c", "echo up; read x", NULL};
	pid_t looker;
	int status;

	if (geteuid() != 0)
		SKIP("not root");
	assert_true(python_start_program(&run, "", argv));
	assert_non_null(python_line(&run));
	fflush(NULL);
	looker = fork();
	if (looker == 0)
		_exit(setgid(65534) != 0 || setuid(65534) != 0 ? 99 :
		      (int)python_find(run.pid, &py, &err));
	assert_int_equal(waitpid(looker, &status, 0), looker);
	python_stop(&run);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), LT_E_PERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_free_threaded_build_is_refused_by_name),
		cmocka_unit_test(a_version_that_is_not_known_is_refused_with_its_number),
		cmocka_unit_test(an_interpreter_that_was_never_initialized_is_not_ready),
		cmocka_unit_test(a_build_that_traces_references_is_a_layout_not_known),
		cmocka_unit_test(an_interpreter_that_makes_no_sense_is_a_layout_not_known),
		cmocka_unit_test(pypy_is_refused_by_name),
		cmocka_unit_test(a_static_program_is_refused_by_name),
		cmocka_unit_test(a_32_bit_program_is_refused_by_name),
		cmocka_unit_test(a_process_that_takes_too_long_to_look_through_is_given_up),
		cmocka_unit_test(a_process_of_another_user_is_not_permitted),
	};

	return cmocka_run_group_tests_name("python_refuse", tests, NULL, NULL);
}
