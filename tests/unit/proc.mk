if HAVE_CMOCKA
check_PROGRAMS += test_proc_figures test_proc_parse test_proc_status
TESTS += test_proc_figures test_proc_parse test_proc_status
test_proc_figures_SOURCES = tests/unit/test_proc_figures.c tests/unit/test_proc_child.c \
	tests/unit/test_proc_child.h tests/unit/test.h
test_proc_figures_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_proc_figures_LDADD = libproc.a libutil.a $(PROCPS_LIBS) $(CMOCKA_LIBS) -lm
test_proc_parse_SOURCES = tests/unit/test_proc_parse.c tests/unit/test.h
test_proc_parse_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_proc_parse_LDADD = libproc.a libutil.a $(PROCPS_LIBS) $(CMOCKA_LIBS) -lm
test_proc_status_SOURCES = tests/unit/test_proc_status.c tests/unit/test_proc_child.c \
	tests/unit/test_proc_child.h tests/unit/test.h
test_proc_status_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) -pthread
test_proc_status_LDADD = libproc.a libutil.a $(PROCPS_LIBS) $(CMOCKA_LIBS) -lm
endif
