dist_man_MANS += doc/leaktop.1
EXTRA_DIST += doc/architecture.md doc/ci.md doc/performance.md doc/prometheus.md doc/safety.md \
	doc/screen.svg doc/verdict.md
