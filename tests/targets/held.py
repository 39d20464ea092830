#!/usr/bin/env python
"""Objects that are held in one known way, and the path that says so.

    held.py --kind KIND [--count N]

Makes N instances of Held (300), held as KIND says and in no other way, prints
one line of JSON and then stands still until its standard input ends:

    {"ready": true, "kind": .., "pid": .., "type": "__main__.Held", "count": N,
     "path": the path as leaktop writes it, "root": kind and name of its root,
     "all": [{"kind": .., "type": .., "path": .., "root": ..}, ..]}

KIND "all" is every kind that this version of Python has, at once, each with a
class of its own; "all" tells which, the fields in front are the last one's.

"path" is exact: a test compares the whole string. [...] stands for a key that
is the same for all of them, [*] for where they fan out.
"""

import _struct
import argparse
import atexit
import collections
import functools
import gc
import json
import logging
import os
import sys
import threading
import weakref

try:
    import asyncio
except ImportError:
    asyncio = None
try:
    import contextvars
except ImportError:
    contextvars = None

KINDS = {}                          # name: (function, path, root)


class Held(object):
    """What is held. With a dict, like most classes that people write."""

    def __init__(self, number):
        self.number = number
        self.name = "held %d" % number


Kind = Held                         # what is made now: Held or, of many kinds, its subclass


class Slotted(object):
    __slots__ = ("number", "__weakref__")

    def __init__(self, number):
        self.number = number


def kind(path, root, available=True, name=None):
    """Registers a function that makes the objects and holds them."""
    def register(function):
        if available:
            KINDS[name or function.__name__] = (function, path, root)
        return function
    return register


def make(count):
    """A generator: a list of them would hold them too."""
    return (Kind(number) for number in range(count))


# ---- globals, classes, instances --------------------------------------------------------------

_LIST = []
_BY_NUMBER = {}
_REGISTRY = {}
_SET = set()
_DEEP = {}


class Server(object):
    peers = []
    regions = {}

    def __init__(self):
        self.clients = []
        self.last = None


class Slots(object):
    __slots__ = ("clients",)


class Link(object):
    def __init__(self, held, before):
        self.held, self.before = held, before


class Entry(object):
    def __init__(self, held):
        self.attributes = {"held": held, "more": None}


class Pile(list):
    pass


server = Server()
slotted = Slots()
chain = None


@kind("__main__._LIST[*]", "module __main__")
def global_list(count):
    _LIST.extend(make(count))


@kind("__main__._BY_NUMBER[*]", "module __main__")
def global_dict(count):
    for held in make(count):
        _BY_NUMBER[held.number] = held


@kind("__main__._REGISTRY[...][*]", "module __main__")
def dict_of_lists(count):
    _REGISTRY["others"] = []
    _REGISTRY["eu-west"] = list(make(count))


@kind("__main__._SET[*]", "module __main__")
def global_set(count):
    _SET.update(make(count))


@kind("__main__._DEQUE[*]", "module __main__")
def deque(count):
    global _DEQUE
    _DEQUE = collections.deque(make(count))


@kind("__main__._KEYS[*]", "module __main__")
def keys_of_a_dict(count):
    global _KEYS
    _KEYS = dict((held, None) for held in make(count))


@kind("__main__._ENTRIES[*].attributes[...]", "module __main__")
def dicts_of_elements(count):
    global _ENTRIES
    _ENTRIES = [Entry(held) for held in make(count)]


@kind("__main__._SUBCLASSED[*]", "module __main__")
def subclass_of_list(count):
    global _SUBCLASSED
    _SUBCLASSED = Pile(make(count))


@kind("__main__._TUPLES[*][1]", "module __main__")
def tuples_in_a_list(count):
    global _TUPLES
    _TUPLES = [("held", held) for held in make(count)]


@kind("__main__.Server.peers[*]", "class __main__.Server")
def class_attribute(count):
    Server.peers.extend(make(count))


@kind("__main__.Server.regions[...][*]", "class __main__.Server")
def class_dict_of_lists(count):
    Server.regions["eu"] = list(make(count))


@kind("__main__.server.clients[*]", "module __main__")
def instance_attribute(count):
    server.clients.extend(make(count))


@kind("__main__.slotted.clients[*]", "module __main__")
def slot(count):
    slotted.clients = list(make(count))


@kind("__main__._WRAPPED[*].held", "module __main__")
def attribute_of_elements(count):
    global _WRAPPED
    _WRAPPED = [Link(held, None) for held in make(count)]


# ---- functions --------------------------------------------------------------------------------

def callback_maker(count):
    seen = list(make(count))

    def inner():
        return seen
    return inner


@kind("__main__.callback.__closure__[0].cell_contents[*]", "module __main__")
def closure(count):
    global callback
    callback = callback_maker(count)


def plot(into=[]):                  # the classic
    return into


@kind("__main__.plot.__defaults__[0][*]", "module __main__")
def default_argument(count):
    plot().extend(make(count))


@kind("__main__.draw.__kwdefaults__[...][*]", "module __main__", sys.version_info[0] >= 3)
def keyword_default(count):
    space = {}
    exec("def draw(*, into=[]):\n    return into", space)
    global draw
    draw = space["draw"]
    draw.__module__ = __name__
    draw().extend(make(count))


def handler():
    pass


@kind("__main__.handler.cache[*]", "module __main__")
def function_attribute(count):
    handler.cache = list(make(count))


@kind("__main__.Server.serve.cache[*]", "class __main__.Server")
def method_attribute(count):
    def serve(self):
        return self
    serve.cache = list(make(count))
    Server.serve = serve


