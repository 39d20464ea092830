#include "config.h"
#include "inject/arch.h"

#include <asm/ptrace.h>
#include <asm/sigcontext.h>
#include <asm/unistd.h>
#include <elf.h>
#include <errno.h>
#include <linux/audit.h>
#include <string.h>
#include <time.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#include "inject/arch_stop.h"
#include "util/mem.h"

/* Newer than the C library's elf.h may be. */
#define REGSET_SYSTEM_CALL 0x404
#define REGSET_SVE 0x405
#define REGSET_SSVE 0x40b
#define REGSET_ZA 0x40c
#define REGSET_POE 0x40f
#define REGSET_GCS 0x410

#define INSN 4u				/* bytes of any instruction */
#define SVC 0xd4000001u			/* svc #0 */
#define X_RETURN 30
#define DESCRIPTOR_MOST 4096u		/* more than a C library's structure of a thread has */
#define X_NUMBER 8
#define X_NOT_IN_SYSCALL_STOPS 7	/* there it says which one it is, and cannot be written */

/* In-kernel errors that no tracer sees on this CPU, but understands (include/linux/errno.h). */
#define K_ERESTARTSYS 512
#define K_ERESTARTNOHAND 514
#define K_ERESTART_RESTARTBLOCK 516

const long arch_nr_mmap = __NR_mmap, arch_nr_munmap = __NR_munmap, arch_nr_futex = __NR_futex,
	arch_nr_clock_gettime = __NR_clock_gettime, arch_nr_sigreturn = __NR_rt_sigreturn,
	arch_nr_restart = __NR_restart_syscall, arch_nr_getpid = __NR_getpid;
const uint32_t arch_audit = AUDIT_ARCH_AARCH64;

/* mov x8, #139; svc #0 - the vdso's __kernel_rt_sigreturn, musl's __restore_rt. */
static const uint8_t restore_rt_bytes[] = {0x68, 0x11, 0x80, 0xd2, 0x01, 0, 0, 0xd4};
static const uint8_t syscall_ret_bytes[] = {0x01, 0, 0, 0xd4, 0xc0, 0x03, 0x5f, 0xd6};

const struct arch_pattern arch_restore_rt = {restore_rt_bytes, sizeof(restore_rt_bytes)};
const struct arch_pattern arch_syscall_ret = {syscall_ret_bytes, sizeof(syscall_ret_bytes)};
/*
 * mov w0, #0 (or x0); ldp x29, x30, [sp], #16 (or #32); ret - of a small function. Where the
 * library signs return addresses there is an autiasp before the ret.
 */
#define ZERO_W 0x00, 0x00, 0x80, 0x52
#define ZERO_X 0x00, 0x00, 0x80, 0xd2
#define LEAVE_16 0xfd, 0x7b, 0xc1, 0xa8
#define LEAVE_32 0xfd, 0x7b, 0xc2, 0xa8
#define AUTHENTICATE 0xbf, 0x23, 0x03, 0xd5
#define RETURN 0xc0, 0x03, 0x5f, 0xd6
#define PATTERN(...) {(const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})}
const struct arch_pattern arch_zero_ret[] = {
	PATTERN(ZERO_W, LEAVE_32, AUTHENTICATE, RETURN), PATTERN(ZERO_W, LEAVE_32, RETURN),
	PATTERN(ZERO_W, LEAVE_16, AUTHENTICATE, RETURN), PATTERN(ZERO_W, LEAVE_16, RETURN),
	PATTERN(ZERO_X, LEAVE_32, AUTHENTICATE, RETURN), PATTERN(ZERO_X, LEAVE_32, RETURN),
	PATTERN(ZERO_X, LEAVE_16, AUTHENTICATE, RETURN), PATTERN(ZERO_X, LEAVE_16, RETURN),
	{NULL, 0},
};

/*
 * Registers as ptrace has them, and what else is known. In a system call that will be restarted pc
 * is at its svc and x0 is its first argument; in one that returned, behind it.
 */
