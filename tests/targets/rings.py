#!/usr/bin/env python
"""Cyclic garbage of several shapes, each type in a ring of its own that nothing else holds.

    rings.py --gc on|off|starved [--count N]

on       the collector is on, with its own thresholds; there are fewer objects
         than make it run;
off      gc.disable();
starved  it is on, but its thresholds are so high that it never runs.

Prints one line of JSON and then stands still until its standard input ends:

    {"ready": true, "pid": .., "rings": {type: the ring as leaktop writes it}}
"""

import argparse
import gc
import json
import os
import sys
import weakref


class Connection(object):
    def __init__(self):
        self.peer = "somebody"
        self._conn_handler = ConnectionHandler(self)


class ConnectionHandler(object):
    def __init__(self, conn):
        self._conn = conn


class Slotted(object):
    __slots__ = ("_handler", "__weakref__")

    def __init__(self):
        self._handler = SlottedHandler(self)


class SlottedHandler(object):
    __slots__ = ("_conn",)

    def __init__(self, conn):
        self._conn = conn


class Self(object):
    def __init__(self):
        self.me = self


class Registered(object):
    def __init__(self):
        self.registry = {"all": [self]}


class Late(object):
    """Its dict is made by who adds attributes by name: a combined table, in most versions."""

    def __init__(self):
        self.__dict__ = {"other": LateOther(self)}


class LateOther(object):
    def __init__(self, late):
        self.__dict__["late"] = late


class Watched(object):
    """Weak references to it are no part of any ring."""

    def __init__(self):
        self.twin = Twin(self)
        _WEAK.append(weakref.ref(self))


class Twin(object):
    def __init__(self, watched):
        self.watched = watched
        self.weak = weakref.ref(watched)


_WEAK = []

RINGS = {
    "Connection": "Connection._conn_handler -> ConnectionHandler._conn -> Connection",
    "Slotted": "Slotted._handler -> SlottedHandler._conn -> Slotted",
    "Self": "Self.me -> Self",
    "Registered": "Registered.registry -> dict[...] -> list[...] -> Registered",
    "Late": "Late.other -> LateOther.late -> Late",
    "Watched": "Watched.twin -> Twin.watched -> Watched",
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gc", choices=("on", "off", "starved"), default="off")
    parser.add_argument("--count", type=int, default=60)
    options = parser.parse_args()
    gc.collect()
    gc.disable()
    for name in sorted(RINGS):
        for _ in range(options.count):
            globals()[name]()
    if options.gc == "starved":
        gc.set_threshold(1000000, 1000, 1000)
    elif options.gc == "on":            # the young generation may have as many without a run
        gc.set_threshold(100000, 10, 10)
    if options.gc != "off":
        gc.enable()
    sys.stdout.write(json.dumps({
        "ready": True, "pid": os.getpid(),
        "rings": dict(("__main__." + name, RINGS[name]) for name in RINGS)}) + "\n")
    sys.stdout.flush()
    os.read(0, 1)
    os._exit(0)


if __name__ == "__main__":
    main()
