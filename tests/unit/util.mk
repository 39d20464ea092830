if HAVE_CMOCKA
check_PROGRAMS += test_util
TESTS += test_util
test_util_SOURCES = tests/unit/test_util.c tests/unit/test.h
test_util_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_util_LDADD = libutil.a $(CMOCKA_LIBS) -lm
endif
