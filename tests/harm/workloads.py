"""Works in one way and checks its own results: workloads.py KIND. Python 2.7 and 3.

Says "ready" when it is at work and ends with stdin: then it says "KIND CHECKSUM", which is the
same in every run, whoever watched, preceded by all that went wrong. "skip WHY" and the status 77
where this Python cannot do it. HARM_MORTAL=1: who watches may die, which leaves one EINTR behind
(2.7 makes an exception of that, as of every signal). HARM_HOLD: seconds of kind hold.
"""
import errno
import gc
import os
import select
import signal
import socket
import sys
import threading
import time
import zlib

PYTHON2 = sys.version_info[0] == 2
MORTAL = PYTHON2 and ("HARM_MORTAL" in os.environ or
                      sys.argv[1] in ("alarm", "setuid") or     # signals of its own
                      sys.argv[1].startswith("woken"))
now = getattr(time, "monotonic", time.time)
quiet = os.pipe()[0]                # its other end stays open and silent
problems = []
first = {}                          # results of first rounds
is_ready = []


def say(text):
    os.write(1, (text + "\n").encode())


def ready():
    if not is_ready:
        is_ready.append(True)
        say("ready")


def skip(why):
    say("skip " + why)
    os._exit(77)


def again(call, *args):
    """The call, until it is not interrupted; only where a dead watcher may have done that."""
    while True:
        try:
            return call(*args)
        except (OSError, IOError, select.error) as e:
            if not MORTAL or e.args[0] != errno.EINTR:
                raise


def ended():
    return bool(again(select.select, [0], [], [], 0)[0])


def wrong(text):
    if len(problems) < 10:
        problems.append(text)


def check(result, who="main"):
    """Every round must give what the first one gave."""
    if result != first.setdefault(who, result):
        wrong("%r instead of %r" % (result, first[who]))


def at_least(begin, seconds):
    if now() - begin < seconds - 0.002:     # clocks of different grain
        wrong("%.4f s instead of %.4f s" % (now() - begin, seconds))


def rounds(work):
    while True:
        check(work())
        ready()
        if ended():
            return


def checksum():
    value, table = 1, {}
    for i in range(3000):
        value = (value * 1103515245 + i) % 2147483648
        table[value % 64] = [value, str(value)]
    return value, zlib.crc32(repr(sorted(table.items())).encode()) & 0xffffffff


# Waiting

def kind_sleep():
    def work():
        begin = now()
        again(time.sleep, 0.02)
        if not MORTAL:
            at_least(begin, 0.02)
    rounds(work)


def wait_with(call, answers):
    """A call with a timeout of 0.02 s, again and again until stdin is at its end."""
    while True:
        begin = now()
        ready()
        got = again(call)
        if got != answers:
            if not ended():
                wrong("%r came" % (got,))
            return
        at_least(begin, 0.02)


def kind_select():
    wait_with(lambda: select.select([quiet, 0], [], [], 0.02), ([], [], []))


def kind_poll():
    poller = select.poll()
    poller.register(quiet, select.POLLIN)
    poller.register(0, select.POLLIN)
    wait_with(lambda: poller.poll(20), [])


def kind_epoll():
    poller = select.epoll()
    poller.register(quiet, select.EPOLLIN)
    poller.register(0, select.EPOLLIN)
    wait_with(lambda: poller.poll(0.02), [])
    poller.close()


def kind_read():
    ready()
    check(again(os.read, 0, 1))


def kind_more():
    """Owns more after a moment: what a test that compares must find."""
    ready()
    again(time.sleep, 0.3)
    more = os.pipe()
    again(os.read, 0, 1)
    for fd in more:
        os.close(fd)


def kind_wait():
    """A child that ends with stdin, as the process that waits for it."""
    child = os.fork()
    if child == 0:
        os.read(0, 1)
        os._exit(9)
    ready()
    check(again(os.waitpid, child, 0)[1])


def knock(address):
    number = 0
    while True:
        last = ended()
        s = socket.create_connection(address)
        s.sendall(b"end" if last else str(number).encode())
        s.close()
        if last:
            return
        number += 1
        time.sleep(0.01)


