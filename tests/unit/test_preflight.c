/* Who may not be borrowed: what the kernel's no means, and what a seccomp filter would say. */
#include "config.h"
#include "test.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>

#include "inject/preflight.h"
#include "inject/seccomp.h"
#include "util/mem.h"

/* ---- the kernel's no -------------------------------------------------------------------- */

static const struct {
	struct preflight_case c;	/* yama, root, may_ptrace, same_ids, undumpable */
	enum lt_errc code;
} cases[] = {
	{{-1, false, false, false, false}, LT_E_PERM_UID},
	{{1, false, false, false, true}, LT_E_PERM_UID},
	{{0, false, false, true, true}, LT_E_PERM_DUMPABLE},
	{{1, false, false, true, true}, LT_E_PERM_DUMPABLE},
	{{1, false, false, true, false}, LT_E_PERM_YAMA},
	{{2, false, false, true, false}, LT_E_PERM_YAMA},
	{{3, false, false, true, false}, LT_E_PERM_YAMA_LOCKED},
	{{3, false, false, false, false}, LT_E_PERM_YAMA_LOCKED},
	{{3, true, true, true, false}, LT_E_PERM_YAMA_LOCKED},
	{{0, false, false, true, false}, LT_E_PERM},
	{{-1, false, false, true, false}, LT_E_PERM},
	{{0, true, true, true, false}, LT_E_PERM_POLICY},
	{{1, false, true, false, true}, LT_E_PERM_POLICY},
	{{1, true, false, true, false}, LT_E_PERM_CAP},
	{{-1, true, false, false, true}, LT_E_PERM_CAP},
};

static void a_no_of_the_kernel_is_given_its_reason(void **state)
{
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_int_equal(preflight_name(&cases[i].c), cases[i].code);
}

static void root_is_never_told_to_use_sudo(void **state)
{
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const char *remedy = lt_err_info(cases[i].code)->remedy;

		if (cases[i].c.root)
			assert_null(strstr(remedy, "sudo"));
	}
	for (int i = LT_OK + 1; i < LT_E_COUNT; i++)
		if (lt_err_goes_on((enum lt_errc)i))
			assert_null(strstr(lt_err_info((enum lt_errc)i)->remedy, "sudo"));
}

/* ---- filters ---------------------------------------------------------------------------- */

#define LD(at) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at)
#define NR LD(offsetof(struct seccomp_data, nr))
#define ARCH LD(offsetof(struct seccomp_data, arch))
#define ARG(i) LD(offsetof(struct seccomp_data, args) + 8 * (i))
#define IF(op, k, yes, no) BPF_JUMP(BPF_JMP | BPF_##op | BPF_K, k, yes, no)
#define RET(action) BPF_STMT(BPF_RET | BPF_K, action)
#define ALLOW RET(SECCOMP_RET_ALLOW)
#define KILL RET(SECCOMP_RET_KILL_PROCESS)
#define ERRNO RET(SECCOMP_RET_ERRNO | 1)

#define CPU AUDIT_ARCH_X86_64	/* any, and any number: filters are followed alike on all CPUs */
#define CALL 9
static const struct seccomp_call call = {
	.name = "mmap", .nr = CALL, .known = 0x3d,
	.args = {0, 0, PROT_READ | PROT_EXEC, MAP_PRIVATE, 0xffffffff00000001, 0},
};
static const struct seccomp_call no_call = {.name = "none", .nr = (uint32_t)-1, .may_fail = true};

static bool allows(const struct sock_filter *code, size_t n, const struct seccomp_call *what)
{
	return seccomp_allows(code, n, CPU, what);
}

#define FILTER(name, ...) static const struct sock_filter name[] = {__VA_ARGS__}
#define ALLOWS(name, what) allows(name, COUNT_OF(name), what)

