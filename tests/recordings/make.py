#!/usr/bin/env python3
"""Makes the recordings here anew: the demo server in its three ways to leak.

    tests/recordings/make.py LEAKTOP [MODE...]

Each is 45 samples of a second, of 100 connections a second. To stay small they
keep the types that changed and the largest others, and of each type its count
and size: all that a replay takes. The machine's names are taken out.

After it the golden screens are made anew: see tests/screen/test_golden.c.
"""

import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TARGETS = os.path.join(os.path.dirname(HERE), "targets")
SAMPLES = 45
LARGEST = 12


def start(mode):
    server = subprocess.Popen(
        [sys.executable, os.path.join(TARGETS, "tcp_server.py"), "--leak", mode, "--parent-pipe"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    ready = json.loads(server.stdout.readline())
    client = subprocess.Popen(
        [sys.executable, os.path.join(TARGETS, "tcp_client.py"), "--port", str(ready["port"]),
         "--rate", "100", "--duration", "86400", "--parent-pipe"],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    return server, client


def kept(lines):
    """Names of the types to keep: what ever changed, and the largest."""
    counts, sizes = {}, {}
    for line in lines:
        for t in line.get("types", ()):
            counts.setdefault(t["type"], set()).add(t["count"])
            sizes[t["type"]] = t["bytes"] or 0
    changed = {name for name, seen in counts.items() if len(seen) > 1}
    largest = sorted(set(sizes) - changed, key=lambda name: -sizes[name])[:LARGEST]
    return changed.union(largest)


def slim(lines, mode):
    names = kept(lines)
    for line in lines:
        line.pop("pid", None)
        if line["kind"] == "attach":
            line.update(exe="/usr/bin/python3", user="api",
                        command="python3 tcp_server.py --leak " + mode)
        if line["kind"] in ("attach", "sample", "verdict", "detach"):
            line["pid"] = 4242
        if "types" in line:
            line["types"] = [{"type": t["type"], "count": t["count"], "bytes": t["bytes"]}
                             for t in line["types"] if t["type"] in names]
    return lines


def record(leaktop, servers):
    with tempfile.TemporaryDirectory() as tmp:
        jobs = {}
        for mode, (server, _) in servers.items():
            path = os.path.join(tmp, mode)
            jobs[mode] = path, subprocess.Popen(
                [leaktop, "-b", "-d", "1", "-n", str(SAMPLES), "--confirm", "15s",
                 "-w", path, str(server.pid)], stdout=subprocess.DEVNULL)
        for mode, (path, job) in jobs.items():
            if job.wait() != 0:
                sys.exit("leaktop failed on the server that leaks in mode " + mode)
            with open(path) as f:
                lines = slim([json.loads(line) for line in f], mode)
            with open(os.path.join(HERE, mode + ".jsonl"), "w") as f:
                for line in lines:
                    f.write(json.dumps(line, separators=(",", ":")) + "\n")


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    servers = {mode: start(mode) for mode in sys.argv[2:] or ("global", "class", "cycle")}
    try:
        record(sys.argv[1], servers)
    finally:
        for server, client in servers.values():
            client.kill()
            server.kill()


main()
