#include "config.h"
#include "inject/arch.h"

#include <asm/unistd.h>
#include <cpuid.h>
#include <elf.h>
#include <errno.h>
#include <linux/audit.h>
#include <string.h>
#include <time.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#include "inject/arch_stop.h"
#include "util/mem.h"

#ifndef __NR_epoll_pwait2
#define __NR_epoll_pwait2 441	/* Linux 5.11; Debian 11 has the headers of 5.10 */
#endif

#define RED_ZONE 128		/* System V ABI: leaf functions use it without moving rsp */
#define FLAG_TF 0x100UL
#define FLAG_DF 0x400UL

/* In-kernel errors that only a tracer ever sees (include/linux/errno.h). */
#define K_ERESTARTSYS 512
#define K_ERESTARTNOINTR 513
#define K_ERESTARTNOHAND 514
#define K_ERESTART_RESTARTBLOCK 516

const long arch_nr_mmap = __NR_mmap, arch_nr_munmap = __NR_munmap, arch_nr_futex = __NR_futex,
	arch_nr_clock_gettime = __NR_clock_gettime, arch_nr_sigreturn = __NR_rt_sigreturn,
	arch_nr_restart = __NR_restart_syscall, arch_nr_getpid = __NR_getpid;
const uint32_t arch_audit = AUDIT_ARCH_X86_64;

static const uint8_t restore_rt_bytes[] = {0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05};
static const uint8_t syscall_ret_bytes[] = {0x0f, 0x05, 0xc3};
static const uint8_t zero_ret_bytes[] = {0x31, 0xc0, 0xc3};	/* xor %eax, %eax; ret */

/* mov $15,%rax; syscall - glibc's and musl's __restore_rt both. */
const struct arch_pattern arch_restore_rt = {restore_rt_bytes, sizeof(restore_rt_bytes)};
const struct arch_pattern arch_syscall_ret = {syscall_ret_bytes, sizeof(syscall_ret_bytes)};
const struct arch_pattern arch_zero_ret[] = {{zero_ret_bytes, sizeof(zero_ret_bytes)}, {NULL, 0}};

/* arch/x86/include/uapi/asm/sigcontext.h and ucontext.h: what rt_sigreturn reads back. */
struct frame_context {
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15, di, si, bp, bx, dx, ax, cx, sp, ip, flags;
	uint16_t cs, gs, fs, ss;
	uint64_t err, trapno, oldmask, cr2, fpstate, reserved[8];
};

struct frame {
	uint64_t pretcode;
	uint64_t uc_flags, uc_link;
	uint64_t stack_sp;
	uint32_t stack_flags, stack_pad;
	uint64_t stack_size;
	struct frame_context mc;
	uint64_t sigmask;
};

#define UC_FP_XSTATE 1UL
#define UC_SIGCONTEXT_SS 2UL
#define UC_STRICT_RESTORE_SS 4UL
/* restore_altstack() ignores a stack with flags it does not know: the thread keeps its own. */
#define STACK_FLAGS_UNKNOWN 0x40000000U

/* The 48 bytes that software owns in the legacy area (struct _fpx_sw_bytes). */
struct fp_software {
	uint32_t magic1, extended_size;
	uint64_t xfeatures;
	uint32_t xstate_size, padding[7];
};
#define FP_SOFTWARE_AT 464
#define FP_XSTATE_BV_AT 512		/* the XSAVE header: which components are not in their
					   initial state */
#define FP_HEADER_END 576
#define FP_TILES (3UL << 17)		/* AMX: XTILECFG and XTILEDATA */
#define FP_MAGIC1 0x46505853U
#define FP_MAGIC2 0x46505845U

static struct user_regs_struct *regs_of(struct arch_state *s)
{
	return (struct user_regs_struct *)(void *)s->regs;
}

static const struct user_regs_struct *regs_in(const struct arch_state *s)
{
	return (const struct user_regs_struct *)(const void *)s->regs;
}

int arch_regs_get(pid_t tid, struct arch_state *s)
{
	struct iovec iov = {s->regs, sizeof(struct user_regs_struct)};

	if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &iov) < 0)
		return errno;
	return iov.iov_len == sizeof(struct user_regs_struct) ? 0 : ENOTSUP;	/* 32-bit: fewer */
}

