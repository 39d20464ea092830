# finding Pythons: the probe, and every Python of the machine against its own word
if HAVE_LIVE_TESTS
check_PROGRAMS += probe
probe_SOURCES = tests/live/probe.c
probe_LDADD = libtarget.a libutil.a
endif
