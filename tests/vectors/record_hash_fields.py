#!/usr/bin/env python3
"""Records what Redis 8.0 answers, propagates and notifies for commands on hashes whose fields expire.

    record_hash_fields.py PORT > hash_fields.txt

The server at PORT is empty and its own, and allows DEBUG (--enable-debug-command yes). A line begins with

    @  a new keyspace, with this hash-max-listpack-entries
    +  so many milliseconds pass
    >  a command, followed by what came of it:
       its reply, in one line
    ~  what replicas are sent, a line each, without MULTI and EXEC
    !  a keyspace event

Times near the present are written as NOW+ms, rounded to tenths of a second.
"""
import random
import re
import socket
import sys
import time

PORT = int(sys.argv[1])


class Client:
    def __init__(self):
        self.socket = socket.create_connection(("127.0.0.1", PORT))
        self.buffer = b""

    def fill(self):
        data = self.socket.recv(65536)
        if not data:
            raise EOFError
        self.buffer += data

    def line(self):
        while b"\r\n" not in self.buffer:
            self.fill()
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def take(self, n):
        while len(self.buffer) < n:
            self.fill()
        taken, self.buffer = self.buffer[:n], self.buffer[n:]
        return taken

    def reply(self):
        """The parts of a reply, lines without their ends."""
        line = self.line()
        kind, rest = line[:1], line[1:]
        if kind == b"$" and rest != b"-1":
            return [line, self.take(int(rest) + 2)[:-2]]
        if kind == b"*":
            return [line] + [part for _ in range(int(rest)) for part in self.reply()]
        return [line]

    def words(self):
        """An array of strings."""
        return [part for part in self.reply()[1:]][1::2]

    def send(self, words):
        self.socket.sendall(
            b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words)
        )

    def call(self, text):
        self.send(text.encode().split(b" "))
        return self.reply()


client, replica, listener = Client(), Client(), Client()
client.call("CONFIG SET notify-keyspace-events KEA")
client.call("CONFIG SET repl-diskless-sync-delay 0")
client.call("DEBUG SET-ACTIVE-EXPIRE 0")
replica.call("REPLCONF listening-port 1")
replica.call("REPLCONF capa eof capa psync2")
replica.send([b"PSYNC", b"?", b"-1"])
replica.line()
line = b""
while not line.startswith(b"$"):
    line = replica.line()
mark = line[5:]
while mark not in replica.buffer:
    replica.fill()
replica.buffer = replica.buffer.split(mark, 1)[1]
replica.send([b"REPLCONF", b"ACK", b"1"])
time.sleep(2)
listener.send([b"PSUBSCRIBE", b"__keyevent@*"])
listener.reply()


def relative(text):
    now = time.time() * 1000

    def shown(match):
        delta = int(match[0]) - now
        return "NOW%+d" % (round(delta / 100) * 100) if abs(delta) < 3_600_000 else match[0]

    return re.sub(r"\d{13}", shown, text)


def show(parts):
    text = b" ".join(parts).decode("latin1").replace("\\", "\\\\").replace("'", "\\'")
    return relative(text)


MARK = b"mark"


def run(command):
    print(">", command)
    print(show(client.call(command)))
    client.call("SET mark 1")
    while True:
        words = replica.words()
        if words[:2] == [b"SET", MARK]:
            break
        if words[0].upper() not in (b"MULTI", b"EXEC", b"SELECT", b"PING"):
            print("~", show(words))
    while True:
        words = listener.words()
        if words[-1] == MARK:
            break
        print("!", words[-2].split(b":")[1].decode(), words[-1].decode())


def section(entries):
    client.call("FLUSHALL")
    client.call("CONFIG SET hash-max-listpack-entries %d" % entries)
    # What that sent and told of.
    client.call("SET mark 1")
    while replica.words()[:2] != [b"SET", MARK]:
        pass
    while listener.words()[-1] != MARK:
        pass
    print("@", entries)


