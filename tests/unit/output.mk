if HAVE_LIVE_TESTS
check_PROGRAMS += test_output test_record test_report
TESTS += test_output test_record test_report
test_output_SOURCES = tests/unit/test_output.c tests/unit/output_fixture.h tests/unit/test.h
test_output_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(JANSSON_CFLAGS)
test_output_LDADD = liboutput.a libmodel.a libutil.a $(CMOCKA_LIBS) $(JANSSON_LIBS) -lm
test_record_SOURCES = tests/unit/test_record.c tests/unit/output_fixture.h tests/unit/test.h
test_record_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_record_LDADD = liboutput.a libmodel.a libutil.a $(CMOCKA_LIBS) -lm
test_report_SOURCES = tests/unit/test_report.c tests/unit/output_fixture.h tests/unit/test.h
test_report_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(JANSSON_CFLAGS)
test_report_LDADD = liboutput.a libmodel.a libutil.a $(CMOCKA_LIBS) $(JANSSON_LIBS) -lm
endif
