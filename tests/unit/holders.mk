# unit tests of src/holders, on heaps made up in a process of their own
if HAVE_CMOCKA
check_PROGRAMS += test_holders_made
TESTS += test_holders_made
test_holders_made_SOURCES = tests/unit/test_holders_made.c $(MADE_HEAP)
test_holders_made_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_holders_made_LDADD = libholders.a libtarget.a libproc.a libutil.a $(CMOCKA_LIBS) -lm
endif
