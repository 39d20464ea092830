#include "config.h"
#include "inject/borrow.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/abi.h"
#include "agent/blob.h"
#include "inject/call.h"
#include "inject/fault.h"
#include "inject/preflight.h"
#include "inject/safepoint.h"
#include "util/clock.h"
#include "util/io.h"
#include "util/mem.h"

#define CODE_SIZE 4096				/* the helper fits in a page (helper.lds) */
#define STOP_MARGIN_NS (20 * CLOCK_NS_PER_MS)	/* a stop takes about a millisecond */
#define RETRY_NS (1 * CLOCK_NS_PER_MS)		/* between two tries for a safe point ... */
#define RETRY_FEW 20				/* ... of which so many; then it is a long story */
#define RETRY_LONG_NS (5 * CLOCK_NS_PER_MS)
#define ANSWER_POLL_NS (CLOCK_NS_PER_MS / 2)	/* between two looks for an answer, no stop */

/* ---- the child -------------------------------------------------------------------------- */

static bool block_word(const struct borrow_job *job, const struct lodging *l, size_t at,
		       uint32_t *ret)
{
	return l->block && remote_u32(&job->py->remote, l->block + at, ret);
}

static bool answered(const struct borrow_job *job, const struct lodging *l)
{
	uint32_t answer = 0;

	return block_word(job, l, offsetof(struct agent_block, answer), &answer) &&
	       answer == job->request;
}

/* Is an earlier note to the interpreter still unread? Unknown counts as yes. */
static bool note_is_queued(const struct borrow_job *job, const struct lodging *l)
{
	uint32_t posted = 1;

	if (!l->block)
		return false;
	(void)block_word(job, l, offsetof(struct agent_block, posted), &posted);
	return posted != 0;
}

static enum lt_errc map_one(struct call *c, uint64_t size, int prot, uint64_t *ret,
			    struct lt_err *err)
{
	const uint64_t args[6] = {0, size, (uint64_t)prot, MAP_PRIVATE | MAP_ANONYMOUS,
				  (uint64_t)-1, 0};
	int64_t addr = 0;
	enum lt_errc rc = call_syscall(c, arch_nr_mmap, args, &addr, err);

	if (rc != LT_OK)
		return rc;
	if (addr < 0 && addr > -4096)
		return lt_err_set(err, prot & PROT_EXEC ? LT_E_EXECMEM : LT_E_SYS, (int)-addr,
				  "mapping %llu bytes in the target", (unsigned long long)size);
	*ret = (uint64_t)addr;
	return LT_OK;
}

static enum lt_errc unmap_one(struct call *c, uint64_t *addr, uint64_t size, struct lt_err *err)
{
	const uint64_t args[6] = {*addr, size};
	int64_t ret = 0;
	enum lt_errc rc = LT_OK;

	if (!*addr)
		return LT_OK;
	rc = call_syscall(c, arch_nr_munmap, args, &ret, err);
	fault_at(FAULT_UNMAPPED);
	if (rc == LT_OK && ret != 0)
		return lt_err_set(err, LT_E_SYS, (int)-ret, "unmapping leaktop's page");
	if (rc == LT_OK)
		*addr = 0;
	return rc;
}

static enum lt_errc map_code(struct call *c, struct lodging *l, struct lt_err *err)
{
	size_t n = (size_t)(agent_blob_end - agent_blob);
	enum lt_errc rc;

	l->code_size = CODE_SIZE;
	rc = map_one(c, l->code_size, PROT_READ | PROT_EXEC, &l->code, err);
	if (rc == LT_OK)	/* never writable for the target: ptrace may write all the same */
		rc = tracee_poke(c->tracee, l->code, agent_blob, n, err);
	fault_at(FAULT_CODED);
	return rc;
}

static enum lt_errc map_block(struct call *c, const struct borrow_job *job, struct lodging *l,
			      struct lt_err *err)
{
	enum lt_errc rc;

