"""A program that leaks on command and says what it holds, run as `python -c TEXT NAME`: it needs no
file, and NAME finds it from outside whatever namespaces it is in. Commands are lines on stdin:

grow N  keeps N more objects, and says what the collector knows of their classes
busy    computes until the next command
rest    stands still again; says whether every round gave what the first gave
end     says a checksum of all that is kept, "bye" on stderr, status 7

What it says depends on the commands alone, so that a run that nobody watched says the same.
"""
import gc
import os
import select
import signal
import sys


class Kept(object):
    class Part(object):
        __slots__ = ("whole",)

    def __init__(self, number):
        self.number = number
        self.parts = [Kept.Part(), Kept.Part()]


KEPT = []


def say(text):
    os.write(1, (text + "\n").encode())


def truth():
    kinds = [type(one) for one in gc.get_objects()]
    return "Kept %d Part %d" % (kinds.count(Kept), kinds.count(Kept.Part))


def arithmetic():
    value, table = 1, {}
    for n in range(2000):
        value = (value * 1103515245 + n) % 2147483648
        table[value % 64] = [value, str(value)]
    return value, sorted(table.items())[5:9]


def compute():
    """A first round, and then as many as there is time for; all must be equal."""
    first = arithmetic()
    say("busy")
    while not select.select([0], [], [], 0)[0]:
        if arithmetic() != first:
            return "a round gave something else"
    return "rested"


def lines():
    text = b""
    while True:
        more = os.read(0, 4096)
        if not more:
            return
        text += more
        while b"\n" in text:
            line, text = text.split(b"\n", 1)
            yield line.decode()


def main():
    state = ""
    signal.alarm(300)                   # when whoever started it is gone
    say("ready")
    for line in lines():
        word, _, number = line.partition(" ")
        if word == "grow":
            begin = len(KEPT)
            KEPT.extend([Kept(begin + n) for n in range(int(number))])
            say(truth())
        elif word == "busy":
            state = compute()
        elif word == "rest":
            say(state)
        else:
            break
    numbers = [kept.number for kept in KEPT if len(kept.parts) == 2]
    say("sum %d of %d" % (sum(numbers), len(numbers)))
    os.write(2, b"bye\n")
    sys.exit(7)


main()
