noinst_LIBRARIES += libserve.a
libserve_a_SOURCES = src/serve/address.c src/serve/address.h src/serve/serve.h
libserve_a_CFLAGS = $(AM_CFLAGS) $(MICROHTTPD_CFLAGS)
if HAVE_MICROHTTPD
libserve_a_SOURCES += src/serve/serve_mhd.c
else
libserve_a_SOURCES += src/serve/serve_none.c
endif
