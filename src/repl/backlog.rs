//! The replication backlog: the last bytes of the stream, kept once, for every replica to read.
//!
//! It is a ring of memory (`sys::mmap::RingMap`, so that any window of it is one slice). The stream is numbered from 1:
//! byte n is the n-th byte of the history, and the window held is `[first, end)`, where `end` is the byte to be written
//! next (`master_repl_offset + 1`). A replica is no queue but a number, its *cursor*: the next byte it has to be sent.
//!
//! ```text
//!                 first        hold                    end
//!                   v            v                      v
//!   ... gone ... [ d d d d d d d d d d d d d d d d d d ] (free up to capacity)
//!                   |<--------- histlen -------------->|
//!                                |<--- unread by the --->|
//!                                |    slowest replica    |
//! ```
//!
//! Normally the window is as long as `repl-backlog-size`. It is longer only while an attached replica has not yet read
//! its beginning: `hold` is the lowest cursor, nothing from there on is overwritten, and when the ring has no room for
//! that it grows, up to a limit that the caller gives. When the replica has read on, the ring shrinks back.
//!
//! What always holds:
//! 1. `1 <= first <= end`, and `end - first <= capacity`.
//! 2. The bytes `[first, end)` are exactly those appended, in order, and byte `end - 1` lies just before `write_at`.
//! 3. `hold`, when set, is in `[first, end]`: the unread part of an attached replica is never overwritten.
//! 4. After an append, `end - first <= max(size, end - hold)`: no more is shown than was configured, or than is held.
//! 5. `capacity >= size >= MIN_SIZE`.
//! 6. `end` never goes back, nor does `first` (but for `rebase`, which moves both).

use crate::sys::mmap::{RingMap, round_to_pages};
use std::io;

/// The least size that a backlog is given, whatever repl-backlog-size says.
pub const MIN_SIZE: usize = 16 * 1024;

pub struct Backlog {
    ring: RingMap,
    /// Where in the ring byte `end` will be written.
    write_at: usize,
    /// repl-backlog-size, at least MIN_SIZE. The ring may be larger: whole pages, or grown.
    size: usize,
    first: i64,
    end: i64,
    hold: Option<i64>,
    /// The ring has been written to its end: all of it is in memory.
    filled: bool,
}

/// The bytes `[first, end)` of the stream, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub first: i64,
    pub end: i64,
}

impl Window {
    /// How many bytes the window holds: INFO's repl_backlog_histlen.
    pub fn len(&self) -> i64 {
        self.end - self.first
    }

    pub fn is_empty(&self) -> bool {
        self.first == self.end
    }
}

impl Backlog {
    /// An empty backlog whose first byte will be byte `next` of the stream.
    pub fn new(size: usize, next: i64) -> io::Result<Backlog> {
        assert!(next >= 1, "stream bytes are numbered from 1");
        let size = size.max(MIN_SIZE);
        Ok(Backlog {
            ring: RingMap::new(size)?,
            write_at: 0,
            size,
            first: next,
            end: next,
            hold: None,
            filled: false,
        })
    }

    pub fn window(&self) -> Window {
        Window { first: self.first, end: self.end }
    }

    /// repl-backlog-size as honoured: INFO's repl_backlog_size.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Bytes mapped: more than `size` while a slow replica holds them.
    pub fn capacity(&self) -> usize {
        self.ring.capacity()
    }

    /// Bytes of memory in use: pages that were never written take none.
    pub fn memory(&self) -> usize {
        if self.filled { self.ring.capacity() } else { self.write_at }
    }

    /// The stream from byte `from` on, at most `max` bytes of it, as one slice; empty when `from` is the end.
    pub fn read(&self, from: i64, max: usize) -> &[u8] {
        assert!(from >= self.first && from <= self.end, "a cursor lies inside the window");
        let unread = (self.end - from) as usize;
        self.ring.slice(self.place(from), unread.min(max))
    }

    /// Whether `len` more bytes can be appended without overwriting what is held.
    pub fn fits(&self, len: usize) -> bool {
        self.hold.is_none() || self.held() + len <= self.ring.capacity()
    }

    /// Bytes that the slowest attached replica has not read, as far as `hold` has been told.
    pub fn held(&self) -> usize {
        self.hold.map_or(0, |hold| (self.end - hold) as usize)
    }

