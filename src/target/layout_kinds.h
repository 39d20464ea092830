/* The ways in which one thing is laid out in different versions; rows of layout.h choose. */
#ifndef LT_TARGET_LAYOUT_KINDS_H
#define LT_TARGET_LAYOUT_KINDS_H

enum layout_walk {
	LAYOUT_WALK_LISTS,	/* gc generations are rings that may be walked */
	LAYOUT_WALK_VISIT,	/* 3.14.0-3.14.4: only through PyUnstable_GC_VisitObjects */
};

enum layout_lock {		/* the lock that Py_AddPendingCall takes */
	LAYOUT_LOCK_TRY,	/* 2.7, 3.6: never blocks, nothing to look at */
	LAYOUT_LOCK_SEM,	/* pointer to a sem_t: free when its first uint32 is 1 */
	LAYOUT_LOCK_BYTE,	/* a PyMutex in place: free when the byte is 0 */
};

enum layout_signals {		/* where it is noted that a signal came */
	LAYOUT_SIGNALS_CODE,	/* to 3.7: an int; PyErr_CheckSignals knows */
	LAYOUT_SIGNALS_RUNTIME,	/* 3.9-3.11: an int in _PyRuntime */
	LAYOUT_SIGNALS_LOCK,	/* 3.8, 3.12: an int so far from the lock of pending calls */
	LAYOUT_SIGNALS_STATE,	/* 3.13+: a bit of the main thread's first PyThreadState */
};

enum layout_dict {		/* how PyDictKeysObject is laid out */
	LAYOUT_DICT_27,		/* 2.7: ma_mask, ma_table of {hash, key, value} */
	LAYOUT_DICT_36,		/* 3.6-3.10: dk_size, entries behind the index array */
	LAYOUT_DICT_311,	/* 3.11+: dk_log2_size, dk_log2_index_bytes, dk_kind */
};

enum layout_int {
	LAYOUT_INT_OBSIZE,	/* to 3.11: sign and digit count in ob_size */
	LAYOUT_INT_LVTAG,	/* 3.12+: lv_tag, count << 3 | sign */
};

enum layout_evidence {		/* what tells the exact version */
	LAYOUT_FROM_STATICS,	/* 2.7, 3.6: no _PyRuntime; sys.hexversion of a found interpreter */
	LAYOUT_FROM_RUNTIME,	/* 3.7-3.10: sys.hexversion through _PyRuntime */
	LAYOUT_FROM_SYMBOL,	/* 3.11+: Py_Version */
};

enum layout_offsets {		/* the shape of struct _Py_DebugOffsets at _PyRuntime */
	LAYOUT_OFFSETS_NONE, LAYOUT_OFFSETS_313, LAYOUT_OFFSETS_314, LAYOUT_OFFSETS_315
};

#endif
