//! Payloads of every type and form, damaged at random under a right checksum: RESTORE refuses them, or takes them in, and
//! then every command can read and change what it took, and it can be dumped and restored again.
//!
//! [`check`] is what the fuzz target `restore` runs on payloads of its own.

use crate::commands::testing::Bench;
use crate::value::{Limits, hash, list, set, sorted_set, stream};
use c_compat::rdb::append_footer;

/// A bench whose collections leave their packed forms early.
pub fn bench() -> Bench {
    let mut bench = Bench::new();
    bench.ks.limits = Limits {
        list: list::Limits { max_listpack_size: 4, ..list::Limits::default() },
        set: set::Limits { max_intset_entries: 4, max_listpack_entries: 4, max_listpack_value: 8 },
        sorted_set: sorted_set::Limits { max_listpack_entries: 4, max_listpack_value: 8 },
        hash: hash::Limits { max_listpack_entries: 4, max_listpack_value: 8 },
        stream: stream::Limits { node_max_bytes: 100, node_max_entries: 3 },
    };
    bench
}

/// Restores a payload, which comes without its footer. False if it is refused; else it makes a value that is dumped as
/// what makes the same again, and that stands every command of its type.
pub fn check(bench: &mut Bench, mut payload: Vec<u8>) -> bool {
    append_footer(&mut payload, 0, 12);
    let restored = bench.run_parts(&[b"RESTORE", b"key", b"0", &payload, b"REPLACE"]);
    if restored.reply != "+OK\\r\\n" {
        assert_eq!(restored.reply, "-ERR Bad data format\\r\\n");
        return false;
    }
    let kind = bench.reply("TYPE key");
    // A form that we would not have chosen becomes ours the first time.
    let _ = dump_and_restore(bench);
    assert_eq!(bench.reply("TYPE key"), kind);
    let ours = dump_and_restore(bench);
    assert_eq!(bench.reply("TYPE key"), kind);
    assert_eq!(dumped(bench).len(), ours.len());
    for command in commands(&kind) {
        bench.run(command);
    }
    bench.run("COPY key other REPLACE");
    bench.run("OBJECT ENCODING key");
    bench.run("DEL other");
    true
}

/// Restores `key` from what it is dumped as.
fn dump_and_restore(bench: &mut Bench) -> Vec<u8> {
    let payload = dumped(bench);
    let mut again = payload.clone();
    append_footer(&mut again, 0, 12);
    let restored = bench.run_parts(&[b"RESTORE", b"key", b"0", &again, b"REPLACE"]);
    assert_eq!(restored.reply, "+OK\\r\\n");
    payload
}

/// `DUMP key` without its footer.
fn dumped(bench: &mut Bench) -> Vec<u8> {
    let value = bench.ks.peek(0, b"key").expect("it is there");
    let payload = crate::persist::rdb::payload::dump(value, true);
    payload[..payload.len() - 10].to_vec()
}