	l->block_size = job->block_size;
	rc = map_one(c, l->block_size, PROT_READ | PROT_WRITE, &l->block, err);
	fault_at(FAULT_MAPPED);
	if (rc != LT_OK)
		return rc;
	if (!remote_write(&job->py->remote, l->block, job->block, job->block_n))
		return lt_err_set(err, LT_E_REMOTE, errno, "writing the helper's block");
	fault_at(FAULT_FILLED);
	return LT_OK;
}

/* A block of another size waits while a note in the interpreter's queue points at this one. */
static enum lt_errc move_in(struct call *c, const struct borrow_job *job, struct lodging *l,
			    struct lt_err *err)
{
	bool resize = l->block && l->block_size != job->block_size && !note_is_queued(job, l);
	enum lt_errc rc = LT_OK;

	if (!l->code)
		rc = map_code(c, l, err);
	if (rc == LT_OK && resize)
		rc = unmap_one(c, &l->block, l->block_size, err);
	if (rc == LT_OK && !l->block)
		rc = map_block(c, job, l, err);
	return rc;
}

static enum lt_errc move_out(struct call *c, struct lodging *l, struct lt_err *err)
{
	enum lt_errc rc = unmap_one(c, &l->block, l->block_size, err);

	return rc == LT_OK ? unmap_one(c, &l->code, l->code_size, err) : rc;
}

/*
 * The target may have started another program since the last sample: our pages are gone then and
 * its C library lies elsewhere. Believe nothing that was learned before; look at the very bytes
 * that are about to be run.
 */
static bool still_there(const struct borrow_job *job, const struct lodging *l)
{
	const struct remote *r = &job->py->remote;
	size_t n = (size_t)(agent_blob_end - agent_blob);
	uint8_t bytes[CODE_SIZE];

	if (!remote_read(r, job->gadgets->restore_rt, bytes, arch_restore_rt.n) ||
	    memcmp(bytes, arch_restore_rt.bytes, arch_restore_rt.n) != 0 ||
	    !remote_read(r, job->gadgets->syscall_ret, bytes, arch_syscall_ret.n) ||
	    memcmp(bytes, arch_syscall_ret.bytes, arch_syscall_ret.n) != 0 ||
	    !python_same(job->py))
		return false;
	if (l->code && (!remote_read(r, l->code, bytes, n) || memcmp(bytes, agent_blob, n) != 0))
		return false;
	return !l->block || remote_read(r, l->block, bytes, sizeof(struct agent_block));
}

/* What is done with the parked thread: the calls between begin and end. */
static enum lt_errc do_job(struct call *c, const struct borrow_job *job, enum safepoint point,
			   struct borrow_result *r, struct lt_err *err)
{
	struct lodging *l = &r->lodging;
	enum lt_errc rc;

	if (job->leave)
		return move_out(c, l, err);
	if ((rc = move_in(c, job, l, err)) != LT_OK)
		return rc;
	if (point == SAFEPOINT_RUNNING) {
		r->pending = true;
		rc = call_function(c, l->code + AGENT_ENTRY_POST, l->block, err);
	} else {
		rc = call_function(c, l->code + AGENT_ENTRY_CALL, l->block, err);
	}
	fault_at(FAULT_CALLED);
	return rc;
}

/* ---- a stop ----------------------------------------------------------------------------- */