static void a_list_of_what_is_allowed_is_followed(void **state)
{
	/* as libseccomp writes it: the CPU, the numbers of x32, the list, the rest */
	FILTER(list, ARCH, IF(JEQ, CPU, 0, 6), NR, IF(JGE, 0x40000000, 0, 1),
	       IF(JEQ, 0xffffffff, 0, 3), IF(JEQ, CALL, 1, 0), ERRNO, ALLOW, KILL);
	FILTER(other, NR, IF(JEQ, CALL + 1, 0, 1), ALLOW, KILL);

	assert_true(ALLOWS(list, &call));
	assert_true(ALLOWS(list, &no_call));
	assert_false(seccomp_allows(list, COUNT_OF(list), CPU + 1, &call));
	assert_false(ALLOWS(other, &call));
	assert_false(ALLOWS(other, &no_call));
}

static void every_action_but_allow_and_log_forbids(void **state)
{
	static const struct { uint32_t action; bool call, no_call; } rows[] = {
		{SECCOMP_RET_ALLOW, true, true}, {SECCOMP_RET_LOG, true, true},
		{SECCOMP_RET_ERRNO | 38, false, true}, {SECCOMP_RET_TRAP, false, false},
		{SECCOMP_RET_TRACE, false, false}, {SECCOMP_RET_KILL_THREAD, false, false},
		{SECCOMP_RET_KILL_PROCESS, false, false}, {SECCOMP_RET_USER_NOTIF, false, false},
		{0x12345678, false, false},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct sock_filter code[] = {RET(rows[i].action)};

		assert_int_equal(ALLOWS(code, &call), rows[i].call);
		assert_int_equal(ALLOWS(code, &no_call), rows[i].no_call);
	}
}

static void arguments_are_compared_where_they_are_known(void **state)
{
	/* systemd's MemoryDenyWriteExecute: no memory that is both */
	FILTER(both, NR, IF(JEQ, CALL, 0, 4), ARG(2),
	       BPF_STMT(BPF_ALU | BPF_AND | BPF_K, PROT_WRITE | PROT_EXEC),
	       IF(JEQ, PROT_WRITE | PROT_EXEC, 0, 1), KILL, ALLOW);
	FILTER(exec, ARG(2), IF(JSET, PROT_EXEC, 0, 1), KILL, ALLOW);
	FILTER(high, LD(16 + 4 * 8 + 4), IF(JGT, 0xfffffffe, 0, 1), ALLOW, KILL);

	assert_true(ALLOWS(both, &call));
	assert_false(ALLOWS(exec, &call));
	assert_true(ALLOWS(high, &call));
}

static void what_is_not_known_goes_both_ways(void **state)
{
	FILTER(size, ARG(1), IF(JGT, 4096, 0, 1), KILL, ALLOW);
	FILTER(same, ARG(1), IF(JGT, 4096, 0, 1), ALLOW, ALLOW);
	FILTER(kept, ARG(1), BPF_STMT(BPF_ST, 3), ARG(2), BPF_STMT(BPF_LD | BPF_MEM, 3),
	       IF(JEQ, 0, 0, 1), KILL, ALLOW);
	FILTER(moved, ARG(1), BPF_STMT(BPF_MISC | BPF_TAX, 0), BPF_STMT(BPF_LD | BPF_IMM, 7),
	       BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1), KILL, ALLOW);
	FILTER(place, LD(8), IF(JEQ, 0, 0, 1), KILL, ALLOW);	/* the instruction pointer */
	FILTER(answer, ARG(1), BPF_STMT(BPF_RET | BPF_A, 0));

	assert_false(ALLOWS(size, &call));
	assert_true(ALLOWS(same, &call));
	assert_false(ALLOWS(kept, &call));
	assert_false(ALLOWS(moved, &call));
	assert_false(ALLOWS(place, &call));
	assert_false(ALLOWS(answer, &call));
}

