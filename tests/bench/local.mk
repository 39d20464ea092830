# `make bench`: figures, not a test. tests/bench/bench.py says what can be set.
EXTRA_DIST += tests/bench/bench.py tests/bench/heap.py
CLEANFILES += bench.json

EXTRA_PROGRAMS += bench_search bench_scan
CLEANFILES += bench_search$(EXEEXT) bench_scan$(EXEEXT)
bench_search_SOURCES = tests/bench/search.c
bench_search_LDADD = libholders.a libtarget.a libproc.a libutil.a $(PROCPS_LIBS) -lm
bench_scan_SOURCES = tests/bench/scan.c
bench_scan_LDADD = libcensus.a libinject.a libagent.a libtarget.a libproc.a libutil.a $(PROCPS_LIBS) -lm

.PHONY: bench
bench: leaktop bench_search bench_scan
	LT_BENCH_LEAKTOP=./leaktop LT_BENCH_SEARCH=./bench_search python3 $(top_srcdir)/tests/bench/bench.py