def let_pass(ms):
    print("+", ms)
    time.sleep(ms / 1000)


ARGUMENTS = """
HEXPIRE nokey x FIELDS 1 a|HEXPIRE nokey 10 FIELDS 0 a|HEXPIRE nokey 10 FIELDS 2 a|HEXPIRE nokey -1 FIELDS 1 a
HEXPIRE nokey 10 FIELDS 2 a b|HTTL nokey FIELDS 0 a|HTTL nokey nope 1 a|HTTL nokey FIELDS 2 a b|HPERSIST nokey FIELDS 2 a
HPERSIST nokey FIELDS 2 a b|HGETEX nokey FIELDS 0 a|HGETEX nokey EX x FIELDS 1 a|HGETDEL nokey FIELDS 0 a
HGETEX nokey EX 10 FIELDS 2 a b|HGETDEL nokey FIELDS 2 a b|HSETEX nokey FXX FIELDS 1 a 1|EXISTS nokey
HEXPIRE h 60 NX XX FIELDS 1 a|HEXPIRE h 60 nx gt FIELDS 1 a|HEXPIRE h 60 FIELDS 1 a NX|HEXPIRE h 60 FIELDS 2 a
HEXPIRE h 60 FIELDS 0 a|HEXPIRE h 60 FIELDS -1 a|HEXPIRE h 60 FIELDS x a|HEXPIRE h 60 FIELDS 1 a b|HEXPIRE h x FIELDS 1 a
HEXPIRE h x FIELDS 0 a|HEXPIRE h x NOPE 0 a|HEXPIRE h -1 FIELDS 0 a|HEXPIRE h 9223372036854775807 FIELDS 0 a
HEXPIRE h 10 NX FIELDS 2 a|HEXPIRE h 10 NX FIELDS y a|HEXPIRE h 10 NX nope 1 a|HEXPIRE h 9999999999999999999 FIELDS 1 a
HEXPIRE h 10 NX FIELDS 1|HEXPIRE h 10 NX FIELDS x|HEXPIRE h 10 FIELDS x y|HEXPIREAT h 9223372036854775807 FIELDS 1 a
HEXPIREAT h 70368744178 FIELDS 1 a|HPEXPIREAT h 70368744177664 FIELDS 1 a|HEXPIREAT h -1 FIELDS 1 a
HPEXPIRE h 9223372036854775807 FIELDS 1 a|HEXPIRE h 60 FIELDS 9223372036854775807 a
HTTL h FIELDS 2 a|HTTL h FIELDS 0 a|HTTL h nope 1 a|HTTL h FIELDS 1 a b|HTTL h FIELDS x b|HPTTL h FIELDS 2 b zz
HPERSIST h FIELDS 0 a|HPERSIST h nope 1 a|HPERSIST h FIELDS 2 a|HPERSIST h FIELDS 2 a zz
HEXPIRE s 60 FIELDS 1 a|HTTL s FIELDS 1 a|HGETEX s FIELDS 1 a|HSETEX s FIELDS 1 a b|HGETDEL s FIELDS 1 a
HPERSIST s FIELDS 1 a|HEXPIRE s x FIELDS 1 a|HEXPIRE s 60 FIELDS 0 a|HTTL s nope 1 a|HGETEX s EX x FIELDS 1 a
HSETEX s EX x FIELDS 1 a b|HSETEX s FIELDS 0 a b|HSETEX s nope FIELDS 0 a b|HSETEX s FXX FIELDS 1 a b|HGETDEL s nope 1 a
HGETEX h FIELDS 2 a|HGETEX h FIELDS 0 a|HGETEX h FIELDS x a|HGETEX h EX 10 PX 10 FIELDS 1 a|HGETEX h EX FIELDS 1 a
HGETEX h EX -1 FIELDS 1 a|HGETEX h EX 9223372036854775807 FIELDS 1 a|HGETEX h nope FIELDS 1 a|HGETEX h FIELDS 1 a EX 10
HGETEX h EX 10 PERSIST FIELDS 1 a|HGETEX h a b c|HGETEX h KEEPTTL FIELDS 1 a|HGETEX h EX x FIELDS 1 a|HGETEX h EX 10 FIELDS
HGETEX h EX x nope 1 a|HGETEX h PERSIST nope 1 a|HGETEX h EX 10 FIELDS 1|HGETEX h PXAT 70368744177664 FIELDS 1 a
HSETEX h FIELDS 2 a 1|HSETEX h FIELDS 0 a 1|HSETEX h FIELDS x a 1|HSETEX h FIELDS 1 a 1 b 2|HSETEX h EX 10 PX 10 FIELDS 1 a 1
HSETEX h FNX FXX FIELDS 1 a 1|HSETEX h KEEPTTL EX 10 FIELDS 1 a 1|HSETEX h EX -5 FIELDS 1 a 1|HSETEX h FIELDS 1 a 1 EX 10
HSETEX h nope FIELDS 1 a 1|HSETEX h a b c d|HSETEX h FNX FNX FIELDS 1 a 1|HSETEX h EX x FIELDS 1 a 1
HSETEX h PERSIST FIELDS 1 a 1|HSETEX h FIELDS 1 a 1 FIELDS 1 b 2|HSETEX h KEEPTTL KEEPTTL FIELDS 1 a 1
HSETEX h EX FIELDS 1 a 1|HSETEX h FIELDS 9223372036854775807 a 1|HSETEX h EX x FIELDS 0 a b|HSETEX h FNX FNX EX x a b
HSETEX h EX 10 FIELDS x|HSETEX h EX 10 FIELDS 1|HSETEX h EX 10 FNX FIELDS|HSETEX h EX 10 FNX EX|HSETEX h FNX EX 1 FXX a
HSETEX h PXAT 70368744177664 FIELDS 1 a 1|HSETEX h EX 9223372036854775807 FIELDS 1 a 1
HGETDEL h FIELDS 2 a|HGETDEL h FIELDS 0 a|HGETDEL h FIELDS x a|HGETDEL h nope 1 a|HGETDEL h FIELDS 1 a b|HGETDEL h a b c
HGETALL h
"""

