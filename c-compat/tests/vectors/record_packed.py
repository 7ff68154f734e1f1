#!/usr/bin/env python3
"""Records the vectors of the packed forms from a real server: ./record_packed.py [redis-server]

The same way as record.py, whose files it leaves alone.
"""
import os, random, struct, subprocess, sys, tempfile, time

from record import Client, runs, write

CRC_TABLE = []
for byte in range(256):
    for _ in range(8):
        byte = byte >> 1 ^ (0x95AC9329AC4BC9B5 if byte & 1 else 0)
    CRC_TABLE.append(byte)


def crc64(data):
    crc = 0
    for byte in data:
        crc = CRC_TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc


def payload_of(kind, data, before=b""):
    """A DUMP payload of RDB version 10 with one string inside."""
    out = bytes([kind]) + before + b"\x80" + struct.pack(">I", len(data)) + data + b"\x0a\x00"
    return out + struct.pack("<Q", crc64(out))


def packed_string(payload):
    """The first string of a DUMP payload, type byte (and, for a list, the number and kind of nodes) cut off before."""
    first = payload[0]
    if first >> 6 == 0:
        return payload[1 : 1 + (first & 0x3F)]
    if first >> 6 == 1:
        return payload[2 : 2 + ((first & 0x3F) << 8 | payload[1])]
    assert first == 0x80
    return payload[5 : 5 + int.from_bytes(payload[1:5], "big")]


def values(rng):
    edges = [0, 1, 63, 64, 127, 128, 4095, 4096, 32767, 32768, 8388607, 8388608, 2**31 - 1, 2**31, 2**63 - 1, 2**63]
    out = [str(sign * (edge + more)) for edge in edges for sign in (1, -1) for more in (-1, 0, 1)]
    out += ["", "-", "-0", "00", "01", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "99999999999999999999", "inf", "nan"]
    out += ["x" * size for size in (1, 62, 63, 64, 65, 125, 126, 127, 128, 4094, 4095, 4096, 16378, 16379, 16380, 16381)]
    for _ in range(300):
        out.append(rng.randbytes(rng.randrange(0, 24)).decode("latin1"))
        out.append(str(rng.getrandbits(rng.randrange(1, 64)) * rng.choice([1, -1])))
    return [value.encode("latin1") for value in out]


def listpack(redis, rng):
    for option, value in [("list-max-listpack-size", -5), ("hash-max-listpack-entries", 1000),
                          ("hash-max-listpack-value", 100000), ("zset-max-listpack-entries", 1000),
                          ("zset-max-listpack-value", 100000), ("rdbcompression", "no")]:
        assert redis("config", "set", option, value) == b"OK"
    pool, cases = values(rng), []
    lists = [[value] for value in pool if len(value) < 17000]
    lists += [[rng.choice(pool) for _ in range(rng.randrange(2, 8))] for _ in range(200)]
    lists = [some for some in lists if sum(map(len, some)) < 60000]
    for kind, skip, add in [("list", 3, "rpush"), ("hash", 1, "hset"), ("zset", 1, None)]:
        for some in lists if kind == "list" else [s for s in lists if sum(map(len, s)) < 5000][::3]:
            redis("del", "k")
            if kind == "list":
                redis("rpush", "k", *some)
                contents = redis("lrange", "k", 0, -1)
            elif kind == "hash":
                redis("hset", "k", *(some + some[: len(some) % 2]))
                contents = redis("hgetall", "k")
            else:
                # A score is written as its text, or as the integer it is; take those that read the same in both.
                scores = [rng.choice(["1", "-17", "70000", "0.5", "1e+300", "inf", "-2.25"]) for _ in some]
                redis("zadd", "k", *sum(([score, member] for score, member in zip(scores, some)), []))
                contents = redis("zrange", "k", 0, -1, "withscores")
            payload = redis("dump", "k")
            assert payload[0] == {"list": 18, "hash": 16, "zset": 17}[kind], payload[:3]
            assert kind != "list" or payload[1:3] == b"\x01\x02"
            cases.append(" ".join([kind, runs(packed_string(payload[skip:]))] + [runs(value) for value in contents]))
    write("listpack.txt", "RPUSH, HSET, ZADD; DUMP -> kind, the listpack inside, what LRANGE, HGETALL, ZRANGE WITHSCORES answer",
          cases)


