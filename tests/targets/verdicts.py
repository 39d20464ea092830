#!/usr/bin/env python
"""One program per verdict: lives for a while in one way, for leaktop to judge.

    verdicts.py --kind leak

Prints {"pid":..,"ready":true}, then works ten times a second until its stdin
ends or says "stop". What it makes are objects of the class Thing.

  leak      appends Things to a global, 40 a second              -> suspect
  cycle     drops Things that refer to each other, collector off -> suspect
  warmup    fills a cache for ten seconds, then replaces in it   -> hold
  step      makes a lot of them once                             -> hold
  sawtooth  gathers them for seven seconds, then drops all       -> churn
  collected drops Things in cycles, collects every five seconds  -> churn
  sine      holds more and fewer of them, period nine seconds    -> churn
  churn     holds a random number of them                        -> churn
  idle      does nothing                                         -> flat

Of what is no Thing, with its cause:

  strings   appends bytes to a global, 40 a second               -> objects
  native    calls malloc and never free                          -> native
  fragments cuts blocks of malloc down to what pins their place  -> fragmentation
"""

import argparse
import gc
import json
import math
import os
import random
import select
import sys
import time

TICK = 0.1
LONGEST = 150                   # seconds: then it stands still, and takes no more memory
HELD = []
_clock = getattr(time, "monotonic", time.time)


class Thing(object):
    def __init__(self):
        self.other = None


def fill(number):
    """HELD has so many Things, the newest last."""
    number = int(number)
    del HELD[number:]
    while len(HELD) < number:
        HELD.append(Thing())


def drop_cycles(number):
    for _ in range(number):
        a, b = Thing(), Thing()
        a.other, b.other = b, a


# Each is called every TICK with the time since the start and a dict to keep.

def leak(t, state):
    fill(40 * t)


def cycle(t, state):
    gc.disable()
    drop_cycles(2)


def warmup(t, state):
    if len(HELD) < 3000:
        fill(min(300 * t, 3000))
    else:
        HELD[random.randrange(3000)] = Thing()


def step(t, state):
    if t > 6:
        fill(5000)


def sawtooth(t, state):
    fill(200 * (t % 7))


def collected(t, state):
    if not state:
        gc.disable()
        state["next"] = 5
    drop_cycles(20)
    if t >= state["next"]:
        state["next"] += 5
        gc.collect()


def sine(t, state):
    fill(1000 + 800 * math.sin(2 * math.pi * t / 9))


def churn(t, state):
    fill(random.randrange(500, 1500))


def idle(t, state):
    pass


def strings(t, state):
    while len(HELD) < 40 * t:
        # On a busy machine large ones are counted late, and all at once: each fourth.
        HELD.append(b"x" * ((300 if len(HELD) % 4 else 40000) + len(HELD) % 100))


def libc():
    import ctypes
    lib = ctypes.CDLL(None)
    lib.malloc.restype = lib.realloc.restype = ctypes.c_void_p
    lib.malloc.argtypes = [ctypes.c_size_t]
    lib.realloc.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    lib.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
    return lib


def native(t, state):
    if not state:
        state.update(lib=libc(), blocks=0)
    while state["blocks"] < 100 * t:
        state["lib"].memset(state["lib"].malloc(10000), 1, 10000)
        state["blocks"] += 1


def fragments(t, state):
    # Each block is a little larger than the gap any of those before has left. What gaps there are
    # at first are filled: in one of them a block that is cut down would leave room for the next.
    if not state:
        state.update(lib=libc(), blocks=0, last=None)
        for _ in range(1000):
            state["lib"].malloc(9000)
    lib = state["lib"]
    while state["blocks"] < 50 * t:
        size = 10000 + 16 * state["blocks"]
        block = lib.malloc(size)
        lib.memset(block, 1, size)
        if state["last"]:
            lib.realloc(state["last"], 64)
        state["last"] = block
        state["blocks"] += 1


KINDS = (leak, cycle, warmup, step, sawtooth, collected, sine, churn, idle, strings, native,
         fragments)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kind", required=True)
    options = parser.parse_args()
    work = {kind.__name__: kind for kind in KINDS}[options.kind]
    random.seed(4242)
    start, state = _clock(), {}
    work(0, state)                  # what is there at first is no growth
    sys.stdout.write(json.dumps({"pid": os.getpid(), "ready": True}) + "\n")
    sys.stdout.flush()
    while not select.select([sys.stdin], [], [], TICK)[0]:
        work(min(_clock() - start, LONGEST), state)


if __name__ == "__main__":
    main()
