lint_tests = \
	tests/lint/agent-clean.sh \
	tests/lint/completions.sh \
	tests/lint/configure.sh \
	tests/lint/contrib.sh \
	tests/lint/headers-alone.sh \
	tests/lint/include-direction.sh \
	tests/lint/options-man-help.sh \
	tests/lint/safety.sh \
	tests/lint/sizes.sh \
	tests/lint/words.sh
dist_check_SCRIPTS += $(lint_tests)
TESTS += $(lint_tests)
EXTRA_DIST += tests/lint/lib.sh tests/lint/offers.zsh

check_PROGRAMS += lint_tables
lint_tables_SOURCES = tests/lint/tables.c tests/unit/output_fixture.h
lint_tables_LDADD = libcli.a libserve.a liboutput.a libmodel.a libutil.a -lm
