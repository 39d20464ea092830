#!/usr/bin/env python
"""A heap that does not change but in the order of the collector's list.

    collecting.py --links N --period SECONDS

Prints {"pid":..,"ready":true} and then collects everything again and again until
stdin ends. Before each time the list that holds the links is made anew, after
them and the other way round: the collector first takes all of them for garbage
and then finds them in that order, so that it turns its list around.
"""

import argparse
import gc
import json
import os
import select
import sys


class Link(object):
    def __init__(self, number):
        self.parts = [number]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--links", type=int, default=5000)
    parser.add_argument("--period", type=float, default=0.1)
    options = parser.parse_args()
    links = [Link(n) for n in range(options.links)]
    print(json.dumps({"pid": os.getpid(), "ready": True}))
    sys.stdout.flush()
    while not select.select([0], [], [], options.period)[0]:
        links = links[::-1]
        gc.collect()
    return 0 if sorted(one.parts[0] for one in links) == list(range(options.links)) else 1


sys.exit(main())
