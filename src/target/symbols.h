/* What is looked up by name in the object that holds the interpreter. Addresses in the target. */
#ifndef LT_TARGET_SYMBOLS_H
#define LT_TARGET_SYMBOLS_H

#include <stdint.h>

/*
 * X(field, symbol, needed): functions of the target, looked up in the Python object's .dynsym.
 * needed = 1: without it this is not a CPython; 0: address 0 where absent.
 */
#define PYTHON_SYMBOLS(X) \
	X(gil_ensure, "PyGILState_Ensure", 1) \
	X(gil_release, "PyGILState_Release", 1) \
	X(gil_this_thread, "PyGILState_GetThisThreadState", 1) \
	X(add_pending_call, "Py_AddPendingCall", 1) \
	X(interp_head, "PyInterpreterState_Head", 1) \
	X(check_signals, "PyErr_CheckSignals", 0)	/* to 3.7: tells a static */ \
	X(visit_objects, "PyUnstable_GC_VisitObjects", 0) \
	X(type_type, "PyType_Type", 1) \
	X(list_type, "PyList_Type", 1) \
	X(tuple_type, "PyTuple_Type", 1) \
	X(dict_type, "PyDict_Type", 1) \
	X(set_type, "PySet_Type", 1) \
	X(frozenset_type, "PyFrozenSet_Type", 1) \
	X(bytearray_type, "PyByteArray_Type", 1) \
	X(gen_type, "PyGen_Type", 0) \
	X(coro_type, "PyCoro_Type", 0) \
	X(async_gen_type, "PyAsyncGen_Type", 0) \
	X(frame_type, "PyFrame_Type", 0) \
	X(runtime, "_PyRuntime", 0) \
	X(generation0, "_PyGC_generation0", 0) \
	X(thread_current, "_PyThreadState_Current", 0)	/* 2.7, 3.6 */ \
	X(finalizing, "_Py_Finalizing", 0)	/* 3.6: the thread state that ends Python */ \
	X(unicode_type, "PyUnicode_Type", 1) \
	X(string_type, "PyString_Type", 0)	/* 2.7: str */ \
	X(long_type, "PyLong_Type", 1) \
	X(int_type, "PyInt_Type", 0)		/* 2.7: int */ \
	X(py_version, "Py_Version", 0) \
	X(gc_collect, "PyGC_Collect", 0)	/* these for agent/collect.c */ \
	X(err_fetch, "PyErr_Fetch", 0) \
	X(err_restore, "PyErr_Restore", 0) \
	X(module_dict, "PyImport_GetModuleDict", 0) \
	X(dict_get, "PyDict_GetItemString", 0) \
	X(call_method, "PyObject_CallMethod", 0) \
	X(as_size, "PyNumber_AsSsize_t", 0) \
	X(dec_ref, "Py_DecRef", 0)

struct python_symbols {
#define X(field, symbol, needed) uint64_t field;
	PYTHON_SYMBOLS(X)
#undef X
};

#endif
