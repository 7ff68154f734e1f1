//! Clients that wait for keys, drawn at random: four clients in two databases, of whom any that does not wait sends the next
//! command. Who waits, who is served with what, what replicas are sent and what is left must be the same with both servers.

use crate::blocking::Side;
use crate::harness::value::show;
use crate::harness::{Client, PATIENCE, Program, Rng, seeds, steps, wait_for};

const CLIENTS: usize = 4;

/// A key of another type is deleted before a list or sorted set is stored in its place: Redis leaves those asleep who wait
/// for it otherwise, Oxidis wakes them. There is no SWAPDB, for which Redis goes through keys as a hash table has them. `K` and `J` stand for one of three keys, `@` for the id of one of the clients, `LIST`
/// and `ZSET` for payloads of DUMP.
const COMMANDS: &[&str] = &[
    "BLPOP K J 0",
    "BLPOP K 0",
    "BRPOP K J 0",
    "BLMOVE K J LEFT RIGHT 0",
    "BLMOVE K K LEFT RIGHT 0",
    "BRPOPLPUSH K J 0",
    "BLMPOP 0 2 K J LEFT COUNT 2",
    "BZPOPMIN K J 0",
    "BZPOPMIN K 0",
    "BZPOPMAX K J 0",
    "BZMPOP 0 2 K J MIN COUNT 2",
    "BZMPOP 0 1 K MAX",
    "BLPOP K J 0.001",
    "BZPOPMAX K J 0.001",
    "BZMPOP 0.001 1 K MAX COUNT 3",
    "XREAD BLOCK 0 STREAMS K $",
    "XREAD COUNT 2 BLOCK 0 STREAMS K J $ 1-3",
    "XREAD BLOCK 0 STREAMS K J $ $",
    "XREAD BLOCK 1 STREAMS K $",
    "XREADGROUP GROUP g c BLOCK 0 STREAMS K >",
    "XREADGROUP GROUP g d COUNT 1 BLOCK 0 STREAMS K >",
    "XREADGROUP GROUP h c BLOCK 0 NOACK STREAMS K >",
    "XREADGROUP GROUP g c BLOCK 0 STREAMS K J > >",
    "XREADGROUP GROUP g c BLOCK 0 STREAMS K J > 0",
    "XREADGROUP GROUP g d BLOCK 1 STREAMS K >",
    "XADD K 1-* f v",
    "XADD K 1-* f v",
    "XADD K MAXLEN 2 1-* f v",
    "XADD K MAXLEN 0 1-* f v",
    "XADD K NOMKSTREAM 1-* f v",
    "XGROUP CREATE K g $ MKSTREAM",
    "XGROUP CREATE K g 0 MKSTREAM",
    "XGROUP CREATE K h 0 MKSTREAM",
    "XGROUP SETID K g 0",
    "XGROUP DESTROY K g",
    "XGROUP DELCONSUMER K g c",
    "XDEL K 1-1 1-2",
    "XTRIM K MAXLEN 1",
    "XSETID K 1-50",
    "XACK K g 1-1 1-2 1-3",
    "XAUTOCLAIM K g d 0 0",
    "RESTORE K 0 STREAM REPLACE",
    "LPUSH K a",
    "RPUSH K b c d",
    "LPUSHX K x",
    "ZADD K 1 a",
    "ZADD K 3 c 2 b -1 d",
    "ZINCRBY K 5 a",
    "ZADD K XX 9 a",
    "SADD K x y",
    "SET K v",
    "DEL K",
    "DEL K J",
    "UNLINK J",
    "LPOP K",
    "ZPOPMIN K",
    "LLEN K",
    "ZCARD K",
    "RENAME K J",
    "RENAMENX K J",
    "COPY K J REPLACE",
    "COPY K J DB 1",
    "MOVE K 1",
    "RESTORE K 0 LIST REPLACE",
    "RESTORE K 0 ZSET REPLACE",
    "DEL J;SORT K ALPHA STORE J",
    "DEL K;ZUNIONSTORE K 2 J z",
    "DEL K;ZRANGESTORE K J 0 -1",
    "SUNIONSTORE K J",
    "LMOVE K J LEFT LEFT",
    "GEOADD K 13 38 p",
    "DEL K;GEOSEARCHSTORE K J FROMLONLAT 13 38 BYRADIUS 1 km",
    "EXPIRE K -1",
    "EXPIRE K 1000",
    "SELECT 0",
    "SELECT 1",
    "MULTI",
    "EXEC",
    "EXEC",
    "EXEC",
    "DISCARD",
    "WATCH K",
    "FLUSHDB",
    "CLIENT UNBLOCK @",
    "CLIENT UNBLOCK @ ERROR",
    "QUIT",
];

/// One server and its clients.
struct Hall {
    side: Side,
    control: Client,
    clients: Vec<(Client, i64)>,
    waiting: [bool; CLIENTS],
}

impl Hall {
    fn open(program: Program) -> Hall {
        let side = Side::start(program);
        side.server.ok("DEBUG SET-ACTIVE-EXPIRE 0");
        let control = side.server.client();
        let clients = (0..CLIENTS).map(|who| newcomer(&side, who)).collect();
        Hall { side, control, clients, waiting: [false; CLIENTS] }
    }