struct registers {
	struct user_pt_regs r;
	int64_t nr;			/* of the system call the thread is in, -1: none */
	uint64_t arg0;			/* x0 when it entered that */
	uint64_t tls;			/* TPIDR_EL0 */
	int64_t result;			/* -K_ERESTART...: how it goes on; else x0 */
	uint32_t code[2];		/* the instructions before pc and at pc; 0: unreadable */
	bool sve;			/* the extended state is SVE's; else FPSIMD's alone */
	bool overlays;			/* the CPU has POR_EL0, ... */
	uint64_t permissions;		/* ... and what that says of memory by its keys */
};
_Static_assert(sizeof(struct registers) <= ARCH_REGS_MAX, "room for it");

static struct registers *regs_of(struct arch_state *s)
{
	return (struct registers *)(void *)s->regs;
}

static const struct registers *regs_in(const struct arch_state *s)
{
	return (const struct registers *)(const void *)s->regs;
}

/* ---- registers --------------------------------------------------------------------------- */

static int regset_get(pid_t tid, int set, void *dst, size_t *n)
{
	struct iovec iov = {dst, *n};

	if (ptrace(PTRACE_GETREGSET, tid, (void *)(uintptr_t)set, &iov) < 0)
		return errno;
	*n = iov.iov_len;
	return 0;
}

static int regset_set(pid_t tid, int set, const void *src, size_t n)
{
	struct iovec iov = {(void *)(uintptr_t)src, n};

	return ptrace(PTRACE_SETREGSET, tid, (void *)(uintptr_t)set, &iov) < 0 ? errno : 0;
}

static uint32_t code_at(pid_t tid, uint64_t at)
{
	long word;

	errno = 0;
	word = ptrace(PTRACE_PEEKTEXT, tid, (void *)(uintptr_t)(at & ~7ul), NULL);
	if (errno)
		return 0;
	return (uint32_t)((uint64_t)word >> (at & 4 ? 32 : 0));
}

int arch_regs_get(pid_t tid, struct arch_state *s)
{
	struct registers *r = regs_of(s);
	int32_t nr = -1;
	size_t n = sizeof(r->r);
	int e;

	memset(r, 0, sizeof(*r));
	if ((e = regset_get(tid, NT_PRSTATUS, &r->r, &n)) != 0)
		return e;
	if (n != sizeof(r->r))
		return ENOTSUP;		/* of a 32-bit program, which have other places */
	n = sizeof(nr);
	if ((e = regset_get(tid, REGSET_SYSTEM_CALL, &nr, &n)) != 0)
		return e;
	n = sizeof(r->tls);
	if ((e = regset_get(tid, NT_ARM_TLS, &r->tls, &n)) != 0)
		return e;
	r->nr = nr;
	r->arg0 = r->r.regs[0];
	r->result = (int64_t)r->r.regs[0];
	r->code[0] = code_at(tid, r->r.pc - INSN);
	r->code[1] = code_at(tid, r->r.pc);
	return 0;
}

/*
 * Nowhere does the kernel have a system call to go on with, but where arch_reenter gives it one. A
 * number left from the entry of a sigreturn is taken away last: until then that happens.
 */
int arch_regs_set(pid_t tid, const struct arch_state *s)
{
	const int32_t none = -1;
	int e = regset_set(tid, NT_PRSTATUS, &regs_in(s)->r, sizeof(regs_in(s)->r));

	return e ? e : regset_set(tid, REGSET_SYSTEM_CALL, &none, sizeof(none));
}

/*
 * SME: in streaming mode no ordinary function may run, and a matrix that is in use would have to be
 * saved by rules of its own.
 */
