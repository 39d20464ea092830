#!/usr/bin/env python
"""Objects and what each keeps alive.

    keeps.py

Prints one line of JSON and then stands still until its standard input ends:

    {"ready": true, "pid": .., "objects": [{"type": .., "address": .., "least": bytes that
     go with it at least, "most": .., "parts": [[name, type, length or null, shared], ..]}]}
"""

import collections
import gc
import json
import os
import sys


class Loop(object):
    pass


LOOP = Loop()
WORDS = ["shared", "words"]


class Connection(object):
    def __init__(self, number):
        self.buf = bytearray(1980)
        self.loop = LOOP
        self.peer = (LOOP, "peer %d" % number)
        self.lines = [("%-200d" % line).encode() for line in range(20)]
        self.words = WORDS
        self.by_name = {"name %d" % number: bytearray(3000)}


class Late(object):
    """With a dict of its own in every version."""

    def __init__(self, number):
        self.__dict__ = {"buf": bytearray(100000), "number": "number %d" % number}


class Slotted(object):
    __slots__ = ("buf", "loop", "unset")

    def __init__(self):
        self.buf = bytearray(500)
        self.loop = LOOP


class Queue(object):
    def __init__(self):
        self.waiting = collections.deque(("%-450d" % i).encode() for i in range(200))
        for _ in range(150):        # it does not begin where its first block does
            self.waiting.append(self.waiting.popleft())


class Ring(object):
    def __init__(self):
        self.me = self
        self.buf = bytearray(700)


CONNECTION = [
    [".buf", "bytearray", None, False], [".loop", "__main__.Loop", None, True],
    [".peer", "tuple", 2, False], [".lines", "list", 20, False],
    [".words", "list", 2, True], [".by_name", "dict", 1, False],
]
LATE = [[".buf", "bytearray", None, False], [".number", "str", None, False]]
SLOTTED = [[".buf", "bytearray", None, False], [".loop", "__main__.Loop", None, True]]
QUEUE = [[".waiting", "collections.deque", 200, False]]
RING = [[".buf", "bytearray", None, False]]


def main():
    held = [Connection(1), Late(2), Slotted(), Queue(), Ring()]
    parts = [CONNECTION, LATE, SLOTTED, QUEUE, RING]
    least = [1980 + 20 * 200 + 3000, 100000, 500, 200 * 450, 700]
    gc.collect()
    sys.stdout.write(json.dumps({"ready": True, "pid": os.getpid(), "objects": [
        {"type": "__main__." + type(one).__name__, "address": id(one), "parts": these,
         "least": bytes_, "most": bytes_ + bytes_ // 8 + 2000}
        for one, these, bytes_ in zip(held, parts, least)]}) + "\n")
    sys.stdout.flush()
    os.read(0, 1)


if __name__ == "__main__":
    main()
