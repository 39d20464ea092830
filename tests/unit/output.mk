if HAVE_LIVE_TESTS
check_PROGRAMS += test_output
TESTS += test_output
test_output_SOURCES = tests/unit/test_output.c tests/unit/output_fixture.h tests/unit/test.h
test_output_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(JANSSON_CFLAGS)
test_output_LDADD = liboutput.a libmodel.a libutil.a $(CMOCKA_LIBS) $(JANSSON_LIBS) -lm
endif