static bool in_matrix_mode(pid_t tid)
{
	struct user_sve_header mode = {0};	/* that of ZA begins alike */
	size_t n = sizeof(mode);

	if (regset_get(tid, REGSET_SSVE, &mode, &n) == 0 && (mode.flags & SVE_PT_REGS_MASK))
		return true;
	n = sizeof(mode);
	return regset_get(tid, REGSET_ZA, &mode, &n) == 0 && mode.size > sizeof(mode);
}

/* In a system call there is no SVE state: the kernel drops it at the entry. */
int arch_fp_get(pid_t tid, struct arch_state *s)
{
	struct registers *r = regs_of(s);
	struct user_sve_header sve = {0};
	size_t n = sizeof(sve);
	int e;

	if (in_matrix_mode(tid))
		return EBUSY;
	r->sve = regset_get(tid, REGSET_SVE, &sve, &n) == 0 &&
		 (sve.flags & SVE_PT_REGS_MASK) == SVE_PT_REGS_SVE;
	n = sizeof(r->permissions);
	r->overlays = regset_get(tid, REGSET_POE, &r->permissions, &n) == 0;
	s->fp_size = sizeof(s->fp);
	e = regset_get(tid, r->sve ? REGSET_SVE : NT_PRFPREG, s->fp, &s->fp_size);
	if (!e && r->sve && (sve.size > sizeof(s->fp) || s->fp_size < sve.size))
		return ENOTSUP;
	return e;
}

int arch_fp_set(pid_t tid, const struct arch_state *s)
{
	return regset_set(tid, regs_in(s)->sve ? REGSET_SVE : NT_PRFPREG, s->fp, s->fp_size);
}

bool arch_guards_returns(pid_t tid)
{
	uint64_t gcs[3] = {0};		/* struct user_gcs: features_enabled, _locked, pointer */
	size_t n = sizeof(gcs);

	return regset_get(tid, REGSET_GCS, gcs, &n) == 0 && (gcs[0] & 1);
}

uint64_t arch_ticks(void)
{
	uint64_t ticks;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
	return ticks;
}

uint64_t arch_pc(const struct arch_state *s)
{
	return regs_in(s)->r.pc;
}

uint64_t arch_sp(const struct arch_state *s)
{
	return regs_in(s)->r.sp;
}

/*
 * A thread's structure ends where its thread pointer shows (TLS variant 1), and how large it is the
 * C library alone knows. Other threads' are a stack away.
 */
struct python_range arch_thread_self(const struct arch_state *s)
{
	uint64_t tls = regs_in(s)->tls;

	return (struct python_range){tls > DESCRIPTOR_MOST ? tls - DESCRIPTOR_MOST : 0, tls};
}

long arch_syscall_nr(const struct arch_state *s)
{
	return regs_in(s)->nr;
}

uint64_t arch_syscall_arg(const struct arch_state *s, int i)
{
	if (i == 0)
		return regs_in(s)->arg0;
	return i > 0 && i < 6 ? regs_in(s)->r.regs[i] : 0;
}

/* ---- system calls ------------------------------------------------------------------------ */

/*
 * Calls in which a thread may be borrowed, as on x86-64, and what the kernel returns from one that
 * a signal has interrupted: it restarts unless a handler runs (NOHAND), or unless one does that
 * was installed without SA_RESTART (SYS); NOHAND also where it returns EINTR and is repaired.
 */
