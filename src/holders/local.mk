noinst_LIBRARIES += libholders.a
libholders_a_SOURCES = \
	src/holders/blocks.c src/holders/blocks.h \
	src/holders/containers.c src/holders/containers.h \
	src/holders/climb.c src/holders/climb.h \
	src/holders/graph.c src/holders/graph.h \
	src/holders/holders.c src/holders/holders.h \
	src/holders/inside.c src/holders/inside.h \
	src/holders/levels.c src/holders/levels.h \
	src/holders/merge.c src/holders/merge.h \
	src/holders/paths.c src/holders/paths.h \
	src/holders/refs.c src/holders/refs.h \
	src/holders/rings.c src/holders/rings.h \
	src/holders/roots.c src/holders/roots.h \
	src/holders/sample.c src/holders/sample.h \
	src/holders/seek.c src/holders/seek.h \
	src/holders/sweep.c src/holders/sweep.h \
	src/holders/typebook.c src/holders/typebook.h
