if HAVE_CMOCKA
check_PROGRAMS += test_failon test_options test_settings
TESTS += test_failon test_options test_settings
test_failon_SOURCES = tests/unit/test_failon.c tests/unit/test.h
test_failon_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_failon_LDADD = libcli.a libserve.a liboutput.a libmodel.a libutil.a $(CMOCKA_LIBS) -lm
test_options_SOURCES = tests/unit/test_options.c tests/unit/test.h
test_options_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_options_LDADD = libcli.a libserve.a liboutput.a libmodel.a libutil.a $(CMOCKA_LIBS) -lm
test_settings_SOURCES = tests/unit/test_settings.c tests/unit/test.h
test_settings_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_settings_LDADD = libcli.a libserve.a liboutput.a libmodel.a libutil.a $(CMOCKA_LIBS) -lm
endif
