//! The hash group over a bare keyspace.

use crate::commands::testing::Bench;
use crate::keyspace::ExpiryMode;
use crate::protocol::reply::Resp;
use crate::util::rng::Rng;
use crate::value::ValueRef;
use crate::value::hash::Limits;
use std::time::Duration;

fn bench() -> Bench {
    let mut b = Bench::new();
    b.ks.limits.hash = Limits { max_listpack_entries: 128, max_listpack_value: 64 };
    b
}

#[test]
fn setting_counts_pairs_and_answers_new_ones() {
    let mut b = bench();
    let first = b.run("HSET h a 1 b 2 a 3");
    assert_eq!((first.reply.as_str(), first.dirty), (":2\\r\\n", 3));
    assert_eq!((first.events, first.propagated), (vec!["hset h".into()], vec!["HSET h a 1 b 2 a 3".into()]));
    assert_eq!(b.reply("HMSET h c x"), "+OK\\r\\n");
    assert_eq!(b.reply("HSETNX h c y"), ":0\\r\\n");
    assert_eq!(b.run("HSETNX h d y").events, ["hset h"]);
    assert_eq!(
        b.reply("HMGET h a b c d e"),
        "*5\\r\\n$1\\r\\n3\\r\\n$1\\r\\n2\\r\\n$1\\r\\nx\\r\\n$1\\r\\ny\\r\\n$-1\\r\\n"
    );
    assert_eq!(b.reply("HLEN h"), ":4\\r\\n");
    assert_eq!(b.reply("HSTRLEN h a"), ":1\\r\\n");
    assert_eq!(b.reply("HSTRLEN h e"), ":0\\r\\n");
    assert_eq!(b.reply("HEXISTS h e"), ":0\\r\\n");
    assert_eq!(b.reply("HSET h a 1 b"), "-ERR wrong number of arguments for \\'hset\\' command\\r\\n");
    assert_eq!(b.reply("HMSET h a b c"), "-ERR wrong number of arguments for \\'hmset\\' command\\r\\n");
}

#[test]
fn the_key_goes_with_its_last_field() {
    let mut b = bench();
    b.run("HSET h a 1 b 2");
    let none = b.run("HDEL h x");
    assert_eq!((none.reply.as_str(), none.dirty, none.events.len()), (":0\\r\\n", 0, 0));
    let all = b.run("HDEL h a a b c");
    assert_eq!((all.reply.as_str(), all.dirty), (":2\\r\\n", 2));
    assert_eq!(all.events, ["hdel h", "del h"]);
    assert_eq!(b.reply("EXISTS h"), ":0\\r\\n");
    assert_eq!(b.reply("HGETALL h"), "*0\\r\\n");
    b.resp = Resp::V3;
    assert_eq!(b.reply("HGETALL h"), "%0\\r\\n");
    assert_eq!(b.reply("HGET h a"), "_\\r\\n");
}

#[test]
fn increments_keep_to_their_kind_and_their_range() {
    let mut b = bench();
    assert_eq!(b.reply("HINCRBY h n 5"), ":5\\r\\n");
    b.run("HSET h max 9223372036854775807 s x f 10.5");
    assert_eq!(b.reply("HINCRBY h max 1"), "-ERR increment or decrement would overflow\\r\\n");
    assert_eq!(b.reply("HINCRBY h s 1"), "-ERR hash value is not an integer\\r\\n");
    assert_eq!(b.reply("HINCRBYFLOAT h s 1"), "-ERR hash value is not a float\\r\\n");
    assert_eq!(b.reply("HINCRBYFLOAT h f x"), "-ERR value is not a valid float\\r\\n");
    assert_eq!(b.reply("HINCRBYFLOAT h f inf"), "-ERR value is NaN or Infinity\\r\\n");
    assert_eq!(b.reply("HINCRBYFLOAT new f inf"), "-ERR value is NaN or Infinity\\r\\n");
    assert_eq!(b.reply("EXISTS new"), ":0\\r\\n");
    let sum = b.run("HINCRBYFLOAT h f 0.1");
    assert_eq!((sum.reply.as_str(), sum.dirty), ("$4\\r\\n10.6\\r\\n", 1));
    assert_eq!((sum.propagated, sum.events), (vec!["HSET h f 10.6".into()], vec!["hincrbyfloat h".into()]));
}

#[test]
fn a_key_of_another_type_is_refused() {
    let mut b = bench();
    b.run("SET k v");
    for line in [
        "HSET k a 1",
        "HSETNX k a 1",
        "HGET k a",
        "HMGET k a",
        "HDEL k a",
        "HLEN k",
        "HSTRLEN k a",
        "HEXISTS k a",
        "HKEYS k",
        "HVALS k",
        "HGETALL k",
        "HINCRBY k a 1",
        "HINCRBYFLOAT k a 1",
        "HRANDFIELD k",
        "HRANDFIELD k 1",
        "HSCAN k 0 nonsense",
    ] {
        let done = b.run(line);
        let wrong = "-WRONGTYPE Operation against a key holding the wrong kind of value\\r\\n";
        assert_eq!((done.reply.as_str(), done.dirty), (wrong, 0), "{line}");
    }
}

