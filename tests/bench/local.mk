# `make bench`: figures, not a test. tests/bench/bench.py says what can be set.
EXTRA_DIST += tests/bench/bench.py tests/bench/heap.py
CLEANFILES += bench.json

.PHONY: bench
bench: leaktop
	LT_BENCH_LEAKTOP=./leaktop python3 $(top_srcdir)/tests/bench/bench.py
