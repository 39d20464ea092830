if HAVE_TTY_TESTS
check_LIBRARIES += libtty.a
libtty_a_SOURCES = tests/tty/tty.c tests/tty/tty.h tests/tty/await.c tests/tty/await.h \
	tests/tty/restored.h tests/unit/test.h
libtty_a_CFLAGS = $(AM_CFLAGS) $(VTERM_CFLAGS) $(CMOCKA_CFLAGS)
check_PROGRAMS += tty_svg ui_demo test_tty_replay test_tty_ui
TESTS += test_tty_replay test_tty_ui
test_tty_replay_SOURCES = tests/tty/test_tty_replay.c tests/tty/restored.h tests/unit/test.h
test_tty_replay_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_tty_replay_LDADD = libtty.a libutil.a $(CMOCKA_LIBS) $(VTERM_LIBS) -lutil -lm
# README's picture: tools/screenshot
tty_svg_SOURCES = tests/tty/tty_svg.c
tty_svg_LDADD = libtty.a libutil.a $(VTERM_LIBS) -lutil -lm
ui_demo_SOURCES = tests/tty/ui_demo.c
ui_demo_LDADD = libui.a libmodel.a libutil.a $(NCURSESW_LIBS) -lm
test_tty_ui_SOURCES = tests/tty/test_tty_ui.c tests/tty/restored.h tests/unit/test.h
test_tty_ui_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_tty_ui_LDADD = libtty.a libutil.a $(CMOCKA_LIBS) $(VTERM_LIBS) -lutil -lm
endif

# the real program on real targets
if HAVE_TTY_TESTS
if HAVE_LIVE_TESTS
tty_tests = test_tty_act test_tty_hostile test_tty_leaktop test_tty_listen test_tty_lost \
	test_tty_record test_tty_ux test_tty_who
check_PROGRAMS += $(tty_tests)
TESTS += $(tty_tests)
test_tty_act_SOURCES = tests/tty/test_tty_act.c tests/tty/restored.h $(LIVE_SOURCES)
test_tty_act_CFLAGS = $(LIVE_CFLAGS)
test_tty_act_LDADD = libtty.a $(LIVE_LIBS) $(VTERM_LIBS) -lutil
test_tty_ux_SOURCES = tests/tty/test_tty_ux.c tests/tty/restored.h $(LIVE_SOURCES)
test_tty_ux_CFLAGS = $(LIVE_CFLAGS)
test_tty_ux_LDADD = libtty.a $(LIVE_LIBS) $(VTERM_LIBS) -lutil
test_tty_lost_SOURCES = tests/tty/test_tty_lost.c $(LIVE_SOURCES)
test_tty_lost_CFLAGS = $(LIVE_CFLAGS)
test_tty_lost_LDADD = libtty.a $(LIVE_LIBS) $(VTERM_LIBS) -lutil
test_tty_hostile_SOURCES = tests/tty/test_tty_hostile.c tests/tty/restored.h $(LIVE_SOURCES)
test_tty_hostile_CFLAGS = $(LIVE_CFLAGS)
test_tty_hostile_LDADD = libtty.a $(LIVE_LIBS) $(VTERM_LIBS) -lutil
test_tty_listen_SOURCES = tests/tty/test_tty_listen.c tests/live/http.c tests/live/http.h \
	$(LIVE_SOURCES)
test_tty_listen_CFLAGS = $(LIVE_CFLAGS)
test_tty_listen_LDADD = libtty.a $(LIVE_LIBS) $(VTERM_LIBS) -lutil
test_tty_record_SOURCES = tests/tty/test_tty_record.c tests/tty/restored.h $(LIVE_SOURCES)
test_tty_record_CFLAGS = $(LIVE_CFLAGS)
test_tty_record_LDADD = libtty.a $(LIVE_LIBS) $(VTERM_LIBS) -lutil
test_tty_leaktop_SOURCES = tests/tty/test_tty_leaktop.c tests/tty/restored.h $(LIVE_SOURCES)
test_tty_leaktop_CFLAGS = $(LIVE_CFLAGS)
test_tty_leaktop_LDADD = libtty.a $(LIVE_LIBS) $(VTERM_LIBS) -lutil
test_tty_who_SOURCES = tests/tty/test_tty_who.c $(LIVE_SOURCES)
test_tty_who_CFLAGS = $(LIVE_CFLAGS)
test_tty_who_LDADD = libtty.a $(LIVE_LIBS) $(VTERM_LIBS) -lutil
endif
endif
