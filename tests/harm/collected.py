"""Tells what is collected in it, and by which thread: collected.py WAIT [GC], Python 2.7 and 3.

WAIT: how long its main thread sleeps at a time, in seconds; 0: never; "long": until a line comes.
GC: "off": gc.disable(). Nothing is collected in it unless somebody asks for that.
Says "ready"; then a line on stdin is an order, and is answered with its state.
"""
import gc
import itertools
import os
import select
import sys
import threading
import time
import weakref

PAUSE = None if sys.argv[1] == "long" else float(sys.argv[1])
HOLD = 300000000        # items: some seconds of C code that holds the GIL
seen = {"full": 0, "main": 0, "other": 0, "child": 0}
naps = []
refs = []


def ident():
    return threading.current_thread().ident


MAIN = ident()
PID = os.getpid()


class Node(object):
    pass


def gone(ref):
    seen["child" if os.getpid() != PID else "main" if ident() == MAIN else "other"] += 1
    if naps:
        nap = naps.pop()
        say("napping")
        time.sleep(nap)


def make(n):
    for i in range(n):
        node = Node()
        node.myself = node
        refs.append(weakref.ref(node, gone))


def phase(name, info):
    seen["full" if os.getpid() == PID else "child"] += name == "stop" and info["generation"] == 2


def say(text):
    os.write(1, (text + "\n").encode())


def state():
    say("full=%d main=%d other=%d child=%d on=%d modules=%d" % (
        seen["full"], seen["main"], seen["other"], seen["child"], gc.isenabled(),
        len(sys.modules)))


def fork():
    """Forks as soon as code appears that belongs to no file; the child works in Python."""
    def has_guest():
        with open("/proc/self/maps") as f:
            return any(" r-xp 00000000 00:00 0 \n" in line for line in f)

    end = time.time() + 20
    while not has_guest() and time.time() < end:
        time.sleep(0.0005)
    child = os.fork()
    if child == 0:
        for i in range(20000):
            seen["child"] += i < 0
        os._exit(min(99, seen["child"]))
    seen["child"] += os.waitpid(child, 0)[1] != 0
    say("forked")


def obey(line):
    words = line.split()
    if words[0] == "make":
        make(int(words[1]))
    elif words[0] == "nap":
        naps.append(float(words[1]))
    elif words[0] == "hold":
        say("holding")
        sum(itertools.repeat(1, HOLD))
    elif words[0] == "fork":
        threading.Thread(target=fork).start()
    elif words[0] == "end":
        say("ended")
        sys.exit(0)
    state()


def main():
    if hasattr(gc, "callbacks"):
        gc.callbacks.append(phase)
    gc.collect()
    seen["full"] = 0
    gc.set_threshold(1000000000)
    if sys.argv[2:] == ["off"]:
        gc.disable()
    say("ready")
    rest = b""
    while True:
        if not select.select([0], [], [], PAUSE)[0]:
            continue
        piece = os.read(0, 4096)
        if not piece:
            return
        rest += piece
        while b"\n" in rest:
            line, rest = rest.split(b"\n", 1)
            obey(line.decode())


main()
