/*
 * The list of all errors: a line here, its code in the man page under its exit status
 * (tests/lint/options-man-help.sh), and nothing else.
 */
#ifndef LT_UTIL_ERR_CODES_H
#define LT_UTIL_ERR_CODES_H

/*
 * X(NAME, exit status, JSON code, cause, remedy)
 *
 * The exit statuses are product.md's contract: 1 run-time, 2 usage, 3 no such process,
 * 4 not permitted, 5 not a Python that can be watched; 0: leaktop goes on without borrowing.
 */
#define LT_ERRORS(X) \
	X(SYS, 1, "system", "a system call failed", \
	  "run again; if it stays, report it with the message above") \
	X(OUTPUT, 1, "output", "the output could not be written", \
	  "check the disk and the permissions of the output file") \
	X(LISTEN, 1, "listen", "--listen cannot serve there", \
	  "give another address or port; ss -ltnp shows who has one") \
	X(RECORD_FILE, 1, "record-file", "leaktop will not record there", \
	  "give another name, or a recording of leaktop to continue") \
	X(NO_RECORDING, 1, "no-recording", "this is no recording of leaktop", \
	  "leaktop -w FILE PID makes one, and leaktop -f jsonl PID writes the same") \
	X(RECORDING_VERSION, 1, "recording-version", "the recording is of another version", \
	  "replay it with the leaktop that made it, or a newer one") \
	X(DAMAGED, 1, "damaged", "the recording is damaged", \
	  "what comes before the damage is replayed; the rest is lost") \
	X(TERM, 1, "terminal", "the terminal cannot show leaktop", \
	  "set TERM to what your terminal is, or use -b") \
	X(MEMORY, 1, "memory", "leaktop would take the last memory of the process's container", \
	  "run it on the host or in a container beside: --pid=container:NAME") \
	X(USAGE, 2, "usage", "the command line is not understood", "see leaktop --help") \
	X(GONE, 3, "no-process", "there is no such process", \
	  "check the PID: pgrep -a python lists the running ones") \
	X(ZOMBIE, 3, "zombie", "the process has ended and waits for its parent", \
	  "watch its parent or its successor") \
	X(PERM_UID, 4, "permission-uid", "the process belongs to another user", \
	  "run leaktop as that user or with sudo") \
	X(PERM_DUMPABLE, 4, "permission-dumpable", "the process has made itself undumpable", \
	  "run leaktop with sudo (it needs CAP_SYS_PTRACE)") \
	X(PERM_YAMA, 4, "permission-yama", "the kernel's Yama policy forbids looking into it", \
	  "run leaktop with sudo, or: sudo sysctl kernel.yama.ptrace_scope=0") \
	X(PERM_YAMA_LOCKED, 4, "permission-yama-locked", \
	  "the kernel's Yama policy forbids looking into any process", \
	  "set kernel.yama.ptrace_scope=1 in /etc/sysctl.d and boot: 3 stays until then") \
	X(PERM_CAP, 4, "permission-capability", "leaktop is root, but without CAP_SYS_PTRACE", \
	  "in a container: --cap-add SYS_PTRACE, or run leaktop on the host") \
	X(PERM_POLICY, 4, "permission-policy", "a security policy forbids looking into it", \
	  "see the audit log (SELinux, AppArmor); in a container: run leaktop on the host") \
	X(PERM, 4, "permission", "the kernel does not permit looking into the process", \
	  "run leaktop with sudo; in a container: --cap-add SYS_PTRACE") \
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
	X(TRACED, 0, "permission-traced", "another program is tracing the process", \
	  "counting begins when that strace, gdb or leaktop has ended") \
	X(STOPPED, 0, "stopped", "the process is stopped (^Z or SIGSTOP)", \
	  "counting begins when it is continued: fg, or kill -CONT") \
	X(FROZEN, 0, "frozen", "the control group of the process is frozen", \
	  "counting begins when it is thawed: docker unpause, systemctl thaw") \
	X(VFORK, 0, "vfork", "the process waits for a child that it made with vfork", \
	  "counting begins when that child has started its program or ended") \
	X(SECCOMP, 0, "seccomp", "the process runs under a seccomp filter", \
	  "no thread is borrowed there; what can be read is shown") \
	X(DISPATCH, 0, "syscall-dispatch", "the process catches its own system calls", \
	  "no thread is borrowed there; what can be read is shown") \
	X(SHSTK, 0, "shadow-stack", "the process runs with shadow stacks", \
	  "no thread is borrowed there; what can be read is shown") \
	X(SIGTRAP, 0, "pending-trap", "a SIGTRAP waits for the process", \
	  "counting begins when the process has taken it") \
	X(NICE, 0, "priority", "leaktop has a lower priority than the process", \
	  "run it without nice: a thread that is borrowed waits for leaktop") \
	X(CPU_LIMIT, 0, "cpu-limit", "leaktop's control group gives it too little CPU", \
	  "give it half a core, or run it on the host: a borrowed thread waits for it") \
	X(EXECMEM, 0, "execmem", "the target may not map executable memory", \
	  "a security policy (SELinux execmem) forbids it; what can be read is shown") \
	X(INTERPRETERS, 0, "interpreters", "the process runs several Python interpreters", \
	  "counted is where there is one; what can be read is shown") \
	X(ALLOCATOR, 0, "allocator", "its small objects are not in pymalloc's pools", \
	  "the collector's lists are counted instead; with --readonly nothing is") \
	X(CLIB, 0, "c-library", "its C library lacks an instruction that leaktop needs", \
	  "what can be read is shown; report the C library and its version") \
	X(NO_SAFE_POINT, 1, "no-safe-point", "no safe moment to borrow the main thread was found", \
	  "leaktop tries again at the next sample") \
	X(BUSY, 1, "busy", "the main thread is inside C code", \
	  "leaktop tries again at the next sample") \
	X(COLLECTING, 1, "collecting", "the target is in a garbage collection", \
	  "leaktop tries again at the next sample") \
	X(PACED, 1, "paced", "counting is paced", \
	  "leaktop counts again when it has let the target run for long enough") \
	X(PAUSE, 1, "max-pause", "counting would hold the GIL for longer than --max-pause", \
	  "raise --max-pause if the process may wait that long") \
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

#endif
