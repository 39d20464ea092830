# tests/live
include tests/live/find.mk

# what leaktop counts against what the target knows
if HAVE_LIVE_TESTS
LIVE_LIBS = libsession.a libholders.a libcensus.a libinject.a libagent.a libmodel.a libtarget.a libproc.a \
	libutil.a $(CMOCKA_LIBS) $(JANSSON_LIBS) $(PROCPS_LIBS) -lm
LIVE_SOURCES = tests/live/belongings.c tests/live/belongings.h tests/live/pythons.c \
	tests/live/pythons.h tests/live/watching.c tests/live/watching.h tests/unit/test.h
LIVE_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(JANSSON_CFLAGS)

live_tests = \
	test_batch \
	test_census \
	test_changes \
	test_containers \
	test_count \
	test_cycles \
	test_heap \
	test_holders \
	test_hostile \
	test_inside \
	test_outputs \
	test_prometheus \
	test_record_live \
	test_roster \
	test_scan_live \
	test_server \
	test_slices \
	test_traps \
	test_verdict_live \
	test_who \
	test_zoo
check_PROGRAMS += $(live_tests)
TESTS += $(live_tests)
test_record_live_SOURCES = tests/live/test_record_live.c $(LIVE_SOURCES)
test_record_live_CFLAGS = $(LIVE_CFLAGS)
test_record_live_LDADD = $(LIVE_LIBS)
test_scan_live_SOURCES = tests/live/test_scan_live.c $(LIVE_SOURCES)
test_scan_live_CFLAGS = $(LIVE_CFLAGS)
test_scan_live_LDADD = $(LIVE_LIBS)
test_roster_SOURCES = tests/live/test_roster.c tests/live/pythons.c tests/live/pythons.h \
	tests/unit/test.h
test_roster_CFLAGS = $(LIVE_CFLAGS)
test_roster_LDADD = $(LIVE_LIBS)
test_census_SOURCES = tests/live/test_census.c $(LIVE_SOURCES)
test_census_CFLAGS = $(LIVE_CFLAGS)
test_census_LDADD = $(LIVE_LIBS)
test_changes_SOURCES = tests/live/test_changes.c $(LIVE_SOURCES)
test_changes_CFLAGS = $(LIVE_CFLAGS)
test_changes_LDADD = $(LIVE_LIBS)
test_slices_SOURCES = tests/live/test_slices.c $(LIVE_SOURCES)
test_slices_CFLAGS = $(LIVE_CFLAGS)
test_slices_LDADD = $(LIVE_LIBS)
test_count_SOURCES = tests/live/test_count.c $(LIVE_SOURCES)
test_count_CFLAGS = $(LIVE_CFLAGS)
test_count_LDADD = $(LIVE_LIBS)
test_cycles_SOURCES = tests/live/test_cycles.c $(LIVE_SOURCES)
test_cycles_CFLAGS = $(LIVE_CFLAGS)
test_cycles_LDADD = $(LIVE_LIBS)
test_heap_SOURCES = tests/live/test_heap.c $(LIVE_SOURCES)
test_heap_CFLAGS = $(LIVE_CFLAGS)
test_heap_LDADD = $(LIVE_LIBS)
test_containers_SOURCES = tests/live/test_containers.c $(LIVE_SOURCES)
test_containers_CFLAGS = $(LIVE_CFLAGS)
test_containers_LDADD = libholders.a $(LIVE_LIBS)
test_holders_SOURCES = tests/live/test_holders.c $(LIVE_SOURCES)
test_holders_CFLAGS = $(LIVE_CFLAGS)
test_holders_LDADD = $(LIVE_LIBS)
test_inside_SOURCES = tests/live/test_inside.c $(LIVE_SOURCES)
test_inside_CFLAGS = $(LIVE_CFLAGS)
test_inside_LDADD = libholders.a $(LIVE_LIBS)
test_traps_SOURCES = tests/live/test_traps.c $(LIVE_SOURCES)
test_traps_CFLAGS = $(LIVE_CFLAGS)
test_traps_LDADD = $(LIVE_LIBS)
test_server_SOURCES = tests/live/test_server.c $(LIVE_SOURCES)
test_server_CFLAGS = $(LIVE_CFLAGS)
test_server_LDADD = $(LIVE_LIBS)
test_verdict_live_SOURCES = tests/live/test_verdict_live.c $(LIVE_SOURCES)
test_verdict_live_CFLAGS = $(LIVE_CFLAGS)
test_verdict_live_LDADD = $(LIVE_LIBS)
test_who_SOURCES = tests/live/test_who.c $(LIVE_SOURCES)
test_who_CFLAGS = $(LIVE_CFLAGS)
test_who_LDADD = $(LIVE_LIBS)
test_zoo_SOURCES = tests/live/test_zoo.c $(LIVE_SOURCES)
test_zoo_CFLAGS = $(LIVE_CFLAGS)
test_zoo_LDADD = libholders.a $(LIVE_LIBS)
test_batch_SOURCES = tests/live/test_batch.c $(LIVE_SOURCES)
test_batch_CFLAGS = $(LIVE_CFLAGS)
test_batch_LDADD = $(LIVE_LIBS)
test_outputs_SOURCES = tests/live/test_outputs.c tests/live/http.c tests/live/http.h $(LIVE_SOURCES)
test_outputs_CFLAGS = $(LIVE_CFLAGS)
test_outputs_LDADD = $(LIVE_LIBS)
test_prometheus_SOURCES = tests/live/test_prometheus.c tests/live/http.c tests/live/http.h \
	$(LIVE_SOURCES)
test_prometheus_CFLAGS = $(LIVE_CFLAGS)
test_prometheus_LDADD = $(LIVE_LIBS)
test_hostile_SOURCES = tests/live/test_hostile.c $(LIVE_SOURCES)
test_hostile_CFLAGS = $(LIVE_CFLAGS)
test_hostile_LDADD = $(LIVE_LIBS)
endif
# what tools/systemd runs
EXTRA_DIST += tests/live/systemd_unit.sh
