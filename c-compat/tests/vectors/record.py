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


def integers(redis, rng):
    cases = []
    for text in texts_of_integers(rng):
        redis("set", "k", text)
        answer = redis("incrby", "k", "0")
        cases.append(f"{hexed(text)} {'refused' if isinstance(answer, Exception) else answer}")
    write("int.txt", "SET k <text>; INCRBY k 0 -> text, the integer or 'refused'", cases)



def texts_of_floats(rng):
    fixed = ("0 -0 +0 0.0 -0.0 1 1.0 +1.5 -1.5 .5 5. . - + 1e3 1E3 1e+3 1e-3 1e 1e+ e1 .e1 1e0005 1_0 1,5 0.1 0.2 0.3 "
             "3.0e3 5.0e3 -3.14159 1e-17 1e-18 5e-18 4.9e-18 15e-18 25e-18 1e17 1e18 1e19 123456789012345678 "
             "9007199254740993 9223372036854775807 18446744073709551615 18446744073709551616 36893488147419103233 "
             "1e308 1e309 1.7976931348623157e308 1.7976931348623159e308 5e-324 2.5e-324 2.4e-324 1e-400 1e4932 1.18e4932 "
             "1.19e4932 1e4933 1e-4931 1e-4950 3.6e-4951 1.9e-4951 1.8e-4951 1e-4952 1e99999999999 1e-99999999999 "
             "0e99999999999 0x10 0X1P4 -0x1.8p1 0x.8 0x 0x. 0xp1 0x1p 0x1p-16445 0x1p-16446 0x1.8p-16446 0x1p16384 "
             "0x1p16383 0x1.fffffffffffffffep0 0x1.ffffffffffffffffp0 0x1.fffffffffffff8p0 0x1.fffffffffffff7p0 "
             "inf -inf +Inf INFINITY -infinity infi nan -nan NaN nan(1) 10.50 3.00 0.00001 100000.00001 "
             "0.30000000000000004 17.0000000000000001 999999999999999999.5 0.99999999999999999 0.999999999999999995 "
             "0.9999999999999999949 1.000000000000000005 1.000000000000000015").split()
    for text in fixed + [" 1", "1 ", "\t1", "1\n", "1\0", "", "1" * 400, "0." + "0" * 400 + "1", "1" + "0" * 4932,
                         "9" * 5119, "0" * 5118 + "1", "0" * 5119 + "1"]:
        yield text.encode()
    for _ in range(150):
        text = rng.choice(["", "-", "+"]) + str(rng.getrandbits(rng.randrange(1, 80)))
        if rng.random() < 0.7:
            text += "." + str(rng.getrandbits(rng.randrange(1, 80))).zfill(rng.randrange(1, 25))
        if rng.random() < 0.3:
            text += "e%d" % rng.randrange(-40, 40)
        yield text.encode()


def incrbyfloat(redis, rng):
    texts = list(texts_of_floats(rng))
    cases = []
    pairs = [(b"0", text) for text in texts] + [(text, rng.choice(texts)) for text in texts]
    pairs += [(b"10.50", b"0.1"), (b"5.0e3", b"2.0e2"), (b"3", b"1.1"), (b"1e4932", b"1e4932"), (b"inf", b"-inf")]
    for start, increment in pairs:
        redis("set", "k", start)
        answer = redis("incrbyfloat", "k", increment)
        if isinstance(answer, Exception):
            answer = "infinite" if "NaN or Infinity" in str(answer) else "refused"
        else:
            answer = answer.decode()
        cases.append(f"{runs(start)} {runs(increment)} {answer}")
    # Each of these starts from the result of the one before.
    for step in ["0.1", "0.7", "1e-17", "-3.3333", "12345.678901234567", "-0.000000001"]:
        redis("set", "k", "0")
        for _ in range(25):
            start = redis("get", "k")
            cases.append(f"{runs(start)} {runs(step.encode())} {redis('incrbyfloat', 'k', step).decode()}")
    write("incrbyfloat.txt", "SET k <a>; INCRBYFLOAT k <b> -> a, b, the sum, 'infinite' or 'refused'", cases)


