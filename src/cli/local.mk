noinst_LIBRARIES += libcli.a
libcli_a_SOURCES = src/cli/options.c src/cli/options.h

bin_PROGRAMS += leaktop
leaktop_SOURCES = src/cli/main.c
leaktop_LDADD = libcli.a liboutput.a libutil.a -lm