int arch_regs_set(pid_t tid, const struct arch_state *s)
{
	struct iovec iov = {(void *)(uintptr_t)s->regs, sizeof(struct user_regs_struct)};

	return ptrace(PTRACE_SETREGSET, tid, NT_PRSTATUS, &iov) < 0 ? errno : 0;
}

int arch_fp_get(pid_t tid, struct arch_state *s)
{
	struct iovec iov = {s->fp, sizeof(s->fp)};

	if (ptrace(PTRACE_GETREGSET, tid, NT_X86_XSTATE, &iov) < 0)
		return errno;
	if (iov.iov_len < 576 || iov.iov_len > sizeof(s->fp) - 64)
		return ENOTSUP;
	s->fp_size = iov.iov_len;
	return 0;
}

int arch_fp_set(pid_t tid, const struct arch_state *s)
{
	struct iovec iov = {(void *)(uintptr_t)s->fp, s->fp_size};

	return ptrace(PTRACE_SETREGSET, tid, NT_X86_XSTATE, &iov) < 0 ? errno : 0;
}

uint64_t arch_ticks(void)
{
	return __builtin_ia32_rdtsc();
}

uint64_t arch_pc(const struct arch_state *s)
{
	return regs_in(s)->rip;
}

uint64_t arch_sp(const struct arch_state *s)
{
	return regs_in(s)->rsp;
}

/* glibc's and musl's thread pointer is the address of the thread's own structure (x86-64 ABI). */
struct python_range arch_thread_self(const struct arch_state *s)
{
	return (struct python_range){regs_in(s)->fs_base, regs_in(s)->fs_base + 1};
}

long arch_syscall_nr(const struct arch_state *s)
{
	return (long)regs_in(s)->orig_rax;
}

uint64_t arch_syscall_arg(const struct arch_state *s, int i)
{
	const struct user_regs_struct *r = regs_in(s);
	const uint64_t args[] = {r->rdi, r->rsi, r->rdx, r->r10, r->r8, r->r9};

	return i >= 0 && i < 6 ? args[i] : 0;
}

bool arch_repair_eintr(struct arch_state *s)
{
	struct user_regs_struct *r = regs_of(s);

	/* close() says EINTR after it has given the descriptor up (fs/open.c): a second one would
	 * close what another thread has opened meanwhile */
	if ((long)r->orig_rax < 0 || (long)r->rax != -EINTR || r->orig_rax == __NR_close)
		return false;
	r->rax = (unsigned long)-K_ERESTARTNOHAND;
	return true;
}

/*
 * As handle_signal() does without SA_RESTART (arch/x86/kernel/signal.c). Behind the call: another
 * stop, before the thread gets a CPU, must find no EINTR to repair.
 */
bool arch_end_call(struct arch_state *s)
{
	struct user_regs_struct *r = regs_of(s);

	if ((long)r->orig_rax < 0 || arch_block_kind((long)r->orig_rax) == ARCH_BLOCK_NO)
		return false;
	switch ((long)r->rax) {
	case -K_ERESTARTSYS:
	case -K_ERESTARTNOHAND:
	case -K_ERESTART_RESTARTBLOCK:
	case -EINTR:
		r->rax = (unsigned long)-EINTR;
		r->orig_rax = (unsigned long)-1;
		return true;
	default:
		return false;
	}
}

/*
 * fs/select.c do_sys_poll (with a timeout or without), kernel/time/hrtimer.c, posix-timers.c
 * (relative only), kernel/futex/waitwake.c (with a timeout only): set_restart_fn().
 */
