noinst_LIBRARIES += libcensus.a
libcensus_a_SOURCES = \
	src/census/census.h \
	src/census/names.c src/census/names.h \
	src/census/walk.c