@kind("__main__.load <lru_cache>[*]", "module __main__", hasattr(functools, "lru_cache"))
def lru_cache(count):
    global load

    def load(number):
        return Kind(number)
    load = functools.lru_cache(maxsize=None)(load)
    for number in range(count):
        load(number)


@kind("__main__._PARTIAL.args[0][*]", "module __main__")
def partial(count):
    global _PARTIAL
    _PARTIAL = functools.partial(len, list(make(count)))


# ---- frames, generators, threads --------------------------------------------------------------

def in_a_thread(target, *args):
    """Starts it as 'worker'; back when it has said that it is where it should be."""
    there = threading.Event()
    thread = threading.Thread(target=target, args=args + (there,), name="worker")
    thread.daemon = True
    thread.start()
    there.wait()


def serve(count, there):
    held = list(make(count))
    there.set()
    threading.Event().wait()
    return held


@kind("thread 'worker' -> frame serve() -> local held[*]", "thread worker")
def frame_of_a_thread(count):
    in_a_thread(serve, count)


def produce(count):
    seen = list(make(count))
    yield len(seen)
    yield seen


@kind("__main__._GENERATOR.gi_frame.f_locals[...][*]", "module __main__")
def generator(count):
    global _GENERATOR
    _GENERATOR = produce(count)
    next(_GENERATOR)


_LOCAL = threading.local()


def keep_local(count, there):
    _LOCAL.held = list(make(count))
    there.set()
    threading.Event().wait()


@kind("__main__._LOCAL -> thread 'worker' -> held[*]", "module __main__")
def thread_local(count):
    in_a_thread(keep_local, count)


if contextvars:
    request = contextvars.ContextVar("request")


@kind("contextvars.ContextVar 'request' -> [*]", "context variable request",
      contextvars is not None)
def context_variable(count):
    request.set(list(make(count)))


TASK = '''
async def handle(count, there):
    conn = list(make(count))
    there.set()
    await asyncio.get_running_loop().create_future()
    return conn

async def run(count):
    there = asyncio.Event()
    task = asyncio.create_task(handle(count, there), name="serve-9")
    await there.wait()
    say_ready()
    await asyncio.get_running_loop().run_in_executor(None, stand_still)
    task.cancel()
'''


@kind("asyncio.Task 'serve-9' -> frame handle() -> local conn[*]", "task serve-9",
      asyncio is not None and sys.version_info >= (3, 8))
def task(count):
    space = globals()
    exec(TASK, space)
    asyncio.run(space["run"](count))


# ---- the standard library and C ---------------------------------------------------------------

@kind("logging.root.manager.loggerDict[*].held", "module logging")
def loggers(count):
    for held in make(count):
        logging.getLogger("held.%d" % held.number).held = held


@kind("weakref.finalize._registry[*].args[0]", "class weakref.finalize",
      hasattr(weakref, "finalize"))
def finalizer(count):
    global _OTHERS
    _OTHERS = [Slotted(number) for number in range(count)]
    for other in _OTHERS:
        weakref.finalize(other, id, Kind(other.number)).atexit = False


@kind("held only by C code", "C code")
def c_code(count):
    import ctypes
    hold = ctypes.pythonapi.Py_IncRef
    hold.argtypes, hold.restype = [ctypes.py_object], None
    for held in make(count):
        hold(held)


class Format(str):
    """A key in the state of _struct, which keeps the Structs it made."""


@kind("__main__.atexit <module>[0][*]", "module __main__",
      available=(3,) <= sys.version_info < (3, 10))
def module_state(count):
    atexit.register(len, list(make(count)))


@kind("__main__._struct <module>[*].held[*]", "module __main__",
      available=sys.version_info >= (3, 10), name="module_state")
def module_state_of_structs(count):
    layout = Format("2i3h")
    layout.held = list(make(count))
    _struct.calcsize(layout)


# ---- what must not be called a holder ---------------------------------------------------------

@kind("__main__._STRONG[*]", "module __main__")
def weak_references_too(count):
    global _STRONG, _WEAK, _WEAK_VALUES
    _STRONG = list(make(count))
    _WEAK = [weakref.ref(held) for held in _STRONG]
    _WEAK_VALUES = weakref.WeakValueDictionary((held.number, held) for held in _STRONG)


@kind("__main__._NESTED[...][...][...][*]", "module __main__")
def nested(count):
    global _NESTED
    _NESTED = {"a": {"b": {"c": list(make(count))}}}


# ---- the program ------------------------------------------------------------------------------

options = None
made = []                           # [{"kind": .., "type": .., "path": .., "root": ..}, ..]


def hold(kind):
    """Makes and holds the objects of one kind; the one that runs tasks returns at the end."""
    global Kind
    function, path, root = KINDS[kind]
    if options.kind == "all":
        Kind = type("Held_" + kind, (Held,), {})
    made.append({"kind": kind, "type": "__main__." + Kind.__name__, "path": path, "root": root})
    function(options.count)


def say_ready():
    gc.collect()
    sys.stdout.write(json.dumps(dict(
        made[-1], ready=True, pid=os.getpid(), count=options.count, all=made)) + "\n")
    sys.stdout.flush()


def stand_still():
    os.read(0, 1)


def main():
    global options
    parser = argparse.ArgumentParser()
    parser.add_argument("--kind", choices=sorted(KINDS) + ["all"], required=True)
    parser.add_argument("--count", type=int, default=300)
    options = parser.parse_args()
    for name in sorted(KINDS) if options.kind == "all" else [options.kind]:
        if name != "task":
            hold(name)
    if "task" in KINDS and options.kind in ("task", "all"):
        hold("task")
    else:
        say_ready()
        stand_still()
    os._exit(0)                     # threads wait for ever, on purpose


if __name__ == "__main__":
    main()