static const struct {
	uint16_t nr;
	uint8_t kind;
	uint16_t result;
} blocks[] = {
	{__NR_read, ARCH_BLOCK_YES, K_ERESTARTSYS}, {__NR_write, ARCH_BLOCK_YES, K_ERESTARTSYS},
	{__NR_readv, ARCH_BLOCK_YES, K_ERESTARTSYS}, {__NR_writev, ARCH_BLOCK_YES, K_ERESTARTSYS},
	{__NR_ppoll, ARCH_BLOCK_YES, K_ERESTARTNOHAND},
	{__NR_pselect6, ARCH_BLOCK_YES, K_ERESTARTNOHAND},
	{__NR_epoll_pwait, ARCH_BLOCK_YES, K_ERESTARTNOHAND},
	{__NR_epoll_pwait2, ARCH_BLOCK_YES, K_ERESTARTNOHAND},
	{__NR_accept, ARCH_BLOCK_YES, K_ERESTARTSYS},
	{__NR_accept4, ARCH_BLOCK_YES, K_ERESTARTSYS},
	{__NR_connect, ARCH_BLOCK_YES, K_ERESTARTSYS},
	{__NR_flock, ARCH_BLOCK_YES, K_ERESTARTSYS},
	{__NR_sendto, ARCH_BLOCK_YES, K_ERESTARTSYS},
	{__NR_sendmsg, ARCH_BLOCK_YES, K_ERESTARTSYS},
	{__NR_recvfrom, ARCH_BLOCK_YES, K_ERESTARTSYS},
	{__NR_recvmsg, ARCH_BLOCK_YES, K_ERESTARTSYS},
	{__NR_recvmmsg, ARCH_BLOCK_YES, K_ERESTARTSYS},
	{__NR_wait4, ARCH_BLOCK_YES, K_ERESTARTSYS}, {__NR_waitid, ARCH_BLOCK_YES, K_ERESTARTSYS},
	{__NR_nanosleep, ARCH_BLOCK_YES, K_ERESTARTNOHAND},
	{__NR_clock_nanosleep, ARCH_BLOCK_YES, K_ERESTARTNOHAND},
	{__NR_restart_syscall, ARCH_BLOCK_RESTART, K_ERESTART_RESTARTBLOCK},
	{__NR_rt_sigtimedwait, ARCH_BLOCK_YES, K_ERESTARTNOHAND},
	{__NR_semtimedop, ARCH_BLOCK_YES, K_ERESTARTNOHAND},
	{__NR_msgrcv, ARCH_BLOCK_YES, K_ERESTARTNOHAND},
	{__NR_msgsnd, ARCH_BLOCK_YES, K_ERESTARTNOHAND},
	{__NR_futex, ARCH_BLOCK_FUTEX, K_ERESTARTSYS},
};

enum arch_block arch_block_kind(long nr)
{
	for (size_t i = 0; i < COUNT_OF(blocks); i++)
		if (blocks[i].nr == nr)
			return (enum arch_block)blocks[i].kind;
	return ARCH_BLOCK_NO;
}

static int64_t restart_result(long nr)
{
	for (size_t i = 0; i < COUNT_OF(blocks); i++)
		if (blocks[i].nr == nr)
			return -(int64_t)blocks[i].result;
	return -K_ERESTARTSYS;
}

bool arch_is_fork(long nr)
{
	return nr == __NR_clone || nr == __NR_clone3;
}

/* kernel/time/hrtimer.c, posix-timers.c, futex/waitwake.c; ppoll and pselect6 do not. */
bool arch_restarts_elsewhere(long nr, const uint64_t args[6])
{
	switch (nr) {
	case __NR_nanosleep:
		return true;
	case __NR_clock_nanosleep:
		return !(args[1] & TIMER_ABSTIME);
	case __NR_futex:
		return args[3] != 0;
	default:
		return false;
	}
}

const bool arch_needs_telling = true;

/* Is it the call that /proc told of, interrupted at this very place? `at` is behind its svc. */
static bool is_told(const struct registers *r, const struct status_syscall *before, uint64_t at)
{
	return before->nr >= 0 && before->nr == (int64_t)r->r.regs[X_NUMBER] && before->pc == at &&
	       before->sp == r->r.sp && memcmp(before->args + 1, r->r.regs + 1, 5 * 8) == 0;
}

/*
 * At an svc: it is going to be restarted, or was about to begin, which are the same but for one
 * that goes on through restart_syscall. Behind one, with EINTR: only what was told is known.
 */
