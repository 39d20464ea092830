#!/usr/bin/env python
"""Leaks as engineers meet them, one per KIND: what grows, and who holds it.

    zoo.py KIND [COUNT]        zoo.py --list [found]

Prints one line of JSON, then leaks some times a second until its standard
input ends, or for LONGEST seconds:

    {"ready": true, "kind": .., "pid": .., "types": [..], "paths": [..]}

With COUNT it leaks so many times at once, prints {"made": COUNT} and stands
still. "--list found" are those of which 300 are enough to be found.

"types" are those that may lead: what an engineer would look for first.
"paths" are how the path of what holds them may begin. KINDs that this version
of Python does not have are not listed.
"""

import atexit
import collections
import functools
import gc
import heapq
import io
import itertools
import json
import logging
import os
import socket
import sys
import threading
import time
import types
import warnings
import weakref

NEW = sys.version_info >= (3, 7)
LONGEST = 200                   # seconds
EVERYWHERE = []
KINDS = {}                      # name: (function, types, paths, rate)
_clock = getattr(time, "monotonic", time.time)
count = 0                       # to be made at once; 0: they come one by one


class Session(object):
    """What a server makes per request."""

    def __init__(self, number):
        self.number = number
        self.buffer = bytearray(100)

    def on_event(self, event=None):
        return self.number


SESSION = "__main__.Session"


def kind(types, paths, rate=50, available=True, everywhere=False):
    """Registers a function that leaks once, called with a number.

    everywhere: there are so many of the type that some hundred are not seen among
    them, but only as they grow."""
    def register(function):
        if available:
            KINDS[function.__name__] = (function, types.split(), paths.split("|"), rate)
            if everywhere:
                EVERYWHERE.append(function.__name__)
        return function
    return register


# ---- containers -------------------------------------------------------------------------------

by_number = {}
connections = []
peers = set()
history = collections.deque()
ordered = collections.OrderedDict()
by_topic = collections.defaultdict(list)
by_name = weakref.WeakValueDictionary()
audit = []
jobs = []
documents = {}
samples = []
hits = collections.Counter()
prices = {}
pages = {}
head = None


@kind(SESSION, "__main__.by_number[")
def global_dict(n):
    by_number[n] = Session(n)


@kind(SESSION, "__main__.connections[")
def global_list(n):
    connections.append(Session(n))


@kind(SESSION, "__main__.peers[")
def global_set(n):
    peers.add(Session(n))


@kind(SESSION, "__main__.history[")
def global_deque(n):
    history.append(Session(n))


@kind(SESSION, "__main__.ordered[")
def ordered_dict(n):
    ordered[n] = Session(n)


@kind(SESSION, "__main__.by_topic[")
def default_dict(n):
    by_topic["topic %d" % (n % 7)].append(Session(n))


@kind(SESSION, "__main__.audit[")
def weak_values(n):
    by_name["session %d" % n] = session = Session(n)
    audit.append(session)


@kind("__main__.Job", "__main__.jobs[")
def heap_queue(n):
    heapq.heappush(jobs, (-n, Job(n)))


class Job(object):
    def __init__(self, number):
        self.number = number


@kind("dict list str unicode", "__main__.documents[", everywhere=True)
def json_documents(n):
    documents[n] = json.loads('{"id": %d, "tags": ["a%d", "b%d"], "owner": {"x": %d.5}}'
                              % (n, n, n, n))


@kind("float", "__main__.samples[", 300, NEW)
def floats(n):
    samples.append(n + 0.5)


@kind("str", "__main__.hits[", 200, everywhere=True)
def counter(n):
    hits["user %d" % n] += 1


@kind("str", "__main__.prices[", 200, everywhere=True)
def cache_of_str(n):
    prices[n] = "price %d" % n * 5


@kind("bytes str int", "__main__.pages[", everywhere=True)
def cache_of_bytes(n):
    pages[n] = (b"%d " % n if NEW else str(n)) * 300


class Node(object):
    def __init__(self, before, session):
        self.before, self.session = before, session


@kind("__main__.Node " + SESSION, "__main__.head.before")
def linked_list(n):
    global head
    head = Node(head, Session(n))


