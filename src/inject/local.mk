# The CPU is chosen here and nowhere else: arch_$(LT_ARCH).c.
noinst_LIBRARIES += libinject.a
libinject_a_SOURCES = \
	src/inject/arch.h src/inject/arch_stop.h \
	src/inject/borrow.c src/inject/borrow.h \
	src/inject/call.c src/inject/call.h \
	src/inject/fault.c src/inject/fault.h \
	src/inject/gadget.c src/inject/gadget.h \
	src/inject/lodging.c src/inject/lodging.h \
	src/inject/pace.c src/inject/pace.h \
	src/inject/policy.c src/inject/policy.h \
	src/inject/preflight.c src/inject/preflight.h \
	src/inject/priority.c src/inject/priority.h \
	src/inject/ranges.c src/inject/ranges.h \
	src/inject/safepoint.c src/inject/safepoint.h \
	src/inject/seccomp.c src/inject/seccomp.h \
	src/inject/timed.c src/inject/timed.h \
	src/inject/tracee.c src/inject/tracee.h \
	src/inject/wake.c src/inject/wake.h
if ARCH_X86_64
libinject_a_SOURCES += src/inject/arch_x86_64.c
endif
if ARCH_AARCH64
libinject_a_SOURCES += src/inject/arch_aarch64.c
endif