def listening():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(5)
    return listener


def kind_accept():
    listener = listening()
    client = start(knock, listener.getsockname())
    number, text = 0, None
    ready()
    while text != b"end":
        s = again(listener.accept)[0]
        text = again(s.recv, 64)
        s.close()
        if text not in (b"end", str(number).encode()):
            wrong("a client said %r" % (text,))
        number += 1
    client.join()
    listener.close()


LOOP = '''
async def tick(loop, sleep):
    while not ended():
        begin = now()
        await sleep(0.01)
        at_least(begin, 0.01)

async def talk(loop, reader, writer):
    number = 0
    while not ended():
        writer.write(b"%d\\n" % number)
        line = await reader.readline()
        if line != b"%d\\n" % number:
            wrong("%r came" % (line,))
        number += 1
        await asyncio.sleep(0.005)
    writer.close()

async def echo(reader, writer):
    line = await reader.readline()
    while line:
        writer.write(line)
        line = await reader.readline()
    writer.close()

async def work(loop):
    path = "./socket"
    server = await asyncio.start_unix_server(echo, path)
    reader, writer = await asyncio.open_unix_connection(path)
    ready()
    await asyncio.gather(tick(loop, asyncio.sleep), talk(loop, reader, writer))
    server.close()
    await asyncio.sleep(0.05)
    if os.path.exists(path):
        os.unlink(path)
'''


def run_loop(module):
    names = dict(globals(), asyncio=sys.modules["asyncio"])
    exec(LOOP, names)
    loop = sys.modules[module].new_event_loop()
    loop.run_until_complete(names["work"](loop))
    loop.close()


def kind_asyncio():
    run_loop("asyncio")


def kind_uvloop():
    run_loop("uvloop")


# Threads

def start(function, *args):
    thread = threading.Thread(target=function, args=args)
    thread.daemon = True
    thread.start()
    return thread


def compute():
    while True:
        check(checksum(), "worker")
        if ended():
            return


def kind_join():
    workers = [start(compute) for _ in range(2)]
    ready()
    for worker in workers:
        worker.join()


def held_lock():
    lock = threading.Lock()
    lock.acquire()
    return lock


def kind_lock():
    """Two locks that hand over to each other; main waits for one nearly all the time."""
    ours, theirs, last = held_lock(), held_lock(), []

    def other():
        while not last:
            time.sleep(0.01)
            if ended():
                last.append(True)
            ours.release()
            theirs.acquire()
    thread = start(other)
    ready()
    while not last:
        ours.acquire()
        check(ours.locked() and theirs.locked())
        theirs.release()
    thread.join()


def kind_event():
    event = threading.Event()

    def work():
        begin = now()
        result = event.wait(0.02)
        at_least(begin, 0.02)
        return result
    rounds(work)


def kind_queue():
    queue = sys.modules["Queue" if PYTHON2 else "queue"].Queue(3)

    def produce():
        number = 0
        while not ended():
            queue.put(number)
            number += 1
            time.sleep(0.005)
        queue.put(None)
    thread = start(produce)
    ready()
    number = 0
    while True:
        item = queue.get()
        if item is None:
            break
        if item != number:
            wrong("%r came out of the queue instead of %d" % (item, number))
        number += 1
    thread.join()


