# unit tests of src/agent: the helper itself, on a heap made by hand
if HAVE_CMOCKA
check_PROGRAMS += test_agent
TESTS += test_agent
test_agent_SOURCES = tests/unit/test_agent.c tests/unit/test.h
if ARCH_X86_64
test_agent_SOURCES += src/agent/arch_x86_64.c
endif
test_agent_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_agent_LDADD = $(CMOCKA_LIBS)
endif
