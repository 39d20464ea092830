#!/usr/bin/env python
"""A TCP server that leaks its connections, in one of three ways.

    tcp_server.py --leak global|class|cycle|none [--port N] [--parent-pipe]

It echoes what clients send, and keeps for each connection a buffer and some
statistics. When a client is gone, its Connection should go too, but

global  stays in the module's list _CONNECTIONS: held until exit;
class   stays in the class attribute Server.peers: held until exit;
cycle   is held by nobody, but refers to its ConnectionHandler, which refers
        back: Connection._conn_handler -> ConnectionHandler._conn. Only the
        collector can free the two, and only its oldest generation does;
none    goes, as it should.

How the cycle gets old. A connection that lives for milliseconds is young
garbage and would be freed by the next young collection, within a second. In
a busy process each one lives through some of those, because everything else
the process does allocates too, and then is old when it closes. That is what
the gc.collect(1) in accept() stands for. A full
collection is then due after a number of younger ones (and, in CPython, when
the old generation has grown by a quarter); servers with big heaps put it off,
since it stops them for long. So does this one: --gc-threshold is 700,10,100000
here in the cycle mode, some quarter of an hour at 100 connections a second.
Give 700,10,10 to see the usual sawtooth, or 0,0,0 for a collector switched
off. In the other modes the interpreter's own thresholds stay.

One thread, in poll(). Prints {"port":..,"control":..,"pid":..} when it is
ready. A connection to the control port that sends the line "truth" is
answered with the server's own counts (truth.py). Keep that connection open
while you compare: it is in the counts. "collect" runs a full collection and
answers {"collected": N}.
"""

import argparse
import gc
import json
import os
import select
import signal
import socket
import sys

import truth

_CONNECTIONS = []                   # --leak global


class ConnectionHandler(object):
    """Speaks the protocol: every packet is sent back."""
    __slots__ = ("_conn", "_partial")

    def __init__(self, conn):
        self._conn = conn
        self._partial = False

    def packet(self, data):
        conn = self._conn
        if conn.stats is None:      # some connect and never say anything
            conn.stats = {"packets": 0, "sizes": []}
        conn.buffer += data
        conn.stats["packets"] += 1
        conn.stats["sizes"].append(len(data))
        self._partial = not data.endswith(b"\n")
        conn.sock.sendall(data)


class Connection(object):
    # Slots, as where there are many: one connection is one object of each
    # of its types on every version of Python, with no dict per instance.
    __slots__ = ("sock", "peer", "buffer", "stats", "_conn_handler")

    def __init__(self, sock, peer):
        self.sock = sock
        self.peer = "%s:%d" % peer
        self.buffer = bytearray()
        self.stats = None
        self._conn_handler = ConnectionHandler(self)


class Server(object):
    peers = []                      # --leak class

    def __init__(self, options):
        self.leak = options.leak
        self.poller = select.poll()
        self.watched = {}           # fd: (what serves it, its object)
        self.listener = listen(options.port)
        self.control = listen(0)
        watch(self, self.listener, accept, self.listener)
        watch(self, self.control, accept_control, self.control)
        if options.parent_pipe:
            watch(self, sys.stdin, parent_is_gone, None)


# Functions, not methods: on old versions a method being called is one more
# object, and a server that counts itself should not be in its own way.

def listen(port):
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", port))
    sock.listen(128)
    return sock


def watch(server, stream, serve, served):
    server.watched[stream.fileno()] = (serve, served)
    server.poller.register(stream.fileno(), select.POLLIN)


def forget(server, fd):
    server.poller.unregister(fd)
    del server.watched[fd]


def accept(server, fd, listener):
    sock, peer = listener.accept()
    conn = Connection(sock, peer)
    watch(server, sock, serve_client, conn)
    if server.leak == "global":
        _CONNECTIONS.append(conn)
    elif server.leak == "class":
        Server.peers.append(conn)
    elif server.leak == "cycle":
        gc.collect(1)               # see above: now it is old


def serve_client(server, fd, conn):
    try:
        data = conn.sock.recv(4096)
        if data:
            conn._conn_handler.packet(data)
    except socket.error:            # reset: as good as closed
        data = b""
    if not data:
        close(server, fd, conn)


def close(server, fd, conn):
    """What is not forgotten here is the leak."""
    forget(server, fd)
    conn.sock.close()
    conn.sock = None
    if server.leak != "cycle":
        conn._conn_handler = None


def accept_control(server, fd, control):
    sock = control.accept()[0]
    watch(server, sock, answer, sock)


@truth.temporary
def answer(server, fd, sock):
    """Reads and writes the bare fd: nothing is created but bytes."""
    request = os.read(fd, 256)
    if request == b"truth\n":
        reply = truth.line()
        while reply:                # may be more than goes at once
            reply = reply[os.write(fd, reply):]
    elif request == b"collect\n":
        os.write(fd, ('{"collected": %d}\n' % gc.collect()).encode())
    else:
        forget(server, fd)
        sock.close()


def parent_is_gone(server, fd, nothing):
    sys.exit(0)


@truth.temporary
def serve_one(server, fd):
    serve, served = server.watched[fd]
    serve(server, fd, served)


def serve(server):
    """For ever. While it stands in poll() `ready` is an empty list, as it is
    when the last of a round is served."""
    poll = server.poller.poll
    while True:
        ready = poll()
        while ready:
            serve_one(server, ready.pop()[0])


def thresholds(text):
    numbers = tuple(int(number) for number in text.split(","))
    if not 1 <= len(numbers) <= 3:
        raise argparse.ArgumentTypeError("one to three numbers: %s" % text)
    return numbers


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--leak", default="global",
                        choices=("global", "class", "cycle", "none"))
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--gc-threshold", type=thresholds, metavar="A,B,C",
                        help="as gc.set_threshold()")
    parser.add_argument("--ballast", type=int, default=0, metavar="N",
                        help="N more objects, as of a server with a big heap")
    parser.add_argument("--parent-pipe", action="store_true",
                        help="end when stdin does")
    parser.add_argument("--duration", type=int, default=3600,
                        help="seconds until it ends by itself (3600)")
    return parser.parse_args()


def main():
    options = parse()
    signal.alarm(options.duration)
    if options.gc_threshold is None and options.leak == "cycle":
        options.gc_threshold = (700, 10, 100000)
    if options.gc_threshold is not None:
        gc.set_threshold(*options.gc_threshold)
    options.ballast = [[] for _ in range(options.ballast)]
    server = Server(options)
    truth.settle()
    sys.stdout.write(json.dumps({
        "port": server.listener.getsockname()[1],
        "control": server.control.getsockname()[1],
        "pid": os.getpid()}) + "\n")
    sys.stdout.flush()
    try:
        serve(server)
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