def build():
    table = {}
    for n in range(1, 1500):
        table[n] = [n, "x" * (n % 3000), bytearray(n * 7 % 9000), {"n": n}]
        table[n][3]["self"] = table[n]
        if n % 3 == 0:
            table.pop(n // 2, None)
    return sum(v[0] + len(v[1]) + len(v[2]) for v in table.values())


def kind_malloc():
    def work():
        while not ended():
            check(build())
    workers = [start(work) for _ in range(3)]
    rounds(build)
    for worker in workers:
        worker.join()


def kind_numpy():
    numpy = sys.modules["numpy"]
    matrix = numpy.arange(90000, dtype="float64").reshape(300, 300) % 7

    def work():
        return int(numpy.dot(matrix, matrix).sum())

    def other():
        while not ended():
            check(work())
    worker = start(other)
    rounds(work)
    worker.join()


def kind_threads():
    """500 of them, all waiting."""
    event, done = threading.Event(), []

    def work(number):
        event.wait()
        done.append(number)
    workers = [start(work, n) for n in range(500)]
    ready()
    again(os.read, 0, 1)
    event.set()
    for worker in workers:
        worker.join()
    check(sum(done))


def kind_churn():
    def work():
        done = []
        workers = [start(done.append, n) for n in range(20)]
        for worker in workers:
            worker.join()
        return sum(done)
    rounds(work)


def kind_smallstack():
    try:
        before = threading.stack_size(64 << 10)
    except ValueError:                  # aarch64: the C library wants twice as much
        before = threading.stack_size(128 << 10)
    workers = [start(compute) for _ in range(3)]
    threading.stack_size(before)
    ready()
    for worker in workers:
        worker.join()


# Working

def kind_cpu():
    rounds(checksum)


def kind_hold():
    """In C, holding the GIL."""
    counted = xrange if PYTHON2 else range          # noqa: F821
    seconds = float(os.environ.get("HARM_HOLD", "1"))
    begin, n = now(), 1000000
    sum(counted(n))
    many = int(n * seconds / (now() - begin))

    def work():
        return sum(counted(many)) == many * (many - 1) // 2
    ready()
    rounds(work)


def kind_import():
    names = ["bisect", "colorsys", "csv", "sched", "textwrap"]
    before = dict((name, __import__(name)) for name in names)

    def work():
        for name in names:
            del sys.modules[name]
            __import__(name)
        return sorted(len(dir(sys.modules[name])) for name in names)
    rounds(work)
    sys.modules.update(before)


def kind_dlopen():
    import _ctypes
    name = "libBrokenLocale.so.1"       # of glibc; nobody needs it
    try:
        _ctypes.dlclose(_ctypes.dlopen(name, 2))
    except OSError:
        skip("no " + name)

    def work():
        for _ in range(50):
            _ctypes.dlclose(_ctypes.dlopen(name, 2))
    rounds(work)


class Ring(object):
    def __init__(self):
        self.me = self


def kind_collect():
    gc.collect()

    def work():
        for _ in range(1000):
            Ring()
        return len([o for o in gc.get_objects() if type(o) is Ring]) <= 1000, gc.collect() >= 0
    rounds(work)


def kind_freeze():
    if not hasattr(gc, "freeze"):
        skip("no gc.freeze")
    gc.unfreeze()           # 3.12 starts with some

    def work():
        kept = [Ring() for _ in range(500)]
        gc.freeze()
        frozen = gc.get_freeze_count() > 500
        gc.unfreeze()
        return frozen, gc.get_freeze_count(), len(kept)
    rounds(work)


def kind_deep():
    def down(n):
        return 1 + down(n - 1) if n else leaf()

    def leaf():
        time.sleep(0.01)
        return checksum()[0]
    rounds(lambda: down(500))


# Processes

def kind_fork():
    def work():
        child = os.fork()
        if child == 0:
            os._exit(checksum()[0] % 100)
        status = again(os.waitpid, child, 0)[1]
        again(time.sleep, 0.002)
        return status
    rounds(work)


def kind_subprocess():
    subprocess = sys.modules["subprocess"]

    def work():
        child = subprocess.Popen(["/bin/echo", "x"], stdout=subprocess.PIPE)
        return child.communicate()[0], child.returncode
    rounds(work)


def kind_setuid():
    """glibc has every thread take part by a signal, and waits for each."""
    if os.geteuid() != 0:
        skip("not root")
    worker = start(compute)

    def work():
        seen = []
        for number in (65534, 0):
            os.setegid(number) if number else os.seteuid(0)
            os.seteuid(number) if number else os.setegid(0)
            seen.append((os.geteuid(), os.getegid()))
        os.setgid(0)
        os.setuid(0)
        time.sleep(0.001)
        return seen
    rounds(work)
    worker.join()


# Signals, ends

def kind_alarm():
    handled = []

    def handler(number, frame):
        handled.append(sum(range(200)))
    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    while not handled:
        checksum()
    rounds(checksum)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)
    if not handled or set(handled) != set([sum(range(200))]):
        wrong("alarms: %d" % len(handled))


