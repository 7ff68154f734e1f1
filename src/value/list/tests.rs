//! Lists beside a naive twin, across conversions, cuts, merges and compression.

use super::*;
use crate::util::rng::Rng;
use std::collections::VecDeque;

struct Pair {
    list: List,
    twin: VecDeque<Vec<u8>>,
    limits: Limits,
}

fn value(rng: &mut Rng) -> Vec<u8> {
    match rng.below(10) {
        0 => Vec::new(),
        1 => b"9223372036854775807".to_vec(),
        2 => vec![b'x'; rng.below(70) as usize],
        3 => vec![b'a' + (rng.below(4) as u8); rng.below(900) as usize],
        4 => (0..rng.below(40)).map(|_| rng.below(256) as u8).collect(),
        _ => rng.below(20).to_string().into_bytes(),
    }
}

fn end(rng: &mut Rng) -> End {
    if rng.below(2) == 0 { End::Head } else { End::Tail }
}

impl Pair {
    fn new(rng: &mut Rng) -> Self {
        let sizes = [-1, -2, -5, 0, 1, 2, 3, 8, 100];
        let limits = Limits {
            max_listpack_size: sizes[rng.below(sizes.len() as u64) as usize],
            compress_depth: [0, 0, 1, 2, 3][rng.below(5) as usize],
            packed_threshold: [PACKED_THRESHOLD, 60, 5][rng.below(3) as usize],
        };
        Pair { list: List::new(), twin: VecDeque::new(), limits }
    }

    fn push(&mut self, end: End, bytes: &[u8]) {
        self.list.grow(&self.limits, 1, bytes.len());
        self.list.push(&self.limits, end, Entry::Str(bytes));
        match end {
            End::Head => self.twin.push_front(bytes.to_vec()),
            End::Tail => self.twin.push_back(bytes.to_vec()),
        }
    }

    fn pop(&mut self, end: End) {
        let popped = self.list.pop(end, |entry| entry.to_vec());
        let expected = match end {
            End::Head => self.twin.pop_front(),
            End::Tail => self.twin.pop_back(),
        };
        assert_eq!(popped, expected);
        if !self.list.is_empty() {
            self.list.shrink(&self.limits);
        }
    }

    fn insert(&mut self, index: usize, side: End, bytes: &[u8]) {
        self.list.grow(&self.limits, 1, bytes.len());
        self.list.insert(&self.limits, index, side, bytes);
        self.twin.insert(index + usize::from(side == End::Tail), bytes.to_vec());
    }

    fn set(&mut self, index: usize, bytes: &[u8]) {
        self.list.grow(&self.limits, 1, bytes.len());
        self.list.set(&self.limits, index, bytes);
        self.list.shrink(&self.limits);
        self.twin[index] = bytes.to_vec();
    }

    fn remove(&mut self, bytes: &[u8], limit: usize, from: End) {
        let removed = self.list.remove(bytes, limit, from);
        let mut expected = 0;
        let matching: Vec<usize> = (0..self.twin.len()).filter(|i| self.twin[*i] == bytes).collect();
        let chosen: Vec<usize> = match from {
            End::Head => matching.into_iter().take(limit).collect(),
            End::Tail => matching.into_iter().rev().take(limit).collect(),
        };
        let mut index = 0;
        self.twin.retain(|_| {
            let keep = !chosen.contains(&index);
            index += 1;
            expected += usize::from(!keep);
            keep
        });
        assert_eq!(removed, expected);
        if !self.list.is_empty() {
            self.list.shrink(&self.limits);
        }
    }

    fn range(&mut self, start: usize, count: usize, towards: End) {
        let mut shown = Vec::new();
        self.list.range(start, count, towards, |entry| shown.push(entry.to_vec()));
        let expected: Vec<Vec<u8>> = match towards {
            End::Tail => self.twin.iter().skip(start).take(count).cloned().collect(),
            End::Head if start < self.twin.len() => {
                self.twin.iter().rev().skip(self.twin.len() - 1 - start).take(count).cloned().collect()
            }
            End::Head => Vec::new(),
        };
        assert_eq!(shown, expected, "from {start}, {count} of {}", self.twin.len());
    }

