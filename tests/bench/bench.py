#!/usr/bin/env python3
"""make bench: what leaktop costs, beside what people do instead, in one run.

Builds heaps of several sizes (heap.py), watches each in every mode of leaktop, and prints one
table; the same figures go to bench.json. Nothing here passes or fails: machines differ, ratios
say more. Settings, from the environment:

    LT_BENCH_SIZES    tracked objects of the heaps     (100000,1000000,10000000)
    LT_BENCH_RUNS     how often each is measured; medians are shown   (3)
    LT_BENCH_SECONDS  length of one measurement        (10)
    LT_BENCH_PYTHON   the interpreter to watch         (python3)
    LT_BENCH_JSON     where the figures go             (bench.json)
"""

import datetime
import json
import os
import platform
import select
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
MODES = ("scan", "walk")
RIVALS = ("counter", "objgraph")
LABELS = {
    "nothing": "nothing",
    "scan": "leaktop --census scan, 1 Hz",
    "walk": "leaktop --census walk, 1 Hz",
    "counter": "Counter(map(type, gc.get_objects())), 1 Hz",
    "objgraph": "objgraph.typestats(), 1 Hz",
}
SEARCHES = {            # who holds 200 instances of TYPE?
    "search": "leaktop's search, up to a name, again and again",
    "referrers": "gc.get_referrers() of 200 instances, one level, 1 Hz",
    "backref": "objgraph.find_backref_chain() of one instance, 1 Hz",
}
TYPE = "__main__.Item"
FEW = 1000              # types with fewer instances say nothing about accuracy
# The collector does not track all tuples and dicts, and the scan counts all: no truth to hold it
# against. (What it makes of them, and of str, int and bytes: tests/live/test_scan_live.c.)
NOT_ALL_TRACKED = ("tuple", "dict")


def setting(name, default):
    return os.environ.get("LT_BENCH_" + name) or default


LEAKTOP = setting("LEAKTOP", "./leaktop")
SEARCH = setting("SEARCH", "./bench_search")
SCAN = setting("SCAN", "./bench_scan")
PYTHON = setting("PYTHON", "python3")
SIZES = [int(size) for size in setting("SIZES", "100000,1000000,10000000").split(",")]
RUNS = int(setting("RUNS", "3"))
SECONDS = float(setting("SECONDS", "10"))


def say(*words):
    print(*words, flush=True)


