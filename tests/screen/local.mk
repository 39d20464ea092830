if HAVE_CMOCKA
check_LIBRARIES += libscreen.a
libscreen_a_SOURCES = tests/screen/fixture.c tests/screen/fixture.h tests/unit/test.h
libscreen_a_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
screen_tests_libs = libscreen.a libui.a libmodel.a libutil.a $(NCURSESW_LIBS) $(CMOCKA_LIBS) -lm
screen_tests = test_clip test_golden test_mouse test_pick test_screen test_screen_holders \
	test_screen_keys test_screen_parts
check_PROGRAMS += $(screen_tests)
TESTS += $(screen_tests)
test_clip_SOURCES = tests/screen/test_clip.c
test_clip_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_clip_LDADD = $(screen_tests_libs)
test_golden_SOURCES = tests/screen/test_golden.c
test_golden_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_golden_LDADD = libsession.a $(screen_tests_libs) $(JANSSON_LIBS)
test_mouse_SOURCES = tests/screen/test_mouse.c
test_mouse_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_mouse_LDADD = $(screen_tests_libs)
test_pick_SOURCES = tests/screen/test_pick.c
test_pick_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_pick_LDADD = $(screen_tests_libs)
test_screen_SOURCES = tests/screen/test_screen.c
test_screen_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_screen_LDADD = $(screen_tests_libs)
test_screen_holders_SOURCES = tests/screen/test_screen_holders.c
test_screen_holders_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_screen_holders_LDADD = $(screen_tests_libs)
test_screen_keys_SOURCES = tests/screen/test_screen_keys.c
test_screen_keys_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_screen_keys_LDADD = $(screen_tests_libs)
test_screen_parts_SOURCES = tests/screen/test_screen_parts.c
test_screen_parts_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_screen_parts_LDADD = $(screen_tests_libs)
endif

# screens of recordings; make.py makes these, LT_GOLDEN=write those
EXTRA_DIST += tests/recordings
