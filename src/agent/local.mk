# The helper is built with flags of its own: nothing of CFLAGS, sanitizers or hardening may get in.
# --no-relax: an address that comes from a GOT fails the link, and is not made an absolute one.
AGENT_CFLAGS = -std=gnu17 -O2 -Wall -Wextra -ffreestanding -fPIE -fvisibility=hidden \
	-fno-stack-protector -fno-jump-tables -fno-asynchronous-unwind-tables -fno-unroll-loops \
	-mgeneral-regs-only $(LT_AGENT_CFLAGS) -I$(top_srcdir)/src
AGENT_SRC = $(top_srcdir)/src/agent
AGENT_FILES = src/agent/helper.c src/agent/collect.c src/agent/count.c src/agent/guard.c \
	src/agent/ring.c \
	src/agent/arch_$(LT_ARCH).c src/agent/entry_$(LT_ARCH).S
AGENT_H = src/agent/arch.h src/agent/collect.h src/agent/count.h src/agent/guard.h \
	src/agent/links.h src/agent/ring.h
AGENT_DEPS = $(AGENT_FILES:%=$(top_srcdir)/%) $(AGENT_H:%=$(top_srcdir)/%) \
	$(AGENT_SRC)/abi.h $(AGENT_SRC)/marks.h $(AGENT_SRC)/request.h \
	$(AGENT_SRC)/helper.lds

src/agent/helper.elf: $(AGENT_DEPS)
	@$(MKDIR_P) src/agent
	$(AM_V_GEN)$(CC) $(AGENT_CFLAGS) -nostdlib -static -Wl,--build-id=none,--no-relax \
		-Wl,-z,noexecstack -Wl,-T,$(AGENT_SRC)/helper.lds -o $@ \
		$(AGENT_FILES:%=$(top_srcdir)/%)

src/agent/helper.bin: src/agent/helper.elf
	$(AM_V_GEN)$(OBJCOPY) -O binary -j .text src/agent/helper.elf $@

src/agent/blob.$(OBJEXT): src/agent/helper.bin

noinst_LIBRARIES += libagent.a
libagent_a_SOURCES = src/agent/blob.S src/agent/blob.h src/agent/abi.h src/agent/marks.h \
	src/agent/request.h
CLEANFILES += src/agent/helper.elf src/agent/helper.bin
EXTRA_DIST += $(AGENT_FILES) $(AGENT_H) src/agent/helper.lds
