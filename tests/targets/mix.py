#!/usr/bin/env python
"""A heap like an application's, and what is in it down to every str and int.

    mix.py [--units N] [--churn SHARE] [--aged] [--parent-pipe]

One unit is some thirty objects that the collector knows (instances with dict
and slots of many classes, dicts, lists, tuples, sets, functions, methods) and
twice as many that it does not (strs, bytes, ints, floats). Prints
{"pid":..,"ready":true} when it stands still; with --parent-pipe it obeys
stdin: "truth" is answered with counts, "grow N" adds units, "churn SHARE"
replaces that share of them every second until "rest"; "stop" or the end of
file end it.

The truth counts what memory holds: everything that can be reached from the
collector's objects, dict keys and constants of code included, except what lies
in the interpreter's own data. "small" are objects of blocks up to 512 bytes.
"""

from __future__ import division

import argparse
import collections
import gc
import json
import os
import random
import select
import struct
import sys
import types

import truth

_UNITS = []
_SMALL = 512
_SIZED = (type(u""), bytes, tuple, int, type(2 ** 100), types.CodeType, type,
          float)
_random = random.Random(11)


class Line(object):
    __slots__ = ("name", "price", "next")


def make_class(number):
    class Order(object):
        def __init__(self, key):
            self.key = key
            self.lines = []
            self.note = "note %d" % key

        def total(self):
            return len(self.lines)
    Order.__name__ = "Order%d" % number
    if hasattr(Order, "__qualname__"):
        Order.__qualname__ = Order.__name__
    return Order


_CLASSES = [make_class(n) for n in range(250)]


class Array(list):
    pass


class Table(dict):
    pass


def make_unit(key):
    order = _CLASSES[min(249, int(_random.paretovariate(0.6)) - 1)](key)
    for n in range(6):
        line = Line()
        line.name = "line %d of %d" % (n, key)
        line.price = key * 1.25 + n
        line.next = (line.name, key * 1000 + n + 257)
        order.lines.append(line)
    # where addresses are low its items look like an object: a count and a type
    order.columns = [float, float, None, float]
    order.by_name = dict((line.name, line) for line in order.lines)
    order.tags = set("tag %d" % (key + n) for n in range(key % 12))
    order.more = Array([[key + 10 ** 6], [(key, 2.5 * key)], {"k": [key]}])
    order.table = Table((n + key * 3, [n]) for n in range(key % 9))
    order.call = lambda: order
    order.bound = order.total
    order.raw = b"%d" % key if sys.version_info >= (3, 5) else str(key)
    order.buffer = bytearray(key % 700)
    if key % 50 == 0:
        order.long = "x" * (600 + key % 100)
        order.wide = tuple(range(key, key + 90))
    return order


def churn(share):
    for _ in range(max(1, int(len(_UNITS) * share))):
        at = _random.randrange(len(_UNITS))
        old = _UNITS[at]
        old.call = old.bound = _UNITS[at] = None    # no cycle is left
        del old
        _UNITS[at] = make_unit(_random.randrange(10 ** 6))


def memory_size(path):
    """Bytes that an ELF file takes in memory, its zeroed data included."""
    with open(path, "rb") as f:
        head = f.read(64)
        at, size, n = (struct.unpack_from("<Q", head, 32)[0],
                       struct.unpack_from("<H", head, 54)[0],
                       struct.unpack_from("<H", head, 56)[0])
        f.seek(at)
        table = f.read(size * n)
    end = 0
    for i in range(n):
        kind, _, _, place, _, _, length, _ = struct.unpack_from(
            "<IIQQQQQQ", table, i * size)
        if kind == 1:
            end = max(end, place + length)
    return end


def images():
    """Address ranges of loaded files, their zeroed data included."""
    starts = {}
    with open("/proc/self/maps") as lines:
        for line in lines:
            part = line.split()
            low = int(part[0].split("-")[0], 16)
            if len(part) > 5 and "python" in part[5] or ".so" in part[-1]:
                starts.setdefault(part[5], low)
    return [(low, low + memory_size(path)) for path, low in starts.items()]


def referents(one):
    found = gc.get_referents(one)
    if isinstance(one, dict):       # the collector is not shown str keys
        found.extend(dict.keys(one))
    elif isinstance(one, type):     # nor the name of a class
        found.extend(type.__dict__[name].__get__(one)
                     for name in ("__name__", "__qualname__")
                     if name in type.__dict__)
    elif isinstance(one, types.CodeType):
        found.extend((one.co_consts, one.co_name))
    return found


def everything():
    """Every object that can be reached, once."""
    todo = gc.get_objects()
    seen = set(id(one) for one in todo)
    own = set((id(todo), id(seen)))
    found = list(todo)
    own.add(id(found))
    while todo:
        batch = referents(todo.pop())
        for one in batch:
            if id(one) not in seen:
                seen.add(id(one))
                if id(one) not in own:
                    found.append(one)
                    todo.append(one)
    return found


def count():
    small, large = collections.Counter(), collections.Counter()
    ranges = images()
    gc.collect()
    for one in everything():
        at = id(one)
        if any(low <= at < high for low, high in ranges):
            continue
        big = isinstance(one, _SIZED) and sys.getsizeof(one) > _SMALL
        (large if big else small)[type(one)] += 1
    answer = {"small": collections.Counter(), "large": collections.Counter()}
    for kind, n in small.items():
        answer["small"][truth.type_name(kind)] += n
    for kind, n in large.items():
        answer["large"][truth.type_name(kind)] += n
    return answer


def say(answer):
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def serve(args):
    share = args.churn
    buffered = b""
    while True:
        ready = select.select([0], [], [], 0.05 if share else None)[0]
        if share and not ready:
            churn(share / 20)
            continue
        got = os.read(0, 4096)
        if not got:
            return
        buffered += got
        while b"\n" in buffered:
            line, buffered = buffered.split(b"\n", 1)
            words = line.decode().split()
            if words[0] == "truth":
                answer = json.dumps(count())
                gc.collect()        # a frame that found itself
                sys.stdout.write(answer + "\n")
                sys.stdout.flush()
            elif words[0] == "grow":
                start = len(_UNITS)
                _UNITS.extend(make_unit(start + n)
                              for n in range(int(words[1])))
                gc.collect()
                say({"units": len(_UNITS)})
            elif words[0] == "churn":
                share = float(words[1])
                say({"churn": share})
            elif words[0] == "rest":
                share = 0
                gc.collect()
                say({"rest": True})
            elif words[0] == "stop":
                return


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--units", type=int, default=1000)
    parser.add_argument("--churn", type=float, default=0.0)
    parser.add_argument("--aged", action="store_true")
    parser.add_argument("--parent-pipe", action="store_true")
    args = parser.parse_args()
    gc.disable()
    _UNITS.extend(make_unit(n) for n in range(args.units))
    gc.enable()
    for _ in range(3 if args.aged else 0):
        churn(0.3)
        gc.collect()
    gc.collect()
    say({"pid": os.getpid(), "ready": True, "tracked": len(gc.get_objects())})
    serve(args)


if __name__ == "__main__":
    main()