def intset(redis, rng):
    cases = []
    redis("config", "set", "rdbcompression", "no")
    for round in range(300):
        redis("del", "k")
        bits, edits, there = rng.randrange(1, 64), [], []
        for _ in range(rng.choice([1, 3, 10, 40])):
            if there and rng.random() < 0.3:
                number = there.pop(rng.randrange(len(there)))
                if not there:
                    break
                edits.append(f"-{number}")
                assert redis("srem", "k", number) == 1
            else:
                number = rng.getrandbits(rng.randrange(bits) + 1) * rng.choice([1, -1])
                number = rng.choice([number] * 9 + [-(2**15), 2**15, 2**15 - 1, -(2**15) - 1, 2**31, -(2**31) - 1])
                number = max(min(number, 2**63 - 1), -(2**63))
                edits.append(f"+{number}")
                if redis("sadd", "k", number):
                    there.append(number)
        payload = redis("dump", "k")
        assert payload[0] == 11
        cases.append(" ".join([runs(packed_string(payload[1:]))] + edits))
    write("intset.txt", "SADD, SREM; DUMP -> the intset inside, the edits as +member and -member", cases)


def signed(number, size):
    return number.to_bytes(size, "little", signed=True)


def ziplist_of(values):
    out, previous, tail = b"", 0, 10
    for value in values:
        tail = 10 + len(out)
        head = bytes([previous]) if previous < 254 else b"\xfe" + struct.pack("<I", previous)
        text = value.decode("latin1")
        number = int(text) if text.lstrip("-").isdecimal() and text.isascii() and len(text) < 21 else None
        if number is not None and str(number) == text and -(2**63) <= number < 2**63:
            if 0 <= number <= 12:
                data = bytes([0xF1 + number])
            else:
                for size, first in [(1, 0xFE), (2, 0xC0), (3, 0xF0), (4, 0xD0), (8, 0xE0)]:
                    if -(1 << 8 * size - 1) <= number < 1 << 8 * size - 1:
                        data = bytes([first]) + signed(number, size)
                        break
        elif len(value) < 64:
            data = bytes([len(value)]) + value
        elif len(value) < 16384:
            data = bytes([0x40 | len(value) >> 8, len(value) & 0xFF]) + value
        else:
            data = b"\x80" + struct.pack(">I", len(value)) + value
        out += head + data
        previous = len(head + data)
    return struct.pack("<IIH", 11 + len(out), tail, len(values)) + out + b"\xff"


