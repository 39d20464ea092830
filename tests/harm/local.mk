# What leaktop must never do to its target. Every test here leaves nothing behind. The settings of
# each are in its first comment; all of them reach it through the environment, as in
# `make check TESTS=test_harm_death LT_HARM_KILLS=5000`.
harm_tests =
if HAVE_CMOCKA
check_LIBRARIES += libharm.a
libharm_a_SOURCES = tests/harm/harm.c tests/harm/harm.h tests/harm/pool.c tests/harm/pool.h \
	tests/harm/cell.c tests/harm/cell.h tests/harm/death.c tests/harm/death.h \
	tests/live/pythons.c tests/live/pythons.h tests/live/patience.h tests/live/belongings.c \
	tests/live/belongings.h
libharm_a_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
libharm_a_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
harm_cppflags = $(AM_CPPFLAGS) -I$(top_srcdir)
harm_cflags = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
harm_libs = libharm.a libinject.a libagent.a libtarget.a libproc.a libutil.a $(PROCPS_LIBS) \
	$(CMOCKA_LIBS) -lm

harm_tests += test_harm_syscalls
test_harm_syscalls_SOURCES = tests/harm/test_harm_syscalls.c tests/harm/calls.c tests/harm/calls.h
test_harm_syscalls_CPPFLAGS = $(harm_cppflags)
test_harm_syscalls_CFLAGS = $(harm_cflags)
test_harm_syscalls_LDADD = $(harm_libs)

harm_tests += test_harm_death
test_harm_death_SOURCES = tests/harm/test_harm_death.c
test_harm_death_CPPFLAGS = $(harm_cppflags)
test_harm_death_CFLAGS = $(harm_cflags)
test_harm_death_LDADD = $(harm_libs)
EXTRA_DIST += tests/harm/target.py tests/harm/workloads.py

harm_tests += test_harm_workloads
test_harm_workloads_SOURCES = tests/harm/test_harm_workloads.c
test_harm_workloads_CPPFLAGS = $(harm_cppflags)
test_harm_workloads_CFLAGS = $(harm_cflags)
test_harm_workloads_LDADD = $(harm_libs)

harm_tests += test_harm_wake
test_harm_wake_SOURCES = tests/harm/test_harm_wake.c
test_harm_wake_CPPFLAGS = $(harm_cppflags)
test_harm_wake_CFLAGS = $(harm_cflags)
test_harm_wake_LDADD = $(harm_libs)

harm_tests += test_harm_priority
test_harm_priority_SOURCES = tests/harm/test_harm_priority.c tests/harm/group.c tests/harm/group.h
test_harm_priority_CPPFLAGS = $(harm_cppflags)
test_harm_priority_CFLAGS = $(harm_cflags)
test_harm_priority_LDADD = $(harm_libs)

harm_tests += test_harm_memory
test_harm_memory_SOURCES = tests/harm/test_harm_memory.c tests/harm/group.c tests/harm/group.h
test_harm_memory_CPPFLAGS = $(harm_cppflags)
test_harm_memory_CFLAGS = $(harm_cflags)
test_harm_memory_LDADD = $(harm_libs)

harm_tests += test_harm_race
test_harm_race_SOURCES = tests/harm/test_harm_race.c
test_harm_race_CPPFLAGS = $(harm_cppflags)
test_harm_race_CFLAGS = $(harm_cflags)
test_harm_race_LDADD = $(harm_libs)

harm_tests += test_harm_strict
test_harm_strict_SOURCES = tests/harm/test_harm_strict.c
test_harm_strict_CPPFLAGS = $(harm_cppflags)
test_harm_strict_CFLAGS = $(harm_cflags)
test_harm_strict_LDADD = $(harm_libs)

harm_tests += test_harm_hosts
test_harm_hosts_SOURCES = tests/harm/test_harm_hosts.c tests/live/http.c tests/live/http.h
test_harm_hosts_CPPFLAGS = $(harm_cppflags)
test_harm_hosts_CFLAGS = $(harm_cflags)
test_harm_hosts_LDADD = $(harm_libs)

harm_tests += test_harm_builds
test_harm_builds_SOURCES = tests/harm/test_harm_builds.c
test_harm_builds_CPPFLAGS = $(harm_cppflags)
test_harm_builds_CFLAGS = $(harm_cflags)
test_harm_builds_LDADD = $(harm_libs)

harm_tests += test_harm_soak
test_harm_soak_SOURCES = tests/harm/test_harm_soak.c
test_harm_soak_CPPFLAGS = $(harm_cppflags)
test_harm_soak_CFLAGS = $(harm_cflags)
test_harm_soak_LDADD = $(harm_libs)

harm_tests += test_harm_slices
test_harm_slices_SOURCES = tests/harm/test_harm_slices.c
test_harm_slices_CPPFLAGS = $(harm_cppflags)
test_harm_slices_CFLAGS = $(harm_cflags)
test_harm_slices_LDADD = $(harm_libs)

