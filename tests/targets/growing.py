#!/usr/bin/env python
"""Containers that grow, and others that do not.

    growing.py

Prints one line of JSON, then does as it is told, one line of standard input
after the other, and ends with it:

    grow    every container in "grown" gets STEP more items, the busy ones are
            filled and emptied; answers with {"lengths": {path: len()}}

    {"ready": true, "pid": .., "step": STEP,
     "grown": {path: {"type": .., "length": ..}}, "steady": [paths]}
"""

import collections
import json
import os
import sys

STEP = 40


class Feed(object):
    seen = set()

    def __init__(self):
        self.events = collections.deque()
        self.history = ()


class Pile(list):
    pass


feed = Feed()
_LINES = []                         # of str: no instance of any class grows with it
_CACHE = {}                         # of str: bytes
_PILE = Pile()
_BY_REGION = {"eu": {}, "us": {}}

_FULL = list(range(5000))           # as long as ever
_QUEUE = []                         # filled and emptied
_RING = collections.deque(maxlen=100)


def lengths():
    return {
        "__main__._LINES": len(_LINES),
        "__main__._CACHE": len(_CACHE),
        "__main__._PILE": len(_PILE),
        "__main__._BY_REGION[...]": len(_BY_REGION["eu"]),
        "__main__.Feed.seen": len(Feed.seen),
        "__main__.feed.events": len(feed.events),
        "__main__.feed.history": len(feed.history),
    }


TYPES = {"__main__._LINES": "list", "__main__._CACHE": "dict", "__main__._PILE": "__main__.Pile",
         "__main__._BY_REGION[...]": "dict", "__main__.Feed.seen": "set",
         "__main__.feed.events": "collections.deque", "__main__.feed.history": "tuple"}


def grow(turn):
    for i in range(turn * STEP, (turn + 1) * STEP):
        text = "line %d" % i
        _LINES.append(text)
        _CACHE[text] = text.encode()
        _PILE.append(text + ".")
        _BY_REGION["eu"][i] = text
        Feed.seen.add(text)
        feed.events.append(text)
        feed.history += (text,)
        _RING.append(text)
    _QUEUE[:] = [] if turn % 3 == 0 else _QUEUE + list(range(turn % 7 * 10))


def say(what):
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main():
    grow(0)
    say({"ready": True, "pid": os.getpid(), "step": STEP, "grown": TYPES,
         "steady": ["__main__._FULL", "__main__._QUEUE", "__main__._RING"]})
    for turn, line in enumerate(iter(sys.stdin.readline, "")):
        grow(turn + 1)
        say({"lengths": lengths()})


if __name__ == "__main__":
    main()