    /// Sends a command and tells of all that it brought about: who was answered what, and who waits now.
    fn step(&mut self, who: usize, line: &str, payloads: &[Vec<u8>; 3], other: usize) -> Vec<String> {
        let args: Vec<Vec<u8>> = line
            .split(' ')
            .map(|word| match word {
                "LIST" => payloads[0].clone(),
                "ZSET" => payloads[1].clone(),
                "STREAM" => payloads[2].clone(),
                "@" => self.clients[other].1.to_string().into_bytes(),
                word => word.as_bytes().to_vec(),
            })
            .collect();
        let ends = line.contains(" 0.001") || line.contains(" BLOCK 1 ");
        self.clients[who].0.send(&args).expect("the server reads");
        let mut seen = Vec::new();
        wait_for(&format!("an answer to {line}"), PATIENCE, || {
            self.waiting[who] = !self.clients[who].0.has_reply();
            !self.waiting[who] || !ends && blocked(&mut self.control).contains(&self.clients[who].1)
        });
        if !self.waiting[who] {
            seen.push(self.answer(who));
        }
        if line == "QUIT" {
            self.clients[who] = newcomer(&self.side, who);
        }
        let waits = if self.waiting.contains(&true) { blocked(&mut self.control) } else { Vec::new() };
        for client in 0..CLIENTS {
            if self.waiting[client] && !waits.contains(&self.clients[client].1) {
                self.waiting[client] = false;
                seen.push(self.answer(client));
            }
        }
        seen.push(format!("{:?}", self.waiting));
        seen
    }

    fn answer(&mut self, who: usize) -> String {
        format!("{who} {}", show(&self.clients[who].0.read().expect("an answer").raw))
    }

    /// Whoever waits goes away.
    fn leave(&mut self) {
        for client in 0..CLIENTS {
            if self.waiting[client] {
                self.clients[client] = newcomer(&self.side, client);
                self.waiting[client] = false;
            }
        }
        wait_for("all to have gone", PATIENCE, || blocked(&mut self.control).is_empty());
    }
}

/// A connection, every other one with RESP3.
fn newcomer(side: &Side, who: usize) -> (Client, i64) {
    let mut client = side.server.client();
    client.cmd(&format!("HELLO {}", 2 + who % 2));
    let id = client.cmd("CLIENT ID").int();
    (client, id)
}

/// The ids of those who wait.
fn blocked(control: &mut Client) -> Vec<i64> {
    let list = control.cmd("CLIENT LIST").text();
    let field = |line: &str, name: &str| {
        line.split(' ').find_map(|field| field.strip_prefix(name)).unwrap_or_default().to_owned()
    };
    list.lines()
        .filter(|line| field(line, "flags=").contains('b'))
        .map(|line| field(line, "id=").parse().expect("a number"))
        .collect()
}

#[test]
fn whoever_waits_is_served_as_by_redis() {
    for seed in seeds(&[1, 2, 3]) {
        let mut halls = [Program::Oxidis, Program::Redis].map(Hall::open);
        let mut rng = Rng::new(seed);
        let real = &mut halls[1].control;
        real.cmd("RPUSH list p q");
        real.cmd("ZADD zset 1 p 2 q");
        real.cmd("XADD stream 1-1 f v");
        real.cmd("XADD stream 1-60 f v");
        real.cmd("XGROUP CREATE stream g 0");
        let payloads = ["DUMP list", "DUMP zset", "DUMP stream"].map(|line| match real.cmd(line) {
            crate::harness::Value::Bulk(payload) => payload,
            other => panic!("{other:?}"),
        });
        real.cmd("FLUSHALL");
        let (mut served, mut history) = (0, Vec::new());
        let mut streams = halls.each_mut().map(|hall| hall.side.left_behind());
        for n in 1..=steps(1200) {
            let free: Vec<usize> = (0..CLIENTS).filter(|who| !halls[1].waiting[*who]).collect();
            if n % 100 == 0 || free.is_empty() {
                halls.iter_mut().for_each(Hall::leave);
                streams = halls.each_mut().map(|hall| hall.side.left_behind());
                assert_eq!(streams[0], streams[1], "seed {seed}:\n{}", history.join("\n"));
                history.clear();
                continue;
            }
            let who = free[rng.below(free.len())];
            let other = rng.below(CLIENTS);
            let mut key = || rng.pick(&["k1", "k2", "k3"]);
            let (first, second) = (key(), key());
            for command in rng.pick(COMMANDS).split(';') {
                let words = command.split(' ').map(|word| match word {
                    "K" => first,
                    "J" => second,
                    other => other,
                });
                let line = words.collect::<Vec<_>>().join(" ");
                history.push(format!("{who} {line} (@ is {other})"));
                let [ours, real] = halls.each_mut().map(|hall| hall.step(who, &line, &payloads, other));
                served += real.len().saturating_sub(2);
                assert_eq!(ours, real, "seed {seed}, step {n}:\n{}", history.join("\n"));
            }
        }
        drop(streams);
        assert!(served > steps(1200) / 200, "seed {seed}: only {served} were served");
    }
}
