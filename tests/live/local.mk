# tests/live
include tests/live/find.mk
