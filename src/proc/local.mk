noinst_LIBRARIES += libproc.a
libproc_a_CFLAGS = $(AM_CFLAGS) $(PROCPS_CFLAGS)
libproc_a_SOURCES = \
	src/proc/candidates.c src/proc/candidates.h \
	src/proc/cgroup.c src/proc/cgroup.h src/proc/cgroup_walk.c src/proc/cgroup_walk.h \
	src/proc/container.c src/proc/container.h \
	src/proc/figures.c src/proc/figures.h \
	src/proc/figures_files.c \
	src/proc/figures_fixed.c \
	src/proc/figures_ops.h \
	src/proc/figures_slow.c \
	src/proc/maps.c src/proc/maps.h \
	src/proc/pagemap.c src/proc/pagemap.h \
	src/proc/pidstat.c src/proc/pidstat.h \
	src/proc/procfile.c src/proc/procfile.h \
	src/proc/resident.c src/proc/resident.h \
	src/proc/runnable.c src/proc/runnable.h \
	src/proc/status.c src/proc/status.h \
	src/proc/status_syscall.c \
	src/proc/twin.c src/proc/twin.h \
	src/proc/username.h

# The one file that knows the library; automake puts the other one into the tarball all the same.
if STATIC_VIEWER
libproc_a_SOURCES += src/proc/figures_nolibrary.c src/proc/username_file.c
else
libproc_a_SOURCES += src/proc/username_nss.c
if PROCPS_LIBPROC2
libproc_a_SOURCES += src/proc/figures_libproc2.c
else
libproc_a_SOURCES += src/proc/figures_libprocps.c
endif
endif
