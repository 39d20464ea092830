/*
 * Errors. A function that can fail for more than one reason returns enum lt_errc and takes
 * struct lt_err * last. The error lives in the caller's frame and owns nothing; it is written
 * only on failure. Only cli/ and ui/ show messages.
 */
#ifndef LT_UTIL_ERR_H
#define LT_UTIL_ERR_H

#include <stddef.h>

/*
 * X(NAME, exit status, JSON code, cause, remedy)
 *
 * The exit statuses are product.md's contract: 1 run-time, 2 usage, 3 no such process,
 * 4 not permitted, 5 not a Python that can be watched.
 */
#define LT_ERRORS(X) \
	X(SYS, 1, "system", "a system call failed", \
	  "run again; if it stays, report it with the message above") \
	X(OUTPUT, 1, "output", "the output could not be written", \
	  "check the disk and the permissions of the output file") \
	X(TERM, 1, "terminal", "the terminal cannot show leaktop", \
	  "set TERM to what your terminal is, or use -b") \
	X(USAGE, 2, "usage", "the command line is not understood", "see leaktop --help") \
	X(GONE, 3, "no-process", "there is no such process", \
	  "check the PID: pgrep -a python lists the running ones") \
	X(ZOMBIE, 3, "zombie", "the process has ended and waits for its parent", \
	  "watch its parent or its successor") \
	X(PERM_UID, 4, "permission-uid", "the process belongs to another user", \
	  "run leaktop as that user or with sudo") \
	X(PERM_DUMPABLE, 4, "permission-dumpable", "the process has made itself undumpable", \
	  "run leaktop as root (CAP_SYS_PTRACE)") \
	X(PERM_YAMA, 4, "permission-yama", "the kernel's Yama policy forbids looking into it", \
	  "run leaktop with sudo, or: sudo sysctl kernel.yama.ptrace_scope=0") \
	X(PERM, 4, "permission", "the kernel does not permit looking into the process", \
	  "run leaktop with sudo; in a container: --cap-add SYS_PTRACE") \
	X(TRACED, 4, "permission-traced", "another program is tracing the process", \
	  "end that strace, gdb or leaktop, or use --readonly") \
	X(KTHREAD, 5, "kernel-thread", "this is a kernel thread", "choose a Python process") \
	X(NOT_PYTHON, 5, "not-python", "the process is not Python", \
	  "check the PID: pgrep -a python lists the running ones") \
	X(PYPY, 5, "pypy", "the process is PyPy", "leaktop watches CPython 2.7 and 3.6 to 3.15") \
	X(FREE_THREADED, 5, "free-threaded", "the process is a free-threaded CPython", \
	  "leaktop watches builds with the GIL; run the service on one to search the leak") \
	X(STATIC, 5, "static", "the program is linked statically and has no dynamic symbols", \
	  "run the service on a dynamically linked Python") \
	X(BITS32, 5, "32-bit", "the process is a 32-bit program", \
	  "leaktop watches 64-bit processes") \
	X(VERSION, 5, "version", "this Python version is not known to leaktop", \
	  "leaktop watches CPython 2.7 and 3.6 to 3.15; look for a newer leaktop") \
	X(LAYOUT, 5, "layout", "this Python build is laid out in a way leaktop does not know", \
	  "leaktop will not guess; report the version and how it was built") \
	X(UNREADY, 5, "not-ready", "the interpreter is starting up or shutting down", \
	  "try again in a moment") \
	X(STOPPED, 4, "stopped", "the process is stopped (^Z or SIGSTOP)", \
	  "continue it with kill -CONT, or use --readonly") \
	X(SECCOMP, 4, "seccomp", "the process runs under a seccomp filter", \
	  "leaktop does not inject there; use --readonly") \
	X(SHSTK, 4, "shadow-stack", "the process runs with shadow stacks", \
	  "leaktop does not inject there; use --readonly") \
	X(EXECMEM, 4, "execmem", "the target may not map executable memory", \
	  "a security policy (SELinux execmem) forbids it; use --readonly") \
	X(NO_SAFE_POINT, 1, "no-safe-point", "no safe moment to borrow the main thread was found", \
	  "leaktop tries again at the next sample") \
	X(BUSY, 1, "busy", "the main thread is inside C code", \
	  "leaktop tries again at the next sample") \
	X(COLLECTING, 1, "collecting", "the target is in a garbage collection", \
	  "leaktop tries again at the next sample") \
	X(PACED, 1, "paced", "counting is paced", \
	  "leaktop counts again when it has let the target run for long enough") \
	X(INTERPRETERS, 5, "interpreters", "the process runs several Python interpreters", \
	  "leaktop counts where there is one; --readonly shows the rest") \
	X(TIMEOUT, 1, "timeout", "the target did not answer in time", \
	  "leaktop tries again at the next sample") \
	X(REPLACED, 1, "replaced", "the process has started another program", \
	  "leaktop looks at the new one at the next sample") \
	X(REMOTE, 1, "remote-memory", "the target's memory could not be read", \
	  "the process may be ending; run again") \
	X(NO_VERDICT, 1, "no-verdict", "too few samples were counted for a verdict", \
	  "--fail-on needs half a minute: more -n, or a longer --duration") \
	X(BAD_DATA, 1, "bad-data", "what was read from the target makes no sense", \
	  "report it with the Python version")

enum lt_errc {
	LT_OK,
#define X(name, exit, code, cause, remedy) LT_E_##name,
	LT_ERRORS(X)
#undef X
	LT_E_COUNT
};

struct lt_err {
	enum lt_errc code;
	int sys_errno;		/* 0 where no system call failed */
	char detail[160];	/* what was tried, already cleaned for a terminal; may be empty */
};

/* One row of the table above; `code` is the word in JSON. */
struct lt_err_info {
	const char *name, *code, *cause, *remedy;
	int exit_status;
};

/* Sets *err (where not NULL) and returns code, so that `return lt_err_set(...)` reads well. */
enum lt_errc lt_err_set(struct lt_err *err, enum lt_errc code, int sys_errno, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Never NULL: an unknown code gets the row of LT_E_SYS. */
const struct lt_err_info *lt_err_info(enum lt_errc code);

/* "cause: detail (strerror)" in one line without a newline. Returns buf. */
char *lt_err_text(const struct lt_err *err, char *buf, size_t size);

#endif
