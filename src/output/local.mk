noinst_LIBRARIES += liboutput.a
liboutput_a_SOURCES = \
	src/output/csv.c \
	src/output/expo.c src/output/expo.h \
	src/output/jsonw.c src/output/jsonw.h \
	src/output/jsonl.c \
	src/output/jsonl_holding.c src/output/jsonl_holding.h \
	src/output/openmetrics.c src/output/openmetrics.h \
	src/output/outfile.c src/output/outfile.h \
	src/output/report.c src/output/report.h \
	src/output/record.c src/output/record.h \
	src/output/sink.c src/output/sink.h \
	src/output/summary.c src/output/summary.h \
	src/output/table.c
