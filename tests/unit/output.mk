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

# what needs no reader of JSON
if HAVE_CMOCKA
output_tests = test_csv test_openmetrics test_outfile
check_PROGRAMS += $(output_tests) test_serve
TESTS += $(output_tests) test_serve
test_csv_SOURCES = tests/unit/test_csv.c tests/unit/output_fixture.h tests/unit/test.h
test_csv_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_csv_LDADD = liboutput.a libmodel.a libutil.a $(CMOCKA_LIBS) -lm
test_openmetrics_SOURCES = tests/unit/test_openmetrics.c tests/unit/output_fixture.h tests/unit/test.h
test_openmetrics_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_openmetrics_LDADD = liboutput.a libmodel.a libutil.a $(CMOCKA_LIBS) -lm
test_outfile_SOURCES = tests/unit/test_outfile.c tests/unit/test.h
test_outfile_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_outfile_LDADD = liboutput.a libmodel.a libutil.a $(CMOCKA_LIBS) -lm
test_serve_SOURCES = tests/unit/test_serve.c tests/unit/test.h
test_serve_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_serve_LDADD = libserve.a libutil.a $(MICROHTTPD_LIBS) $(CMOCKA_LIBS) -lm
endif