FORMS = """
HSET h a 1 b 2 c 3 d 4 e 5|HEXPIRE h 100 FIELDS 1 c|HEXPIRE h 50 FIELDS 1 d|HEXPIRE h 200 FIELDS 1 a|HGETALL h
OBJECT ENCODING h|HPERSIST h FIELDS 3 a b zz|HPERSIST h FIELDS 1 a|HGETALL h|HSET h d 9|HGETALL h|HSET h f 9|HGETALL h
HEXPIRE h 300 FIELDS 2 f f|HGETALL h|HEXPIRE h 30 FIELDS 1 f|HGETALL h|HSETEX h EX 40 FIELDS 1 a 77|HGETALL h
HSETEX h KEEPTTL FIELDS 2 a 78 n 1|HGETALL h|HTTL h FIELDS 3 a n zz|HINCRBY h a 1|HINCRBYFLOAT h a 1|HTTL h FIELDS 1 a
HEXPIRE h 60 NX FIELDS 3 a b f|HEXPIRE h 70 XX FIELDS 3 a b zz|HEXPIRE h 80 GT FIELDS 3 a b e|HEXPIRE h 85 LT FIELDS 3 a b e
HEXPIRE h 0 NX FIELDS 2 a n|HEXPIRE h 0 GT FIELDS 2 a c|HEXPIRE h 0 LT FIELDS 2 a d|HGETALL h|HSET h a 1 b 2 c 3 d 4 e 5
HPEXPIREAT h 70368744177663 FIELDS 1 b|HPEXPIRETIME h FIELDS 3 a b zz|HEXPIREAT h 70368744177 FIELDS 1 b
HPEXPIRE h 1400 FIELDS 1 a|HTTL h FIELDS 1 a|HPEXPIRE h 1700 FIELDS 1 a|HTTL h FIELDS 1 a
HPEXPIREAT h 1999999999400 FIELDS 1 a|HEXPIRETIME h FIELDS 1 a|HPEXPIREAT h 1999999999001 FIELDS 1 a
HEXPIRETIME h FIELDS 3 a e zz|HPEXPIREAT h 1999999999000 nx FIELDS 2 a e|HEXPIREAT h 1999999999 FIELDS 2 c zz
HEXPIRE h 0 FIELDS 2 a a|HGETEX h EX 0 FIELDS 2 b b|HSETEX h EX 0 FIELDS 2 b 1 b 2|HSETEX h PXAT 1 FIELDS 2 c 12 q 1
HGETALL h|HSETEX hh EXAT 1 FIELDS 1 a 12|EXISTS hh|HSETEX h2 EXAT 1 FNX FIELDS 1 a 1|EXISTS h2
HGETEX h PERSIST FIELDS 2 d e|HGETEX h PXAT 1999999999001 FIELDS 2 d zz|HGETEX h PERSIST FIELDS 3 d e zz
HGETEX h PERSIST FIELDS 3 d e zz|HGETEX h FIELDS 2 d zz|hgetex h px 100000 fields 1 d|HGETEX h EXAT 1 FIELDS 3 d zz e
HGETALL h|HSETEX h FNX EX 100 FIELDS 2 a 1 f 2|HSETEX h FNX EX 100 FIELDS 2 x 1 y 2|HSETEX h FXX FIELDS 2 x 3 zz 4
HSETEX h EX 10 FXX FIELDS 2 x 5 y 6|hsetex h fnx ex 100 fields 1 k 1|HSETEX h KEEPTTL FXX FIELDS 2 x 7 y 8|HGETALL h
HSETEX h EXAT 1999999999 FIELDS 1 x 1|HGETDEL h FIELDS 3 x zz x|HGETDEL h FIELDS 1 zz|HDEL h y|HGETALL h
HGETDEL h FIELDS 2 f k|HGETDEL h FIELDS 3 a b n|HGETALL h|EXISTS h|HSET h a 1 b 2|HEXPIREAT h 1 FIELDS 2 a b|EXISTS h
HSET h a 1 b 2|HGETEX h EX 0 FIELDS 3 a zz b|EXISTS h|HSET h a 1|HGETDEL h FIELDS 1 a|EXISTS h
HSET h a 1 b 2|HEXPIREAT h 1999999999 FIELDS 1 a|COPY h g|HPEXPIRETIME g FIELDS 2 a b|RENAME g i|HPEXPIRETIME i FIELDS 2 a b
"""

