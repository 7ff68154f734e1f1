#!/usr/bin/env python3
"""Records what Redis 7.0 makes of random rules of ACL SETUSER.

    record_acl_rules.py PORT > acl_rules.txt

The server at PORT is its own. A line holds rules, given to a new user in one call, and behind a tab the user's line of ACL LIST
without its name, or the error. Rules about single commands come in an order of their own in Redis, so each row of them is sorted.
"""
import random
import socket
import sys

rng = random.Random(7)


class Client:
    def __init__(self, port):
        self.file = socket.create_connection(("127.0.0.1", port)).makefile("rwb")

    def call(self, *words):
        out = b"*%d\r\n" % len(words)
        for word in words:
            word = word.encode()
            out += b"$%d\r\n%s\r\n" % (len(word), word)
        self.file.write(out)
        self.file.flush()
        return self.reply()

    def reply(self):
        line = self.file.readline()[:-2]
        kind, rest = line[:1], line[1:].decode()
        if kind == b"$":
            return self.file.read(int(rest) + 2)[:-2].decode() if rest != "-1" else None
        if kind == b"*":
            return [self.reply() for _ in range(int(rest))]
        return line.decode() if kind == b"-" else rest


def ordered(text):
    """Each row of rules about single commands, sorted."""
    words, row = [], []
    for word in text.split(" ") + [""]:
        end = ")" if word.endswith(")") else ""
        bare = word[: len(word) - len(end)]
        if bare[:1] in "+-" and bare and bare[1:2] != "@":
            row.append(bare)
            if end:
                row.sort()
                row[-1] += end
                words += row
                row = []
        else:
            words += sorted(row) + [word]
            row = []
    return " ".join(words[:-1])


def main():
    client = Client(int(sys.argv[1]))
    categories = client.call("ACL", "CAT")
    commands = sorted(set(sum((client.call("ACL", "CAT", c) for c in categories), [])))
    containers = sorted({c.split("|")[0] for c in commands if "|" in c})
    subcommands = [c for c in commands if "|" in c]

    def command_rule():
        kind = rng.random()
        sign = rng.choice("+-")
        if kind < 0.4:
            return sign + "@" + rng.choice(categories)
        if kind < 0.5:
            return rng.choice(["+@all", "-@all", "allcommands", "nocommands", "+@ALL"])
        if kind < 0.75:
            return sign + rng.choice(commands)
        if kind < 0.85:
            return sign + rng.choice(subcommands)
        if kind < 0.9:
            return sign + rng.choice(containers)
        if kind < 0.96:
            return "+" + rng.choice(["select", "get", "debug", "ping"]) + "|" + rng.choice(["a", "b", "B", "1"])
        return rng.choice(["+nosuch", "-config|nosuch", "+@nosuch", "+config|get|x", "+get|", "-get|a", "+", "-", "+@", "+|x"])

    def other_rule():
        kind = rng.random()
        if kind < 0.45:
            sign = rng.choice(["~", "~", "%R~", "%W~", "%RW~", "%rw~", "%wR~"])
            return sign + rng.choice(["a", "b*", "c:?", "*", "[x-z]", "d\\*", ""])
        if kind < 0.6:
            return "&" + rng.choice(["a", "b*", "*", "c"])
        return rng.choice(["allkeys", "resetkeys", "allchannels", "resetchannels", "%~a", "%RR~a", "%R", "word", "~"])

    def user_rule():
        hashed = "d74ff0ee8da3b9806b18c877dbf29bbde50b5bd8e4dad7a3a725000feb82e8f1"
        return rng.choice(["on", "OFF", "nopass", "resetpass", ">pass", ">other", "<pass", "<none", "#" + hashed,
                           "!" + hashed, "#1234", "!x", "reset", "clearselectors", "sanitize-payload",
                           "skip-sanitize-payload", ""])

    def selector():
        rules = [command_rule() if rng.random() < 0.6 else other_rule() for _ in range(rng.randrange(4))]
        return "(" + " ".join(rules) + ")"

    for n in range(1500):
        rules = []
        for _ in range(rng.randrange(1, 9)):
            kind = rng.random()
            if kind < 0.6:
                rules.append(command_rule())
            elif kind < 0.78:
                rules.append(other_rule())
            elif kind < 0.92:
                rules.append(user_rule())
            elif kind < 0.98:
                rules += selector().split(" ")
            else:
                rules.append(rng.choice(["(", "(a", ")", "b)", "(+get", "(+get))", "()"]))
        reply = client.call("ACL", "SETUSER", "bob", *rules)
        if reply == "OK":
            line = next(l for l in client.call("ACL", "LIST") if l.startswith("user bob "))
            print(" ".join(rules) + "\t" + ordered(line[len("user bob "):]))
            client.call("ACL", "DELUSER", "bob")
        elif n % 3 == 0:
            print(" ".join(rules) + "\t" + reply)


main()