def zipmap_of(values):
    out = bytes([min(len(values) // 2, 254)])
    for i, value in enumerate(values):
        out += bytes([len(value)]) if len(value) < 254 else b"\xfe" + struct.pack("<I", len(value))
        if i % 2:
            free = len(value) % 3
            out += bytes([free]) + value + b"?" * free
        else:
            out += value
    return out + b"\xff"


def ziplist(redis, rng):
    pool, cases = values(rng) + [b"y" * 16383, b"y" * 16384, b"12", b"13"], []
    lists = [[value] for value in pool] + [[rng.choice(pool) for _ in range(rng.randrange(2, 8))] for _ in range(150)]
    for some in lists:
        data = ziplist_of(some)
        assert redis("restore", "k", 0, payload_of(14, data, b"\x01"), "replace") == b"OK"
        assert redis("lrange", "k", 0, -1) == some
        cases.append(" ".join([runs(data)] + [runs(value) for value in some]))
    write("ziplist.txt", "RESTORE of a list (type 14); LRANGE -> the ziplist inside, the values", cases)


def zipmap(redis, rng):
    redis("config", "set", "hash-max-listpack-entries", 1000)
    redis("config", "set", "hash-max-listpack-value", 100000)
    pool, cases = values(rng), []
    for length in [1, 1, 1, 2, 3, 5, 9] * 20 + [253, 254, 255, 300]:
        fields = rng.sample(list(dict.fromkeys(pool)), length) if length < 10 else [b"f%d" % i for i in range(length)]
        some = [value for field in fields for value in (field, rng.choice(pool[:100]) if length < 10 else b"v")]
        data = zipmap_of(some)
        assert redis("restore", "k", 0, payload_of(9, data), "replace") == b"OK"
        assert redis("hgetall", "k") == some
        cases.append(" ".join([runs(data)] + [runs(value) for value in some]))
    write("zipmap.txt", "RESTORE of a hash (type 9); HGETALL -> the zipmap inside, fields and values", cases)


def damaged(redis, rng):
    """What a server that sanitizes says of payloads with flaws."""
    redis("config", "set", "sanitize-dump-payload", "yes")
    pool, cases = [value for value in values(rng) if len(value) < 140], []
    for kind, type, before, make in [("listpack", 18, b"\x01\x02", None), ("ziplist", 14, b"\x01", ziplist_of),
                                     ("zipmap", 9, b"", zipmap_of), ("intset", 11, b"", None)]:
        for round in range(700):
            some = [rng.choice(pool) for _ in range(rng.randrange(1, 5))]
            if kind == "zipmap":
                some = [value for i, field in enumerate(some) for value in (b"%d" % i + field, field)]
            redis("del", "k")
            if kind == "listpack":
                redis("config", "set", "rdbcompression", "no")
                redis("rpush", "k", *some)
                data = packed_string(redis("dump", "k")[3:])
            elif kind == "intset":
                redis("sadd", "k", *(rng.getrandbits(rng.randrange(1, 60)) for _ in some))
                data = packed_string(redis("dump", "k")[1:])
            else:
                data = make(some)
            data = bytearray(data)
            for _ in range(rng.randrange(1, 4)):
                at = rng.randrange(len(data))
                what = rng.randrange(5)
                if what == 0:
                    data[at] = rng.randrange(256)
                elif what == 1:
                    data[at] = rng.choice([0, 1, 0x7F, 0x80, 0xC0, 0xE0, 0xF0, 0xF1, 0xF4, 0xF5, 0xFE, 0xFF])
                elif what == 2:
                    data[at] ^= 1 << rng.randrange(8)
                elif what == 3:
                    del data[at]
                else:
                    data.insert(at, rng.randrange(256))
            if rng.random() < 0.7 and kind in ("listpack", "ziplist") and len(data) > 4:
                data[:4] = struct.pack("<I", len(data))
            answer = redis("restore", "k", 0, payload_of(type, bytes(data), before), "replace")
            assert answer == b"OK" or str(answer) == "ERR Bad data format", answer
            cases.append(f"{kind} {int(answer == b'OK')} {runs(bytes(data))}")
    write("damaged.txt", "RESTORE with sanitize-dump-payload yes -> kind, 1 if it is taken, the bytes", cases)


def hyperloglog(redis, rng):
    cases = []

    def value(key):
        data = redis("get", key)
        return runs(data) if len(data) < 150 else "crc%016x" % crc64(data)

    for sparse_max in [0, 20, 100, 3000, 16000]:
        redis("config", "set", "hll-sparse-max-bytes", sparse_max)
        for name in range(6):
            redis("del", "k")
            redis("pfadd", "k")
            done = 0
            for more in [0, 1, 1, 2, 6, 10, 30, 50, 100, 300, 500, 1000, 2000] + [6000, 40000] * (name == 0):
                elements = [b"%d:%d" % (name, done + i) for i in range(more)]
                changed = redis("pfadd", "k", *elements) if elements else 0
                done += more
                before = value("k")
                cases.append(f"add {sparse_max} {name} {done} {changed} {before} {redis('pfcount', 'k')} {value('k')}")
    redis("config", "set", "hll-sparse-max-bytes", 3000)
    for round in range(60):
        for key in ["a", "b", "c", "union"]:
            redis("del", key)
        sizes = [rng.choice([0, 1, 5, 50, 400, 3000]) for _ in range(3)]
        for key, size in zip("abc", sizes):
            redis("pfadd", key, *(b"%d:%s:%d" % (round, key.encode(), i) for i in range(size)))
        both = redis("pfcount", "a", "b", "c")
        assert redis("pfmerge", "union", "a", "b", "c") == b"OK"
        cases.append(f"merge {round} {','.join(map(str, sizes))} {both} {redis('pfcount', 'union')} {value('union')}")
    # Sparse ones with flaws.
    redis("pfadd", "seed", *(b"%d" % i for i in range(40)))
    for round in range(500):
        redis("del", "k")
        redis("pfadd", "k", *(b"%d:%d" % (round, i) for i in range(rng.choice([0, 1, 3, 20]))))
        data = bytearray(redis("get", "k"))
        for _ in range(rng.randrange(0, 3)):
            data[rng.randrange(16 if rng.random() < 0.9 else 0, len(data))] = rng.randrange(256)
        if rng.random() < 0.2:
            del data[rng.randrange(10, len(data)) :]
        data[15:16] = b"\x80"[: len(data[15:16])]
        data = bytes(data)
        redis("set", "k", data)
        count = redis("pfcount", "k")
        decoded = "-" if isinstance(count, Exception) else runs(redis("pfdebug", "decode", "k"))
        cases.append(f"flawed {runs(data)} {str(count).split()[0]} {decoded}")
    write("hyperloglog.txt",
          "add: hll-sparse-max-bytes, name, how many <name>:<i> PFADDed so far, reply to the last, GET, PFCOUNT, GET; "
          "merge: round, sizes of keys a b c of <round>:<key>:<i>, PFCOUNT a b c, after PFMERGE PFCOUNT, GET; "
          "flawed: GET, PFCOUNT, PFDEBUG DECODE", cases)


def geohash(redis, rng):
    cases, text = [], repr
    places = [(0.0, 0.0), (-180.0, -85.05112878), (180.0, 85.05112878), (180.0, 0.0), (-180.0, 85.05112878), (-0.0, -0.0)]
    places += [(rng.uniform(-180, 180), rng.uniform(-85.05, 85.05)) for _ in range(250)]
    for longitude, latitude in places:
        redis("del", "g")
        redis("geoadd", "g", text(longitude), text(latitude), "m")
        score, (position,), (hash,) = redis("zscore", "g", "m"), redis("geopos", "g", "m"), redis("geohash", "g", "m")
        answers = b" ".join([score, *position, hash]).decode()
        cases.append(f"place {text(longitude)} {text(latitude)} {answers}")
    for score in ["-1", "0.5", "1e300", "-1e300", "inf", "-inf", "9007199254740992", "18446744073709551615", "4503599627370496",
                  "9223372036854775808", "-9223372036854775808", "1e19"] + [str(rng.getrandbits(64)) for _ in range(40)]:
        redis("del", "g")
        redis("zadd", "g", score, "m")
        (position,), (hash,) = redis("geopos", "g", "m"), redis("geohash", "g", "m")
        cases.append("score " + b" ".join([redis("zscore", "g", "m"), *position, hash]).decode())
    for _ in range(200):
        near = rng.choice([0, 1e-7, 1e-3, 1, 200])
        a = (rng.uniform(-180, 180), rng.uniform(-85, 85))
        b = [max(min(x + rng.uniform(-near, near), limit), -limit) for x, limit in zip(a, (180, 85.05))]
        redis("del", "g")
        redis("geoadd", "g", text(a[0]), text(a[1]), "a", text(b[0]), text(b[1]), "b")
        answers = [redis("zscore", "g", "a"), redis("zscore", "g", "b"), redis("geodist", "g", "a", "b")]
        cases.append("distance " + b" ".join(answers).decode())
    redis("del", "g")
    redis("config", "set", "zset-max-listpack-entries", 0)
    members = [(rng.uniform(-180, 180), rng.uniform(-85.05, 85.05)) for _ in range(120)]
    members += [(rng.gauss(10, 1), rng.gauss(50, 1)) for _ in range(60)]
    for longitude, latitude in members:
        redis("geoadd", "g", text(longitude), text(latitude), "m")
        score = redis("zscore", "g", "m")
        redis("zrem", "g", "m")
        redis("zadd", "g", score, score)
    members = redis("zrange", "g", 0, -1)
    cases.append("members " + ",".join(member.decode() for member in members))
    for round in range(300):
        longitude, latitude = rng.choice([(rng.uniform(-180, 180), rng.uniform(-85.05, 85.05)), (rng.gauss(10, 1), rng.gauss(50, 1)),
                                          (rng.choice([-180, 179.99, 180]), rng.uniform(-85, 85)),
                                          (rng.uniform(-180, 180), rng.choice([85, -85, 66.5, -66.5, 80.5, -80.5]))])
        unit = rng.choice(["m", "km", "mi", "ft"])
        scale = {"m": 1, "km": 1000, "mi": 1609.34, "ft": 0.3048}[unit]
        size = lambda: rng.choice([0, 10 ** rng.uniform(3, 7.5)]) / scale if rng.random() < 0.9 else 1e9
        if rng.random() < 0.5:
            shape = ["byradius", text(float(size())), unit]
        else:
            shape = ["bybox", text(float(size())), text(float(size())), unit]
        found = redis("geosearch", "g", "fromlonlat", text(longitude), text(latitude), *shape, "withdist")
        found = ",".join(f"{members.index(member)}:{distance.decode()}" for member, distance in found) or "-"
        cases.append(f"search {text(longitude)} {text(latitude)} {' '.join(shape)} {found}")
    write("geohash.txt", "place: GEOADD -> ZSCORE, GEOPOS, GEOHASH; score: ZADD -> the same; distance: two scores, GEODIST; "
          "members: scores; search: GEOSEARCH FROMLONLAT of those WITHDIST -> index:distance in order", cases)


def main():
    server = sys.argv[1] if len(sys.argv) > 1 else "redis-server"
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "s")
        process = subprocess.Popen(
            [server, "--port", "0", "--unixsocket", path, "--save", "", "--dir", folder,
             "--enable-debug-command", "yes"], stdout=subprocess.DEVNULL)
        try:
            while not os.path.exists(path):
                time.sleep(0.01)
            redis = Client(path)
            for record in [listpack, intset, ziplist, zipmap, damaged, hyperloglog, geohash]:
                redis("flushall")
                record(redis, random.Random(record.__name__))
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