void arch_learn(struct arch_state *s, const struct status_syscall *before, bool repaired)
{
	struct registers *r = regs_of(s);

	r->nr = -1;
	if (r->code[1] == SVC) {
		r->nr = (int64_t)r->r.regs[X_NUMBER];
		r->result = repaired ? -K_ERESTARTNOHAND : restart_result(r->nr);
		if (is_told(r, before, r->r.pc + INSN) && before->args[0] == r->arg0 &&
		    arch_restarts_elsewhere(r->nr, before->args))
			r->result = -K_ERESTART_RESTARTBLOCK;
	} else if (r->code[0] == SVC && (int64_t)r->r.regs[0] == -EINTR &&
		   is_told(r, before, r->r.pc)) {
		r->nr = before->nr;
		r->arg0 = before->args[0];
	}
}

static bool restarts(const struct registers *r)
{
	return r->nr >= 0 && r->result <= -K_ERESTARTSYS && r->result >= -K_ERESTART_RESTARTBLOCK;
}

const bool arch_repairs_blindly = true;

bool arch_repair_eintr(struct arch_state *s)
{
	struct registers *r = regs_of(s);

	/* close() says EINTR after it has given the descriptor up (fs/open.c) */
	if (r->nr < 0 || r->result != -EINTR || r->nr == __NR_close)
		return false;
	r->result = -K_ERESTARTNOHAND;
	r->r.regs[0] = r->arg0;
	r->r.pc -= INSN;
	return true;
}

/* As handle_signal() does without SA_RESTART (arch/arm64/kernel/signal.c, do_signal). */
bool arch_end_call(struct arch_state *s)
{
	struct registers *r = regs_of(s);

	if (r->nr < 0 || arch_block_kind(r->nr) == ARCH_BLOCK_NO)
		return false;
	if (restarts(r)) {
		r->r.regs[0] = (uint64_t)-EINTR;
		r->r.pc += INSN;
		r->result = -EINTR;
	}
	return r->result == -EINTR;
}

void arch_unrepair(struct arch_state *s)
{
	regs_of(s)->r.regs[0] = (uint64_t)-EINTR;
	regs_of(s)->r.pc += INSN;
}

/*
 * do_signal: only a thread that is elsewhere than at its svc is not made to go on with the call.
 * Also one that was not told of: this is for those that began after /proc was asked.
 */
bool arch_avoid_restart(struct arch_state *s)
{
	struct registers *r = regs_of(s);

	if (r->nr < 0 || !arch_restarts_elsewhere(r->nr, (const uint64_t *)r->r.regs))
		return false;
	r->r.regs[0] = (uint64_t)-EINTR;
	r->r.pc += INSN;
	r->result = -EINTR;
	r->nr = -1;
	return true;
}

enum arch_wait arch_wait_kind(const struct arch_state *s, int64_t *ret_ms)
{
	const struct registers *r = regs_in(s);

	switch (r->nr) {
	case __NR_epoll_pwait:
		if ((int32_t)r->r.regs[3] < 0)
			return ARCH_WAIT_UNTIMED;
		*ret_ms = (int32_t)r->r.regs[3];
		return ARCH_WAIT_REGISTER;
	case __NR_epoll_pwait2:
	case __NR_semtimedop:
		return r->r.regs[3] ? ARCH_WAIT_MEMORY : ARCH_WAIT_UNTIMED;
	case __NR_rt_sigtimedwait:
		return r->r.regs[2] ? ARCH_WAIT_MEMORY : ARCH_WAIT_UNTIMED;
	default:	/* a socket with a timeout: without one it would not need repair */
		return ARCH_WAIT_MEMORY;
	}
}

void arch_set_wait_ms(struct arch_state *s, int64_t ms)
{
	regs_of(s)->r.regs[3] = (uint64_t)ms;
}

/* ---- the frame --------------------------------------------------------------------------- */