static void arithmetic_is_the_kernel_s(void **state)
{
	static const struct { uint16_t op; uint32_t k, want; } rows[] = {
		{BPF_ADD, 3, CALL + 3}, {BPF_SUB, CALL + 1, 0xffffffff}, {BPF_MUL, 3, CALL * 3},
		{BPF_DIV, 2, CALL / 2}, {BPF_OR, 6, CALL | 6}, {BPF_XOR, 1, CALL ^ 1},
		{BPF_LSH, 4, CALL << 4}, {BPF_RSH, 1, CALL >> 1}, {BPF_NEG, 0, 0u - CALL},
	};
	FILTER(length, BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
	       IF(JEQ, sizeof(struct seccomp_data), 0, 1), ALLOW, KILL);

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct sock_filter code[] = {
			NR, BPF_STMT((uint16_t)(BPF_ALU | rows[i].op), rows[i].k),
			IF(JEQ, rows[i].want, 0, 1), ALLOW, KILL,
		};

		assert_true(ALLOWS(code, &call));
	}
	assert_true(ALLOWS(length, &call));
}

static void what_no_filter_can_be_forbids(void **state)
{
	FILTER(no_end, NR);
	FILTER(far, IF(JEQ, 0, 200, 200), ALLOW);
	FILTER(very_far, BPF_STMT(BPF_JMP | BPF_JA, 0xffffffff), ALLOW);
	FILTER(outside, LD(64), ALLOW);
	FILTER(askew, LD(2), ALLOW);
	FILTER(half, BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0), ALLOW);
	FILTER(memory, BPF_STMT(BPF_LD | BPF_MEM, 16), ALLOW);
	FILTER(store, BPF_STMT(BPF_STX, 16), ALLOW);
	FILTER(zero, BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), ALLOW);

	assert_false(allows(no_end, 0, &call));
	assert_false(ALLOWS(no_end, &call));
	assert_false(ALLOWS(far, &call));
	assert_false(ALLOWS(very_far, &call));
	assert_false(ALLOWS(outside, &call));
	assert_false(ALLOWS(askew, &call));
	assert_false(ALLOWS(half, &call));
	assert_false(ALLOWS(memory, &call));
	assert_false(ALLOWS(store, &call));
	assert_false(ALLOWS(zero, &call));
}

/* 2^n ways through n comparisons that are not known: given up, not followed. */
static void a_filter_with_too_many_ways_forbids_in_bounded_time(void **state)
{
	struct sock_filter code[2049];

	for (size_t i = 0; i < 2048; i += 2) {
		code[i] = (struct sock_filter)ARG(1);
		code[i + 1] = (struct sock_filter)IF(JEQ, (uint32_t)i, 0, 0);
	}
	code[2048] = (struct sock_filter)ALLOW;
	assert_false(ALLOWS(code, &call));
}

static void any_bytes_are_judged_without_harm(void **state)
{
	uint32_t seed = 1, allowed = 0;

	for (int i = 0; i < 20000; i++) {
		struct sock_filter code[24];

		for (size_t k = 0; k < sizeof(code); k++) {
			seed = seed * 1664525 + 1013904223;
			((uint8_t *)code)[k] = (uint8_t)(seed >> 24) & (k % 8 < 4 ? 0x67 : 0xff);
		}
		code[23] = (struct sock_filter)ALLOW;
		allowed += ALLOWS(code, &call);
	}
	assert_true(allowed < 20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_no_of_the_kernel_is_given_its_reason),
		cmocka_unit_test(root_is_never_told_to_use_sudo),
		cmocka_unit_test(a_list_of_what_is_allowed_is_followed),
		cmocka_unit_test(every_action_but_allow_and_log_forbids),
		cmocka_unit_test(arguments_are_compared_where_they_are_known),
		cmocka_unit_test(what_is_not_known_goes_both_ways),
		cmocka_unit_test(arithmetic_is_the_kernel_s),
		cmocka_unit_test(what_no_filter_can_be_forbids),
		cmocka_unit_test(a_filter_with_too_many_ways_forbids_in_bounded_time),
		cmocka_unit_test(any_bytes_are_judged_without_harm),
	};

	return cmocka_run_group_tests_name("preflight", tests, NULL, NULL);
}