# A field expires, a moment passes, and this meets it.
MET = """
HGET h a|HMGET h a b c|HMGET h a b c d|HEXISTS h a|HSTRLEN h a|HTTL h FIELDS 1 a|HPTTL h FIELDS 1 a|HEXPIRETIME h FIELDS 1 a
HPERSIST h FIELDS 1 a|HLEN h|HGETALL h|HKEYS h|HVALS h|HSCAN h 0|HSETNX h a 5|HINCRBY h a 5|HSET h a 9|HDEL h a|HDEL h a b
HEXPIRE h 100 FIELDS 1 a|HEXPIRE h 100 GT FIELDS 1 a|HEXPIRE h 0 FIELDS 1 a|HGETDEL h FIELDS 1 a|HGETDEL h FIELDS 3 a b c
HGETEX h EX 100 FIELDS 2 a c|HGETEX h PERSIST FIELDS 2 a c|HGETEX h FIELDS 2 a c|HSETEX h FNX FIELDS 1 a 9
HSETEX h FXX FIELDS 1 a 9|HSETEX h KEEPTTL FIELDS 1 a 9|HSETEX h FIELDS 1 a 9|HSETEX h EX 100 FIELDS 1 a 9|COPY h g
RENAME h g|EXISTS h|TYPE h|OBJECT ENCODING h|HEXPIRE h 100 NX FIELDS 1 a|HSETEX h EX 0 FIELDS 1 a 9
HGETEX h EX 0 FIELDS 2 a c|HDEL h zz|HGET h zz|HRANDFIELD h -0|HMGET h zz c
"""


