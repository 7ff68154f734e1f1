//! Streams beside a plain list of entries, under whatever happens to them.

use super::*;
use crate::util::rng::Rng;

type Pairs = Vec<Vec<u8>>;

/// What a stream must be, the simple way.
#[derive(Default)]
struct Twin {
    entries: Vec<(StreamId, Pairs)>,
    last_id: StreamId,
    added: u64,
}

fn pairs(rng: &mut Rng) -> Pairs {
    let fields = 1 + rng.below(3);
    let mut all = Pairs::new();
    for n in 0..fields {
        all.push(
            if rng.below(4) == 0 { format!("f{}", rng.below(3)) } else { format!("field{n}") }.into_bytes(),
        );
        all.push(match rng.below(4) {
            0 => rng.below(100_000).to_string().into_bytes(),
            1 => vec![b'x'; rng.below(200) as usize],
            _ => format!("value {}", rng.below(1000)).into_bytes(),
        });
    }
    all
}

fn contents<'a>(entries: impl Iterator<Item = EntryRef<'a>>) -> Vec<(StreamId, Pairs)> {
    let one = |entry: EntryRef<'a>| {
        let pairs = entry.fields().flat_map(|(field, value)| [field.to_vec(), value.to_vec()]).collect();
        (entry.id, pairs)
    };
    entries.map(one).collect()
}

impl Twin {
    fn between(&self, start: StreamId, end: StreamId) -> Vec<(StreamId, Pairs)> {
        self.entries.iter().filter(|(id, _)| (start..=end).contains(id)).cloned().collect()
    }

    fn check(&self, stream: &Stream, rng: &mut Rng, shown: &str) {
        assert_eq!(stream.entries(), self.entries.len() as u64, "{shown}");
        assert_eq!(stream.last_id, self.last_id, "{shown}");
        assert_eq!(stream.entries_added, self.added, "{shown}");
        let first = self.entries.first().map_or(StreamId::MIN, |(id, _)| *id);
        assert_eq!(stream.first_id, first, "{shown}");
        assert_eq!(stream.last_entry_id(), self.entries.last().map(|(id, _)| *id), "{shown}");
        let (start, end) = (self.some_id(rng), self.some_id(rng));
        let mut expected = self.between(start, end);
        assert_eq!(contents(stream.range(start, end)), expected, "{shown}: {start} to {end}");
        expected.reverse();
        assert_eq!(contents(stream.range_rev(start, end)), expected, "{shown}: {end} to {start}");
    }

    /// Mostly one that is or was there, or is near one.
    fn some_id(&self, rng: &mut Rng) -> StreamId {
        match rng.below(8) {
            0 => StreamId::MIN,
            1 => StreamId::MAX,
            _ => StreamId::new(rng.below(self.last_id.ms + 2), rng.below(3)),
        }
    }
}

#[test]
fn a_stream_is_what_a_list_of_its_entries_would_be() {
    for seed in 0..200 {
        let mut rng = Rng::seeded(seed);
        let limits = Limits {
            node_max_bytes: [0, 150, 600, 4096][rng.below(4) as usize],
            node_max_entries: [0, 1, 3, 10][rng.below(4) as usize],
        };
        let (mut stream, mut twin) = (Stream::new(), Twin::default());
        for step in 0..150 {
            let shown = format!("seed {seed}, step {step}");
            match rng.below(20) {
                0..12 => {
                    let id = match rng.below(4) {
                        0 => NewId::At(twin.last_id.ms),
                        1 => NewId::Given(StreamId::new(twin.last_id.ms + rng.below(2), 1 + rng.below(2))),
                        _ => NewId::Auto(twin.last_id.ms + rng.below(3)),
                    };
                    let pairs = pairs(&mut rng);
                    match stream.append(id, pairs.iter().map(Vec::as_slice), &limits) {
                        Ok(id) => {
                            assert!(id > twin.last_id, "{shown}");
                            twin.entries.push((id, pairs));
                            (twin.last_id, twin.added) = (id, twin.added + 1);
                        }
                        Err(error) => assert_eq!(error, AppendError::NotGreater, "{shown}"),
                    }
                }
                12..16 => {
                    let id = twin.some_id(&mut rng);
                    let before = twin.entries.len();
                    twin.entries.retain(|(other, _)| *other != id);
                    assert_eq!(stream.remove(id), twin.entries.len() < before, "{shown}: {id}");
                    stream.update_first_id();
                }
                16 => {
                    let max = rng.below(twin.entries.len() as u64 + 2);
                    let gone = twin.entries.len().saturating_sub(max as usize);
                    twin.entries.drain(..gone);
                    assert_eq!(stream.trim(Trim::MaxLen(max), false, None), gone as u64, "{shown}");
                }
                17 => {
                    let min = twin.some_id(&mut rng);
                    let before = twin.entries.len();
                    twin.entries.retain(|(id, _)| *id >= min);
                    let gone = before - twin.entries.len();
                    assert_eq!(stream.trim(Trim::MinId(min), false, None), gone as u64, "{shown}");
                }
                18 => {
                    let (max, limit) = (rng.below(twin.entries.len() as u64 + 2), rng.below(20));
                    let gone = stream.trim(Trim::MaxLen(max), true, Some(limit)) as usize;
                    assert!(
                        gone as u64 <= limit && gone <= twin.entries.len().saturating_sub(max as usize),
                        "{shown}"
                    );
                    twin.entries.drain(..gone);
                }
                _ => {
                    // XSETID gives ids out again that were deleted.
                    let last = twin.entries.last().map_or(StreamId::MIN, |(id, _)| *id);
                    if rng.below(3) == 0 {
                        (stream.last_id, twin.last_id) = (last, last);
                    }
                }
            }
            twin.check(&stream, &mut rng, &shown);
        }
        let mut loaded = Stream::new();
        for node in stream.nodes() {
            assert!(loaded.add_loaded(node.id(), node.as_bytes()), "seed {seed}");
        }
        assert_eq!(contents(loaded.range(StreamId::MIN, StreamId::MAX)), twin.entries, "seed {seed}");
        assert!(stream.memory(5) > 0 && stream.free_effort() == stream.nodes().len());
    }
}