def doubles(redis, rng):
    cases = []
    for text in texts_of_floats(rng):
        redis("del", "k")
        added = redis("zadd", "k", text, "member")
        answer = "refused" if isinstance(added, Exception) else redis("zscore", "k", "member").decode()
        cases.append(f"{runs(text)} {answer}")
    write("double.txt", "ZADD k <text> member; ZSCORE k member -> text, the score or 'refused'", cases)


def sizes(redis, rng):
    units = "b k kb m mb g gb B K Kb kB KB M MB G GB t tb kk bb %".split() + ["", " ", " mb", "mb "]
    numbers = ["0", "1", "007", "100", "1024", "4294967296", "18446744073709551615", "18446744073709551616",
               "9" * 30, "9" * 127, "1.5", "x", "1" * 40]
    cases = []
    for number in numbers:
        for unit in units:
            answer = redis("config", "set", "maxmemory", number + unit)
            answer = "refused" if isinstance(answer, Exception) else redis("config", "get", "maxmemory")[1].decode()
            cases.append(f"{hexed((number + unit).encode())} {answer}")
    redis("config", "set", "maxmemory", "0")
    write("size.txt", "CONFIG SET maxmemory <text>; CONFIG GET maxmemory -> text, bytes or 'refused'", cases)


def patterns(rng, alphabet, extra):
    specials = ["*", "**", "?", "[", "]", "[^", "-", "\\", "[a-c]", "[c-a]", "[^a-c]", "[\\a]", "[a\\-c]", "[]", "*a", "a*"]
    for _ in range(extra):
        pattern = "".join(rng.choice(specials + list(alphabet) * 2) for _ in range(rng.randrange(1, 8)))
        yield pattern.encode("latin1")


def glob(redis, rng):
    fixed = [("*", ""), ("**", ""), ("**", "a"), ("", ""), ("", "a"), ("?", ""), ("a", "a"), ("a", "b"), ("a*", "a"),
             ("a**", "a"), ("a*?", "a"), ("*a", "a"), ("*a*", "bab"), ("h?llo", "hello"), ("h[^e]llo", "hallo"),
             ("h[a-b]llo", "hbllo"), ("h[b-a]llo", "hbllo"), ("[", "["), ("[", "a"), ("[a", "a"), ("[^", "a"),
             ("[^a", "b"), ("[]", "]"), ("[]]", "]"), ("[\\]]", "]"), ("[a-]", "-"), ("[a-", "-"), ("[-a]", "-"),
             ("[a-c-e]", "d"), ("\\", "\\"), ("\\\\", "\\"), ("\\a", "a"), ("a\\", "a\\"), ("\\*", "*"), ("\\*", "a"),
             ("[\\", "\\"), ("[a\\", "\\"), ("*\\", "a\\"), ("*[", "a["), ("a[*", "a*"), ("[*]", "*"), ("[?]", "?"),
             ("[\x80-a]", "\xff"), ("[a-\x80]", "\xf0"), ("[\x00-a]", "\xff"), ("\x00*", "\x00a"), ("*\xff", "a\xff"),
             ("*a*b*c*", "xxaxxbxxcxx"), ("*a*b*c", "xxaxxbxxcxxc"), ("*ab*ab", "abab"), ("*aab", "aaaab"),
             ("a*a*a*a*a*a*a*a*a*b", "a" * 40)]
    # The pattern may have 1000 stars before its last piece, and no more.
    fixed += [("*a" * 1000, "a" * 1100), ("*a" * 1000 + "*", "a" * 1100), ("*a" * 1001, "a" * 1100)]
    pairs = [(pattern.encode("latin1"), text.encode("latin1")) for pattern, text in fixed]
    for pattern in patterns(rng, "abc", 500):
        pairs.append((pattern, "".join(rng.choice("abc-]") for _ in range(rng.randrange(0, 8))).encode()))
    for pattern in list(patterns(rng, "ab", 1500)):
        text = pattern.replace(b"*", rng.choice([b"", b"ab"])).replace(b"?", b"c").replace(b"[", b"").replace(b"]", b"")
        pairs.append((pattern, text.replace(b"\\", b"").replace(b"^", b"b")))
    cases = []
    for pattern, text in pairs:
        if pattern == b"*":
            continue  # KEYS has a way of its own for this one
        redis("flushall")
        redis("set", text, "v")
        cases.append(f"{runs(pattern)} {runs(text)} {len(redis('keys', pattern))}")
    matched = [case for case in cases if case.endswith("1")]
    others = [case for case in cases if case.endswith("0")]
    write("glob.txt", "SET <text> v; KEYS <pattern> -> pattern, text, 1 if it is found", matched[:500] + others[:500])


