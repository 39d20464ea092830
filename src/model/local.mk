noinst_LIBRARIES += libmodel.a
libmodel_a_SOURCES = \
	src/model/cells.c src/model/cells.h \
	src/model/epochs.c src/model/epochs.h \
	src/model/filter.c src/model/filter.h \
	src/model/flatlines.c src/model/flatlines.h \
	src/model/floors.c src/model/floors.h \
	src/model/gauges.c src/model/gauges.h \
	src/model/gchealth.c src/model/gchealth.h \
	src/model/growing.c src/model/growing.h \
	src/model/holding.c src/model/holding.h \
	src/model/holding_text.c src/model/holding_text.h \
	src/model/holding_tree.c src/model/holding_tree.h \
	src/model/judge.c src/model/judge.h \
	src/model/ledger.c src/model/ledger.h \
	src/model/limit.c src/model/limit.h \
	src/model/model.c src/model/model.h \
	src/model/order.c src/model/order.h \
	src/model/outcome.h \
	src/model/processes.h \
	src/model/rate.c src/model/rate.h \
	src/model/ratchet.c src/model/ratchet.h \
	src/model/sample.h \
	src/model/searches.c src/model/searches.h \
	src/model/series.c src/model/series.h \
	src/model/snapshot.c src/model/snapshot.h src/model/sorts.h \
	src/model/teeth.c src/model/teeth.h \
	src/model/trend.c src/model/trend.h \
	src/model/types.c src/model/types.h \
	src/model/verdict.c src/model/verdict.h