/* arch/arm64/kernel/signal.c struct rt_sigframe: siginfo, then asm/ucontext.h's struct ucontext. */
struct frame {
	uint8_t info[128];
	uint64_t uc_flags, uc_link;
	uint64_t stack_sp;
	uint32_t stack_flags, stack_pad;
	uint64_t stack_size;
	uint64_t sigmask;
	uint8_t unused[120];		/* the rest of glibc's sigset_t */
	struct sigcontext mc;
};

#define RECORDS_AT (offsetof(struct frame, mc) + offsetof(struct sigcontext, __reserved))
#define RECORDS_SIZE sizeof(((struct sigcontext *)0)->__reserved)
#define TERMINATOR 16u			/* an empty struct _aarch64_ctx, with padding */

/* Linux 6.12, asm/sigcontext.h struct poe_context. */
struct permissions_record {
	struct _aarch64_ctx head;
	uint64_t permissions;
};
#define PERMISSIONS_MAGIC 0x504f4530
_Static_assert(sizeof(struct permissions_record) == 16, "records are aligned to 16 bytes");

/* restore_altstack() ignores a stack with flags it does not know: the thread keeps its own. */
#define STACK_FLAGS_UNKNOWN 0x40000000U

/*
 * Registers as the frame must hold them: rt_sigreturn restarts nothing, and makes restart_syscall
 * return EINTR.
 */
static struct user_pt_regs resumed(const struct arch_state *s, bool eintr_raises)
{
	const struct registers *r = regs_in(s);
	struct user_pt_regs to = r->r;

	if (r->nr >= 0 && r->result == -K_ERESTART_RESTARTBLOCK &&
	    (!eintr_raises || r->nr == __NR_restart_syscall)) {
		to.regs[0] = (uint64_t)-EINTR;
		to.pc += INSN;
	}
	return to;
}

static size_t round16(size_t n)
{
	return (n + 15) & ~(size_t)15;
}

static uint16_t vector_length(const struct arch_state *s)
{
	struct user_sve_header h;

	memcpy(&h, s->fp, sizeof(h));
	return h.vl;
}

/* Bytes of Z, P and FFR: the same in ptrace's regset as in a frame. */
static size_t sve_bytes(uint16_t vl)
{
	return 32u * vl + 17u * (vl / 8u);
}

static size_t sve_record_size(const struct arch_state *s)
{
	return regs_in(s)->sve ? round16(sizeof(struct sve_context) + sve_bytes(vector_length(s)))
			       : 0;
}

/* The low halves of Z are the V registers, which the kernel takes from here in any case. */
static void put_fpsimd(const struct arch_state *s, uint8_t *at)
{
	struct fpsimd_context c = {.head = {FPSIMD_MAGIC, sizeof(c)}};
	struct user_fpsimd_state fp;
	uint16_t vl;

	if (!regs_in(s)->sve) {
		memcpy(&fp, s->fp, sizeof(fp));
		c.fpsr = fp.fpsr;
		c.fpcr = fp.fpcr;
		memcpy(c.vregs, fp.vregs, sizeof(c.vregs));
	} else {
		vl = vector_length(s);
		for (unsigned i = 0; i < 32; i++)
			memcpy(&c.vregs[i], s->fp + SVE_PT_REGS_OFFSET + (size_t)i * vl, 16);
		memcpy(&c.fpsr, s->fp + SVE_PT_SVE_FPSR_OFFSET(vl / 16u), 4);
		memcpy(&c.fpcr, s->fp + SVE_PT_SVE_FPCR_OFFSET(vl / 16u), 4);
	}
	memcpy(at, &c, sizeof(c));
}

/*
 * All records but that of FPSIMD may be left out, but kernels from 6.12 on, until they have commit
 * 030e8a40fff6 of May 2026, write into POR_EL0 what lies on their stack where this one is missing.
 */
