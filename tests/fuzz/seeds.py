#!/usr/bin/env python3
"""Fills the corpora from what the repository has: files of other servers, recorded vectors, texts.

seeds.py FOLDER: for the targets of tests/fuzz and of c-compat/fuzz, into FOLDER/corpus of each. Called by run.sh.
"""
import hashlib
import os
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
RDB = [path.read_bytes() for path in sorted((ROOT / "tests/data/rdb").glob("*.rdb"))]
# A primary's id in the target `link` is this, and our own in `psync` is asked for by `@`.
REPLID = b"aa" * 20


def put(folder, target, *seeds):
    corpus = pathlib.Path(folder) / "corpus" / target
    os.makedirs(corpus, exist_ok=True)
    for seed in seeds:
        (corpus / ("seed-" + hashlib.sha1(seed).hexdigest())).write_bytes(seed)


def unhex(text):
    """Hex, with runs of one byte as <count>*<byte>."""
    parts = re.findall(r"(?:(\d+)\*)?((?:[0-9a-f]{2})+)", text)
    if "*" not in text:
        return bytes.fromhex(text)
    return b"".join(bytes.fromhex(b) if not n else bytes.fromhex(b[:2]) * int(n) + bytes.fromhex(b[2:]) for n, b in parts)


def vectors(name, column, kind=None):
    for line in (ROOT / "c-compat/tests/vectors" / name).read_text().splitlines():
        words = line.split()
        if line.startswith("#") or len(words) <= column or (kind and words[0] != kind):
            continue
        try:
            yield unhex(words[column])
        except ValueError:
            continue