    fn check(&self) {
        self.list.check();
        assert_eq!(self.list.len(), self.twin.len());
        let mut twin = self.twin.iter();
        self.list.each(|entry| assert_eq!(Some(&entry.to_vec()), twin.next()));
        assert!(twin.next().is_none());
    }
}

#[test]
fn a_list_is_what_its_naive_twin_is_whatever_its_limits() {
    for seed in 0..80 {
        let mut rng = Rng::seeded(seed);
        let mut pair = Pair::new(&mut rng);
        // Phases in which lists mostly grow and mostly shrink, so that all encodings are passed in both directions.
        for step in 0..400 {
            let grows = step / 100 % 2 == 0;
            let len = pair.twin.len();
            let bytes = value(&mut rng);
            let at = rng.below(len.max(1) as u64) as usize;
            match rng.below(if grows { 10 } else { 16 }) {
                0..=4 => pair.push(end(&mut rng), &bytes),
                5..=6 if len > 0 => pair.insert(at, end(&mut rng), &bytes),
                7 if len > 0 => pair.set(at, &bytes),
                8 => pair.range(at, rng.below(30) as usize, end(&mut rng)),
                9 => assert_eq!(pair.list.position(&bytes), pair.twin.iter().position(|v| *v == bytes)),
                10 if len > 0 => {
                    let count = rng.below(10) as usize;
                    pair.list.delete_range(at, count);
                    pair.twin.drain(at..(at + count).min(len));
                    if !pair.list.is_empty() {
                        pair.list.shrink(&pair.limits);
                    }
                }
                11 => pair.remove(&bytes, 1 + rng.below(3) as usize, end(&mut rng)),
                12 => pair.remove(&bytes, usize::MAX, End::Head),
                _ => pair.pop(end(&mut rng)),
            }
            if pair.list.is_empty() {
                pair.list = List::new();
            }
            if step % 10 == 9 {
                pair.check();
            }
        }
    }
}

#[test]
fn a_copy_of_its_nodes_loads_as_the_same_list() {
    for seed in 0..50 {
        let mut rng = Rng::seeded(seed);
        let mut pair = Pair::new(&mut rng);
        for _ in 0..rng.below(300) {
            let bytes = value(&mut rng);
            pair.push(end(&mut rng), &bytes);
        }
        let mut loading = List::loading(&pair.limits);
        for node in pair.list.nodes() {
            match node {
                NodeRef::Packed(pack) => loading.packed(pack.clone()),
                NodeRef::Plain(bytes) => loading.plain(bytes),
                NodeRef::Compressed(inner) => {
                    let bytes = c_compat::lzf::decompress(&inner.lzf, inner.len).expect("compressed here");
                    if inner.plain {
                        loading.plain(&bytes);
                    } else {
                        loading.packed(Listpack::from_bytes(&bytes).expect("a listpack"));
                    }
                }
            }
        }
        pair.list = loading.finish();
        pair.check();
    }
}

#[test]
fn the_encoding_changes_at_the_limit_and_back_at_half_of_it() {
    let limits = Limits { max_listpack_size: 4, ..Limits::default() };
    let mut pair = Pair { list: List::new(), twin: VecDeque::new(), limits };
    for _ in 0..4 {
        pair.push(End::Tail, b"a");
    }
    assert_eq!(pair.list.encoding(), Encoding::Listpack);
    pair.push(End::Tail, b"a");
    assert_eq!(pair.list.encoding(), Encoding::Quicklist);
    pair.pop(End::Tail);
    pair.pop(End::Tail);
    assert_eq!(pair.list.encoding(), Encoding::Quicklist);
    pair.pop(End::Tail);
    assert_eq!(pair.list.encoding(), Encoding::Listpack);
}

#[test]
fn an_element_in_the_middle_of_many_nodes_is_found_from_either_end() {
    let limits = Limits { max_listpack_size: 1, ..Limits::default() };
    let mut pair = Pair { list: List::new(), twin: VecDeque::new(), limits };
    for i in 0..2000 {
        pair.push(if i % 3 == 0 { End::Head } else { End::Tail }, i.to_string().as_bytes());
    }
    for i in (0..2000).step_by(7) {
        pair.range(i, 2, End::Tail);
        pair.insert(i, End::Head, b"x");
    }
    pair.check();
    pair.list.delete_range(100, 1500);
    pair.twin.drain(100..1600);
    pair.check();
}