static size_t put_permissions(const struct arch_state *s, uint8_t *at)
{
	const struct permissions_record c = {
		.head = {PERMISSIONS_MAGIC, sizeof(c)}, .permissions = regs_in(s)->permissions,
	};

	if (!regs_in(s)->overlays)
		return 0;
	memcpy(at, &c, sizeof(c));
	return sizeof(c);
}

static void put_sve(const struct arch_state *s, uint8_t *at)
{
	const struct sve_context c = {
		.head = {SVE_MAGIC, (uint32_t)sve_record_size(s)}, .vl = vector_length(s),
	};

	memcpy(at, &c, sizeof(c));
	memcpy(at + sizeof(c), s->fp + SVE_PT_REGS_OFFSET, sve_bytes(c.vl));
}

/*
 * The records behind one another, a terminator behind the last (the frame is zeroed). Long vectors
 * find no room in __reserved: a record says that there is more behind it.
 */
static void put_records(const struct arch_state *s, uint8_t *frame, uint64_t frame_at)
{
	size_t at = RECORDS_AT, sve = sve_record_size(s);
	struct extra_context extra = {.head = {EXTRA_MAGIC, sizeof(extra)}};

	put_fpsimd(s, frame + at);
	at += sizeof(struct fpsimd_context);
	at += put_permissions(s, frame + at);
	if (!sve)
		return;
	if (at + sve + TERMINATOR > RECORDS_AT + RECORDS_SIZE) {
		extra.datap = frame_at + at + sizeof(extra) + TERMINATOR;
		extra.size = (uint32_t)(sve + TERMINATOR);
		memcpy(frame + at, &extra, sizeof(extra));
		at += sizeof(extra) + TERMINATOR;
	}
	put_sve(s, frame + at);
}

/* Enough for every kind: the kernel wants the whole of struct rt_sigframe to be there. */
static size_t frame_size(const struct arch_state *s)
{
	size_t records = sizeof(struct fpsimd_context) + sizeof(struct permissions_record) +
			 sizeof(struct extra_context) + TERMINATOR + sve_record_size(s) +
			 TERMINATOR;

	return round16(RECORDS_AT + (records > RECORDS_SIZE ? records : RECORDS_SIZE));
}

/* There is no red zone. */
size_t arch_frame_build(const struct arch_state *s, uint64_t restore_rt, bool eintr_raises,
			uint8_t *frame, size_t max, uint64_t *ret_sp)
{
	const struct user_pt_regs r = resumed(s, eintr_raises);
	size_t size = frame_size(s);
	uint64_t sp = (r.sp - size) & ~15ul;
	struct frame f = {.stack_flags = STACK_FLAGS_UNKNOWN, .sigmask = s->sigmask};

	if (size > max)
		return 0;
	memcpy(f.mc.regs, r.regs, sizeof(f.mc.regs));
	f.mc.sp = r.sp;
	f.mc.pc = r.pc;
	f.mc.pstate = r.pstate;
	memset(frame, 0, size);
	memcpy(frame, &f, RECORDS_AT);
	put_records(s, frame, sp);
	*ret_sp = sp;
	return size;
}

/* The head of the floating point record, which the kernel puts first since Linux 3.7. */
uint64_t arch_frame_mark(uint64_t restore_rt)
{
	return FPSIMD_MAGIC | (uint64_t)sizeof(struct fpsimd_context) << 32;
}

const size_t arch_frame_mark_at = RECORDS_AT;

bool arch_is_handler_frame(const uint8_t *frame, size_t n, uint64_t sp)
{
	struct frame f;
	uint64_t mark;

	if (n < RECORDS_AT + sizeof(mark))
		return false;
	memcpy(&f, frame, RECORDS_AT);
	memcpy(&mark, frame + RECORDS_AT, sizeof(mark));
	return mark == arch_frame_mark(0) && f.uc_flags == 0 && f.uc_link == 0 && sp % 16 == 0 &&
	       f.mc.sp > sp;
}

