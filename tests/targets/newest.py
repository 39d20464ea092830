#!/usr/bin/env python
"""Many objects that were always there, and a few that have come since.

    newest.py

3000 Held in the list _ALWAYS, a full collection, then 100 in the list _LATELY. Prints one line of
JSON and stands still until its standard input ends.
"""

import gc
import json
import os
import sys


class Held(object):
    def __init__(self, number):
        self.number = number


_ALWAYS = []
_LATELY = []


def main():
    _ALWAYS.extend(Held(number) for number in range(3000))
    gc.collect()
    _LATELY.extend(Held(number) for number in range(100))
    sys.stdout.write(json.dumps({"ready": True, "pid": os.getpid()}) + "\n")
    sys.stdout.flush()
    os.read(0, 1)


if __name__ == "__main__":
    main()