def short(seeds, most=400, length=3000):
    kept = [seed for seed in seeds if len(seed) <= length]
    return kept[:: max(1, len(kept) // most)]


def command(*words):
    words = [word if isinstance(word, bytes) else word.encode() for word in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


COMMANDS = [line.split() for line in """\
SET k v EX 10|GET k|APPEND k x|INCRBYFLOAT f 1.5|RPUSH l a 1 b|LMOVE l m LEFT RIGHT|SADD s 1 2 x|SPOP s 1|SINTERSTORE d s s
ZADD z 1 a 2 b|ZRANGESTORE y z 0 -1|HSET h a 1 b 2|HPEXPIREAT h 1700000000100 FIELDS 1 a|XADD x 1-1 a b|XGROUP CREATE x g 0
XCLAIM x g c 0 1-1 TIME 1 RETRYCOUNT 1 JUSTID|PFADD p a b|GEOADD g 1 1 a|BITOP AND d k k|COPY k k2 REPLACE|RENAME k k3
PEXPIREAT k 1700000000500|PERSIST k|DEL k l|FLUSHALL|SWAPDB 0 1|MSET a 1 b 2|SORT l ALPHA STORE d|XDEL x 1-1|XTRIM x MAXLEN 1
SETEX k 10 v|GETEX k PERSIST|LINSERT l BEFORE a q|ZUNIONSTORE u 2 z y WEIGHTS 1 2|HINCRBY h a 2|PFMERGE p p|RESTORE r 0 x""".replace("\n", "|").split("|")]


def oxidis(folder):
    # The first byte is the size of pieces; long files are slow to change in a useful way.
    put(folder, "rdb", *[bytes([n]) + rdb for rdb in RDB for n in (0, 90) if len(rdb) < 20000])
    put(folder, "restore", *short([payload[:-10] for payload in vectors("dump.txt", 1)], 120, 1000))
    for kind, types in {"listpack": (10, 12, 13, 16, 17, 20), "ziplist": (10, 12, 13), "intset": (11,)}.items():
        for number in types:
            packed = short(vectors(kind + ".txt", 1 if kind == "listpack" else 0), 40, 60)
            put(folder, "restore", *[bytes([number, len(p)]) + p for p in packed])
    put(folder, "restore", *[b"\x09" + bytes([len(p)]) + p for p in short(vectors("zipmap.txt", 0), 20, 60)])
    put(folder, "restore", *[rdb_values for rdb in RDB for rdb_values in values(rdb)])

    plain = [b"".join(command(*words) for words in COMMANDS[n : n + 4]) for n in range(0, len(COMMANDS), 3)]
    put(folder, "request", *[bytes([n % 256]) + stream for n, stream in enumerate(plain * 2)])
    put(folder, "request", b"\0GET a\r\nSET \"a \\x00\" 'b'\n", b"\1*1\r\n$4\r\nPING\r\n\r\n", b"\1*11\r\n", b"\1*1\r\n$16385\r\n")

    stream = command("SELECT", "0") + b"".join(plain)
    hello = b"+PONG\r\n" + b"+OK\r\n" * 4
    for piece in (4, 16):
        for go_on in (0, 1):
            first = bytes([go_on, piece])
            put(folder, "link", first + b"-NOAUTH Authentication required.\r\n+OK\r\n-ERR x\r\n+OK\r\n+OK\r\n-LOADING x\r\n")
            put(folder, "link", first + hello + b"+CONTINUE\r\n" + command("MULTI") + stream + command("EXEC"))
            put(folder, "link", first + hello + b"+CONTINUE " + b"bb" * 20 + b"\r\n" + stream)
            for rdb in [rdb for rdb in RDB if len(rdb) < 3000]:
                sync = hello + b"+FULLRESYNC " + REPLID + b" 1000\r\n\n"
                mark = b"0123456789" * 4
                put(folder, "link", first + sync + b"$%d\r\n" % len(rdb) + rdb + stream[:200])
                put(folder, "link", first + sync + b"$EOF:" + mark + b"\r\n" + rdb + mark + command("REPLCONF", "GETACK", "*"))
            put(folder, "link", first + hello + b"-ERR unknown command\r\n$0\r\n" + hello)

    ask = b"0REPLCONF listening-port 7001\n0REPLCONF capa eof capa psync2\n"
    put(
        folder,
        "psync",
        ask + b"0PSYNC ? -1\nt\nt\ne\ns.....\na\n0REPLCONF ACK $\nwx\na\nx\n0PSYNC @ $\nwy\na\n",
        ask + b"0PSYNC ? -1\n1SYNC\nt\nt\nwa\nf\na\n2REPLCONF rdb-only 1\n2PSYNC ? -1\nt\ne\na\n",
        b"0REPLCONF ip-address 1.2.3.4 rdb-filter-only functions\n0REPLCONF capa eof\n0PSYNC ? -1\nt\nt\ne\na\nr\nn\n0PSYNC @ 1\n",
        b"3REPLCONF version 9.0.1 capa hash-field-ttl\n3PSYNC @ $\n3REPLCONF GETACK *\n3REPLCONF ACK 9223372036854775807\nr\nt\nn\n",
    )

    acl = ROOT / "tests/vectors/acl_rules.txt"
    rules = [line.split(" -> ")[0].replace(" ", "\n").encode() for line in acl.read_text().splitlines() if line[:1] not in ("", "#")]
    put(folder, "acl", *short(rules, 200, 300))
    put(folder, "acl", b"user bob on >pass ~a* %R~b &c +@all -set +config|get (+get ~x)\nuser default on nopass ~* &* +@all")

    conf = (ROOT / "redis.conf.example").read_text()
    options = [line.lstrip("# ") for line in conf.splitlines() if re.match(r"^(# )?[a-z-]+ \S", line)]
    put(folder, "config", *[line.encode() for line in options[:400]])
    put(folder, "config", b"save 3600 1 300 100\nsave \"\"\nuser bob on >x ~* +@all\nrename-command GET \"\"\n")


def values(rdb):
    """Whatever stands behind a byte that may be a type: few are values, which is what a fuzzer can use."""
    found = [rdb[at : at + 200] for at in range(9, len(rdb) - 20) if rdb[at] in (0, 1, 2, 4, 5, 15, 18, 19, 21, 24, 25)]
    return found[:: max(1, len(found) // 20)]


def compat(folder):
    for name, target in {"listpack": 1, "ziplist": 0, "zipmap": 0, "intset": 0}.items():
        put(folder, name, *short(vectors(name + ".txt", target)))
    for kind in ("listpack", "ziplist", "zipmap", "intset"):
        put(folder, kind, *short(vectors("damaged.txt", 2, kind), 200))
    put(folder, "listpack_edits", *short(vectors("listpack.txt", 1), 50))
    recorded = (ROOT / "c-compat/tests/vectors/hyperloglog.txt").read_text().split()
    registers = [unhex(word) for word in recorded if word.startswith("48594c4c")]
    put(folder, "hyperloglog", *short(registers, 100, 4000))
    put(folder, "lzf", *[b"\x20\x00" + v for v in short(vectors("dump.txt", 1), 100)])
    for name in ("double.txt", "int.txt", "size.txt"):
        put(folder, "number", *short(vectors(name, 0), 200))
    numbers = zip(vectors("incrbyfloat.txt", 0), vectors("incrbyfloat.txt", 1))
    put(folder, "number", *[a + b" " + b for a, b in numbers])
    globs = zip(vectors("glob.txt", 0), vectors("glob.txt", 1))
    put(folder, "glob", *[a + b"\0" + b for a, b in globs])


if __name__ == "__main__":
    target = pathlib.Path(sys.argv[1]).resolve()
    (compat if target == ROOT / "c-compat/fuzz" else oxidis)(target)
