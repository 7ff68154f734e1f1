#!/usr/bin/env python3
"""Records the vectors of the packed forms from a real server: ./record_packed.py [redis-server]

The same way as record.py, whose files it leaves alone.
"""
import os, random, subprocess, sys, tempfile, time

from record import Client, runs, write


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


def main():
    server = sys.argv[1] if len(sys.argv) > 1 else "redis-server"
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "s")
        process = subprocess.Popen(
            [server, "--port", "0", "--unixsocket", path, "--save", "", "--dir", folder], stdout=subprocess.DEVNULL)
        try:
            while not os.path.exists(path):
                time.sleep(0.01)
            redis = Client(path)
            for record in [listpack, intset]:
                redis("flushall")
                record(redis, random.Random(record.__name__))
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