harm_tests += test_harm_collect
test_harm_collect_SOURCES = tests/harm/test_harm_collect.c
test_harm_collect_CPPFLAGS = $(harm_cppflags)
test_harm_collect_CFLAGS = $(harm_cflags)
test_harm_collect_LDADD = libcensus.a $(harm_libs)
EXTRA_DIST += tests/harm/collected.py

harm_tests += test_harm_signals
test_harm_signals_SOURCES = tests/harm/test_harm_signals.c
test_harm_signals_CPPFLAGS = $(harm_cppflags)
test_harm_signals_CFLAGS = $(harm_cflags)
test_harm_signals_LDADD = $(harm_libs)

harm_tests += test_harm_filter
test_harm_filter_SOURCES = tests/harm/test_harm_filter.c
test_harm_filter_CPPFLAGS = $(harm_cppflags)
test_harm_filter_CFLAGS = $(harm_cflags)
test_harm_filter_LDADD = $(harm_libs)

harm_tests += test_harm_namespaces
ns_sources = tests/harm/ns.c tests/harm/ns.h
test_harm_namespaces_SOURCES = tests/harm/test_harm_namespaces.c $(ns_sources)
test_harm_namespaces_CPPFLAGS = $(harm_cppflags)
test_harm_namespaces_CFLAGS = $(harm_cflags)
test_harm_namespaces_LDADD = $(harm_libs)
EXTRA_DIST += tests/harm/ns_target.py

harm_tests += test_harm_sidecar
test_harm_sidecar_SOURCES = tests/harm/test_harm_sidecar.c $(ns_sources)
test_harm_sidecar_CPPFLAGS = $(harm_cppflags)
test_harm_sidecar_CFLAGS = $(harm_cflags)
test_harm_sidecar_LDADD = $(harm_libs)

harm_tests += test_harm_frozen
test_harm_frozen_SOURCES = tests/harm/test_harm_frozen.c $(ns_sources)
test_harm_frozen_CPPFLAGS = $(harm_cppflags)
test_harm_frozen_CFLAGS = $(harm_cflags)
test_harm_frozen_LDADD = $(harm_libs)

check_PROGRAMS += harm_yama
harm_yama_SOURCES = tests/harm/harm_yama.c $(ns_sources)
harm_yama_CPPFLAGS = $(harm_cppflags)
harm_yama_CFLAGS = $(harm_cflags)
harm_yama_LDADD = $(harm_libs)
dist_check_SCRIPTS += tests/harm/yama.sh
TESTS += tests/harm/yama.sh

# programs of a few instructions
tiny_sources = tests/harm/tiny.c tests/harm/tiny.h
if ARCH_X86_64
tiny_sources += tests/harm/tiny_x86_64.c
endif
if ARCH_AARCH64
tiny_sources += tests/harm/tiny_aarch64.c
endif

harm_tests += test_harm_registers
test_harm_registers_SOURCES = tests/harm/test_harm_registers.c tests/harm/regs.h $(tiny_sources)
if ARCH_X86_64
test_harm_registers_SOURCES += tests/harm/hold_x86_64.S tests/harm/regs_x86_64.c \
	tests/harm/regs_x86_64.h
endif
if ARCH_AARCH64
test_harm_registers_SOURCES += tests/harm/hold_aarch64.S tests/harm/regs_aarch64.c \
	tests/harm/regs_aarch64.h
endif
test_harm_registers_CPPFLAGS = $(harm_cppflags)
test_harm_registers_CFLAGS = $(harm_cflags)
test_harm_registers_LDADD = $(harm_libs)

harm_tests += test_harm_refusals
test_harm_refusals_SOURCES = tests/harm/test_harm_refusals.c $(tiny_sources)
test_harm_refusals_CPPFLAGS = $(harm_cppflags)
test_harm_refusals_CFLAGS = $(harm_cflags)
test_harm_refusals_LDADD = $(harm_libs)
endif

check_PROGRAMS += $(harm_tests)
TESTS += $(harm_tests)

# The long form, for as long as one likes: `make soak LT_SOAK_SAMPLES=100000 LT_SOAK_KILLS=10000`, or
# with LT_SOAK_SECONDS. The figures are in test_harm_soak.log and at the end.
.PHONY: soak
soak: all $(check_PROGRAMS)
	LT_SOAK_SAMPLES=$${LT_SOAK_SAMPLES:-10000} LT_SOAK_KILLS=$${LT_SOAK_KILLS:-1000} \
		LT_SOAK_JOBS=$${LT_SOAK_JOBS:-12} \
		$(MAKE) $(AM_MAKEFLAGS) check TESTS=test_harm_soak; \
		status=$$?; grep '^# soak:' test_harm_soak.log; exit $$status
