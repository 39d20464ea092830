noinst_LIBRARIES += libui.a
libui_a_CFLAGS = $(AM_CFLAGS) $(NCURSESW_CFLAGS)
libui_a_SOURCES = \
	src/ui/acts.c src/ui/acts.h \
	src/ui/attr.h \
	src/ui/canvas.c src/ui/canvas.h \
	src/ui/clip.c src/ui/clip.h \
	src/ui/columns.c src/ui/columns.h \
	src/ui/drill.c src/ui/drill.h \
	src/ui/entries.c src/ui/entries.h \
	src/ui/escape.c src/ui/escape.h \
	src/ui/frame.c src/ui/frame.h \
	src/ui/header.c src/ui/header.h \
	src/ui/keeps.c src/ui/keeps.h \
	src/ui/keys.c src/ui/keys.h \
	src/ui/line.c src/ui/line.h \
	src/ui/notice.c src/ui/notice.h \
	src/ui/pane.c src/ui/pane.h \
	src/ui/pane_held.c src/ui/pane_held.h \
	src/ui/picture.c src/ui/picture.h \
	src/ui/prompt.c src/ui/prompt.h \
	src/ui/rescue.c src/ui/rescue.h \
	src/ui/rows.c src/ui/rows.h \
	src/ui/screen.c src/ui/screen.h src/ui/screen_parts.h \
	src/ui/spark.c src/ui/spark.h \
	src/ui/tags.c src/ui/tags.h \
	src/ui/term.c src/ui/term.h \
	src/ui/ui.c src/ui/ui.h \
	src/ui/view.h \
	src/ui/view_cycles.c src/ui/view_cycles.h \
	src/ui/view_explain.c src/ui/view_explain.h \
	src/ui/view_help.c src/ui/view_help.h \
	src/ui/view_holders.c src/ui/view_holders.h \
	src/ui/view_pick.c src/ui/view_pick.h \
	src/ui/view_plain.c src/ui/view_plain.h \
	src/ui/view_sort.c src/ui/view_sort.h \
	src/ui/view_types.c src/ui/view_types.h

# Debian's ncurses-base has these; whoever comes by ssh has one of them.
terminals = xterm-256color xterm xterm-color screen-256color screen tmux-256color tmux linux rxvt \
	vt100 vt220 ansi
if STATIC_VIEWER
nodist_libui_a_SOURCES = src/ui/entries_made.c
src/ui/entries_made.c: $(top_srcdir)/tools/terminals $(top_srcdir)/src/ui/local.mk
	@$(MKDIR_P) src/ui
	$(AM_V_GEN)$(SHELL) $(top_srcdir)/tools/terminals $(terminals) >$@.new && mv $@.new $@
CLEANFILES += src/ui/entries_made.c
else
libui_a_SOURCES += src/ui/entries_none.c
endif
