noinst_LIBRARIES += libutil.a
libutil_a_SOURCES = \
	src/util/buf.c src/util/buf.h \
	src/util/clean.c src/util/clean.h \
	src/util/clock.c src/util/clock.h \
	src/util/err.c src/util/err.h src/util/err_codes.h \
	src/util/io.c src/util/io.h \
	src/util/mem.c src/util/mem.h \
	src/util/num.c src/util/num.h \
	src/util/page.c src/util/page.h \
	src/util/pattern.c src/util/pattern.h \
	src/util/text.c src/util/text.h
