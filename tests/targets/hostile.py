"""A target that means no good: hostile.py KIND. Prints a line of JSON when it is ready, answers
"check" with another, and "stop" ends it without running what it has ruined.

Lies are told with ctypes, into objects that are kept and never used again; the collector is off,
so that Python itself does not come across them.
"""

import ctypes
import gc
import json
import mmap
import os
import struct
import sys
import tempfile
import threading

KEEP = []
GC_HEAD = 16 if sys.version_info >= (3, 8) else 32
OB_TYPE, OB_SIZE, TP_NAME, TP_BASICSIZE, TP_ITEMSIZE = 8, 16, 24, 32, 40
NOWHERE = 0x10                          # never mapped
TEXT = str if sys.version_info < (3,) else lambda b: b.decode("utf-8")


def word(address):
    return ctypes.c_uint64.from_address(address)


def poke(address, value):
    word(address).value = value & (2 ** 64 - 1)


def buffer_of(data):
    buf = ctypes.create_string_buffer(data, len(data) + 64)
    KEEP.append(buf)
    return ctypes.addressof(buf)


def make(name, **members):
    """A type and an instance of it, both kept."""
    cls = type(name, (object,), members)
    KEEP.append((cls, cls()))
    return cls


def qualname_at(cls):
    """Where the type object keeps its qualified name (2.7: its name)."""
    value = cls.__name__ if sys.version_info < (3,) else cls.__qualname__
    places = [at for at in range(id(cls) + 0x300, id(cls) + 0x378, 8)
              if word(at).value == id(value)]
    return places[-1]                   # ht_name is before it, mostly the same str


# ---- what they do ------------------------------------------------------------------------------

NASTY = [
    b"\x1b]0;pwned\x07\x1b[2J\x1b[1;1HEvil", b"new\nline\rtab\tDEL\x7f", b"\xc2\x9b31mC1",
    b"\xe2\x80\xaebidi\xe2\x81\xa6", b"zero\xe2\x80\x8bwidth\xef\xbb\xbf", b"quote\"back\\slash",
    b"\xf0\x9f\x8e\x89wide\xe6\x97\xa5\xe6\x9c\xac", b"<a>&'", b" ", b"-leading", b".", b"a..b",
]


def names():
    for n, name in enumerate(NASTY):
        make(TEXT(name))
        make(TEXT(b"Named%d" % n if sys.version_info >= (3, 5) else b"Named" + str(n)),
             __module__=TEXT(name))
    make(TEXT(b"L" * (1 << 20)))
    make("LongModule", __module__="m" * (1 << 20))
    make("NoModule", __module__=17)
    if sys.version_info >= (3,):
        make("Surrogate", __module__="\udcff\ud800")
    for n, raw in enumerate([b"\xff\xfe\x1b[31m", b"", b"x" * (1 << 20), b"\xed\xa0\x80", b"."]):
        cls = make("Raw%d" % n)
        poke(id(cls) + TP_NAME, buffer_of(raw))
        poke(qualname_at(cls), id(None))


def strings():
    """Qualified names that are no str, or one that lies about its length and width."""
    honest = "an honest str"
    raw = ctypes.string_at(id(honest), sys.getsizeof(honest))
    lies = [(OB_SIZE, 2 ** 62), (OB_SIZE, -1), (OB_SIZE, 2 ** 31), (OB_SIZE, 100000), (32, 0),
            (32, 2 ** 64 - 1), (32, 4 << 2 | 1 << 5), (OB_TYPE, NOWHERE), (OB_TYPE, 2 ** 63)]
    for n, (at, value) in enumerate(lies):
        cls = make("Lie%d" % n)
        fake = buffer_of(raw) + 15 & ~15
        ctypes.memmove(fake, raw, len(raw))
        poke(fake + at, value)
        poke(qualname_at(cls), fake)
    for n, address in enumerate([NOWHERE, 1, 2 ** 47, 2 ** 64 - 8, id(KEEP), 0]):
        poke(qualname_at(make("Where%d" % n)), address)


def sizes():
    class Long(int):
        __slots__ = ()

    class Slots(object):
        __slots__ = ("a",)

    numbers = [Long(5) for _ in range(3)]
    lists, sets, dicts = [[1], [2]], [set([1]), set([2])], [{i: i} for i in range(3)]
    KEEP.extend([numbers, lists, sets, dicts, [Slots(), Slots()], Slots, Long])
    for at in lists:
        poke(id(at) + 0x20, 2 ** 62)                        # allocated
    for at in sets:
        poke(id(at) + 0x20, 2 ** 61 - 1)                    # mask
    for at in numbers:
        poke(id(at) + OB_SIZE, -2 ** 63)
    keys = 0x20 if sys.version_info < (3,) else word(id(dicts[0]) + 0x20).value + 8
    poke(keys if keys != 0x20 else id(dicts[0]) + keys, 2 ** 64 - 1 if keys == 0x20 else 2 ** 62)
    if sys.version_info >= (3, 11):                         # log2 of size and of index bytes
        keys = word(id(dicts[1]) + 0x20).value
        ctypes.c_uint8.from_address(keys + 8).value = 255
    for cls, basic, item in ((Slots, -1, 2 ** 62), (Long, 2 ** 63, -1)):
        poke(id(cls) + TP_BASICSIZE, basic)
        poke(id(cls) + TP_ITEMSIZE, item)


def big_dict():
    """Types whose __module__ is behind many other names, and many more that have none at all."""
    wide, many = (3000, 60000) if sys.version_info >= (3,) else (1000, 2500)
    for n in range(10):
        make("Wide%d" % n, **dict(("a%d" % i, i) for i in range(wide)))
    many = dict((str(i), i) for i in range(many))
    KEEP.append(many)
    for n in range(4000):
        poke(id(make("Many%d" % n)) + 0x108, id(many))      # tp_dict