# ---- classes and instances --------------------------------------------------------------------

class Server(object):
    peers = []

    def __init__(self):
        self.sessions = {}


class App(object):
    def __init__(self):
        self.server = Server()


app = App()


@kind(SESSION, "__main__.Server.peers[")
def class_attribute(n):
    Server.peers.append(Session(n))


@kind(SESSION, "__main__.app.server.sessions[")
def singleton(n):
    app.server.sessions[n] = Session(n)


class Point(object):
    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x, self.y = x, y


points = []
Row = collections.namedtuple("Row", "id name")
rows = []


@kind("__main__.Point", "__main__.points[")
def slots(n):
    points.append(Point(n * 1000, "y%d" % n))


@kind("__main__.Row", "__main__.rows[")
def named_tuples(n):
    rows.append(Row(n * 1000, "name %d" % n))


if NEW:
    import dataclasses
    Order = dataclasses.make_dataclass("Order", ["number", "lines"])
    Order.__module__ = __name__


orders = []


@kind("__main__.Order", "__main__.orders[", available=NEW)
def data_classes(n):
    orders.append(Order(n, [n * 1000]))


class State(object):
    def __init__(self, session, key):
        self.session, self.key = session, key


class Customer(object):
    def __init__(self, session, key):
        self.state = State(session, key)
        self.name = "customer %d" % key[1]


class Database(object):
    def __init__(self):
        self.identity_map = {}


database = Database()


@kind("__main__.Customer __main__.State", "__main__.database.identity_map[")
def identity_map(n):
    key = (Customer, n)
    database.identity_map[key] = Customer(database, key)


class Expiring(object):
    def __init__(self):
        self.entries = {}

    def put(self, key, value):
        self.entries[key] = (time.time() + 60, value)


expiring = Expiring()


@kind(SESSION, "__main__.expiring.entries[")
def cache_that_never_expires(n):
    expiring.put("key %d" % n, Session(n))


# ---- functions --------------------------------------------------------------------------------

callbacks = []
generators = []
errors = []


if hasattr(functools, "lru_cache"):
    @functools.lru_cache(maxsize=None)
    def lookup(key):
        return Session(key)

    class View(object):
        def __init__(self, number):
            self.number = number

        @functools.lru_cache(maxsize=None)
        def render(self, template):
            return "%s %d" % (template, self.number)


@kind(SESSION, "__main__.lookup <lru_cache>", available=hasattr(functools, "lru_cache"))
def lru_cache(n):
    lookup("user %d" % n)


@kind("__main__.View", "__main__.View.render <lru_cache>",
      available=hasattr(functools, "lru_cache"))
def lru_cache_of_a_method(n):
    View(n).render("page")


@kind(SESSION, "__main__.callbacks[")
def closure(n):
    session = Session(n)
    callbacks.append(lambda: session)


@kind(SESSION, "__main__.callbacks[")
def partials(n):
    callbacks.append(functools.partial(Session.on_event, Session(n)))


def plot(n, into=[]):
    into.append(Session(n))


@kind(SESSION, "__main__.plot.__defaults__[0][")
def default_argument(n):
    plot(n)


def produce(n):
    session = Session(n)
    yield session
    yield None


@kind(SESSION, "__main__.generators[")
def generator(n):
    generators.append(produce(n))
    next(generators[-1])


@kind(SESSION + " exceptions.ValueError ValueError", "__main__.errors[")
def exceptions(n):
    try:
        session = Session(n)
        raise ValueError("no such session", session)
    except ValueError as error:
        errors.append(error)


class Bus(object):
    def __init__(self):
        self.handlers = []
        self.signals = {}


bus = Bus()


@kind(SESSION, "__main__.bus.handlers[")
def observers(n):
    bus.handlers.append(Session(n).on_event)


@kind(SESSION, "__main__.bus.signals[")
def signals(n):
    bus.signals.setdefault("changed", {})[n] = Session(n).on_event


@kind(SESSION, "atexit._exithandlers[|__main__.atexit <module>|C code -> ")
def at_exit(n):
    atexit.register(Session(n).on_event)