/* The thread is parked: judge, work, give it back its state. */
static enum lt_errc use_stop(struct tracee *t, const struct borrow_job *job,
			     const struct maps *maps, struct borrow_result *r, struct lt_err *err)
{
	struct arch_state now;
	struct call call = {.eintr_raises = job->py->layout->eintr_raises};
	const char *why = "";
	enum safepoint point;
	struct lt_err end_err;
	enum lt_errc rc = tracee_get(t, &now, err), end;

	if (rc != LT_OK)
		return rc;
	if (arch_repair_eintr(&now)) {
		timed_renew(&r->wait, job->py, &now);
		if ((rc = tracee_set(t, &now, err)) != LT_OK)
			return rc;
	} else {
		r->wait = (struct timed_wait){0};
	}
	fault_at(FAULT_STOPPED);
	/* who stopped it wants it to stand still: only our own pages are taken back then */
	if (tracee_in_group_stop(t) && !job->leave)
		return lt_err_set(err, LT_E_NO_SAFE_POINT, 0, "the process is being stopped");
	if (!still_there(job, &r->lodging))
		return lt_err_set(err, LT_E_REPLACED, 0, "its memory is another one now");
	/* to take our pages back the kernel alone is needed */
	point = safepoint_judge(job->py, job->leave ? SAFEPOINT_SYSCALLS : SAFEPOINT_FUNCTIONS,
				job->gadgets, maps, t, &now, &why);
	fault_at(FAULT_JUDGED);
	if (point == SAFEPOINT_NO)
		return lt_err_set(err, LT_E_NO_SAFE_POINT, 0, "%s", why);
	if (note_is_queued(job, &r->lodging) && (job->leave || point == SAFEPOINT_RUNNING))
		return lt_err_set(err, LT_E_BUSY, 0, "an earlier request is still queued");
	if ((rc = call_begin(&call, t, job->gadgets, err)) != LT_OK)
		return rc;
	rc = do_job(&call, job, point, r, err);
	if (rc == LT_E_TIMEOUT || rc == LT_E_GONE)
		return rc;	/* still running the call: let it end by itself */
	end = call_end(&call, &end_err);
	if (rc == LT_OK && end != LT_OK) {
		*err = end_err;
		rc = end;
	}
	return rc;
}

static enum lt_errc one_stop(const struct borrow_job *job, const struct maps *maps,
			     struct borrow_result *r, struct lt_err *err)
{
	pid_t tid = job->py->remote.pid;	/* the main thread has the PID of the process */
	struct tracee t;
	int64_t begin, stopped;
	enum lt_errc rc = tracee_seize(&t, tid, job->deadline_ns, err);

	if (rc != LT_OK)
		return rc;
	begin = clock_mono_ns();
	rc = tracee_interrupt(&t, err);
	if (rc == LT_OK)
		rc = use_stop(&t, job, maps, r, err);
	tracee_detach(&t);	/* a thread that still runs is let go when this process ends */
	stopped = clock_mono_ns() - begin;
	r->stops++;
	r->stopped_ns += stopped;
	if (stopped > r->longest_stop_ns)
		r->longest_stop_ns = stopped;
	return rc;
}

/* One look at /proc; a stop only if it promises something. */
static enum lt_errc one_try(const struct borrow_job *job, struct borrow_result *r,
			    struct lt_err *err)
{
	pid_t pid = job->py->remote.pid;
	struct status_syscall now;
	struct maps maps = {0};
	const char *why = "";
	enum safepoint guess;
	enum lt_errc rc;

	if (!status_syscall_read(pid, pid, &now)) {
		if ((rc = preflight_read(pid, err)) != LT_OK)
			return rc;	/* gone: nothing would ever become of it */
		now.nr = -1;
	}
	if (!timed_still(&r->wait, pid, &now))
		r->wait = (struct timed_wait){0};
	else if (!r->wait.timeout_ms)
		return lt_err_set(err, LT_E_NO_SAFE_POINT, 0,
				  "in a timed wait that another visit would prolong");
	if (now.nr < 0 && note_is_queued(job, &r->lodging))
		return lt_err_set(err, LT_E_BUSY, 0, "an earlier request is still queued");
	if ((rc = maps_read(pid, &maps, err)) != LT_OK)
		return rc;
	guess = job->leave ? safepoint_guess_syscalls(&now, &why)
			   : safepoint_guess(job->py, &now, &maps, &why);
	if (guess == SAFEPOINT_NO)
		rc = lt_err_set(err, LT_E_NO_SAFE_POINT, 0, "%s", why);
	else
		rc = one_stop(job, &maps, r, err);
	maps_done(&maps);
	if (guess != SAFEPOINT_NO)
		timed_remember(&r->wait, pid, &now);
	return rc;
}

static bool worth_another_try(enum lt_errc rc)
{
	return rc == LT_E_NO_SAFE_POINT || rc == LT_E_BUSY;
}

static bool job_is_done(const struct borrow_job *job, const struct borrow_result *r)
{
	if (job->leave)
		return !r->lodging.code && !r->lodging.block;
	return answered(job, &r->lodging);
}

