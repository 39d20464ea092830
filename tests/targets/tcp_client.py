#!/usr/bin/env python
"""Connects to tcp_server.py, sends a few packets, disconnects; over and over.

    tcp_client.py --port N [--rate 100] [--count 0] [--clients 4]

--rate is connections a second over all clients, which take turns: each has
one connection open, so the server sees several at a time. Every tenth sends
nothing. Ends after --count
connections (0: no end), after --duration seconds, when the server is gone, or
with stdin (--parent-pipe). Prints totals as one line of JSON; "ok" says that
every packet came back as it was sent.
"""

import argparse
import json
import select
import socket
import sys
import time

PROBE_EVERY = 10                    # as a load balancer's health check
PACKETS = [b"hello\n", b"x" * 400 + b"\n", b"bye\n"]
_clock = getattr(time, "monotonic", time.time)


class Client(object):
    """One connection at a time; a step is a packet there and back."""

    def __init__(self, port):
        self.port = port
        self.sock = None
        self.opened = 0
        self.left = []

    def step(self):
        """True when a connection was finished."""
        if self.sock is None:
            self.sock = socket.create_connection(("127.0.0.1", self.port), 10)
            self.opened += 1
            self.left = list(PACKETS) if self.opened % PROBE_EVERY else []
        if self.left:
            self.exchange(self.left.pop(0))
        if self.left:
            return False
        self.close()
        return True

    def exchange(self, packet):
        self.sock.sendall(packet)
        back = b""
        while len(back) < len(packet):
            data = self.sock.recv(len(packet) - len(back))
            if not data:
                raise socket.error("the server closed the connection")
            back += data
        if back != packet:
            raise ValueError("sent %r, got %r" % (packet, back))

    def close(self):
        if self.sock is not None:
            self.sock.close()
        self.sock = None


def pause(seconds, parent_pipe):
    """False when whoever started us is gone."""
    if not parent_pipe:
        time.sleep(max(seconds, 0))
        return True
    return not select.select([0], [], [], max(seconds, 0))[0]


def run(options):
    """Steps are spread evenly: a connection is len(PACKETS) of them."""
    clients = [Client(options.port) for _ in range(options.clients)]
    interval = 1.0 / (options.rate * len(PACKETS))
    start = due = _clock()
    connections = steps = 0
    error = None
    try:
        while not options.count or connections < options.count:
            if not pause(due - _clock(), options.parent_pipe):
                break
            if _clock() - start > options.duration:
                break
            connections += clients[steps % len(clients)].step()
            steps += 1
            due = max(due + interval, _clock() - 1)     # catch up, a little
    except (EnvironmentError, ValueError) as problem:
        error = str(problem)
    except KeyboardInterrupt:
        pass
    for client in clients:
        client.close()
    sys.stdout.write(json.dumps({
        "ok": error is None, "error": error, "connections": connections,
        "steps": steps, "seconds": round(_clock() - start, 2)}) + "\n")
    return 0 if error is None else 1


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--rate", type=float, default=100,
                        help="connections a second (100)")
    parser.add_argument("--count", type=int, default=0,
                        help="connections in all, 0: no end (0)")
    parser.add_argument("--clients", type=int, default=4,
                        help="connections open at a time (4)")
    parser.add_argument("--duration", type=float, default=600,
                        help="seconds (600)")
    parser.add_argument("--parent-pipe", action="store_true",
                        help="end when stdin does")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(run(parse()))
