# Everything parsed, with any bytes. Plain programs that replay tests/fuzz/corpus/; after `configure
# CC=clang --enable-fuzzers` they are libFuzzer's, and `make fuzz LT_FUZZ_SECONDS=60` searches on.
fuzz_programs = \
	fuzz_elf \
	fuzz_keys \
	fuzz_maps \
	fuzz_objects \
	fuzz_options \
	fuzz_pools \
	fuzz_proc \
	fuzz_python \
	fuzz_recording \
	fuzz_settings \
	fuzz_text
check_PROGRAMS += $(fuzz_programs)
EXTRA_DIST += tests/fuzz/corpus
if FUZZERS
fuzz_main =
fuzz_ldflags = $(AM_LDFLAGS) -fsanitize=fuzzer
else
fuzz_main = tests/fuzz/replay.c
fuzz_ldflags = $(AM_LDFLAGS)
TESTS += $(fuzz_programs)
endif
fuzz_common = $(fuzz_main) tests/fuzz/fuzz.h
fuzz_memory = $(fuzz_common) tests/fuzz/memory.c tests/fuzz/memory.h

fuzz_elf_SOURCES = tests/fuzz/fuzz_elf.c $(fuzz_memory)
fuzz_elf_LDFLAGS = $(fuzz_ldflags)
fuzz_elf_LDADD = libtarget.a libproc.a libutil.a
fuzz_keys_SOURCES = tests/fuzz/fuzz_keys.c $(fuzz_common)
fuzz_keys_LDFLAGS = $(fuzz_ldflags)
fuzz_keys_LDADD = libui.a libmodel.a libutil.a $(NCURSESW_LIBS) -lm
fuzz_maps_SOURCES = tests/fuzz/fuzz_maps.c $(fuzz_common)
fuzz_maps_LDFLAGS = $(fuzz_ldflags)
fuzz_maps_LDADD = libproc.a libutil.a
fuzz_objects_SOURCES = tests/fuzz/fuzz_objects.c $(fuzz_memory)
fuzz_objects_LDFLAGS = $(fuzz_ldflags)
fuzz_objects_LDADD = libtarget.a libproc.a libutil.a
fuzz_options_SOURCES = tests/fuzz/fuzz_options.c $(fuzz_common)
fuzz_options_LDFLAGS = $(fuzz_ldflags)
fuzz_options_LDADD = libcli.a libserve.a liboutput.a libmodel.a libutil.a -lm
fuzz_pools_SOURCES = tests/fuzz/fuzz_pools.c $(fuzz_common) tests/unit/made_heap.c \
	tests/unit/made_heap.h
fuzz_pools_LDFLAGS = $(fuzz_ldflags)
fuzz_pools_LDADD = libcensus.a libinject.a libagent.a libtarget.a libproc.a libutil.a $(PROCPS_LIBS)
fuzz_proc_SOURCES = tests/fuzz/fuzz_proc.c $(fuzz_common)
fuzz_proc_LDFLAGS = $(fuzz_ldflags)
fuzz_proc_LDADD = libproc.a libutil.a $(PROCPS_LIBS)
fuzz_python_SOURCES = tests/fuzz/fuzz_python.c $(fuzz_memory)
fuzz_python_LDFLAGS = $(fuzz_ldflags)
fuzz_python_LDADD = libtarget.a libproc.a libutil.a
fuzz_recording_SOURCES = tests/fuzz/fuzz_recording.c $(fuzz_common)
fuzz_recording_LDFLAGS = $(fuzz_ldflags)
fuzz_recording_LDADD = libsession.a libmodel.a libutil.a $(JANSSON_LIBS) -lm
fuzz_settings_SOURCES = tests/fuzz/fuzz_settings.c $(fuzz_common)
fuzz_settings_LDFLAGS = $(fuzz_ldflags)
fuzz_settings_LDADD = libcli.a libserve.a liboutput.a libmodel.a libutil.a -lm
fuzz_text_SOURCES = tests/fuzz/fuzz_text.c $(fuzz_common)
fuzz_text_LDFLAGS = $(fuzz_ldflags)
fuzz_text_LDADD = libutil.a

# New inputs go to fuzz-new/ in the build tree; CONTRIBUTING.md says how they become the corpus.
.PHONY: fuzz
fuzz: $(fuzz_programs)
if FUZZERS
	@for f in $(fuzz_programs); do \
		$(MKDIR_P) fuzz-new/$$f && \
		./$$f -max_total_time=$${LT_FUZZ_SECONDS:-60} -timeout=10 -rss_limit_mb=1024 \
			-print_final_stats=1 -artifact_prefix=fuzz-new/$$f- fuzz-new/$$f \
			$(top_srcdir)/tests/fuzz/corpus/$${f#fuzz_} || exit 1; \
	done
else
	@echo 'make fuzz needs: configure CC=clang --enable-fuzzers'; exit 1
endif