# ---- frames and threads -----------------------------------------------------------------------

local = threading.local()


def start(target, *args):
    thread = threading.Thread(target=target, args=args, name="worker")
    thread.daemon = True
    thread.start()


@kind(SESSION, "thread 'worker' -> frame poll() -> local seen[", 0)
def local_of_a_loop(n):
    def poll():
        seen = []
        for number in ticks(50):
            seen.append(Session(number))
    start(poll)


@kind(SESSION, "thread 'worker' -> frame descend() -> local session", 0)
def recursion(n):
    def descend(numbers):
        session = Session(next(numbers))
        return descend(numbers), session
    sys.setrecursionlimit(100000)
    threading.stack_size(256 << 20)
    start(descend, ticks(50))


@kind("threading.Thread threading._MainThread",
      "threading._active[|threads -> frame _bootstrap() ", 20)
def threads(n):
    start(threading.Event().wait)


@kind(SESSION, "__main__.local -> thread 'worker' -> sessions[", 0)
def thread_local(n):
    def work():
        local.sessions = []
        for number in ticks(50):
            local.sessions.append(Session(number))
    start(work)


@kind(SESSION, "__main__.pool._work_queue", available=NEW)
def stuck_executor(n):
    global pool
    from concurrent.futures import ThreadPoolExecutor
    if n == 0:
        pool = ThreadPoolExecutor(1)
        pool.submit(time.sleep, LONGEST)
    pool.submit(Session(n).on_event)


results = []


@kind(SESSION + " concurrent.futures._base.Future", "__main__.results[", available=NEW)
def executor_results(n):
    global pool
    from concurrent.futures import ThreadPoolExecutor
    if n == 0:
        pool = ThreadPoolExecutor(1)
    results.append(pool.submit(Session, n))


@kind(SESSION, "__main__.channel._buffer[")
def multiprocessing_queue(n):
    global channel
    import multiprocessing
    if n == 0:
        channel = multiprocessing.Queue()
        channel.put(b"x" * (1 << 20))       # the pipe is full, and nobody reads
    channel.put(Session(n))


# ---- the interpreter and the standard library --------------------------------------------------

@kind("logging.Logger", "logging.root.manager.loggerDict[")
def loggers(n):
    logging.getLogger("request.%d" % n).addHandler(logging.NullHandler())


class Reporter(logging.Handler):
    def __init__(self, session):
        logging.Handler.__init__(self)
        self.session = session

    def emit(self, record):
        pass


@kind(SESSION + " __main__.Reporter", "logging.root.handlers[")
def handlers(n):
    logging.getLogger().addHandler(Reporter(Session(n)))


@kind("module " + SESSION, "sys.modules[")
def modules(n):
    name = "plugin_%d" % n
    sys.modules[name] = module = types.ModuleType(name)
    module.session = Session(n)


models = []


@kind("type dict", "__main__.models[", 20)
def classes(n):
    models.append(type("Model%d" % n, (object,), {"number": n}))


@kind("type dict", "__main__.Plugin.registry[", 20)
def classes_in_a_registry(n):
    Plugin.registry["Plugin%d" % n] = type("Plugin%d" % n, (Plugin,), {})


class Plugin(object):
    registry = {}


class Finalized(object):
    def __init__(self):
        self.me = self

    def __del__(self):
        pass


@kind("__main__.Finalized", "gc.garbage[", available=sys.version_info < (3,))
def cycles_with_del(n):
    Finalized()
    if n % 100 == 99:
        gc.collect()


class Looped(object):
    def __init__(self):
        self.me = self


@kind("__main__.Looped", "gc.garbage[")
def saved_garbage(n):
    gc.set_debug(gc.DEBUG_SAVEALL)
    Looped()
    if n % 20 == 19:
        gc.collect()


@kind("tuple str", "__main__.__warningregistry__[", 100, everywhere=True)
def warnings_registry(n):
    warnings.warn("request %d took long" % n)


@kind("socket.socket socket._socketobject", "__main__.sockets[", 20)
def sockets_left_open(n):
    sockets.append(socket.socket())


sockets = []


