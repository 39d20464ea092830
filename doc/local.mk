dist_man_MANS += doc/leaktop.1
EXTRA_DIST += doc/architecture.md doc/safety.md
