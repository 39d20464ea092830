noinst_LIBRARIES += liboutput.a
liboutput_a_SOURCES = \
	src/output/json.c src/output/json.h \
	src/output/jsonl.c \
	src/output/sink.c src/output/sink.h \
	src/output/table.c
