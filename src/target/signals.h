/*
 * Has a signal come for which Python's handler is still to run? The handler in C, which runs on
 * whatever thread the kernel chose, only notes that for the main thread (Modules/signalmodule.c,
 * trip_signal).
 */
#ifndef LT_TARGET_SIGNALS_H
#define LT_TARGET_SIGNALS_H

#include "target/image.h"
#include "target/python.h"

/* Where that is noted: a word and the bits of it, mask 0 where it was not found. */
struct python_signals signals_find(const struct python *py, const struct image *image);

/* Now? Unknown: false. */
bool signals_due(const struct python *py);

#endif