@kind(SESSION, "__main__.right ")
def tee(n):
    global left, right
    if n == 0:
        left, right = itertools.tee(Session(number) for number in itertools.count())
    next(left)


@kind("", "", 500, everywhere=True)
def growing_buffer(n):
    global log
    if n == 0:
        log = io.BytesIO()
    log.write(b"a line of the log that nobody reads\n" * 20)


# ---- asyncio ----------------------------------------------------------------------------------

ASYNC = '''
import asyncio
import contextvars

pending = set()
current = contextvars.ContextVar("current")

async def never(session=None):
    await asyncio.get_running_loop().create_future()

async def sleeps():
    await asyncio.sleep(3600)

async def waits(lock):
    async with lock:
        pass

def async_kind(types, paths, rate=50):
    def register(function):
        function.is_async = True
        return kind(types, paths, rate)(function)
    return register

TASK = "_asyncio.Task "

@async_kind(TASK + SESSION, "__main__.pending[")
async def tasks_in_a_set(n):
    pending.add(asyncio.create_task(never()))

@async_kind(SESSION, "__main__.pending[")
async def tasks_with_a_local(n):
    pending.add(asyncio.create_task(never(Session(n))))

@async_kind(TASK, "thread 'MainThread' -> frame ")
async def tasks_that_sleep(n):
    asyncio.create_task(sleeps())

@async_kind(TASK, "__main__.lock._waiters[")
async def tasks_at_a_lock(n):
    global lock
    if n == 0:
        lock = asyncio.Lock()
        await lock.acquire()
    asyncio.create_task(waits(lock))

@async_kind(SESSION, "__main__.inbox._queue[")
async def async_queue(n):
    global inbox
    if n == 0:
        inbox = asyncio.Queue()
    await inbox.put(Session(n))

@async_kind(SESSION, "__main__.closing")
async def callbacks_of_a_future(n):
    global closing
    if n == 0:
        closing = asyncio.get_running_loop().create_future()
    closing.add_done_callback(Session(n).on_event)

@async_kind(SESSION, "")
async def timers(n):
    asyncio.get_running_loop().call_later(3600, Session(n).on_event)

@async_kind(SESSION, "contextvars.ContextVar 'current' -> ")
async def context_variable(n):
    if n == 0:
        current.set([])
    current.get().append(Session(n))

contexts = []

@async_kind(SESSION, "__main__.contexts[")
async def contexts_kept(n):
    context = contextvars.copy_context()
    context.run(current.set, Session(n))
    contexts.append(context)

async def leak_in_loop(function, rate):
    numbers = due(rate)
    for some in numbers:
        for n in some:
            await function(n)
        await asyncio.sleep(0.02)
'''
if NEW:
    exec(ASYNC)


# ---- the program ------------------------------------------------------------------------------

def say(**fields):
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


def due(rate):
    """The numbers that it is time for: 0, 1, 2, .. so many a second, or all at once."""
    begin, n = _clock(), 0
    if count:
        yield range(count)
        say(made=count)
    while _clock() - begin < LONGEST:
        last = n if count else int((_clock() - begin) * rate) + 1
        yield range(n, last)
        n = last


def ticks(rate):
    for some in due(rate):
        for n in some:
            yield n
        time.sleep(0.02)


def end_with_stdin():
    os.read(0, 1)
    os._exit(0)


def main():
    global count
    name = sys.argv[1]
    if name == "--list":
        some = EVERYWHERE if "found" in sys.argv else ()
        say(kinds=sorted(set(KINDS).difference(some)))
        return
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    function, lead, paths, rate = KINDS[name]
    start(end_with_stdin)
    warnings.simplefilter("default")
    say(ready=True, kind=name, pid=os.getpid(), types=lead, paths=paths)
    sys.stderr = open(os.devnull, "w")      # the warnings of warnings_registry
    if getattr(function, "is_async", False):
        asyncio.run(leak_in_loop(function, rate))
    elif rate == 0:                         # it leaks by itself
        function(0)
        time.sleep(LONGEST)
    else:
        for n in ticks(rate):
            function(n)
    os._exit(0)                             # threads wait for ever, on purpose


if __name__ == "__main__":
    main()
