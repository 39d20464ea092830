#!/usr/bin/env python
"""Stands still in one place, or works in one way, and checks its own work.

    workload.py --kind epoll [--objects N] [--parent-pipe]

Prints {"pid":..,"ready":true,..} when it is where it should be. With
--parent-pipe it obeys stdin: the line "truth" is answered with truth.py's
counts, "stop" or end of file ends it with a report:

    {"ok":true,"kind":"epoll","rounds":12,"checksum":..,"errors":[],..}

Every round must give what the first gave, system calls must return what they
should and not before their time; otherwise "ok" is false and the status 1.
The checksum depends on the kind (and on 2 or 3) only, so it can be compared
with a run that nobody watched.

Commands are taken in one of two ways (--control):

signal  SIGIO says that stdin has something. Single-threaded, and the handler
        counts while the blocked call is still under way, so the truth is
        that of the very place where the process stands. Not on 2.7, where
        the call is over before the handler runs.
thread  A daemon thread reads stdin. For the kinds that have more than one
        thread anyway, and for 2.7. It waits until the main thread has not
        been scheduled for a while before it counts.
"""

from __future__ import division

import argparse
import fcntl
import gc
import json
import os
import select
import signal
import socket
import sys
import threading
import time
import zlib

import truth

_POPULATION = []                    # --objects: what is there to be counted
_clock = getattr(time, "monotonic", time.time)


class Node(object):
    __slots__ = ("next", "value")


class Account(object):
    def __init__(self, number):
        self.number = number
        self.entries = [number]

    class Entry(object):            # counted by its qualified name
        pass


def make_twin():
    """A class of its own each time, all of one name."""
    class Twin(object):
        pass
    return Twin


def populate(number):
    """`number` objects of each of several classes, held by a global."""
    accented = type("Caf\xe9" if sys.version_info[0] > 2 else "Cafe", (), {})
    for cls in (Node, Account.Entry, make_twin(), make_twin(), accented):
        _POPULATION.extend(cls() for _ in range(number))
    _POPULATION.extend(Account(n) for n in range(number))


class Report(object):
    """Rounds done and what went wrong in them."""

    def __init__(self, kind):
        self.kind = kind
        self.rounds = 0
        self.checksum = None
        self.errors = []
        self.longest = 0.0
        self.status = None          # once written: how to exit

    def round(self, result):
        """Takes the result of a round: all must equal the first."""
        checksum = zlib.crc32(repr(result).encode()) & 0xffffffff
        if self.checksum is None:
            self.checksum = checksum
        elif checksum != self.checksum:
            self.fail("round %d gave %r" % (self.rounds, result))
        self.rounds += 1

    def fail(self, text):
        if len(self.errors) < 20:
            self.errors.append(text)

    def write(self):
        self.status = 1 if self.errors else 0
        try:
            say(ok=not self.errors, kind=self.kind, rounds=self.rounds,
                checksum=self.checksum, errors=self.errors,
                longest_ms=round(self.longest * 1000, 1))
        except EnvironmentError:    # who started us is gone
            self.status = 1


def say(**fields):
    sys.stdout.write(json.dumps(fields, sort_keys=True) + "\n")
    sys.stdout.flush()


def timed(report, call, expected, seconds):
    """One call that must return `expected`, and not before its time."""
    start = _clock()
    try:
        got = call()
    except (EnvironmentError, select.error) as error:
        got = repr(error)
    took = _clock() - start
    report.longest = max(report.longest, took)
    if got != expected:
        report.fail("returned %r after %.3f s" % (got, took))
    if took < seconds - 0.002:      # clocks of different grain
        report.fail("%.3f s instead of %.3f s" % (took, seconds))
    report.round(got)


# The kinds. Each takes (report, options) and runs for ever, or until
# options.stop is set where the control thread can wake it.

def kind_sleep(report, options):
    while True:
        timed(report, lambda: time.sleep(options.timeout), None,
              options.timeout)


