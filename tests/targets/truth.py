"""What a process holds, counted from inside: what leaktop is held against.

census() counts the objects on the collector's lists by full type name, as
they will be when the caller has returned and its process stands still again.
What exists only because it is asked is left out:

* gc.get_objects() runs before anything else is created, and does not list
  the list it returns;
* the frames of functions marked @temporary are on the lists up to 3.10 and
  are taken out by identity, ours included;
* so are the argument tuples of signal handlers marked so, found by the
  frame in them (a handler can be interrupted by the next signal as it ends).

The caller must hold nothing else that dies with the question: no list being
iterated, no bound method being called (an object up to 3.6). The collector
is off meanwhile, so that asking does not collect what is being counted.

The collector's permanent generation is not listed by gc.get_objects(): it is
reported as "frozen" (3.12 starts with some hundred objects there).
"""

import collections
import gc
import json
import sys

_MODULE = type.__dict__["__module__"]
_NAME = type.__dict__.get("__qualname__", type.__dict__["__name__"])
_BARE = ("builtins", "__builtin__", "exceptions")
_temporary = set()                  # code objects


def temporary(function):
    """Marks a function that has returned before the process stands still."""
    _temporary.add(function.__code__)
    return function


def type_name(cls):
    """Full name of a type; past what its metaclass pretends."""
    name = _NAME.__get__(cls)
    try:
        module = _MODULE.__get__(cls)
    except AttributeError:          # a C type that never said
        return name
    if not isinstance(module, str) or module in _BARE:
        return name
    return module + "." + name


def _optional(name, *args):
    function = getattr(gc, name, None)
    return function(*args) if function else None


def _generation_sizes(total):
    """Objects per generation, youngest first (3.8+), None where unknown.

    The temporaries are young: nothing was collected since they were made.
    """
    try:
        sizes = [len(gc.get_objects(n)) for n in (2, 1, 0)][::-1]
    except TypeError:
        return None
    sizes[0] = total - sizes[1] - sizes[2]
    return sizes if sizes[0] >= 0 else None


def _our_frames():
    """Ids of the temporary frames under way, and of those they interrupt."""
    ours, callers = set(), set()
    frame = sys._getframe()
    while frame is not None:
        if frame.f_code in _temporary:
            ours.add(id(frame))
            callers.add(id(frame.f_back))
        frame = frame.f_back
    return ours, callers


@temporary
def census():
    """Counts as a dict ready for JSON."""
    was_enabled = gc.isenabled()
    gc.disable()
    objects = gc.get_objects()      # from here on nothing new is in it
    ours, callers = _our_frames()
    kinds = collections.Counter(map(type, objects))
    total = len(objects)
    for one in objects:
        if id(one) in ours or (type(one) is tuple and len(one) == 2
                               and type(one[0]) is int
                               and id(one[1]) in callers):
            kinds[type(one)] -= 1
            total -= 1
    del one, objects
    types = collections.Counter()
    for kind, count in kinds.items():
        types[type_name(kind)] += count
    answer = {
        "types": {name: count for name, count in types.items() if count},
        "objects": total,
        "generations": _generation_sizes(total),
        "gc_count": gc.get_count(),
        "gc_threshold": gc.get_threshold(),
        "gc_stats": _optional("get_stats"),
        "garbage": len(gc.garbage),
        "enabled": was_enabled,
        "frozen": _optional("get_freeze_count"),
    }
    if was_enabled:
        gc.enable()
    return answer


@temporary
def line():
    """census() as one line of JSON, in bytes."""
    # Plain dumps(): with options 2.7 uses an encoder that leaves cycles.
    return (json.dumps(census()) + "\n").encode()


def settle():
    """Collect, and ask once: what the first time leaves behind is in place."""
    line()
    repr([[]])                      # makes a thread's list of open repr()s
    for _ in range(3):
        gc.collect()