#[test]
fn random_fields_come_in_the_form_of_the_protocol() {
    let mut b = bench();
    b.run("HSET h a 1");
    assert_eq!(b.reply("HRANDFIELD h"), "$1\\r\\na\\r\\n");
    assert_eq!(
        b.reply("HRANDFIELD h -2 WITHVALUES"),
        "*4\\r\\n$1\\r\\na\\r\\n$1\\r\\n1\\r\\n$1\\r\\na\\r\\n$1\\r\\n1\\r\\n"
    );
    assert_eq!(b.reply("HRANDFIELD h 2"), "*1\\r\\n$1\\r\\na\\r\\n");
    assert_eq!(b.reply("HRANDFIELD h 0"), "*0\\r\\n");
    assert_eq!(b.reply("HRANDFIELD none"), "$-1\\r\\n");
    assert_eq!(b.reply("HRANDFIELD none -5"), "*0\\r\\n");
    assert_eq!(b.reply("HRANDFIELD h 1 x"), "-ERR syntax error\\r\\n");
    assert_eq!(b.reply("HRANDFIELD h -9223372036854770000 withvalues"), "-ERR value is out of range\\r\\n");
    b.resp = Resp::V3;
    assert_eq!(b.reply("HRANDFIELD h 5 withvalues"), "*1\\r\\n*2\\r\\n$1\\r\\na\\r\\n$1\\r\\n1\\r\\n");
}

#[test]
fn a_packed_hash_is_scanned_whole() {
    let mut b = bench();
    b.run("HSET h a1 1 b 2 a3 3");
    let found =
        "*2\\r\\n$1\\r\\n0\\r\\n*4\\r\\n$2\\r\\na1\\r\\n$1\\r\\n1\\r\\n$2\\r\\na3\\r\\n$1\\r\\n3\\r\\n";
    assert_eq!(b.reply("HSCAN h 7 COUNT 1 MATCH a*"), found);
    assert_eq!(b.reply("HSCAN h 0 NOVALUES MATCH b"), "*2\\r\\n$1\\r\\n0\\r\\n*1\\r\\n$1\\r\\nb\\r\\n");
    assert_eq!(b.reply("HSCAN h x"), "-ERR invalid cursor\\r\\n");
    assert_eq!(b.reply("HSCAN h 0 COUNT 0"), "-ERR syntax error\\r\\n");
    assert_eq!(b.reply("HSCAN none 0 nonsense"), "*2\\r\\n$1\\r\\n0\\r\\n*0\\r\\n");
}

/// Times near the bench's present, as the vectors show them.
fn relative(text: &str, now_ms: i64) -> String {
    let digits = |c: char| c.is_ascii_digit();
    let mut shown = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(digits) {
        let end = rest[start..].find(|c| !digits(c)).map_or(rest.len(), |len| start + len);
        shown += &rest[..start];
        let number = &rest[start..end];
        let delta = number.parse::<i64>().unwrap_or(0) - now_ms;
        match number.len() {
            13 if delta.abs() < 3_600_000 => shown += &format!("NOW{:+}", (delta + 50).div_euclid(100) * 100),
            _ => shown += number,
        }
        rest = &rest[end..];
    }
    shown + rest
}

/// `tests/vectors/record_hash_fields.py` says how they came about and what their lines mean.
#[test]
fn fields_expire_as_redis_8_has_recorded_it() {
    let recorded = include_str!("../../../tests/vectors/hash_fields.txt");
    let mut b = bench();
    let mut lines = recorded.lines().enumerate().peekable();
    let mut commands = 0;
    while let Some((number, line)) = lines.next() {
        let (kind, text) = line.split_at(2);
        match kind {
            "@ " => {
                b = bench();
                b.ks.limits.hash.max_listpack_entries = text.parse().expect("a number of entries");
            }
            "+ " => b.now_ms += text.parse::<i64>().expect("some milliseconds"),
            "> " => {
                let done = b.run(text);
                let mut expected = vec![lines.next().expect("a reply").1];
                while let Some((_, more)) = lines.next_if(|(_, l)| l.starts_with(['~', '!'])) {
                    expected.push(more);
                }
                let mut found = vec![done.reply.replace("\\r\\n", " ").trim_end().to_owned()];
                found.extend(done.propagated.iter().map(|p| format!("~ {}", p.replace("gone 0", "HDEL"))));
                let silent = text.starts_with("HMGET") && done.events.iter().any(|event| event == "del h");
                if text.starts_with(['h', 'H']) && !silent {
                    found.extend(done.events.iter().map(|event| format!("! {event}")));
                } else {
                    // Events of other groups are no matter of hashes, and when HMGET deletes the last field, Redis
                    // does not always tell of it.
                    expected.retain(|l| !l.starts_with('!'));
                }
                let found: Vec<_> = found.iter().map(|line| relative(line, b.now_ms)).collect();
                assert_eq!(found, expected, "line {}: {text}", number + 1);
                commands += 1;
            }
            _ => panic!("line {}: {line}", number + 1),
        }
    }
    assert!(commands > 3000, "only {commands} commands");
}

