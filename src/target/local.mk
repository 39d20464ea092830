noinst_LIBRARIES += libtarget.a
libtarget_a_SOURCES = \
	src/target/arenas.c src/target/arenas.h \
	src/target/cheap.c src/target/cheap.h \
	src/target/check.c src/target/check.h \
	src/target/chunks.c src/target/chunks.h \
	src/target/clib.c src/target/clib.h \
	src/target/code.h \
	src/target/elf.c src/target/elf.h \
	src/target/frames.c src/target/frames.h \
	src/target/gcread.c \
	src/target/glibc.c src/target/glibc.h \
	src/target/image.c src/target/image.h \
	src/target/layout.c src/target/layout.h src/target/layout_kinds.h \
	src/target/layout_frames.c \
	src/target/legacy.c src/target/legacy.h \
	src/target/lock.c src/target/lock.h \
	src/target/mmapped.c src/target/mmapped.h \
	src/target/pyobj.c src/target/pyobj.h \
	src/target/python.c src/target/python.h \
	src/target/signals.c src/target/signals.h \
	src/target/symbols.h \
	src/target/threads.c src/target/threads.h \
	src/target/remote.c src/target/remote.h \
	src/target/typehead.c src/target/typehead.h \
	src/target/typename.c \
	src/target/version.c src/target/version.h
if ARCH_X86_64
libtarget_a_SOURCES += src/target/code_x86_64.c
endif
if ARCH_AARCH64
libtarget_a_SOURCES += src/target/code_aarch64.c
endif
