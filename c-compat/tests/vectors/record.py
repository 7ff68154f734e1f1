#!/usr/bin/env python3
"""Records the vectors in this folder from a real server: ./record.py [redis-server]

Each file's line 1 names the commands; then one case a line, fields in hex ("-" is an empty one) or as said there.
The cases come from fixed lists and a seeded generator, so that a second run writes the same files.
"""
import os, random, socket, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))


class Client:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")

    def __call__(self, *args):
        args = [a if isinstance(a, bytes) else str(a).encode() for a in args]
        self.socket.sendall(b"*%d\r\n" % len(args) + b"".join(b"$%d\r\n%s\r\n" % (len(a), a) for a in args))
        return self.reply()

    def reply(self):
        line = self.file.readline()[:-2]
        kind, rest = line[:1], line[1:]
        if kind == b"-":
            return Exception(rest.decode())
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return [self.reply() for _ in range(int(rest))]
        return int(rest) if kind == b":" else rest


def hexed(data):
    return data.hex() or "-"


def write(name, line1, cases):
    cases = list(dict.fromkeys(cases))
    with open(os.path.join(HERE, name), "w") as out:
        out.write("# " + line1 + "\n" + "".join(case + "\n" for case in cases))
    print(name, len(cases))


def texts_of_integers(rng):
    fixed = ("0 1 -1 9 10 -10 00 01 -0 +1 +0 - + 1. 1e1 0x1 1a a1 ' 127 128 -128 -129 32767 32768 -32768 -32769 2147483647 "
             "2147483648 -2147483648 -2147483649 9223372036854775806 9223372036854775807 9223372036854775808 "
             "-9223372036854775807 -9223372036854775808 -9223372036854775809 18446744073709551615 "
             "18446744073709551616 99999999999999999999 -99999999999999999999 9999999999999999999 "
             "-00000000000000000001 000000000000000000000 --1 1- 1_0").split()
    for text in fixed + [" 1", "1 ", "\t1", "1\n", "1\0", "\0", ""]:
        yield text.encode()
    for _ in range(120):
        n = rng.getrandbits(rng.choice([4, 8, 16, 31, 32, 33, 62, 63, 64, 65])) * rng.choice([1, -1])
        yield str(n).encode()


def words(rng, n):
    stock = [b"hello ", b"foo", b"bar:", b"1234567890", b"aaaa", b"the quick brown fox ", b"\0\0\0", b"key:"]
    out = b""
    while len(out) < n:
        out += rng.choice(stock)
    return out[:n]


def values(rng):
    yield from texts_of_integers(rng)
    for n in [1, 2, 10, 11, 12, 19, 20, 21, 22, 23, 24, 25, 26, 30, 31, 32, 33, 34, 35, 36, 40, 48, 63, 64, 65, 100,
              255, 256, 262, 263, 264, 265, 266, 267, 268, 269, 270, 271, 272, 300, 528, 529, 530, 1000, 16383, 16384,
              20000, 70000]:
        yield b"a" * n
        if n <= 300:
            yield bytes(rng.randrange(256) for _ in range(n))
            yield bytes(rng.choice(b"ab") for _ in range(n))
            yield words(rng, n)
    for _ in range(150):
        n = rng.randrange(21, 160)
        alphabet = bytes(rng.randrange(256) for _ in range(rng.choice([2, 3, 5, 10, 40])))
        yield bytes(rng.choice(alphabet) for _ in range(n))
    for _ in range(60):
        yield words(rng, rng.randrange(21, 400))
    # What repeats lies 8191, 8192 and 8193 bytes back: the last is out of reach.
    for gap in [8188, 8189, 8190, 8191, 8192]:
        yield b"XabcdefY" + b"-" * gap + b"abcdefZ"


def dump(redis, rng):
    cases = []
    for value in values(rng):
        redis("set", "k", value)
        cases.append(f"{runs(value)} {runs(redis('dump', 'k'))}")
    write("dump.txt", "SET k <value>; DUMP k -> value, payload; hex, with runs of one byte as <count>*<byte>", cases)


def runs(data):
    """Hex, in pieces joined by commas, with long runs of one byte written short."""
    pieces, plain, at = [], b"", 0
    while at < len(data):
        end = at
        while end < len(data) and data[end] == data[at]:
            end += 1
        if end - at > 20:
            pieces += [plain.hex()] * bool(plain) + [f"{end - at}*{data[at]:02x}"]
            plain = b""
        else:
            plain += data[at:end]
        at = end
    return ",".join(pieces + [plain.hex()] * bool(plain)) or "-"


def main():
    server = sys.argv[1] if len(sys.argv) > 1 else "redis-server"
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "s")
        process = subprocess.Popen(
            [server, "--port", "0", "--unixsocket", path, "--save", "", "--enable-debug-command", "yes",
             "--dir", folder], stdout=subprocess.DEVNULL)
        try:
            while not os.path.exists(path):
                time.sleep(0.01)
            redis = Client(path)
            for record in [dump, integers]:
                redis("flushall")
                record(redis, random.Random(record.__name__))
        finally:
            process.terminate()
            process.wait()


def integers(redis, rng):
    cases = []
    for text in texts_of_integers(rng):
        redis("set", "k", text)
        answer = redis("incrby", "k", "0")
        cases.append(f"{hexed(text)} {'refused' if isinstance(answer, Exception) else answer}")
    write("int.txt", "SET k <text>; INCRBY k 0 -> text, the integer or 'refused'", cases)


if __name__ == "__main__":
    main()
