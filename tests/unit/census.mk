# unit tests of src/census and of the pools below it
if HAVE_CMOCKA
MADE_HEAP = tests/unit/made_heap.c tests/unit/made_heap.h tests/unit/test.h
SCAN_LIBS = libcensus.a libinject.a libagent.a libtarget.a libproc.a libutil.a
check_PROGRAMS += test_agree test_arenas test_scan
TESTS += test_agree test_arenas test_scan
test_agree_SOURCES = tests/unit/test_agree.c tests/unit/test.h
test_agree_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_agree_LDADD = libcensus.a libutil.a $(CMOCKA_LIBS)
test_arenas_SOURCES = tests/unit/test_arenas.c $(MADE_HEAP)
test_arenas_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_arenas_LDADD = libtarget.a libproc.a libutil.a $(CMOCKA_LIBS)
test_scan_SOURCES = tests/unit/test_scan.c $(MADE_HEAP)
test_scan_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_scan_LDADD = $(SCAN_LIBS) $(CMOCKA_LIBS)
endif