def kind_poll(report, options):
    poller = select.poll()
    poller.register(options.quiet, select.POLLIN)
    while True:
        timed(report, lambda: poller.poll(int(options.timeout * 1000)), [],
              options.timeout)


def kind_select(report, options):
    while True:
        timed(report, lambda: select.select([options.quiet], [], [],
                                            options.timeout),
              ([], [], []), options.timeout)


def kind_epoll(report, options):
    epoll = select.epoll()
    epoll.register(options.quiet, select.EPOLLIN)
    while True:
        timed(report, lambda: epoll.poll(options.timeout), [],
              options.timeout)


def kind_read(report, options):
    report.round(b"")
    os.read(options.quiet, 1)
    report.fail("read() of a silent pipe returned")


def kind_accept(report, options):
    """Blocked in accept(); a client is sent its own line back."""
    report.round(b"")
    while True:
        client = options.listener.accept()[0]
        client.sendall(client.recv(4096))
        client.close()
        del client
        report.rounds += 1


def kind_event(report, options):
    """For ever in Event().wait(): the control thread sets the event."""
    report.round(True)
    options.stop.wait()
    report.round(options.stop.is_set())


def kind_event_timeout(report, options):
    event = threading.Event()
    while True:
        timed(report, lambda: event.wait(options.timeout), False,
              options.timeout)


def arithmetic():
    total = 1
    for n in range(1, 20001):
        total = (total * 31 + n * n) % 1000003
    return total


def kind_busy(report, options):
    while True:
        report.round(arithmetic())


