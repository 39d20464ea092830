if HAVE_CMOCKA
model_tests = test_holding test_ledger test_model test_model_gauges test_model_order test_model_random \
	test_model_series test_verdict test_verdict_rules
check_PROGRAMS += $(model_tests)
TESTS += $(model_tests)
model_test_libs = libmodel.a libutil.a $(CMOCKA_LIBS) -lm
test_holding_SOURCES = tests/unit/test_holding.c tests/unit/test_model.h
test_holding_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_holding_LDADD = $(model_test_libs)
test_ledger_SOURCES = tests/unit/test_ledger.c tests/unit/test_model.h
test_ledger_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_ledger_LDADD = $(model_test_libs)
test_model_SOURCES = tests/unit/test_model.c tests/unit/test_model.h tests/unit/test.h
test_model_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_model_LDADD = $(model_test_libs)
test_model_gauges_SOURCES = tests/unit/test_model_gauges.c tests/unit/test_model.h
test_model_gauges_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_model_gauges_LDADD = $(model_test_libs)
test_model_order_SOURCES = tests/unit/test_model_order.c tests/unit/test_model.h
test_model_order_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_model_order_LDADD = $(model_test_libs)
test_model_random_SOURCES = tests/unit/test_model_random.c tests/unit/test_model.h
test_model_random_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_model_random_LDADD = $(model_test_libs)
test_model_series_SOURCES = tests/unit/test_model_series.c tests/unit/test_model.h
test_model_series_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_model_series_LDADD = $(model_test_libs)
test_verdict_SOURCES = tests/unit/test_verdict.c tests/unit/scenarios.c tests/unit/scenarios.h \
	tests/unit/test.h
test_verdict_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_verdict_LDADD = $(model_test_libs)
test_verdict_rules_SOURCES = tests/unit/test_verdict_rules.c tests/unit/test_model.h
test_verdict_rules_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_verdict_rules_LDADD = $(model_test_libs)
endif
