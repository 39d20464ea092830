"""A program that checks its own results: target.py KIND. Says "ready", and at SIGTERM "ok ROUNDS"
or "bad WHY". Python 2.7 and 3."""
import errno
import gc
import os
import select
import signal
import sys
import time

now = getattr(time, "monotonic", time.time)
stop = []
rounds = [0]


def say(text):
    os.write(1, (text + "\n").encode())


def bad(why):
    say("bad %s in round %d" % (why, rounds[0]))
    os._exit(1)


def checksum():
    value, table = 1, {}
    for i in range(3000):
        value = (value * 1103515245 + i) % 2147483648
        table[value % 64] = [value, str(value)]
    return value, sorted(table.items())[5:9]


def signals(number, handled):
    def handler(signum, frame):
        handled[0] += 1
    signal.signal(number, handler)


def alarm():
    handled, want = [0], checksum()
    signals(signal.SIGALRM, handled)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    say("ready")
    begin = now()
    while not stop:
        before = handled[0]
        if checksum() != want:
            bad("checksum")
        time.sleep(0.005)
        if handled[0] == before:
            bad("no alarm was handled")
        rounds[0] += 1
        if rounds[0] % 50 == 0:
            say("rate %d" % (handled[0] / (now() - begin)))
            handled[0], begin = 0, now()
    signal.setitimer(signal.ITIMER_REAL, 0)


def children():
    handled = [0]
    signals(signal.SIGCHLD, handled)
    say("ready")
    while not stop:
        before = handled[0]
        pids = []
        for n in range(3):
            pids.append(os.fork())
            if pids[n] == 0:
                os._exit(n + 7)
        for n, pid in enumerate(pids):
            got, status = os.waitpid(pid, 0)
            if got != pid or not os.WIFEXITED(status) or os.WEXITSTATUS(status) != n + 7:
                bad("child %d ended as %d with %d" % (pid, got, status))
        if handled[0] == before:
            bad("no SIGCHLD was handled")
        rounds[0] += 1


class Link(object):
    """One of a chain that holds what it should, in cycles that only the collector frees."""
    def __init__(self, n):
        self.n, self.me, self.parts = n, self, [n, (n, [n]), {"n": n}]

    def right(self, n):
        return (self.n == n and self.me is self and self.parts[0] == n
                and self.parts[1] == (n, [n]) and self.parts[2] == {"n": n})


def heap(number):
    links = [Link(i) for i in range(number)]
    gc.collect()
    return links


def check(links):
    for i, link in enumerate(links):
        if not link.right(i):
            bad("link %d" % i)


def still():
    """A heap that is counted in slices and does not change."""
    links = heap(15000)
    say("ready")
    while not stop:
        time.sleep(0.005)
        rounds[0] += 1
    check(links)


def replace(links, n):
    for i in range(n % 7, len(links), 97):
        links[i] = Link(i)


def look_at_all(n):
    """What programs do that look for leaks in themselves, with leaktop's bookmarks among it."""
    seen = gc.get_objects()
    kinds = {}
    for one in seen:
        kinds[type(one)] = kinds.get(type(one), 0) + 1
        if type(one) in (list, tuple) and len(one) < 2:
            repr(one), len(one), one == [], gc.get_referents(one), sys.getsizeof(one)
    if n % 2:
        gc.collect()                    # while all of it is held
    if kinds[Link] < 15000:
        bad("%d links" % kinds[Link])


def forked():
    pid = os.fork()
    if pid == 0:
        gc.collect()
        look_at_all(1)
        os._exit(7)
    got, status = os.waitpid(pid, 0)
    if got != pid or not os.WIFEXITED(status) or os.WEXITSTATUS(status) != 7:
        bad("the child ended with %d" % status)


def frozen():
    if hasattr(gc, "freeze"):
        gc.freeze()
        time.sleep(0.01)
        gc.unfreeze()


def mutate():
    """A heap that changes in every way there is while it is counted in slices."""
    links = heap(15000)
    ways = (lambda: gc.collect(0), lambda: gc.collect(1), gc.collect, frozen, forked,
            lambda: look_at_all(0), lambda: look_at_all(1), lambda: time.sleep(0.05))
    say("ready")
    while not stop:
        replace(links, rounds[0])
        ways[rounds[0] % len(ways)]()
        time.sleep(0.01)
        rounds[0] += 1
    check(links)
    gc.collect()
    check(links)


class Kept(object):
    def __init__(self, n):
        self.n = n


def main():
    kept = [Kept(i) for i in range(2000)]
    signal.signal(signal.SIGTERM, lambda number, frame: stop.append(number))
    try:
        globals()[sys.argv[1]]()
    except (OSError, IOError, select.error) as e:
        if not stop or e.args[0] != errno.EINTR:
            bad("%r" % (e,))
    if [k.n for k in kept] != list(range(2000)):
        bad("what was kept has changed")
    say("ok %d" % rounds[0])
    if sys.argv[1] not in ("still", "mutate"):
        os._exit(0)                     # those two show that the interpreter can end


main()