class Target:
    """A process with a heap (heap.py) that does what it is told."""

    def __init__(self, size):
        self.process = subprocess.Popen(
            [PYTHON, os.path.join(HERE, "heap.py"), str(size)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, universal_newlines=True)
        self.about = self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("bench: the target ended, status %s" % self.process.wait())
        return json.loads(line)

    def begin(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def ask(self, command):
        self.begin(command)
        return self.answer()

    def end(self):
        self.begin("quit")
        self.process.wait()


def memory_peak(pid):
    with open("/proc/%d/status" % pid) as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return None


class Watch:
    """A leaktop in batch on a target; its lines, and its own memory."""

    def __init__(self, target, mode, *options):
        self.begun = time.monotonic()
        self.first_s = self.attach = None
        self.samples, self.peak = [], 0
        self.process = subprocess.Popen(
            [LEAKTOP, "-p", str(target.process.pid), "-f", "jsonl", "--census", mode, "-d", "1",
             "--max-cpu", "100", *options],     # 1 Hz: no count is left out to keep to a budget
            stdout=subprocess.PIPE, universal_newlines=True)

    def sample(self):
        """The next sample that has a count."""
        for line in self.process.stdout:
            event = json.loads(line)
            if event["kind"] == "attach":
                self.attach = event
            elif event["kind"] == "sample":
                self.peak = max(self.peak, memory_peak(self.process.pid) or 0)
                if event["objects"] is None:
                    continue
                if self.first_s is None:
                    self.first_s = time.monotonic() - self.begun
                self.samples.append(event)
                return event
        raise SystemExit("bench: leaktop ended, status %d" % self.process.wait())

    def end(self):
        self.process.terminate()
        for line in self.process.stdout:
            event = json.loads(line)
            if event["kind"] == "sample" and event["objects"] is not None:
                self.samples.append(event)
        self.process.wait()


# ---- one measurement each ---------------------------------------------------------------------

def latency(target, who):
    """The request loop's lateness, alone or with somebody looking, and leaktop's own cost."""
    rival = who if who in RIVALS else "nothing"
    watch = Watch(target, who) if who in MODES else None
    if watch:
        watch.sample()                          # the first one is an attach, measured elsewhere
    result = target.ask("loop %g %s" % (SECONDS, rival))
    if watch:
        watch.end()
        result.update(cost(watch, target.about["objects"]))
    return result


def cost(watch, objects):
    first, later = watch.samples[0]["cost"], [s["cost"] for s in watch.samples[1:]]
    cpu = statistics.median(c["cpu_us"] for c in later) if later else None
    return {
        "first_cpu_us": first["cpu_us"], "cpu_us": cpu,
        "first_ns_per_object": first["cpu_us"] * 1000.0 / objects,
        "ns_per_object": cpu * 1000.0 / objects if later else None,
        "pause_us": max((c["pause_us"] for c in later), default=None),
        "stops": statistics.median(c["stops"] for c in later) if later else None,
        "samples": len(later), "rss_peak": watch.peak, "first_s": watch.first_s,
    }


def search(target, who):
    """The loop's lateness while the holders of a type are searched, and what a search takes."""
    if who != "search":
        result = target.ask("loop %g %s" % (SECONDS, who))
        return dict(result, wall_s=result["rival_s"], cpu_s=result["rival_s"])
    found = []
    target.begin("loop %g nothing" % SECONDS)
    while not found or not select.select([target.process.stdout], [], [], 0)[0]:
        found.append(json.loads(subprocess.check_output(
            [SEARCH, str(target.process.pid), TYPE])))
    result = target.answer()
    for key in ("wall_s", "cpu_s", "containers_cpu_s", "levels", "rss", "bytes_read"):
        result[key] = statistics.median(f[key] for f in found)
    say("# %d searches: %s" % (len(found), found[-1]["path"]))
    return result


def passes(target):
    """What passes of the scan cost by themselves."""
    return json.loads(subprocess.check_output([SCAN, str(target.process.pid)]))


def accuracy(target, mode, truth):
    """The worst type of more than FEW instances, as a share, on a heap that stands still."""
    watch = Watch(target, mode, "--top", "0")
    types = {t["type"]: t["count"] for t in watch.sample()["types"]}
    watch.end()
    worst, name, compared = 0.0, None, 0
    for kind, count in truth.items():
        if count <= FEW or (mode == "scan" and kind in NOT_ALL_TRACKED):
            continue
        compared += 1
        error = abs(types.get(kind, 0) - count) / count
        if name is None or error > worst:
            worst, name = error, kind
    return {"worst": worst, "type": name, "types": compared}


# ---- all of it --------------------------------------------------------------------------------

def middle(results):
    """Medians, key by key, of what several runs gave."""
    keys = results[0].keys()
    values = {key: [r[key] for r in results if r.get(key) is not None] for key in keys}
    return {key: statistics.median(v) if v else None for key, v in values.items()}


def measure(size):
    say("# building a heap of %d objects" % size)
    target = Target(size)
    about = target.about
    say("# %(objects)d objects in %(build_s).0f s, Python %(python)s" % about)
    who = ["nothing", *MODES, "counter"] + (["objgraph"] if about["objgraph"] else [])
    runs = {name: [] for name in who}
    for run in range(RUNS):
        for name in who:                        # taken in turns: a noisy minute hits them all
            runs[name].append(latency(target, name))
            say("# run %d, %s: p99 %.0f us" % (run + 1, name, runs[name][-1]["p99"]))
    searches = {name: [] for name in SEARCHES if name != "backref" or about["objgraph"]}
    for run in range(RUNS):
        for name in searches:
            searches[name].append(search(target, name))
            say("# run %d, %s: %.2f s" % (run + 1, name, searches[name][-1]["wall_s"]))
    result = dict(about, runs=runs, searches=searches,
                  search={name: middle(r) for name, r in searches.items()},
                  median={name: middle(r) for name, r in runs.items()})
    result["scan"] = passes(target)
    truth = target.ask("truth")["types"]
    result["accuracy"] = {mode: accuracy(target, mode, truth) for mode in MODES}
    target.end()
    return result


def machine():
    cpu = "unknown"
    with open("/proc/cpuinfo") as info:
        for line in info:
            if line.startswith("model name"):
                cpu = line.split(":", 1)[1].strip()
                break
    return {"cpu": cpu, "cores": os.cpu_count(), "kernel": platform.release(),
            "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")}


# ---- the table --------------------------------------------------------------------------------

def figure(value, unit=1.0, digits=0, none="-"):
    return none if value is None else "%.*f" % (digits, value / unit)


def ratio(value, base):
    return "-" if not value or not base else "%.1fx" % (value / base)


def print_latency(result):
    base = result["median"]["nothing"]
    say("\nstall of a 2 ms request loop, ms   %32s %8s %8s %8s %8s" %
        ("p50", "p99", "p99.9", "max", "p99.9/-"))
    for name, row in result["median"].items():
        say("  %-62s %8s %8s %8s %8s %8s" % (
            LABELS[name], *(figure(row[key], 1000, 2) for key in ("p50", "p99", "p99.9", "max")),
            ratio(row["p99.9"], base["p99.9"])))


def print_cost(result):
    rivals = {name: result["median"][name] for name in RIVALS if name in result["median"]}
    say("\nper sample %57s %9s %9s %9s %9s" %
        ("CPU ms", "ns/object", "hold ms", "stops", "RSS MiB"))
    for mode in MODES:
        row = result["median"][mode]
        say("  %-56s %9s %9s" % (LABELS[mode] + ", the first", figure(row["first_cpu_us"], 1000, 1),
                                 figure(row["first_ns_per_object"], 1, 1)))
        say("  %-56s %9s %9s %9s %9s %9s" % (
            LABELS[mode] + ", then", figure(row["cpu_us"], 1000, 1),
            figure(row["ns_per_object"], 1, 1), figure(row["pause_us"], 1000, 2),
            figure(row["stops"]), figure(row["rss_peak"], 2**20, 1)))
    for name, row in rivals.items():            # all of it holds the GIL, but for switches
        spent = row["rival_s"]
        say("  %-56s %9s %9s" % (LABELS[name], figure(spent and spent * 1000, 1, 1),
                                 figure(spent and spent * 1e9 / result["objects"], 1, 1)))


def print_passes(result):
    scan = result["scan"]
    say("\nthe scan by itself, %.2f million objects in %.2f million blocks, %.0f MiB of arenas" % (
        scan["objects"] / 1e6, scan["blocks"] / 1e6, scan["arena_bytes"] / 2**20))
    say("  %-20s %12s %10s %10s %10s" % ("", "CPU ms", "ns/object", "ns/block", "ms/GB"))
    for key, label in (("first", "first pass"), ("full", "reads everything"),
                       ("later", "what changed")):
        spent = scan[key + "_cpu_us"]
        say("  %-20s %12.1f %10.1f %10.1f %10.0f" % (
            label, spent / 1000.0, spent * 1000.0 / scan["objects"],
            spent * 1000.0 / scan["blocks"], spent * 1e6 / scan["arena_bytes"]))


def print_searches(result):
    say("\nwho holds it? stall of the loop, ms   %28s %8s %8s %8s %8s" %
        ("p99", "p99.9", "max", "wall s", "CPU s"))
    for name, label in SEARCHES.items():
        row = result["search"].get(name)
        if not row:
            say("  %-58s skipped: objgraph is not installed" % label)
            continue
        say("  %-54s %8s %8s %8s %8s %8s" % (
            label, *(figure(row[key], 1000, 2) for key in ("p99", "p99.9", "max")),
            figure(row["wall_s"], 1, 2), figure(row["cpu_s"], 1, 2)))
    row = result["search"]["search"]
    say("  %d levels, %.0f MiB read, RSS %.1f MiB; a pass over the containers %.2f s of CPU" % (
        row["levels"], row["bytes_read"] / 2**20, row["rss"] / 2**20, row["containers_cpu_s"]))


def print_rest(result):
    say("\nfrom the start to the first table:  " + ",  ".join(
        "%s %s ms" % (mode, figure(result["median"][mode]["first_s"], 0.001)) for mode in MODES))
    for mode, row in result["accuracy"].items():
        say("%s: worst of %d types of more than %d tracked instances: %.3f %% (%s)" % (
            mode, row["types"], FEW, row["worst"] * 100, row["type"]))


def main():
    results = {"machine": machine(), "date": datetime.date.today().isoformat(),
               "runs": RUNS, "seconds": SECONDS, "sizes": []}
    for size in SIZES:
        result = measure(size)
        results["sizes"].append(result)
        say("\n==== %d tracked objects ====" % result["objects"])
        print_latency(result)
        print_cost(result)
        print_passes(result)
        print_searches(result)
        print_rest(result)
        with open(setting("JSON", "bench.json"), "w") as out:
            json.dump(results, out, indent=1)
            out.write("\n")
    say("\nfigures: %s" % setting("JSON", "bench.json"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
