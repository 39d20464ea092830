noinst_LIBRARIES += libcensus.a
libcensus_a_SOURCES = \
	src/census/agree.c src/census/agree.h \
	src/census/block.c src/census/block.h \
	src/census/census.c src/census/census.h \
	src/census/counted.h \
	src/census/large.c src/census/large.h \
	src/census/names.c src/census/names.h \
	src/census/scan.c src/census/scan.h \
	src/census/scan_kinds.c src/census/scan_kinds.h \
	src/census/scan_pool.c src/census/scan_pool.h \
	src/census/scan_store.c src/census/scan_store.h \
	src/census/walk.c src/census/walk.h
