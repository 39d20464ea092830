#!/usr/bin/env python
"""Arrays of numpy that own their items, and views that do not.

    arrays.py

Prints one line of JSON and waits for the end of standard input:

    {"ready": true, "pid": .., "arrays": how many, "bytes": of their items}

or {"ready": false} where there is no numpy.
"""

import json
import os
import sys

try:
    import numpy
except ImportError:
    numpy = None


def say(**fields):
    sys.stdout.write(json.dumps(fields, sort_keys=True) + "\n")
    sys.stdout.flush()


def main():
    if numpy is None:
        say(ready=False)
        return
    owners = [numpy.ones(n) for n in (1, 100, 100000)]
    owners += [numpy.zeros((300, 40, 5), dtype="int32", order=order) for order in "CF"]
    owners += [numpy.arange(2000, dtype="int16") for _ in range(1500)]
    views = [owners[2][10:90], owners[3].T, owners[2].reshape(1000, 100)]
    say(ready=True, pid=os.getpid(), arrays=len(owners) + len(views),
        bytes=sum(owner.nbytes for owner in owners))
    sys.stdin.read()


if __name__ == "__main__":
    main()