bool arch_restarts_elsewhere(long nr, const uint64_t args[6])
{
	switch (nr) {
	case __NR_poll:
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

bool arch_avoid_restart(struct arch_state *s)
{
	struct user_regs_struct *r = regs_of(s);

	if ((long)r->orig_rax < 0 || (long)r->rax != -K_ERESTART_RESTARTBLOCK ||
	    r->orig_rax == __NR_restart_syscall)
		return false;
	r->rax = (unsigned long)-K_ERESTARTNOHAND;
	return true;
}

bool arch_is_fork(long nr)
{
	return nr == __NR_fork || nr == __NR_vfork || nr == __NR_clone || nr == __NR_clone3;
}

enum arch_wait arch_wait_kind(const struct arch_state *s, int64_t *ret_ms)
{
	const struct user_regs_struct *r = regs_in(s);

	switch (r->orig_rax) {
	case __NR_epoll_wait:
	case __NR_epoll_pwait:
		if ((int32_t)r->r10 < 0)
			return ARCH_WAIT_UNTIMED;
		*ret_ms = (int32_t)r->r10;
		return ARCH_WAIT_REGISTER;
	case __NR_epoll_pwait2:
	case __NR_semtimedop:
		return r->r10 ? ARCH_WAIT_MEMORY : ARCH_WAIT_UNTIMED;
	case __NR_rt_sigtimedwait:
		return r->rdx ? ARCH_WAIT_MEMORY : ARCH_WAIT_UNTIMED;
	default:	/* a socket with a timeout: without one it would not need repair */
		return ARCH_WAIT_MEMORY;
	}
}

void arch_set_wait_ms(struct arch_state *s, int64_t ms)
{
	regs_of(s)->r10 = (uint64_t)ms;
}

/*
 * Registers as the frame must hold them: rt_sigreturn does not restart system calls, so the frame
 * points back at the syscall instruction (2 bytes) with its number in rax. There is no way back
 * into a call that was already restarted once (restart_syscall): its number is no longer known.
 */
static struct user_regs_struct resumed(const struct arch_state *s, bool eintr_raises)
{
	struct user_regs_struct r = *regs_in(s);

	if ((long)r.orig_rax < 0)
		return r;
	switch (-(long)r.rax) {
	case K_ERESTARTSYS:
	case K_ERESTARTNOINTR:
	case K_ERESTARTNOHAND:
		r.rax = r.orig_rax;
		r.rip -= 2;
		break;
	case K_ERESTART_RESTARTBLOCK:	/* also of poll() without a timeout: that loses nothing */
		if ((eintr_raises && r.orig_rax != __NR_restart_syscall) ||
		    (r.orig_rax == __NR_poll && (int32_t)r.rdx < 0)) {
			r.rax = r.orig_rax;
			r.rip -= 2;
		} else {
			r.rax = (unsigned long)-EINTR;
		}
		break;
	}
	return r;
}

/*
 * How much of the extended state a frame should hold. A process that has not asked for AMX tiles
 * has a smaller state than ptrace copies, and sigreturn refuses a frame that claims more (then it
 * restores SSE only): leave the tiles out unless they are in use.
 */
static size_t frame_fp_size(const struct arch_state *s, uint64_t supported)
{
	size_t end = FP_HEADER_END;
	uint64_t in_use;

	memcpy(&in_use, s->fp + FP_XSTATE_BV_AT, sizeof(in_use));
	if (!(supported & FP_TILES) || (in_use & FP_TILES))
		return s->fp_size;
	for (unsigned i = 2; i < 63; i++) {
		unsigned size, at, c, d;

		if (!((supported & ~FP_TILES) >> i & 1))
			continue;
		__cpuid_count(0xd, i, size, at, c, d);
		if (at + size > end && at + size <= s->fp_size)
			end = at + size;
	}
	return end;
}

/* The extended state as a signal frame holds it: with the two magic words sigreturn asks for. */
static void frame_fp(const struct arch_state *s, uint8_t *fp)
{
	struct fp_software sw = {0};
	uint32_t magic2 = FP_MAGIC2;
	size_t size;

	memcpy(fp, s->fp, s->fp_size);
	/* PTRACE_GETREGSET puts the mask of supported features at the start of these bytes. */
	memcpy(&sw.xfeatures, s->fp + FP_SOFTWARE_AT, sizeof(sw.xfeatures));
	size = frame_fp_size(s, sw.xfeatures);
	if (size != s->fp_size)
		sw.xfeatures &= ~FP_TILES;
	sw.magic1 = FP_MAGIC1;
	sw.xstate_size = (uint32_t)size;
	sw.extended_size = sw.xstate_size + (uint32_t)sizeof(magic2);
	memcpy(fp + FP_SOFTWARE_AT, &sw, sizeof(sw));
	memcpy(fp + size, &magic2, sizeof(magic2));
	/* kernels look for it behind the state of the task or behind xstate_size */
	memcpy(fp + s->fp_size, &magic2, sizeof(magic2));
}

size_t arch_frame_build(const struct arch_state *s, uint64_t restore_rt, bool eintr_raises,
			uint8_t *frame, size_t max, uint64_t *ret_sp)
{
	const struct user_regs_struct r = resumed(s, eintr_raises);
	uint64_t top = regs_in(s)->rsp - RED_ZONE;
	uint64_t fp_at = (top - s->fp_size - sizeof(uint32_t)) & ~63UL;
	uint64_t sp = ((fp_at - sizeof(struct frame)) & ~15UL) - 8;
	size_t size = (size_t)(fp_at - sp) + s->fp_size + sizeof(uint32_t);
	struct frame f = {
		.pretcode = restore_rt,
		.uc_flags = UC_FP_XSTATE | UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS,
		.stack_flags = STACK_FLAGS_UNKNOWN,
		.sigmask = s->sigmask,
		.mc = {
			.r8 = r.r8, .r9 = r.r9, .r10 = r.r10, .r11 = r.r11, .r12 = r.r12,
			.r13 = r.r13, .r14 = r.r14, .r15 = r.r15, .di = r.rdi, .si = r.rsi,
			.bp = r.rbp, .bx = r.rbx, .dx = r.rdx, .ax = r.rax, .cx = r.rcx,
			.sp = r.rsp, .ip = r.rip, .flags = r.eflags,
			.cs = (uint16_t)r.cs, .gs = (uint16_t)r.gs, .fs = (uint16_t)r.fs,
			.ss = (uint16_t)r.ss, .fpstate = fp_at,
		},
	};

	if (size > max)
		return 0;
	memset(frame, 0, size);
	memcpy(frame, &f, sizeof(f));
	frame_fp(s, frame + (fp_at - sp));
	*ret_sp = sp;
	return size;
}

/* The frame's first word is the return address. */
void arch_prepare_call(const struct arch_state *from, struct arch_state *to, uint64_t sp,
		       uint64_t restore_rt, uint64_t fn, uint64_t arg)
{
	struct user_regs_struct *r = regs_of(to);

	*r = *regs_in(from);
	r->rip = fn;
	r->rsp = sp;
	r->rdi = arg;
	r->rax = 0;
	r->orig_rax = (unsigned long)-1;	/* no system call for the kernel to restart */
	r->eflags &= ~(FLAG_DF | FLAG_TF);	/* the ABI wants the direction flag clear */
}

void arch_prepare_syscall(const struct arch_state *from, struct arch_state *to, uint64_t sp,
			  uint64_t restore_rt, uint64_t gadget, long nr,
			  const uint64_t args[6])
{
	struct user_regs_struct *r = regs_of(to);

	arch_prepare_call(from, to, sp, restore_rt, gadget, args[0]);
	r->rax = (unsigned long)nr;
	r->rsi = args[1];
	r->rdx = args[2];
	r->r10 = args[3];
	r->r8 = args[4];
	r->r9 = args[5];
}

bool arch_at_sigreturn(const struct arch_state *s, uint64_t sp)
{
	const struct user_regs_struct *r = regs_in(s);

	return r->orig_rax == __NR_rt_sigreturn && (long)r->rax == -ENOSYS && r->rsp == sp + 8;
}

void arch_skip_sigreturn(struct arch_state *s, uint64_t restore_rt, uint64_t sp)
{
	struct user_regs_struct *r = regs_of(s);

	r->orig_rax = (unsigned long)-1;
	r->rip = restore_rt;
	r->rsp = sp + 8;
}

bool arch_syscall_result(const struct arch_state *s, uint64_t gadget, long nr, int64_t *ret)
{
	const struct user_regs_struct *r = regs_in(s);

	if (r->rip != gadget + 2 || (long)r->orig_rax != nr || (long)r->rax == -ENOSYS)
		return false;
	*ret = (int64_t)r->rax;
	return true;
}

uint64_t arch_frame_mark(uint64_t restore_rt)
{
	return restore_rt;
}

const size_t arch_frame_mark_at;

bool arch_is_handler_frame(const uint8_t *frame, size_t n, uint64_t sp)
{
	struct frame f;

	if (n < sizeof(f))
		return false;
	memcpy(&f, frame, sizeof(f));
	return f.uc_flags <= 7 && f.uc_link == 0 && f.mc.cs == 0x33 && f.mc.sp > sp &&
	       f.mc.fpstate > sp && f.mc.fpstate < f.mc.sp;
}

/* The return address: nobody returns to it any more, sigreturn does not look at it. */
uint64_t arch_frame_spoil(uint64_t sp, uint64_t *ret_word)
{
	*ret_word = 0;
	return sp;
}

/* ---- registers tell all: nothing of arch_stop.h is needed -------------------------------- */

const bool arch_needs_telling, arch_repairs_blindly;

void arch_learn(struct arch_state *s, const struct status_syscall *before, bool repaired)
{
}

void arch_unrepair(struct arch_state *s)
{
}

bool arch_must_reenter(const struct arch_state *s)
{
	return false;
}

void arch_prepare_reentry(const struct arch_state *saved, struct arch_state *to, uint64_t sp,
			  uint64_t restore_rt)
{
}

int arch_reenter(pid_t tid, const struct arch_state *saved)
{
	return ENOSYS;
}

bool arch_guards_returns(pid_t tid)
{
	return false;
}

/* ---- system calls ------------------------------------------------------------------------ */

/*
 * Calls that the kernel restarts after a stop (injection.md 7, measured), and those that return
 * EINTR but are repaired by arch_repair_eintr: epoll_wait, epoll_pwait, rt_sigtimedwait,
 * semtimedop, recvmmsg. Nothing that touches the address space, nothing that waits for a lock of
 * the C library; a futex needs a look at its address.
 */
static const struct { uint16_t nr; uint8_t kind; } blocks[] = {
	{__NR_read, ARCH_BLOCK_YES}, {__NR_write, ARCH_BLOCK_YES},
	{__NR_readv, ARCH_BLOCK_YES}, {__NR_writev, ARCH_BLOCK_YES},
	{__NR_poll, ARCH_BLOCK_YES}, {__NR_ppoll, ARCH_BLOCK_YES},
	{__NR_select, ARCH_BLOCK_YES}, {__NR_pselect6, ARCH_BLOCK_YES},
	{__NR_epoll_wait, ARCH_BLOCK_YES}, {__NR_epoll_pwait, ARCH_BLOCK_YES},
	{__NR_epoll_pwait2, ARCH_BLOCK_YES},
	{__NR_accept, ARCH_BLOCK_YES}, {__NR_accept4, ARCH_BLOCK_YES},
	{__NR_connect, ARCH_BLOCK_YES}, {__NR_flock, ARCH_BLOCK_YES},
	{__NR_sendto, ARCH_BLOCK_YES}, {__NR_sendmsg, ARCH_BLOCK_YES},
	{__NR_recvfrom, ARCH_BLOCK_YES}, {__NR_recvmsg, ARCH_BLOCK_YES},
	{__NR_wait4, ARCH_BLOCK_YES}, {__NR_waitid, ARCH_BLOCK_YES},
	{__NR_nanosleep, ARCH_BLOCK_YES}, {__NR_clock_nanosleep, ARCH_BLOCK_YES},
	{__NR_restart_syscall, ARCH_BLOCK_RESTART},
	{__NR_pause, ARCH_BLOCK_YES}, {__NR_rt_sigtimedwait, ARCH_BLOCK_YES},
	{__NR_semtimedop, ARCH_BLOCK_YES}, {__NR_recvmmsg, ARCH_BLOCK_YES},
	{__NR_msgrcv, ARCH_BLOCK_YES}, {__NR_msgsnd, ARCH_BLOCK_YES},
	{__NR_futex, ARCH_BLOCK_FUTEX},
};

enum arch_block arch_block_kind(long nr)
{
	for (size_t i = 0; i < COUNT_OF(blocks); i++)
		if (blocks[i].nr == nr)
			return (enum arch_block)blocks[i].kind;
	return ARCH_BLOCK_NO;
}