def lines(text):
    return [command for line in text.strip().splitlines() for command in line.split("|")]


section(512)
run("HSET h a 1 b 2 c 3")
run("SET s 1")
for command in lines(ARGUMENTS):
    run(command)
section(512)
for command in lines(FORMS):
    run(command)
for entries in (512, 0):
    for gone in ("a", "a b", "a b c"):
        for command in lines(MET):
            if entries == 0 and command.split()[0] in ("HGETALL", "HKEYS", "HVALS", "HSCAN") and len(gone) < 3:
                continue
            section(entries)
            run("HSET h a 1 b 2 c 3")
            run("HPEXPIRE h 1 FIELDS %d %s" % (len(gone.split()), gone))
            let_pass(10)
            run(command)
            run("HTTL h FIELDS 3 a b c")
            run("HLEN h")
            run("HMGET h a b c")
            run("EXISTS h")

rng = random.Random(8)
TIMES = [1, 0, 1999999999, 1999999998, 1900000000]


def some_fields():
    names = [rng.choice("abcdef") for _ in range(rng.randint(1, 3))]
    return "FIELDS %d %s" % (len(names), " ".join(names))


def some_pairs():
    names = [rng.choice("abcdef") for _ in range(rng.randint(1, 3))]
    return "FIELDS %d %s" % (len(names), " ".join("%s %d" % (n, rng.randint(0, 99)) for n in names))


def some_time():
    at = rng.choice(TIMES)
    return "EXAT %d" % at if rng.random() < 0.5 else "PXAT %d" % (at * 1000)


def some_command():
    kind = rng.randint(0, 15)
    if kind == 0:
        return "HEXPIREAT h %d %s" % (rng.choice(TIMES), some_fields())
    if kind <= 2:
        condition = rng.choice(["NX", "XX", "GT", "LT"])
        return "HPEXPIREAT h %d %s %s" % (rng.choice(TIMES) * 1000, condition, some_fields())
    if kind == 3:
        return "HPERSIST h " + some_fields()
    if kind == 4:
        return "HGETEX h %s%s" % (rng.choice(["", "PERSIST ", some_time() + " "]), some_fields())
    if kind == 5:
        return "HGETDEL h " + some_fields()
    if kind <= 7:
        options = [rng.choice(["", "FNX ", "FXX "]), rng.choice(["", "KEEPTTL ", some_time() + " "])]
        rng.shuffle(options)
        return "HSETEX h %s%s%s" % (*options, some_pairs())
    if kind <= 9:
        return "HSET h %s" % some_pairs().split(" ", 2)[2]
    if kind == 10:
        return "HINCRBY h %s 5" % rng.choice("abcdef")
    if kind == 11:
        return "HDEL h " + some_fields().split(" ", 2)[2]
    if kind == 12:
        return "HSETNX h %s 5" % rng.choice("abcdef")
    return "HPEXPIRE h 1 " + some_fields()


for entries in (512, 3, 0):
    section(entries)
    for _ in range(200):
        command = some_command()
        run(command)
        if command.startswith("HPEXPIRE h 1 "):
            let_pass(10)
        if rng.random() < 0.3:
            run("HPEXPIRETIME h FIELDS 6 a b c d e f")
            run("HLEN h")
        if rng.random() < 0.2:
            run("HMGET h a b c d e f")
