if HAVE_CMOCKA
check_PROGRAMS += test_cheap test_code test_maps test_target
TESTS += test_cheap test_code test_maps test_target
test_cheap_SOURCES = tests/unit/test_cheap.c tests/unit/test.h
test_cheap_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) -pthread
test_cheap_LDADD = libtarget.a libproc.a libutil.a $(CMOCKA_LIBS) -lpthread
test_code_SOURCES = tests/unit/test_code.c tests/unit/test.h
test_code_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_code_LDADD = libtarget.a $(CMOCKA_LIBS)
test_maps_SOURCES = tests/unit/test_maps.c tests/unit/test.h
test_maps_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_maps_LDADD = libtarget.a libproc.a libutil.a $(CMOCKA_LIBS)
test_target_SOURCES = tests/unit/test_target.c tests/unit/test.h
test_target_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_target_LDADD = libtarget.a libproc.a libutil.a $(CMOCKA_LIBS)
endif