#[test]
fn a_node_has_redis_s_bytes() {
    let mut stream = Stream::new();
    let limits = Limits::default();
    for (id, pairs) in [
        (StreamId::new(5, 1), [b"a".as_slice(), b"1", b"b", b"x"].as_slice()),
        (StreamId::new(5, 3), &[b"a", b"-7", b"b", b"y"]),
        (StreamId::new(9, 0), &[b"c", b"300"]),
    ] {
        stream.append(NewId::Given(id), pairs.iter().copied(), &limits).expect("ids grow");
    }
    assert!(stream.remove(StreamId::new(5, 3)));
    let node = stream.nodes().next().expect("one node");
    assert_eq!(node.id(), StreamId::new(5, 1));
    // DUMP of redis-server 7.0.15 has this listpack.
    let expected: &[u8] = b"\x41\0\0\0\x19\0\x02\x01\x01\x01\x02\x01\x81a\x02\x81b\x02\x00\x01\
        \x02\x01\x00\x01\x00\x01\x01\x01\x81x\x02\x05\x01\
        \x03\x01\x00\x01\x02\x01\xdf\xf9\x02\x81y\x02\x05\x01\
        \x00\x01\x04\x01\xdf\xff\x02\x01\x01\x81c\x02\xc1\x2c\x02\x06\x01\xff";
    assert_eq!(node.as_bytes().escape_ascii().to_string(), expected.escape_ascii().to_string());
}

#[test]
fn a_node_that_is_not_sound_is_refused() {
    let mut stream = Stream::new();
    for n in 1..4 {
        let pairs: [&[u8]; 2] = [b"field", if n == 2 { b"value" } else { b"2" }];
        stream.append(NewId::At(n), pairs.into_iter(), &Limits::default()).expect("ids grow");
    }
    let good = stream.nodes().next().expect("one node").as_bytes().to_vec();
    let id = StreamId::new(1, 0);
    assert!(Node::from_bytes(id, &good).is_some());
    for at in 0..good.len() {
        for byte in 0..=255 {
            let mut bad = good.clone();
            bad[at] = byte;
            // Whatever is taken can be walked over, trimmed and added to.
            let mut stream = Stream::new();
            if stream.add_loaded(id, &bad) {
                let forth = contents(stream.range(StreamId::MIN, StreamId::MAX)).len();
                let back = contents(stream.range_rev(StreamId::MIN, StreamId::MAX)).len();
                assert_eq!((forth, back), (stream.entries() as usize, forth), "{at} {byte}");
                let pairs: [&[u8]; 2] = [b"field", b"value"];
                let _ = stream.append(NewId::Auto(9), pairs.into_iter(), &Limits::default());
                stream.trim(Trim::MaxLen(1), false, None);
                stream.trim(Trim::MinId(StreamId::new(2, 0)), false, None);
            }
        }
        assert!(Node::from_bytes(id, &good[..at]).is_none());
    }
}
