# finding Pythons: the probe, every Python of the machine against its own word, and refusals
if HAVE_LIVE_TESTS
check_PROGRAMS += probe imposter imposter_pypy embed test_python_find test_python_refuse
TESTS += test_python_find test_python_refuse
probe_SOURCES = tests/live/probe.c
probe_LDADD = libtarget.a libproc.a libutil.a

imposter_SOURCES = tests/live/imposter.c
imposter_LDFLAGS = $(AM_LDFLAGS) -rdynamic
imposter_pypy_SOURCES = tests/live/imposter_pypy.c
imposter_pypy_LDFLAGS = $(AM_LDFLAGS) -rdynamic
embed_SOURCES = tests/live/embed.c
# dlopen() is in libc since glibc 2.34 only.
embed_LDADD = -ldl

test_python_find_SOURCES = tests/live/test_python_find.c tests/live/pythons.c tests/live/pythons.h \
	tests/unit/test.h
test_python_find_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(JANSSON_CFLAGS)
test_python_find_LDADD = libtarget.a libproc.a libutil.a $(CMOCKA_LIBS) $(JANSSON_LIBS)
test_python_refuse_SOURCES = tests/live/test_python_refuse.c tests/live/pythons.c \
	tests/live/pythons.h tests/unit/test.h
test_python_refuse_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_python_refuse_LDADD = libtarget.a libproc.a libutil.a $(CMOCKA_LIBS)
endif
