if HAVE_CMOCKA
check_PROGRAMS += test_options
TESTS += test_options
test_options_SOURCES = tests/unit/test_options.c tests/unit/test.h
test_options_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_options_LDADD = libcli.a libserve.a liboutput.a libmodel.a libutil.a $(CMOCKA_LIBS) -lm
endif
