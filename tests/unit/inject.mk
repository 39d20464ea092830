# unit tests of src/inject; where registers have names, of one CPU
if HAVE_CMOCKA
check_PROGRAMS += test_inject
TESTS += test_inject
test_inject_SOURCES = tests/unit/test_inject.c tests/unit/test.h
test_inject_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_inject_LDADD = libinject.a libagent.a libtarget.a libproc.a libutil.a $(CMOCKA_LIBS)

check_PROGRAMS += test_preflight
TESTS += test_preflight
test_preflight_SOURCES = tests/unit/test_preflight.c tests/unit/test.h
test_preflight_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_preflight_LDADD = libinject.a libagent.a libtarget.a libproc.a libutil.a $(CMOCKA_LIBS)

if ARCH_X86_64
check_PROGRAMS += test_inject_x86_64
TESTS += test_inject_x86_64
test_inject_x86_64_SOURCES = tests/unit/test_inject_x86_64.c tests/unit/test.h
test_inject_x86_64_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_inject_x86_64_LDADD = libinject.a libproc.a libutil.a $(CMOCKA_LIBS)
endif
if ARCH_AARCH64
check_PROGRAMS += test_inject_aarch64
TESTS += test_inject_aarch64
test_inject_aarch64_SOURCES = tests/unit/test_inject_aarch64.c tests/unit/test.h
test_inject_aarch64_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_inject_aarch64_LDADD = libproc.a libutil.a $(CMOCKA_LIBS)
endif

check_PROGRAMS += test_tracee
TESTS += test_tracee
test_tracee_SOURCES = tests/unit/test_tracee.c tests/unit/test.h
test_tracee_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_tracee_LDADD = libinject.a libagent.a libtarget.a libproc.a libutil.a $(CMOCKA_LIBS)

check_PROGRAMS += test_ranges
TESTS += test_ranges
test_ranges_SOURCES = tests/unit/test_ranges.c tests/unit/test.h
test_ranges_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_ranges_LDADD = libinject.a libproc.a libutil.a $(CMOCKA_LIBS)
endif
