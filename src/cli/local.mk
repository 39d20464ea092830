noinst_LIBRARIES += libcli.a
libcli_a_SOURCES = \
	src/cli/collecting.c src/cli/collecting.h \
	src/cli/complain.c src/cli/complain.h \
	src/cli/failon.c src/cli/failon.h \
	src/cli/settings.c src/cli/settings.h \
	src/cli/options.c src/cli/options.h

bin_PROGRAMS += leaktop
leaktop_SOURCES = \
	src/cli/batch.c src/cli/batch.h \
	src/cli/inspect.c src/cli/inspect.h \
	src/cli/main.c \
	src/cli/pick.c src/cli/pick.h \
	src/cli/play.c src/cli/play.h \
	src/cli/player.c src/cli/player.h \
	src/cli/requests.c src/cli/requests.h \
	src/cli/scrape.c src/cli/scrape.h \
	src/cli/searching.c src/cli/searching.h \
	src/cli/signals.c src/cli/signals.h \
	src/cli/watch.c src/cli/watch.h
if STATIC_VIEWER
leaktop_LDFLAGS = $(LT_STATIC_LDFLAGS)
endif
leaktop_LDADD = libcli.a libsession.a libholders.a libcensus.a libinject.a libagent.a libtarget.a libproc.a \
	liboutput.a libserve.a libui.a libmodel.a libutil.a $(NCURSESW_LIBS) $(PROCPS_LIBS) \
	$(MICROHTTPD_LIBS) $(JANSSON_LIBS) -lm
