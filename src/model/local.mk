noinst_LIBRARIES += libmodel.a
libmodel_a_SOURCES = \
	src/model/filter.c src/model/filter.h \
	src/model/flatlines.c src/model/flatlines.h \
	src/model/gauges.c src/model/gauges.h \
	src/model/gchealth.c src/model/gchealth.h \
	src/model/ledger.c src/model/ledger.h \
	src/model/limit.c src/model/limit.h \
	src/model/model.c src/model/model.h \
	src/model/order.c src/model/order.h \
	src/model/rate.c src/model/rate.h \
	src/model/sample.h \
	src/model/series.c src/model/series.h \
	src/model/snapshot.h \
	src/model/trend.c src/model/trend.h \
	src/model/types.c src/model/types.h