def kind_alloc(report, options):
    """Builds and drops lists, dicts, cycles; the allocator never rests."""
    while True:
        table = {}
        for n in range(5000):
            node = Node()
            node.value = [n, str(n), {"n": n}]
            node.next = node if n % 7 == 0 else table.get(n - 1)
            table[n] = node
            if n % 3 == 0:
                table.pop(n // 2, None)
        report.round(sum(node.value[0] + len(node.value[1])
                         + node.value[2]["n"] for node in table.values()))


def kind_join(report, options):
    """Busy worker threads; the main thread waits in join()."""
    lock = threading.Lock()

    def work():
        while not options.stop.is_set():
            result = arithmetic()
            with lock:
                report.round(result)

    workers = [threading.Thread(target=work) for _ in range(options.threads)]
    for worker in workers:
        worker.daemon = True
        worker.start()
    for worker in workers:
        worker.join()


def kind_fork(report, options):
    """Forks and reaps: the child must see a sane process too."""
    while True:
        child = os.fork()
        if child == 0:
            os._exit(arithmetic() % 100)
        report.round(os.WEXITSTATUS(os.waitpid(child, 0)[1]))
        time.sleep(0.01)


# name: (function, how it takes commands)
KINDS = {
    "sleep": (kind_sleep, "signal"),
    "poll": (kind_poll, "signal"),
    "select": (kind_select, "signal"),
    "epoll": (kind_epoll, "signal"),
    "read": (kind_read, "signal"),
    "accept": (kind_accept, "signal"),
    "event": (kind_event, "thread"),
    "event-timeout": (kind_event_timeout, "signal"),
    "busy": (kind_busy, "signal"),
    "alloc": (kind_alloc, "signal"),
    "join": (kind_join, "thread"),
    "fork": (kind_fork, "signal"),
}


def leave(report):
    """Ends the main thread from a signal handler. The report is written
    here: what the interrupted code makes of the exception is its affair."""
    if report.status is None:
        report.write()
    sys.exit(report.status)


def control_by_signal(report, deadline):
    """Commands by SIGIO, obeyed a moment later by SIGALRM, when what a
    command found in motion stands still again; SIGALRM is the end, too."""
    @truth.temporary
    def on_signal(signum, frame):
        # Holds nothing while it counts, see truth.py.
        if select.select([0], [], [], 0)[0]:
            if signum == signal.SIGIO:
                signal.setitimer(signal.ITIMER_REAL, 0.02)
                return
            # A signal that comes between our end and the system call is
            # not acted on before the next one: have a next one.
            signal.setitimer(signal.ITIMER_REAL, 0.25)
            if os.read(0, 256) == b"truth\n":
                os.write(1, truth.line())
            else:
                leave(report)
        elif signum == signal.SIGALRM:
            left = deadline - _clock()
            if left <= 0:
                leave(report)
            signal.setitimer(signal.ITIMER_REAL, left)

    signal.signal(signal.SIGALRM, on_signal)
    signal.signal(signal.SIGIO, on_signal)
    fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(0, fcntl.F_SETFL, os.O_ASYNC)
    os.kill(os.getpid(), signal.SIGIO)  # for what came before that


def main_switches():
    """How often the main thread was scheduled so far."""
    with open("/proc/self/task/%d/status" % os.getpid()) as status:
        return [row for row in status if "ctxt_switches" in row]


def wait_for_still_main(patience=5.0):
    end = _clock() + patience
    try:
        while _clock() < end:
            before = main_switches()
            time.sleep(0.05)
            if before == main_switches():
                return
    except IOError:                 # a root without /proc
        time.sleep(0.5)


def obey_stdin(stop):
    poller = select.poll()
    poller.register(0, select.POLLIN)
    wait = poller.poll              # an object up to 3.6: make it once
    try:
        wait()
        while os.read(0, 256) == b"truth\n":
            wait_for_still_main()
            os.write(1, truth.line())
            wait()
    finally:                        # also when nobody reads the answer
        stop.set()
        os.kill(os.getpid(), signal.SIGIO)


def control_by_thread(report, options):
    if options.kind not in ("event", "join"):
        signal.signal(signal.SIGIO, lambda signum, frame: leave(report))
    else:
        signal.signal(signal.SIGIO, signal.SIG_IGN)
    thread = threading.Thread(target=obey_stdin, args=(options.stop,))
    thread.daemon = True
    thread.start()


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kind", choices=sorted(KINDS), required=True)
    parser.add_argument("--objects", type=int, default=0, metavar="N",
                        help="hold N objects of each of some classes")
    parser.add_argument("--timeout", type=float, default=0.5,
                        help="seconds a timed call waits (0.5)")
    parser.add_argument("--threads", type=int, default=2,
                        help="workers of --kind join (2)")
    parser.add_argument("--control", choices=("signal", "thread"))
    parser.add_argument("--gc-off", action="store_true")
    parser.add_argument("--unfreeze", action="store_true",
                        help="empty the permanent generation first (3.7+)")
    parser.add_argument("--parent-pipe", action="store_true",
                        help="take commands from stdin, end with it")
    parser.add_argument("--duration", type=int, default=600,
                        help="seconds until it ends by itself (600)")
    return parser.parse_args()


def run(options):
    report = Report(options.kind)
    function, control = KINDS[options.kind]
    if options.gc_off:
        gc.disable()
    if options.unfreeze and hasattr(gc, "unfreeze"):
        gc.unfreeze()
    options.stop = threading.Event()
    options.quiet = os.pipe()[0]    # its other end stays open and silent
    options.listener = socket.socket()
    options.listener.bind(("127.0.0.1", 0))
    options.listener.listen(5)
    populate(options.objects)
    signal.signal(signal.SIGALRM, lambda signum, frame: leave(report))
    signal.alarm(options.duration)
    truth.settle()
    try:
        if options.parent_pipe:
            if sys.version_info[0] == 2:
                control = "thread"
            if (options.control or control) == "thread":
                control_by_thread(report, options)
            else:
                control_by_signal(report, _clock() + options.duration)
        say(pid=os.getpid(), ready=True, kind=options.kind,
            port=options.listener.getsockname()[1])
        function(report, options)
        report.write()
    except BaseException:
        if report.status is None:
            raise
    return report.status


if __name__ == "__main__":
    sys.exit(run(parse()))
