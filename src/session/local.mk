noinst_LIBRARIES += libsession.a
libsession_a_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
libsession_a_SOURCES = \
	src/session/collect.c src/session/collect.h \
	src/session/growers.c src/session/growers.h \
	src/session/keeps.c src/session/keeps.h \
	src/session/ledger.c src/session/ledger.h \
	src/session/live.c src/session/session.h \
	src/session/lexicon.c src/session/lexicon.h \
	src/session/reading.c src/session/reading.h \
	src/session/recline.c src/session/recline.h \
	src/session/replay.c src/session/replay.h \
	src/session/refusal.c src/session/refusal.h \
	src/session/retell.c src/session/retell.h \
	src/session/residue.c src/session/residue.h \
	src/session/roster.c src/session/roster.h \
	src/session/search.c src/session/search.h
