"""A heap like a server's, of a given number of tracked objects, and a request loop over it.

Usage: heap.py OBJECTS. It builds, ages (random parts replaced, collected, three times), says
{"ready": true, ...} and then obeys one line at a time from its standard input:

    loop SECONDS RIVAL   a request every 2 ms; how late each ended, in microseconds. RIVAL is what
                         runs beside it, once a second, in a thread: nothing, counter, objgraph,
                         referrers (of 200 instances, one level), backref (of one)
    truth                live objects per type, of those that the collector tracks
    quit

Each answer is one line of JSON. Between commands the process stands still.
"""

import collections
import gc
import itertools
import json
import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "targets"))
import truth  # noqa: E402

TICK_S = 0.002
CLASSES = 125
AGEING_ROUNDS = 3
REPLACED_SHARE = 0.3
SAMPLE_UNITS = 500
INSTANCES = 200                     # as many as leaktop searches the holders of

UNITS = []

try:
    import objgraph
except ImportError:
    objgraph = None


class Item(object):
    __slots__ = ("order", "price", "text")

    def __init__(self, order, price, text):
        self.order, self.price, self.text = order, price, text


def record_classes():
    """Many classes, as programs have: half with a dict, half with slots."""
    kinds = []
    for n in range(CLASSES):
        kinds.append(type("Order%d" % n, (object,), {"__module__": "shop"}))
        kinds.append(type("Line%d" % n, (object,),
                          {"__module__": "shop", "__slots__": ("a", "b", "c")}))
    return kinds


class Shop(object):
    """Makes units of business: about thirty tracked objects each, that refer to one another."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        kinds = record_classes()
        self.orders, self.lines = kinds[0::2], kinds[1::2]
        self.serial = itertools.count(1000)

    def pick(self, kinds):              # a few classes have most of the instances
        return kinds[int(len(kinds) * self.rng.random() ** 3)]

    def unit(self):
        n = next(self.serial)
        order = self.pick(self.orders)()
        order.name = "order number %d" % n
        order.total = n * 1.25
        order.items = [Item(order, n + k, "item %d of %d" % (k, n)) for k in range(8)]
        order.lines = tuple(self.line(order, n, k) for k in range(6))
        order.meta = {"id": n, "tags": {("tag", n), ("of", order)}, "blob": b"x" * (n % 200)}
        order.by_name = {item.text: item for item in order.items[:4]}
        order.close = lambda: order.items
        order.history = [[n, order], [n + 1, order], {"at": n * 0.5, "who": order}]
        order.method = order.items[0].__init__
        return order

    def line(self, order, n, k):
        line = self.pick(self.lines)()
        line.a, line.b, line.c = order, [n, k, order], "line %d.%d" % (n, k)
        return line


def tracked():
    return len(gc.get_objects())


def build(objects):
    """A list of units whose objects add up to about the number asked for; collected and aged."""
    shop = Shop(42)
    gc.collect()
    gc.disable()                        # building is not what is measured
    before = tracked()
    units = [shop.unit() for _ in range(SAMPLE_UNITS)]
    per_unit = (tracked() - before) / float(SAMPLE_UNITS)
    while len(units) < objects / per_unit:
        units.append(shop.unit())
    gc.collect()
    for _ in range(AGEING_ROUNDS):
        for _ in range(int(len(units) * REPLACED_SHARE)):
            units[shop.rng.randrange(len(units))] = shop.unit()
        gc.collect()
    gc.enable()
    return units


# ---- what people do instead -------------------------------------------------------------------

def count_types():
    collections.Counter(type(o) for o in gc.get_objects())


def count_with_objgraph():
    objgraph.typestats()


def instances():
    return [random.choice(random.choice(UNITS).items) for _ in range(INSTANCES)]


def find_referrers():
    gc.get_referrers(*instances())


def find_chain():
    objgraph.find_backref_chain(instances()[0], objgraph.is_proper_module)


RIVALS = {"nothing": None, "counter": count_types, "referrers": find_referrers,
          "objgraph": count_with_objgraph if objgraph else None,
          "backref": find_chain if objgraph else None}


def run_rival(work, stop, seconds):
    """Once a second, as leaktop at 1 Hz, or as often as it manages; keeps each one's time."""
    while not stop.wait(max(0.0, 1.0 - (seconds[-1] if seconds else 0.0))):
        begin = time.time()
        work()
        seconds.append(time.time() - begin)


# ---- the loop ---------------------------------------------------------------------------------

def request(n):
    """Some 20 microseconds of Python."""
    return sum(k * n for k in range(200))


def clock():
    return getattr(time, "perf_counter", time.time)()


def percentile(values, share):
    return values[min(len(values) - 1, int(len(values) * share))]


def loop(seconds, rival):
    late, spent, stop = [], [], threading.Event()
    thread = None
    if RIVALS[rival]:
        thread = threading.Thread(target=run_rival, args=(RIVALS[rival], stop, spent))
        thread.start()
    due = clock()
    end = due + seconds
    while due < end:
        due += TICK_S
        wait = due - clock()
        if wait > 0:
            time.sleep(wait)
        request(len(late))
        late.append(clock() - due)
        while late[-1] > TICK_S:        # requests that came meanwhile waited, too
            due += TICK_S
            late.append(late[-1] - TICK_S)
    stop.set()
    if thread:
        thread.join()
    late.sort()
    names = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999, "max": 1.0}
    answer = {name: percentile(late, share) * 1e6 for name, share in names.items()}
    answer["requests"] = len(late)
    answer["rival_s"] = sorted(spent)[len(spent) // 2] if spent else None
    return answer


def main():
    begin = time.time()
    UNITS.extend(build(int(sys.argv[1])))
    say({"ready": True, "python": sys.version.split()[0], "objects": tracked(),
         "units": len(UNITS), "build_s": time.time() - begin, "objgraph": bool(objgraph)})
    for line in iter(sys.stdin.readline, ""):
        words = line.split()
        if words[0] == "loop":
            say(loop(float(words[1]), words[2]))
        elif words[0] == "truth":
            truth.settle()
            say(truth.census())
        elif words[0] == "quit":
            break


def say(what):
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
