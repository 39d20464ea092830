#include "config.h"
#include "inject/policy.h"

#include <errno.h>
#include <linux/filter.h>
#include <string.h>
#include <sys/mman.h>

#include "inject/arch_stop.h"
#include "inject/lodging.h"
#include "inject/seccomp.h"
#include "proc/status.h"
#include "util/mem.h"
#include "util/page.h"

#define FILTERS_MAX 64
#define ALL_ARGS 0x3fu
#define NO_CALL ((uint32_t)-1)

/*
 * Every system call that the thread makes because of leaktop. NO_CALL is what a filter sees where
 * the tracer has taken the call back (call.c, at the entry of rt_sigreturn): seccomp is asked
 * behind ptrace (kernel/entry/common.c, syscall_trace_enter). The registers are written anew then,
 * so an errno does no harm.
 */
static size_t calls(struct seccomp_call *ret, bool collects)
{
	const struct seccomp_call list[] = {
		{.name = "mmap", .nr = (uint32_t)arch_nr_mmap, .known = ALL_ARGS,
		 .args = {0, page_up(LODGING_CODE_SIZE), PROT_READ | PROT_EXEC,
			  MAP_PRIVATE | MAP_ANONYMOUS, (uint64_t)-1, 0}},
		{.name = "mmap", .nr = (uint32_t)arch_nr_mmap, .known = ALL_ARGS & ~2u,
		 .args = {0, 0, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  (uint64_t)-1, 0}},
		{.name = "munmap", .nr = (uint32_t)arch_nr_munmap},
		{.name = "futex", .nr = (uint32_t)arch_nr_futex},
		{.name = "clock_gettime", .nr = (uint32_t)arch_nr_clock_gettime},
		{.name = "rt_sigreturn", .nr = (uint32_t)arch_nr_sigreturn},
		{.name = "a call taken back", .nr = NO_CALL, .may_fail = true},
		{.name = "getpid", .nr = (uint32_t)arch_nr_getpid},	/* the last */
	};

	memcpy(ret, list, sizeof(list));
	return COUNT_OF(list) - !collects;
}

struct judgement {
	bool collects;
	const char *forbidden;		/* the first call that is not allowed; NULL: none */
	bool restarts;			/* restart_syscall is allowed */
};

static void judge(const struct sock_filter *code, size_t n, struct judgement *j)
{
	const struct seccomp_call restart = {.nr = (uint32_t)arch_nr_restart};
	struct seccomp_call list[16];
	size_t count = calls(list, j->collects);

	for (size_t i = 0; i < count && !j->forbidden; i++)
		if (!seccomp_allows(code, n, arch_audit, &list[i]))
			j->forbidden = list[i].name;
	j->restarts = j->restarts && seccomp_allows(code, n, arch_audit, &restart);
}

/* All of its filters; how many, -1 with errno where one cannot be read. */
static int judge_filters(const struct tracee *t, struct judgement *j)
{
	struct sock_filter code[SECCOMP_INSNS_MAX];
	int n, i;

	for (i = 0; i < FILTERS_MAX; i++) {
		n = tracee_filter(t, (unsigned)i, code);
		if (n <= 0)
			return n < 0 ? -1 : i;
		judge(code, (size_t)n, j);
	}
	errno = E2BIG;
	return -1;
}

static bool has_filter(const struct tracee *t)
{
	struct status st;

	return status_read(t->tid, 0, &st, NULL) != LT_OK || st.seccomp > 0;
}

static enum lt_errc ask_seccomp(struct tracee *t, struct arch_state *now, bool collects,
				int *ret_filters, struct lt_err *err)
{
	struct judgement j = {.collects = collects, .restarts = true};
	int n = judge_filters(t, &j), sys_errno = n < 0 ? errno : 0;

	if (n == 0 || (n < 0 && !has_filter(t)))
		return LT_OK;
	if ((n < 0 || !j.restarts) && arch_avoid_restart(now)) {
		t->before.nr = -1;	/* nobody is to take it for an interrupted one again */
		if (tracee_set(t, now, err) != LT_OK)
			return err->code;
	}
	if (n < 0)
		return lt_err_set(err, LT_E_SECCOMP, sys_errno, "its filter cannot be read");
	if (j.forbidden)
		return lt_err_set(err, LT_E_SECCOMP, 0, "it does not allow %s", j.forbidden);
	*ret_filters = j.restarts ? n : 0;
	return LT_OK;
}

enum lt_errc policy_ask(struct tracee *t, struct arch_state *now, bool collects, int *ret_filters,
			struct lt_err *err)
{
	enum lt_errc rc;

	*ret_filters = 0;
	rc = ask_seccomp(t, now, collects, ret_filters, err);
	if (rc == LT_OK && arch_guards_returns(t->tid))
		rc = lt_err_set(err, LT_E_SHSTK, 0, "a guarded control stack is on");
	if (rc == LT_OK && tracee_dispatches(t))
		rc = lt_err_set(err, LT_E_DISPATCH, 0, "syscall user dispatch is on");
	return rc;
}

bool policy_stop_may_kill(pid_t pid, const struct status_syscall *now, int filters)
{
	struct status st;

	return arch_restarts_elsewhere(now->nr, now->args) &&
	       (status_read(pid, 0, &st, NULL) != LT_OK ||
		(st.seccomp > 0 && st.filters != filters));
}