def scribble():
    """Threads that never leave alone what is read from outside."""
    classes = [make("S%d" % n) for n in range(50)]
    fakes = [buffer_of(os.urandom(256)) + 15 & ~15 for _ in range(20)]
    places = [qualname_at(cls) for cls in classes]

    def work(seed):
        n = seed
        while True:
            n += 1
            cls, place = classes[n % 50], places[n % 50]
            fake = fakes[n % 20]
            ctypes.memmove(fake, os.urandom(128), 128)
            poke(fake + OB_TYPE, id(str))
            poke(place, [fake, NOWHERE, 2 ** 47 - 8, id(KEEP), id("x")][n % 5])
            poke(id(cls) + TP_NAME, fake)
            # nothing collects them: memory has an end, and so has the time of a slow machine
            if n < 5000 or (n % 500 == 0 and n < 5000000):
                type("Short%d" % n, (object,), {"x": n})()

    for seed in range(2):
        thread = threading.Thread(target=work, args=(seed,))
        thread.daemon = True
        thread.start()


def table():
    """A thread that writes into the helper's table of types: counts, sizes, names, pointers."""
    libc = ctypes.CDLL(None)
    first = ctypes.cast(libc.__errno_location, ctypes.c_void_p).value   # what the block begins with
    memory = os.open("/proc/self/mem", os.O_RDWR)       # no fault where the block is gone again

    def mappings():
        with open("/proc/self/maps") as lines:
            for line in lines:
                if " rw-p 00000000 00:00 0" in line:
                    low, high = line.split()[0].split("-")
                    yield int(low, 16), int(high, 16)

    def ruin(low, high):
        os.lseek(memory, low, 0)
        if high - low < 0x20000 or os.read(memory, 8) != struct.pack("<Q", first):
            return
        os.lseek(memory, low + 0x9000, 0)   # behind the block and its index of 4,096 types
        os.write(memory, os.urandom(min(high - low, 0x60000) - 0x9000))

    def work():
        while True:
            for low, high in mappings():
                try:
                    ruin(low, high)
                except OSError:
                    pass

    thread = threading.Thread(target=work)
    thread.daemon = True
    thread.start()


def maps():
    """As many mappings as the kernel allows for: every second page has another protection."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
    libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    pages = 60000
    base = libc.mmap(None, pages * 4096, 0, 0x22, -1, 0)
    for page in range(0, pages, 2):
        if libc.mprotect(base + page * 4096, 4096, 1) != 0:
            break


def victim(members=None):
    """The middle one of three neighbours on the youngest list: only it is ruined."""
    row = [[], [], []] if members is None else [{i: members} for i in range(3)]
    KEEP.append(row)
    if not gc.is_tracked(row[1]):
        raise SystemExit("not tracked")
    return id(row[1])


def ring_loops():
    at = victim() - GC_HEAD
    poke(at, at)


def ring_leads_nowhere():
    poke(victim() - GC_HEAD, NOWHERE)


def ring_leads_to_garbage():
    poke(victim() - GC_HEAD, buffer_of(b"\0" * 4096) + 63 & ~63)


def ring_leads_back_nowhere():
    poke(victim() - GC_HEAD + 8, NOWHERE)


def pages(fd, flags):
    """Two pages of a file, or of memory with no access to the second."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
    libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    size = mmap.PAGESIZE
    base = libc.mmap(None, 2 * size, mmap.PROT_READ | mmap.PROT_WRITE, flags, fd, 0)
    if fd < 0 and libc.mprotect(base + size, size, 0) != 0:
        raise SystemExit("no hole")
    return base


def hole():
    """A page and one without access."""
    return pages(-1, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) + mmap.PAGESIZE


def beyond_a_file():
    """In a file's mapping, readable as /proc says; a read there is a SIGBUS."""
    with tempfile.TemporaryFile() as f:
        f.write(b"x")
        f.flush()
        return pages(f.fileno(), mmap.MAP_PRIVATE) + mmap.PAGESIZE


def ring_leads_into_a_hole():
    poke(victim() - GC_HEAD, hole() + 64)


def type_is_beyond_its_file():
    poke(victim() + OB_TYPE, beyond_a_file())


def name_is_beyond_its_file():
    poke(id(make("Nameless")) + TP_NAME, beyond_a_file())


def name_runs_into_a_hole():
    at = hole() - 5
    ctypes.memmove(at, b"ragge", 5)
    poke(id(make("Ragged")) + TP_NAME, at)


def type_is_nowhere():
    poke(victim() + OB_TYPE, NOWHERE)


def type_is_garbage():
    poke(victim() + OB_TYPE, buffer_of(b"\x41" * 4096) + 63 & ~63)


def name_is_nowhere():
    poke(id(make("Nameless")) + TP_NAME, NOWHERE)


def keys_are_nowhere():
    poke(victim([]) + 0x20 + (8 if sys.version_info < (3,) else 0), NOWHERE)


def main():
    gc.disable()
    if len(sys.argv) > 2:               # its name, in hexadecimal
        ctypes.CDLL(None).prctl(15, ctypes.c_char_p(bytes(bytearray.fromhex(sys.argv[2]))))
    globals()[sys.argv[1].replace("-", "_")]()
    print(json.dumps({"ready": True, "pid": os.getpid()}))
    sys.stdout.flush()
    while True:
        line = sys.stdin.readline()
        if line.strip() != "check":
            os._exit(0)
        print(json.dumps({"alive": True, "objects": struct.calcsize("P") + len(KEEP)}))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
