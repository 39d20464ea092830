/* Where the lock of Py_AddPendingCall is. The row's place is only a hint: it moves in patches. */
#ifndef LT_TARGET_LOCK_H
#define LT_TARGET_LOCK_H

#include "target/python.h"

/*
 * The address of the lock (of the pointer to it, for LAYOUT_LOCK_SEM), proved by the fields of
 * struct _pending_calls around it; looked for near the row's place where it is not there. false
 * where no or more than one place fits. Not for LAYOUT_LOCK_TRY.
 */
bool lock_find(const struct python *py, uint64_t *ret);

#endif
