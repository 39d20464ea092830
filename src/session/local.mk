noinst_LIBRARIES += libsession.a
libsession_a_SOURCES = \
	src/session/growers.c src/session/growers.h \
	src/session/ledger.c src/session/ledger.h \
	src/session/live.c src/session/session.h \
	src/session/refusal.c src/session/refusal.h \
	src/session/residue.c src/session/residue.h \
	src/session/roster.c src/session/roster.h \
	src/session/search.c src/session/search.h