    /// Writes the next bytes of the stream: one copy, and the oldest bytes beyond `size` leave the window.
    /// The caller has made room first: `fits` holds.
    pub fn append(&mut self, bytes: &[u8]) {
        assert!(self.fits(bytes.len()), "what a replica has not read is not overwritten");
        // Of what is longer than the ring only the end can be kept (nothing is held then, or it would not fit).
        let kept = &bytes[bytes.len().saturating_sub(self.ring.capacity())..];
        self.ring.write(self.write_at, kept);
        self.filled |= self.write_at + kept.len() >= self.ring.capacity();
        self.write_at = self.wrap(self.write_at + kept.len());
        self.end += bytes.len() as i64;
        self.trim();
    }

    /// Tells the lowest cursor of all attached replicas: from there on nothing is overwritten. None when there is none.
    pub fn hold(&mut self, lowest: Option<i64>) {
        if let Some(cursor) = lowest {
            assert!(cursor >= self.first && cursor <= self.end, "a cursor lies inside the window");
        }
        self.hold = lowest;
        self.trim();
    }

    /// Grows the ring so that `len` more bytes fit beside what is held. It grows by doubling, so that the copying is paid
    /// once for each byte of growth, but not beyond what `limit` bytes of unread stream need.
    pub fn grow_for(&mut self, len: usize, limit: usize) -> io::Result<()> {
        if self.fits(len) {
            return Ok(());
        }
        let need = self.held() + len;
        let doubled = self.ring.capacity().saturating_mul(2);
        self.rehouse(need.max(doubled.min(limit)))
    }

    /// Gives back what the ring has grown beyond `size`, once nothing held needs it.
    pub fn shrink(&mut self) -> io::Result<()> {
        self.trim();
        let normal = round_to_pages(self.size).unwrap_or(usize::MAX);
        if self.ring.capacity() > normal && self.window().len() as usize <= self.size {
            self.rehouse(self.size)?;
        }
        Ok(())
    }

    /// Changes repl-backlog-size at run time; as much of the history as fits stays.
    pub fn resize(&mut self, size: usize) -> io::Result<()> {
        let size = size.max(MIN_SIZE);
        let kept = self.first_after_trim(size);
        let need = size.max((self.end - kept) as usize);
        if round_to_pages(need) != Some(self.ring.capacity()) {
            let before = std::mem::replace(&mut self.size, size);
            self.trim();
            if let Err(error) = self.rehouse(need) {
                self.size = before;
                return Err(error);
            }
        }
        self.size = size;
        self.trim();
        Ok(())
    }

    /// Renumbers the stream by `by`: a primary that restarted from a snapshot finds the offset it had only after it has
    /// begun its stream.
    pub fn rebase(&mut self, by: i64) {
        self.first += by;
        self.end += by;
        self.hold = self.hold.map(|cursor| cursor + by);
        assert!(self.first >= 1, "stream bytes are numbered from 1");
    }

    /// Where the window would begin if `size` were configured.
    fn first_after_trim(&self, size: usize) -> i64 {
        let shown = self.end - size as i64;
        let wanted = self.hold.map_or(shown, |hold| shown.min(hold));
        self.first.max(wanted)
    }

    fn trim(&mut self) {
        self.first = self.first_after_trim(self.size);
        debug_assert!(self.window().len() as usize <= self.ring.capacity());
    }

    /// Moves the window into a ring of `capacity` bytes, which must hold it.
    fn rehouse(&mut self, capacity: usize) -> io::Result<()> {
        let mut ring = RingMap::new(capacity)?;
        let len = self.window().len() as usize;
        assert!(len <= ring.capacity(), "the new ring holds the window");
        ring.write(0, self.read(self.first, len));
        self.filled = len == ring.capacity();
        self.write_at = if self.filled { 0 } else { len };
        self.ring = ring;
        Ok(())
    }

    /// The place in the ring of byte `offset`, which lies in the window.
    fn place(&self, offset: i64) -> usize {
        let back = (self.end - offset) as usize;
        if back <= self.write_at { self.write_at - back } else { self.write_at + self.ring.capacity() - back }
    }