def writer(orders, out):
    """In a child: a byte, a while after each order."""
    while os.read(orders, 1):
        time.sleep(0.03)
        os.write(out, b"x")
    os._exit(0)


def kind_interrupt():
    """read() of the C library, which knows no PEP 475: it is interrupted when a signal comes that
    interrupts, and by nothing else."""
    if PYTHON2:
        skip("Python 3 only")
    ctypes = sys.modules["ctypes"]
    libc, byte = ctypes.CDLL(None, use_errno=True), ctypes.create_string_buffer(1)
    (orders, order), (near, far) = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        os.close(order)
        writer(orders, far)
    handled = []
    before = signal.signal(signal.SIGALRM, lambda number, frame: handled.append(number))

    def read(interrupting):
        signal.siginterrupt(signal.SIGALRM, interrupting)
        begin = now()
        signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)    # one may come before the read
        if not interrupting:
            os.write(order, b"x")
        got = libc.read(near, byte, 1)
        error = ctypes.get_errno() if got < 0 else 0
        at_least(begin, 0.01)
        signal.setitimer(signal.ITIMER_REAL, 0)
        return got, error

    def work():
        del handled[:]
        return read(True), read(False), len(handled) > 1
    rounds(work)
    for fd in (order, orders, near, far):
        os.close(fd)
    os.waitpid(child, 0)
    signal.signal(signal.SIGALRM, before)


def kind_handler():
    """Inside a handler of the kernel's, not of Python's, most of the time."""
    ctypes = sys.modules["ctypes"]
    libc, seen = ctypes.CDLL(None), []

    def handler(number):
        time.sleep(0.03)
        seen.append((number, checksum()))
    function = ctypes.CFUNCTYPE(None, ctypes.c_int)(handler)
    libc.signal.restype = libc.signal.argtypes = None
    libc.signal(signal.SIGUSR2, function)

    def work():
        time.sleep(0.003)
        libc["raise"](int(signal.SIGUSR2))
        return seen.pop(), len(seen)
    rounds(work)
    signal.signal(signal.SIGUSR2, signal.SIG_DFL)


# Woken by a signal, and by nothing else
def told(signum, frame):
    if signum == signal.SIGUSR2:
        raise KeyboardInterrupt
    say("handled")


WAITS = {
    "accept": lambda: listening().accept,
    "epoll": select.epoll,
    "lock": lambda: skip("no signal ends it") if PYTHON2 else held_lock().acquire,
    "pause": lambda: signal.pause,
    "poll": select.poll,
    "read": lambda: lambda: os.read(quiet, 1),
    "select": lambda: lambda: select.select([quiet], [], []),
    "sleep": lambda: lambda: time.sleep(10000),
}


def kind_woken():
    """For ever in one call; a second thread could take its signals, and sends the last one."""
    wait = WAITS[sys.argv[1].split("_")[1]]()
    if hasattr(wait, "register"):
        wait.register(quiet, select.POLLIN)     # EPOLLIN is the same
        wait = wait.poll
    for number in signal.SIGUSR1, signal.SIGUSR2:
        signal.signal(number, told)
    thread = start(lambda: (again(os.read, 0, 1), os.kill(os.getpid(), signal.SIGUSR2)))
    ready()
    try:
        while True:
            again(wait)
    except KeyboardInterrupt:
        thread.join()
    for number in signal.SIGUSR1, signal.SIGUSR2:
        signal.signal(number, signal.SIG_DFL)


def kind_atexit():
    """At work when the interpreter calls what was registered, and later than everything else."""


RACE = "import os; os.write(1, b'sum %d\\n' % sum(range(5000))); os._exit(7)"


def race(how, delay):
    """In a child: lives for a moment, then ends by itself or becomes another Python."""
    kept = [Ring() for _ in range(5000)]
    time.sleep(delay)
    if how == "exec":
        os.execv(sys.executable, [sys.executable, "-S", "-E", "-c", RACE])
    say("sum %d" % sum(range(len(kept))))
    sys.exit(7)