/// Commands that look at all of a value, and then some that change it.
fn commands(kind: &str) -> &'static [&'static str] {
    match kind {
        "+string\\r\\n" => &["GET key", "STRLEN key", "APPEND key x", "SETRANGE key 3 y"],
        "+list\\r\\n" => &[
            "LRANGE key 0 -1",
            "LLEN key",
            "LINDEX key 1",
            "LPOS key a",
            "LINSERT key BEFORE a x",
            "LSET key 0 y",
            "LREM key 0 1",
            "LPUSH key 5",
            "RPUSH key z",
            "LRANGE key -3 -1",
            "LTRIM key 1 -2",
            "RPOP key 2",
            "LPOP key",
        ],
        "+set\\r\\n" => &[
            "SMEMBERS key",
            "SISMEMBER key a",
            "SCARD key",
            "SRANDMEMBER key 3",
            "SRANDMEMBER key -5",
            "SSCAN key 0",
            "SINTER key key",
            "SADD key 1 a new",
            "SREM key a 1 b",
            "SPOP key 2",
            "SADD key 1 2 3 4 5 6 7 8",
        ],
        "+zset\\r\\n" => &[
            "ZRANGE key 0 -1 WITHSCORES",
            "ZREVRANGE key 0 1",
            "ZRANGEBYSCORE key -inf 2",
            "ZRANGEBYLEX key - +",
            "ZRANK key b",
            "ZSCORE key a",
            "ZCOUNT key 0 inf",
            "ZSCAN key 0",
            "ZRANDMEMBER key -3",
            "ZADD key 2 new 0 a",
            "ZINCRBY key 1 b",
            "ZREM key c",
            "ZREMRANGEBYSCORE key 1 1",
            "ZPOPMIN key",
            "ZADD key 1 g 2 h 3 i 4 j 5 k",
        ],
        "+hash\\r\\n" => &[
            "HGETALL key",
            "HGET key a",
            "HMGET key a b nothing",
            "HSTRLEN key b",
            "HKEYS key",
            "HVALS key",
            "HLEN key",
            "HSCAN key 0",
            "HRANDFIELD key -3 WITHVALUES",
            "HSET key a 5 new x",
            "HINCRBY key a 1",
            "HSETNX key b 1",
            "HDEL key b",
            "HSET key g 1 h 2 i 3 j 4 k 5",
        ],
        "+stream\\r\\n" => &[
            "XLEN key",
            "XRANGE key - +",
            "XREVRANGE key + - COUNT 2",
            "XREAD STREAMS key 0",
            "XINFO STREAM key FULL",
            "XINFO GROUPS key",
            "XPENDING key g",
            "XPENDING key g - + 10",
            "XREADGROUP GROUP g c STREAMS key >",
            "XREADGROUP GROUP g c STREAMS key 0",
            "XAUTOCLAIM key g d 0 0",
            "XACK key g 1-1",
            "XDEL key 1-1",
            "XADD key * a b",
            "XTRIM key MAXLEN 1",
        ],
        other => panic!("a type that RESTORE makes: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::testing::NOW;
    use crate::util::rng::Rng;
    use c_compat::rdb::{write_len, write_string};

    /// More than enough for a run in CI; OXIDIS_FUZZ_CASES sets another number.
    const CASES: u64 = 30_000;

    fn string(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        write_string(&mut out, bytes, None);
        out
    }

    /// Payloads without their footers that other servers made, and as many of our own.
    fn good_payloads(bench: &mut Bench) -> Vec<Vec<u8>> {
        const ZIPLIST: &[u8] = b"\x15\0\0\0\x12\0\0\0\x04\0\x00\x01a\x03\xf2\x02\x01b\x03\xf3\xff";
        const ZIPMAP: &[u8] = b"\x02\x01a\x01\x021xx\x02bc\x05\0value\xff";
        const SET_LISTPACK: &[u8] = b"\x10\0\0\0\x03\0\x81a\x02\x01\x01\x82bc\x03\xff";
        let mut all: Vec<Vec<u8>> = [10, 12, 13].map(|id| [vec![id], string(ZIPLIST)].concat()).into();
        all.push([&[14, 2][..], &string(ZIPLIST), &string(ZIPLIST)].concat());
        all.push([&[9][..], &string(ZIPMAP)].concat());
        all.push([&[20][..], &string(SET_LISTPACK)].concat());
        all.push(b"\x01\x03\x01a\xc0\x05\x02bc".to_vec());
        all.push(b"\x03\x03\x01a\x032.5\x01b\x02-1\x01c\xfe".to_vec());
        for line in [
            "SET key value",
            "SET key 12345",
            "RPUSH key a 1 bcd -70000",
            "RPUSH key a 1 bcd -70000 e 2 f 3 g 4",
            "SADD key 1 -2 300",
            "SADD key 1 5000000000",
            "SADD key a b 1",
            "SADD key a b c d e f 1",
            "HSET key a 1 b x",
            "HSET key a 1 b 2 c 3 d 4 e x f y",
            "ZADD key 1 a 2.5 b -inf c",
            "ZADD key 1 a 2.5 b -inf c 3 d 4 e 1e300 f",
        ] {
            bench.run("DEL key");
            bench.run(line);
            all.push(dumped(bench));
            if line.starts_with("HSET") {
                let ks = &mut bench.ks;
                let hash =
                    ks.write_as::<crate::value::Hash>(0, b"key").expect("a hash").expect("it is there");
                hash.set_expires(b"b", Some(NOW + 100_000));
                all.push(dumped(bench));
            }
        }
        all
    }

    fn damage(payload: &mut Vec<u8>, rng: &mut Rng) {
        for _ in 0..=rng.below(3) {
            let at = rng.below(payload.len() as u64) as usize;
            let byte = match rng.below(3) {
                0 => rng.next_u64() as u8,
                1 => [0x80, 0x81, 0xc0, 0xc3, 0xff, 0xfe, 0xfd, 0, 1, 2][rng.below(10) as usize],
                _ => payload[rng.below(payload.len() as u64) as usize],
            };
            match rng.below(6) {
                0 => drop(payload.drain(at..(at + 1 + rng.below(4) as usize).min(payload.len()))),
                1 => drop(payload.splice(at..at, std::iter::repeat_n(byte, 1 + rng.below(8) as usize))),
                2 => payload[at] = payload[at].wrapping_add(1),
                3 => payload[at] ^= 1 << rng.below(8),
                _ => payload[at] = byte,
            }
            if payload.is_empty() {
                let mut len = Vec::new();
                write_len(&mut len, rng.next_u64());
                *payload = len;
            }
        }
    }

    /// Says which payload it was when its check fails.
    struct Shown<'a>(u64, &'a [u8]);

    impl Drop for Shown<'_> {
        fn drop(&mut self) {
            if std::thread::panicking() {
                eprintln!("seed {}: {}", self.0, self.1.escape_ascii());
            }
        }
    }

    #[test]
    fn a_damaged_payload_is_refused_or_makes_a_sound_value() {
        let cases = std::env::var("OXIDIS_FUZZ_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(CASES);
        let mut bench = bench();
        let good = good_payloads(&mut bench);
        let mut taken = 0;
        for seed in 0..cases {
            let mut rng = Rng::seeded(seed);
            let mut payload = good[rng.below(good.len() as u64) as usize].clone();
            damage(&mut payload, &mut rng);
            let shown = Shown(seed, &payload);
            taken += u64::from(check(&mut bench, payload.clone()));
            drop(shown);
        }
        assert!(taken > cases / 10, "only {taken} of {cases} were taken in");
    }
}