NAMES = ["get", "set", "getrange", "setrange", "mget", "mset", "strlen", "append", "incrby", "incrbyfloat", "object"]


def glob_ignoring_case(redis, rng):
    cases = []
    fixed = ["GET", "gEt*", "[A-H]et", "[a-h]ET", "[H-A]et", "[g-S]et", "[G-s]et", "[\\G]et", "[\\g]et", "[^G]ET", "\\GET",
             "*RANGE", "?GET", "M*", "*[N-E]", "[Z-a]et", "[S-g]*", "*\\E*", "[AGS]ET", "[^AGS]*"]
    texts = [text.encode() for text in fixed]
    texts += [bytes(b) for b in (b"[\x80-g]et", b"[g-\xff]et", b"[\xff-s]et", b"[s-\x80]et", b"[\x00-\xff]et")]
    for _ in range(300):
        name = rng.choice(NAMES)
        out = ""
        for c in name:
            c = rng.choice([c, c.upper()])
            out += rng.choice([c] * 8 + ["?", "*", f"[{c}]", f"[A-{c}]", f"[{c}-a]", f"[z-{c}]", f"[\\{c}]", f"[^{c}]"])
        texts.append(out.encode())
    for pattern in texts:
        found = set(redis("command", "list", "filterby", "pattern", pattern))
        names = ",".join(name for name in NAMES if name.encode() in found) or "-"
        cases.append(f"{hexed(pattern)} {names}")
    write("glob_ignoring_case.txt",
          "COMMAND LIST FILTERBY PATTERN <pattern> -> pattern, which are found of " + ",".join(NAMES), cases)


def digest(redis, rng):
    cases = []
    for size in [0, 1, 1, 1, 1, 2, 3, 10, 50]:
        for databases in [1, 3]:
            redis("flushall")
            keys = {}
            for _ in range(size):
                db, expires = rng.randrange(databases), rng.random() < 0.3
                key = rng.choice([b"", b"key:%d" % rng.randrange(100), rng.randbytes(rng.randrange(1, 12))])
                value = rng.choice([b"", b"%d" % rng.randrange(-1000, 100000), rng.randbytes(rng.randrange(1, 40))])
                redis("select", db)
                redis("set", key, value, *(["ex", "100000"] if expires else []))
                keys[db, key] = (value, expires)
            items = [f"{db}:{hexed(key)}:{hexed(value)}:{int(expires)}" for (db, key), (value, expires) in keys.items()]
            cases.append(" ".join(["all", redis("debug", "digest").decode()] + items))
            for (db, key), item in list(zip(keys, items))[:5]:
                redis("select", db)
                cases.append(f"value {redis('debug', 'digest-value', key)[0].decode()} {item}")
    redis("select", 0)
    write("digest.txt", "DEBUG DIGEST, DEBUG DIGEST-VALUE <key> -> 'all' or 'value', digest, keys as db:key:value:expires", cases)


def main():
    server = sys.argv[1] if len(sys.argv) > 1 else "redis-server"
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "s")
        process = subprocess.Popen(
            [server, "--port", "0", "--unixsocket", path, "--save", "", "--enable-debug-command", "yes",
             # A score in a listpack would lose the sign of zero.
             "--zset-max-listpack-entries", "0", "--dir", folder], stdout=subprocess.DEVNULL)
        try:
            while not os.path.exists(path):
                time.sleep(0.01)
            redis = Client(path)
            for record in [dump, integers, incrbyfloat, doubles, sizes, glob, glob_ignoring_case, digest]:
                redis("flushall")
                record(redis, random.Random(record.__name__))
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