def kind_race():
    """Lines of stdin, HOW MICROSECONDS: a child each; its number, and how it ended."""
    ready()
    while True:
        line = b""
        while not line.endswith(b"\n"):
            more = os.read(0, 1)
            if not more:
                return
            line += more
        how, delay = line.decode().split()
        told, tell = os.pipe()
        child = os.fork()
        if child == 0:
            os.read(told, 1)    # on a busy machine its word may come before the one on it
            race(how, int(delay) / 1e6)
        say("child %d" % child)
        os.write(tell, b"x")
        os.close(tell)
        os.close(told)
        say("ended %d" % os.waitpid(child, 0)[1])


# What is imported before anything is compared
NEEDS = {
    "asyncio": ["asyncio"], "uvloop": ["asyncio", "uvloop"], "numpy": ["numpy"],
    "queue": ["Queue" if PYTHON2 else "queue"], "subprocess": ["subprocess"],
    "dlopen": ["_ctypes"], "handler": ["ctypes"],
    "interrupt": ["ctypes"], "accept": ["encodings.idna"],
    "import": ["bisect", "colorsys", "csv", "sched", "textwrap"],
}


def thread_states():
    """How many the interpreter has; the C API tells, and nothing else does."""
    if "ctypes" not in sys.modules:     # a minimal Python
        return 0
    api = sys.modules["ctypes"].pythonapi
    states, n = api.PyInterpreterState_ThreadHead(api.PyInterpreterState_Head()), 0
    while states:
        states, n = api.PyThreadState_Next(states), n + 1
    return n


def handlers():
    known = []
    for number in range(1, 65):
        try:
            known.append(signal.getsignal(number))
        except ValueError:
            pass
    return known


def state():
    """All that a guest in this process could change, but for memory."""
    return {
        "modules": sorted(sys.modules),
        "gc": [gc.isenabled(), gc.get_threshold(), gc.get_debug(), len(gc.garbage),
               len(getattr(gc, "callbacks", ()))],
        "frozen": gc.get_freeze_count() if hasattr(gc, "get_freeze_count") else 0,
        "thread states": thread_states(),
        "threads": len(os.listdir("/proc/self/task")) if os.path.exists("/proc/self") else 0,
        "environment": sorted(os.environ.items()),
        "handlers": handlers(),
        "mask": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, []))
        if hasattr(signal, "pthread_sigmask") else [],
        "files": sorted(os.listdir(".")),
        "hooks": [sys.gettrace(), sys.getprofile(), sys.excepthook is sys.__excepthook__],
        "limits": [sys.getrecursionlimit(), os.getcwd()],
    }


def prepare_api():
    try:
        ctypes = __import__("ctypes")
    except ImportError:
        return
    for name in ("PyInterpreterState_Head", "PyInterpreterState_ThreadHead",
                 "PyThreadState_Next"):
        function = getattr(ctypes.pythonapi, name)
        function.restype = ctypes.c_void_p
        function.argtypes = [ctypes.c_void_p] if name != "PyInterpreterState_Head" else []


def prepare(kind):
    prepare_api()
    for name in NEEDS.get(kind, []):
        try:
            __import__(name)
        except ImportError:
            skip("no module " + name)
    checksum()                      # and what it imports by and by (2.7)
    if kind == "freeze" and hasattr(gc, "unfreeze"):
        gc.unfreeze()


def settle(before):
    """A thread that has been joined is still on its way out for a moment."""
    end = now() + 20
    after = state()
    while after != before and now() < end:
        time.sleep(0.01)
        after = state()
    return after


def main(kind):
    prepare(kind)
    before = state()
    globals()["kind_" + kind.split("_")[0]]()
    if kind == "atexit":
        rounds(checksum)
    after = settle(before)
    for name in sorted(before):
        if before[name] != after[name]:
            wrong("%s: %r, before: %r" % (name, after[name], before[name]))
    for text in problems:
        say("WRONG " + text)
    say("%s %d" % (kind, zlib.crc32(repr(sorted(first.items())).encode()) & 0xffffffff))
    if problems:
        os._exit(1)


if sys.argv[1] == "atexit":
    import atexit
    prepare_api()
    atexit.register(main, "atexit")
else:
    main(sys.argv[1])
