# unit tests of src/session and src/census
if HAVE_CMOCKA
check_PROGRAMS += test_replay test_session
TESTS += test_replay test_session
test_replay_SOURCES = tests/unit/test_replay.c tests/unit/test.h
test_replay_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_replay_LDADD = libsession.a libmodel.a libutil.a $(CMOCKA_LIBS) $(JANSSON_LIBS) -lm
test_session_SOURCES = tests/unit/test_session.c tests/unit/test.h
test_session_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_session_LDADD = libsession.a libholders.a libcensus.a libinject.a libagent.a libmodel.a \
	libtarget.a libproc.a libutil.a $(CMOCKA_LIBS) $(PROCPS_LIBS) -lm
endif
