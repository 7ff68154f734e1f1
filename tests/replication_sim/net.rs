//! A network of byte streams: in order, but late, in pieces, and not for ever.

use oxidis::util::rng::Rng;
use std::collections::{HashMap, VecDeque};

/// One end of a connection, as its owner names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct End {
    pub conn: u64,
    /// The end that connected, or the one that was connected to.
    pub active: bool,
}

impl End {
    fn other(self) -> End {
        End { conn: self.conn, active: !self.active }
    }
}

/// What the owner of an end is told.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    Connected,
    Accepted,
    Bytes(Vec<u8>),
    Closed,
}

#[derive(Default)]
struct Pipe {
    flying: VecDeque<(u64, Vec<u8>)>,
    last_at: u64,
    arrived: Vec<u8>,
}

struct Conn {
    ends: [usize; 2],
    /// Towards the active end, and towards the passive one.
    pipes: [Pipe; 2],
    established_at: u64,
    announced: [bool; 2],
    /// Bytes no longer travel. Each end learns it at its time, if ever.
    dead: bool,
    closed_at: [Option<u64>; 2],
    /// The end has closed, or has been told: it says and hears nothing more.
    gone: [bool; 2],
}

pub struct Net {
    rng: Rng,
    conns: HashMap<u64, Conn>,
    next: u64,
    now: u64,
}

fn side(active: bool) -> usize {
    usize::from(!active)
}

impl Net {
    pub fn new(seed: u64) -> Net {
        Net { rng: Rng::seeded(seed), conns: HashMap::new(), next: 1, now: 0 }
    }

    /// A connection from one node to another, on its way.
    pub fn connect(&mut self, from: usize, to: usize) -> u64 {
        let id = self.next;
        self.next += 1;
        let established_at = self.now + 1 + self.rng.below(100);
        let conn = Conn {
            ends: [from, to],
            pipes: Default::default(),
            established_at,
            announced: [false; 2],
            dead: false,
            closed_at: [None; 2],
            gone: [false; 2],
        };
        self.conns.insert(id, conn);
        id
    }

    /// Sends some of the bytes: how many were taken. A dead connection takes them, until its end learns of it.
    pub fn send(&mut self, end: End, bytes: &[u8]) -> usize {
        let Some(conn) = self.conns.get_mut(&end.conn) else { return bytes.len() };
        if bytes.is_empty() || self.rng.below(8) == 0 {
            return 0;
        }
        let n = if self.rng.below(4) == 0 {
            1 + self.rng.below(bytes.len() as u64) as usize
        } else {
            bytes.len()
        };
        if conn.dead {
            // Who sends into the void is told by a reset, sometimes.
            if conn.closed_at[side(end.active)].is_none() && self.rng.below(10) == 0 {
                conn.closed_at[side(end.active)] = Some(self.now + self.rng.below(500));
            }
            return n;
        }
        let pipe = &mut conn.pipes[side(end.other().active)];
        pipe.last_at = pipe.last_at.max(self.now + 1 + self.rng.below(60));
        pipe.flying.push_back((pipe.last_at, bytes[..n].to_vec()));
        n
    }

    pub fn close(&mut self, end: End) {
        let Some(conn) = self.conns.get_mut(&end.conn) else { return };
        conn.gone[side(end.active)] = true;
        if !conn.dead {
            // What was sent before still arrives.
            let last = conn.pipes[side(end.other().active)].last_at.max(self.now);
            conn.closed_at[side(end.other().active)].get_or_insert(last + 1 + self.rng.below(100));
        }
    }

    /// Cuts a connection. Both ends learn it sooner or later; a half-open one, perhaps neither.
    pub fn cut_one(&mut self, now: u64, half_open: bool) -> u64 {
        let mut ids: Vec<u64> = self.conns.iter().filter(|(_, c)| !c.dead).map(|(id, _)| *id).collect();
        ids.sort_unstable();
        if ids.is_empty() {
            return 0;
        }
        let id = ids[self.rng.below(ids.len() as u64) as usize];
        let conn = self.conns.get_mut(&id).expect("just listed");
        conn.dead = true;
        for side in 0..2 {
            conn.pipes[side].flying.clear();
            if !half_open || self.rng.below(3) == 0 {
                conn.closed_at[side].get_or_insert(now + self.rng.below(3000));
            }
        }
        1
    }

    /// A node has restarted: its ends are no more.
    pub fn forget(&mut self, node: usize, now: u64) {
        self.now = now;
        let mut mine: Vec<End> = Vec::new();
        for (&conn, c) in &self.conns {
            for active in [true, false] {
                if c.ends[side(active)] == node && !c.gone[side(active)] {
                    mine.push(End { conn, active });
                }
            }
        }
        mine.sort_unstable_by_key(|e| (e.conn, e.active));
        mine.into_iter().for_each(|end| self.close(end));
    }

    pub fn step(&mut self, now: u64) {
        self.now = now;
        self.conns.retain(|_, c| c.gone != [true, true]);
        for conn in self.conns.values_mut() {
            for pipe in &mut conn.pipes {
                while pipe.flying.front().is_some_and(|(at, _)| *at <= now) {
                    pipe.arrived.extend(pipe.flying.pop_front().expect("just seen").1);
                }
            }
        }
    }

    /// What the ends of a node hear now. Bytes come in pieces; the closing comes after all of them.
    pub fn hear(&mut self, node: usize) -> Vec<(End, Heard)> {
        let mut heard = Vec::new();
        let mut ids: Vec<u64> = self.conns.keys().copied().collect();
        ids.sort_unstable();
        for id in ids {
            let conn = self.conns.get_mut(&id).expect("just listed");
            for active in [true, false] {
                let s = side(active);
                if conn.ends[s] != node || conn.gone[s] || self.now < conn.established_at {
                    continue;
                }
                let end = End { conn: id, active };
                if !(conn.announced[s] || conn.dead && active) {
                    conn.announced[s] = true;
                    heard.push((end, if active { Heard::Connected } else { Heard::Accepted }));
                }
                let arrived = &mut conn.pipes[s].arrived;
                if !arrived.is_empty() {
                    let whole = self.rng.below(2) == 0;
                    let n =
                        if whole { arrived.len() } else { 1 + self.rng.below(arrived.len() as u64) as usize };
                    heard.push((end, Heard::Bytes(arrived.drain(..n).collect())));
                } else if conn.closed_at[s].is_some_and(|at| at <= self.now) {
                    conn.gone[s] = true;
                    heard.push((end, Heard::Closed));
                }
            }
        }
        heard
    }
}
