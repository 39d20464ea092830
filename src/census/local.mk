noinst_LIBRARIES += libcensus.a
libcensus_a_SOURCES = \
	src/census/census.h \
	src/census/names.c src/census/names.h \
	src/census/scan.c src/census/scan.h \
	src/census/scan_kinds.c src/census/scan_kinds.h \
	src/census/scan_pool.c src/census/scan_pool.h \
	src/census/scan_store.c src/census/scan_store.h \
	src/census/walk.c