    fn wrap(&self, at: usize) -> usize {
        if at >= self.ring.capacity() { at - self.ring.capacity() } else { at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::util::rng::Rng;

    /// What a backlog should be: the whole stream, and the rule of the window.
    struct Naive {
        stream: Vec<u8>,
        base: i64,
    }

    impl Naive {
        fn end(&self) -> i64 {
            self.base + self.stream.len() as i64
        }
        fn bytes(&self, from: i64, len: usize) -> &[u8] {
            let at = (from - self.base) as usize;
            &self.stream[at..at + len]
        }
    }

    fn check(backlog: &Backlog, naive: &Naive, hold: Option<i64>) {
        let w = backlog.window();
        assert_eq!(w.end, naive.end());
        assert!(1 <= w.first && w.first <= w.end);
        assert!(w.len() as usize <= backlog.capacity());
        assert!(backlog.capacity() >= backlog.size() && backlog.size() >= MIN_SIZE);
        if let Some(hold) = hold {
            assert!(w.first <= hold && hold <= w.end, "{hold} in {w:?}");
        }
        assert_eq!(backlog.read(w.first, usize::MAX), naive.bytes(w.first, w.len() as usize));
        assert_eq!(backlog.read(w.end, usize::MAX), b"");
    }

    #[test]
    fn against_a_naive_twin_by_seed() {
        for seed in 0..300 {
            let mut rng = Rng::seeded(seed);
            let start = 1 + rng.below(1000) as i64;
            let mut backlog = Backlog::new(rng.below(40_000) as usize, start).unwrap();
            let mut naive = Naive { stream: Vec::new(), base: start };
            let mut hold: Option<i64> = None;
            for _ in 0..60 {
                match rng.below(10) {
                    0 => {
                        let size = rng.below(100_000) as usize;
                        backlog.resize(size).unwrap();
                    }
                    1 => {
                        let w = backlog.window();
                        hold = Some(w.first + rng.below(w.len() as u64 + 1) as i64);
                        backlog.hold(hold);
                    }
                    2 => {
                        hold = None;
                        backlog.hold(None);
                        backlog.shrink().unwrap();
                        assert_eq!(
                            Some(backlog.capacity()),
                            round_to_pages(backlog.size()),
                            "shrinks to size"
                        );
                    }
                    3 => {
                        // A replica reads on: its cursor moves.
                        hold = hold.map(|c| c + rng.below((naive.end() - c) as u64 + 1) as i64);
                        backlog.hold(hold);
                        backlog.shrink().unwrap();
                    }
                    _ => {
                        let big = rng.below(20) == 0;
                        let len = rng.below(if big { 120_000 } else { 9_000 }) as usize;
                        let bytes: Vec<u8> = (0..len).map(|_| rng.below(256) as u8).collect();
                        if !backlog.fits(len) {
                            backlog.grow_for(len, 64 * 1024).unwrap();
                        }
                        backlog.append(&bytes);
                        naive.stream.extend_from_slice(&bytes);
                        let w = backlog.window();
                        let held = hold.map_or(0, |h| w.end - h);
                        assert!(w.len() <= (backlog.size() as i64).max(held), "seed {seed}");
                    }
                }
                check(&backlog, &naive, hold);
            }
        }
    }

    #[test]
    fn the_window_is_the_configured_size_to_the_byte() {
        let mut backlog = Backlog::new(20_000, 1).unwrap();
        assert_eq!(backlog.window(), Window { first: 1, end: 1 });
        backlog.append(&[b'x'; 20_000]);
        assert_eq!(backlog.window(), Window { first: 1, end: 20_001 });
        backlog.append(b"y");
        assert_eq!(backlog.window(), Window { first: 2, end: 20_002 });
    }

    #[test]
    fn a_slow_replica_makes_the_ring_grow_and_its_reading_makes_it_shrink() {
        let mut backlog = Backlog::new(MIN_SIZE, 1).unwrap();
        backlog.hold(Some(1));
        let mut grown = 0;
        for _ in 0..100 {
            let chunk = [b'z'; 1000];
            if !backlog.fits(chunk.len()) {
                backlog.grow_for(chunk.len(), 1 << 20).unwrap();
                grown += 1;
            }
            backlog.append(&chunk);
        }
        assert_eq!(backlog.window(), Window { first: 1, end: 100_001 });
        assert_eq!(grown, 3, "doubling: 32, 64, 128 KB");
        backlog.hold(Some(100_001));
        backlog.shrink().unwrap();
        assert_eq!(backlog.capacity(), MIN_SIZE);
        assert_eq!(backlog.window().len() as usize, MIN_SIZE);
    }

    #[test]
    fn resizing_keeps_the_newest_bytes() {
        let mut backlog = Backlog::new(64 * 1024, 1).unwrap();
        let stream: Vec<u8> = (0..100_000u32).map(|i| (i % 250) as u8).collect();
        backlog.append(&stream);
        backlog.resize(MIN_SIZE).unwrap();
        assert_eq!(backlog.read(backlog.window().first, usize::MAX), &stream[100_000 - MIN_SIZE..]);
        backlog.resize(1 << 20).unwrap();
        assert_eq!(backlog.window().len() as usize, MIN_SIZE, "what is gone does not come back");
        backlog.append(&stream);
        assert_eq!(backlog.window().len() as usize, MIN_SIZE + 100_000);
    }
}