/* The flags: always 0, and never read by the kernel. */
uint64_t arch_frame_spoil(uint64_t sp, uint64_t *ret_word)
{
	*ret_word = UINT64_MAX;
	return sp + offsetof(struct frame, uc_flags);
}

/* ---- calls ------------------------------------------------------------------------------- */

/* As the kernel prepares a signal handler: any instruction may be the first, tags are checked. */
void arch_prepare_call(const struct arch_state *from, struct arch_state *to, uint64_t sp,
		       uint64_t restore_rt, uint64_t fn, uint64_t arg)
{
	struct registers *r = regs_of(to);

	*r = *regs_in(from);
	r->r.pc = fn;
	r->r.sp = sp;
	r->r.regs[0] = arg;
	r->r.regs[X_RETURN] = restore_rt;
	r->r.pstate &= ~(uint64_t)(PSR_BTYPE_MASK | PSR_TCO_BIT);
	r->nr = -1;
}

void arch_prepare_syscall(const struct arch_state *from, struct arch_state *to, uint64_t sp,
			  uint64_t restore_rt, uint64_t gadget, long nr,
			  const uint64_t args[6])
{
	struct registers *r = regs_of(to);

	arch_prepare_call(from, to, sp, restore_rt, gadget, args[0]);
	memcpy(r->r.regs + 1, args + 1, 5 * sizeof(args[0]));
	r->r.regs[X_NUMBER] = (uint64_t)nr;
}

/* report_syscall() in arch/arm64/kernel/ptrace.c: 0 at the entry, 1 at the exit. */
static bool at_exit(const struct registers *r)
{
	return r->r.regs[X_NOT_IN_SYSCALL_STOPS] != 0;
}

bool arch_at_sigreturn(const struct arch_state *s, uint64_t sp)
{
	const struct registers *r = regs_in(s);

	return r->nr == __NR_rt_sigreturn && !at_exit(r) && r->r.sp == sp;
}

void arch_skip_sigreturn(struct arch_state *s, uint64_t restore_rt, uint64_t sp)
{
	struct registers *r = regs_of(s);

	r->nr = -1;
	r->r.pc = restore_rt;
	r->r.sp = sp;
}

bool arch_syscall_result(const struct arch_state *s, uint64_t gadget, long nr, int64_t *ret)
{
	const struct registers *r = regs_in(s);

	if (r->r.pc != gadget + INSN || r->nr != nr || !at_exit(r))
		return false;
	*ret = (int64_t)r->r.regs[0];
	return true;
}

/* ---- back into a system call ------------------------------------------------------------- */

bool arch_must_reenter(const struct arch_state *s)
{
	return restarts(regs_in(s));
}

/*
 * x0 becomes what the kernel remembers as the first argument, orig_x0; x7 is written here, where
 * the thread is parked, because it cannot be at the exit.
 */
void arch_prepare_reentry(const struct arch_state *saved, struct arch_state *to, uint64_t sp,
			  uint64_t restore_rt)
{
	struct registers *r = regs_of(to);

	*r = *regs_in(saved);
	r->r.regs[0] = r->arg0;
	r->r.pc = restore_rt;
	r->r.sp = sp;
	r->r.pstate &= ~(uint64_t)(PSR_BTYPE_MASK | PSR_TCO_BIT);
	r->nr = -1;
}

/*
 * The number first: with what is in x0 now it means nothing to the kernel. The registers behind
 * the svc, with the result that only the kernel ever sees, are its word to restart the call.
 */
int arch_reenter(pid_t tid, const struct arch_state *saved)
{
	const struct registers *s = regs_in(saved);
	const int32_t nr = (int32_t)s->nr;
	struct user_pt_regs r = s->r;
	int e = regset_set(tid, REGSET_SYSTEM_CALL, &nr, sizeof(nr));

	r.regs[0] = (uint64_t)s->result;
	r.pc += INSN;
	return e ? e : regset_set(tid, NT_PRSTATUS, &r, sizeof(r));
}