/* The reason of the last try stands, unless there was none. */
static void give_up(struct lt_err *err, bool asked)
{
	if (asked)
		lt_err_set(err, LT_E_BUSY, 0, "it did not return to Python code");
	else if (err->code == LT_OK)
		lt_err_set(err, LT_E_TIMEOUT, 0, "no try was possible");
}

static void run_job(const struct borrow_job *job, struct borrow_result *r)
{
	struct lt_err *err = &r->err;
	bool asked = false;

	for (int tries = 0; !job_is_done(job, r); tries++) {
		int64_t left = job->deadline_ns - clock_mono_ns();

		if (left <= (asked ? 0 : STOP_MARGIN_NS)) {
			give_up(err, asked);
			return;
		}
		if (!asked) {
			enum lt_errc rc = one_try(job, r, err);

			if (rc != LT_OK && !worth_another_try(rc))
				return;
			asked = rc == LT_OK && !job->leave;
		}
		if (!job_is_done(job, r))
			clock_sleep_ns(asked ? ANSWER_POLL_NS
					     : tries < RETRY_FEW ? RETRY_NS : RETRY_LONG_NS);
	}
	*err = (struct lt_err){0};
}

/*
 * The child takes no part in the terminal's signals: ^C and a hang-up end leaktop, which then
 * detaches in order. SIGCHLD stays blocked for tracee.c to wait with.
 */
static void child_signals(void)
{
	static const int ignored[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP, SIGPIPE, SIGWINCH};
	static const int fatal[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
	sigset_t chld;

	for (size_t i = 0; i < COUNT_OF(ignored); i++)
		signal(ignored[i], SIG_IGN);
	for (size_t i = 0; i < COUNT_OF(fatal); i++)
		signal(fatal[i], SIG_DFL);
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	signal(SIGCHLD, SIG_DFL);
}

static void child_main(const struct borrow_job *job, pid_t leaktop, int fd)
{
	struct borrow_result r = {.lodging = job->lodging, .wait = job->wait};

	child_signals();
	prctl(PR_SET_PDEATHSIG, SIGKILL);	/* nobody would read what it finds (I1) */
	if (getppid() != leaktop)
		_exit(1);
	run_job(job, &r);
	r.cpu_ns = clock_cpu_ns();
	(void)io_write_all(fd, &r, sizeof(r));
	_exit(0);
}

/* ---- leaktop ---------------------------------------------------------------------------- */

enum lt_errc borrow_begin(struct borrower *b, const struct borrow_job *job, struct lt_err *err)
{
	pid_t leaktop = getpid(), child;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return lt_err_set(err, LT_E_SYS, errno, "making a pipe");
	child = fork();
	if (child == 0) {
		close(fds[0]);
		child_main(job, leaktop, fds[1]);
	}
	close(fds[1]);
	if (child < 0) {
		int e = errno;

		close(fds[0]);
		return lt_err_set(err, LT_E_SYS, e, "starting a process");
	}
	*b = (struct borrower){.child = child, .fd = fds[0], .lodging = job->lodging,
			       .wait = job->wait};
	return LT_OK;
}

static void reap(struct borrower *b)
{
	close(b->fd);
	while (waitpid(b->child, NULL, 0) < 0 && errno == EINTR)
		;
	b->child = 0;
	b->fd = -1;
}

void borrow_end(struct borrower *b, struct borrow_result *ret)
{
	struct borrow_result r = {.lodging = b->lodging, .wait = b->wait};
	size_t at = 0;

	while (at < sizeof(r)) {
		ssize_t n = read(b->fd, (char *)&r + at, sizeof(r) - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		at += (size_t)n;
	}
	if (at < sizeof(r)) {
		r = (struct borrow_result){.lodging = b->lodging, .stops = 1};
		lt_err_set(&r.err, LT_E_TIMEOUT, 0, "the borrower ended without a word");
	}
	reap(b);
	*ret = r;
}

void borrow_abandon(struct borrower *b)
{
	if (b->child <= 0)
		return;
	kill(b->child, SIGKILL);
	reap(b);
}
