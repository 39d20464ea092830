"""A program that checks its own results: target.py KIND. Says "ready", and at SIGTERM "ok ROUNDS"
or "bad WHY". Python 2.7 and 3."""
import errno
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
    os._exit(0)


main()
