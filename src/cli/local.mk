bin_PROGRAMS += leaktop
leaktop_SOURCES = src/cli/main.c
leaktop_LDADD = libutil.a
