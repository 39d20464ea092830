# finding Pythons: the probe, and every Python of the machine against its own word
if HAVE_LIVE_TESTS
check_PROGRAMS += probe test_python_find
TESTS += test_python_find
probe_SOURCES = tests/live/probe.c
probe_LDADD = libtarget.a libproc.a libutil.a

test_python_find_SOURCES = tests/live/test_python_find.c tests/live/pythons.c tests/live/pythons.h \
	tests/unit/test.h
test_python_find_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(JANSSON_CFLAGS)
test_python_find_LDADD = libtarget.a libproc.a libutil.a $(CMOCKA_LIBS) $(JANSSON_LIBS)
endif
