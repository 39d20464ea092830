# unit tests of src/agent: the helper itself, on a heap made by hand
if HAVE_CMOCKA
check_PROGRAMS += test_agent test_collect test_guard
TESTS += test_agent test_collect test_guard
test_agent_SOURCES = tests/unit/test_agent.c tests/unit/test.h
test_collect_SOURCES = tests/unit/test_collect.c tests/unit/test.h
test_guard_SOURCES = tests/unit/test_guard.c tests/unit/test.h
if ARCH_X86_64
test_agent_SOURCES += src/agent/arch_x86_64.c src/agent/entry_x86_64.S
test_collect_SOURCES += src/agent/arch_x86_64.c src/agent/entry_x86_64.S \
	tests/unit/paper_exit_x86_64.S
test_guard_SOURCES += src/agent/arch_x86_64.c src/agent/entry_x86_64.S
endif
if ARCH_AARCH64
test_agent_SOURCES += src/agent/arch_aarch64.c src/agent/entry_aarch64.S
test_collect_SOURCES += src/agent/arch_aarch64.c src/agent/entry_aarch64.S \
	tests/unit/paper_exit_aarch64.S
test_guard_SOURCES += src/agent/arch_aarch64.c src/agent/entry_aarch64.S
endif
test_agent_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_agent_LDADD = $(CMOCKA_LIBS)
test_collect_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_collect_LDADD = libutil.a $(CMOCKA_LIBS)
test_guard_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_guard_LDADD = $(CMOCKA_LIBS)
endif
EXTRA_DIST += tests/unit/paper_heap.c tests/unit/paper_interpreter.c
