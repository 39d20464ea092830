"""Tells what is collected in it, and by which thread: collected.py WAIT [GC], Python 2.7 and 3.

WAIT: how long its main thread sleeps at a time, in seconds; 0: never; "long": until a line comes.
GC: "off": gc.disable(). Nothing is collected in it unless somebody asks for that.
Says "ready"; then a line on stdin is an order, and is answered with its state.
"""
import gc
import hashlib
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
kept = []


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
    """Garbage, and in each pool of it something that stays: no arena is given back with it."""
    for i in range(n):
        node = Node()
        node.myself = node
        refs.append(weakref.ref(node, gone))
        if i % 8 == 0:
            node = Node()
            node.myself = node
            kept.append(node)


def phase(name, info):
    seen["full" if os.getpid() == PID else "child"] += name == "stop" and info["generation"] == 2


def say(text):
    os.write(1, (text + "\n").encode())


def state():
    say("full=%d main=%d other=%d child=%d on=%d modules=%d" % (
        seen["full"], seen["main"], seen["other"], seen["child"], gc.isenabled(),
        len(sys.modules)))


def has_guest():
    """Is there code that belongs to no file?"""
    with open("/proc/self/maps") as f:
        return any(" r-xp 00000000 00:00 0 \n" in line for line in f)


def is_traced():
    with open("/proc/self/status") as f:
        return not any(line == "TracerPid:\t0\n" for line in f)


def leave():
    """Ends the process when the guest has come and waits outside, the main thread computing."""
    while sys._current_frames()[MAIN].f_code.co_name != "compute":
        time.sleep(0.0005)
    time.sleep(0.05)                    # it has the GIL to itself, and goes on into C
    say("leaving")
    while not has_guest() or is_traced():
        time.sleep(0.0005)
    os._exit(7)


def compute():
    """Minutes of C code on this thread that let the others run Python."""
    hashlib.pbkdf2_hmac("sha1", b"x", b"y", 1 << 30)


def forbid(answer):
    """From now on the kernel answers getpid() so (seccomp)."""
    import ctypes
    import struct
    nr = {"x86_64": 39, "aarch64": 172}[os.uname()[4]]
    code = ctypes.create_string_buffer(struct.pack(
        "HBBI" * 4, 0x20, 0, 0, 0, 0x15, 0, 1, nr, 6, 0, 0, answer, 6, 0, 0, 0x7fff0000))
    program = struct.pack("HxxxxxxP", 4, ctypes.addressof(code))
    libc = ctypes.CDLL(None)
    os.getpid = lambda: PID             # nobody here asks the kernel any more
    return libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program, 0, 0) == 0


def fork():
    """Forks as soon as the guest comes; the child works in Python."""
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
    elif words[0] == "leave":
        if isinstance(hashlib.pbkdf2_hmac, type(leave)):
            say("computes in Python")   # and so would come by
        else:
            threading.Thread(target=leave).start()
            compute()
    elif words[0] == "forbid":
        say("forbidden" if forbid(int(words[1], 16)) else "allowed")
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
