# unit tests of src/holders, on heaps made up in a process of their own
if HAVE_CMOCKA
check_PROGRAMS += test_holders_made test_holders_moving
TESTS += test_holders_made test_holders_moving
MADE_SHOP = tests/unit/made_shop.c tests/unit/made_shop.h $(MADE_HEAP)
test_holders_made_SOURCES = tests/unit/test_holders_made.c $(MADE_SHOP)
test_holders_made_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_holders_made_LDADD = libholders.a libtarget.a libproc.a libutil.a $(CMOCKA_LIBS) -lm
test_holders_moving_SOURCES = tests/unit/test_holders_moving.c $(MADE_SHOP)
test_holders_moving_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_holders_moving_LDADD = libholders.a libtarget.a libproc.a libutil.a $(CMOCKA_LIBS) -lm

check_PROGRAMS += test_deque
TESTS += test_deque
test_deque_SOURCES = tests/unit/test_deque.c
test_deque_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_deque_LDADD = libholders.a libtarget.a libproc.a libutil.a $(CMOCKA_LIBS)
endif