#[test]
fn a_replica_hides_fields_and_leaves_them() {
    let mut b = bench();
    b.run("HSET h a 1 b 2");
    b.run("HPEXPIRE h 10 FIELDS 1 a");
    b.now_ms += 20;
    b.mode = ExpiryMode::Hide;
    for line in ["HGET h a", "HMGET h a", "HEXISTS h a", "HRANDFIELD h", "HGETALL h", "HTTL h FIELDS 1 a"] {
        let done = b.run(line);
        assert!(done.propagated.is_empty() && done.events.is_empty(), "{line}");
    }
    assert_eq!(b.reply("HGET h a"), "$-1\\r\\n");
    assert_eq!(b.reply("HLEN h"), ":2\\r\\n");
    // The primary's own commands see all that is there, and set times that have passed here.
    b.mode = ExpiryMode::Ignore;
    assert_eq!(b.reply("HGET h a"), "$1\\r\\n1\\r\\n");
    assert_eq!(b.reply("HPEXPIREAT h 1 FIELDS 1 b"), "*1\\r\\n:1\\r\\n");
    b.run("HDEL h a");
    assert_eq!(b.reply("HLEN h"), ":1\\r\\n");
}

#[test]
fn what_a_database_knows_of_its_hashes_follows_them() {
    let mut b = bench();
    b.ks.limits.hash.max_listpack_entries = 2;
    let mut rng = Rng::seeded(11);
    for round in 0..4000 {
        let (key, other) = (rng.below(4), rng.below(4));
        let (field, at) = (rng.below(5), b.now_ms + 1 + rng.below(300) as i64);
        b.db = rng.below(2) as usize;
        match rng.below(16) {
            0..4 => b.run(&format!("HSET k{key} f{field} v")),
            4..8 => b.run(&format!("HPEXPIREAT k{key} {at} FIELDS 1 f{field}")),
            8 => b.run(&format!("HDEL k{key} f{field}")),
            9 => b.run(&format!("HPERSIST k{key} FIELDS 1 f{field}")),
            10 => b.run(&format!("COPY k{key} k{other} DB {} REPLACE", rng.below(2))),
            11 => b.run(&format!("RENAME k{key} k{other}")),
            12 => b.run(&format!("MOVE k{key} {}", rng.below(2))),
            13 => b.run(&format!("SET k{key} v")),
            14 => b.run(&format!("DEL k{key}")),
            _ => b.run(&format!("PEXPIREAT k{key} {at}")),
        };
        b.now_ms += rng.below(3) as i64;
        if round % 64 == 0 {
            b.ks.swap(0, 1);
        }
        let ex = |b: &Bench, db| {
            let hashes = b.ks.iter(db).filter_map(|e| match e.value() {
                ValueRef::Hash(hash) => hash.next_expires(),
                _ => None,
            });
            hashes.collect::<Vec<_>>()
        };
        for db in 0..2 {
            assert_eq!(b.ks.expiring_hashes(db), ex(&b, db).len(), "round {round}");
        }
        if round % 8 == 0 {
            let mut gone = 0;
            let more = b.ks.expire_due_fields(b.now_ms, Duration::from_secs(60), |_, _, _| gone += 1);
            assert!(!more && !b.ks.has_due_fields(b.now_ms));
            assert!((0..2).all(|db| ex(&b, db).iter().all(|ms| *ms >= b.now_ms)));
        }
    }
}

#[test]
fn active_expiry_takes_the_key_with_its_last_field_and_keeps_to_its_time() {
    let mut b = bench();
    for n in 0..300 {
        b.run(&format!("HSETEX h PX 5 FIELDS 1 f{n} v"));
    }
    b.run("HSETEX g PX 5 FIELDS 1 f v");
    b.run("HSET g other v");
    b.now_ms += 10;
    let mut gone = Vec::new();
    while b.ks.expire_due_fields(b.now_ms, Duration::ZERO, |_, _, _| unreachable!("no time, no deletion")) {
        let more = b.ks.expire_due_fields(b.now_ms, Duration::from_secs(60), |db, key, field| {
            gone.push((db, key.to_vec(), field.to_vec()));
        });
        assert!(!more);
    }
    assert_eq!(gone.len(), 301);
    assert_eq!(b.ks.stats.expired_fields, 301);
    assert_eq!(b.reply("EXISTS h g"), ":1\\r\\n");
    assert_eq!(b.reply("HGETALL g"), "*2\\r\\n$5\\r\\nother\\r\\n$1\\r\\nv\\r\\n");
}
