if HAVE_CMOCKA
proc_tests = test_candidates test_proc_figures test_proc_parse test_proc_resident test_proc_sources \
	test_proc_status test_proc_tree test_runnable test_twin
check_PROGRAMS += $(proc_tests)
TESTS += $(proc_tests)
check_LIBRARIES += libproctest.a
libproctest_a_SOURCES = tests/unit/test_proc_child.c tests/unit/test_proc_child.h
libproctest_a_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
proc_test_cflags = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
proc_test_libs = libproctest.a libproc.a libutil.a $(PROCPS_LIBS) $(CMOCKA_LIBS) -lm

test_candidates_SOURCES = tests/unit/test_candidates.c tests/unit/test.h
test_candidates_CFLAGS = $(proc_test_cflags)
test_candidates_LDADD = $(proc_test_libs)
test_twin_SOURCES = tests/unit/test_twin.c tests/unit/test.h
test_twin_CFLAGS = $(proc_test_cflags)
test_twin_LDADD = $(proc_test_libs)
test_proc_figures_SOURCES = tests/unit/test_proc_figures.c tests/unit/test.h
test_proc_figures_CFLAGS = $(proc_test_cflags)
test_proc_figures_LDADD = $(proc_test_libs)
test_proc_parse_SOURCES = tests/unit/test_proc_parse.c tests/unit/test.h
test_proc_parse_CFLAGS = $(proc_test_cflags)
test_proc_parse_LDADD = $(proc_test_libs)
test_proc_resident_SOURCES = tests/unit/test_proc_resident.c tests/unit/test.h
test_proc_resident_CFLAGS = $(proc_test_cflags) -pthread
test_proc_resident_LDADD = $(proc_test_libs) -lpthread
test_proc_sources_SOURCES = tests/unit/test_proc_sources.c tests/unit/test.h
test_proc_sources_CFLAGS = $(proc_test_cflags)
test_proc_sources_LDADD = $(proc_test_libs)
test_proc_status_SOURCES = tests/unit/test_proc_status.c tests/unit/test.h
test_proc_status_CFLAGS = $(proc_test_cflags) -pthread
test_proc_status_LDADD = $(proc_test_libs) -lpthread
test_runnable_SOURCES = tests/unit/test_runnable.c tests/unit/test.h
test_runnable_CFLAGS = $(proc_test_cflags)
test_runnable_LDADD = $(proc_test_libs)
test_proc_tree_SOURCES = tests/unit/test_proc_tree.c tests/unit/test.h
test_proc_tree_CFLAGS = $(proc_test_cflags)
test_proc_tree_LDADD = $(proc_test_libs)
endif
