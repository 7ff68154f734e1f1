//! Both sides of replication over a simulated network and clock: thousands of short lives, one seed each.
//!
//! Three servers, made of nothing but the machines of `oxidis::repl` and a list of numbers for data, live for up to a minute
//! of simulated time. The network delays, splits and cuts; connections die unseen (half-open); servers restart with an old
//! snapshot, a fresh one or none; snapshot children and loads fail; roles change, also so that two primaries write at the
//! same time. Then peace is made, under one primary that goes on writing for a while, and everybody must arrive:
//!
//! - every server's data are exactly the primary's: no write is missing, none came twice, none is out of order;
//! - ids, offsets and backlog bytes are equal;
//! - each PSYNC was answered as the verdict said (partial and full resyncs are counted against it).
//!
//! A failure prints the seed; `REPLICATION_SIM_SEED=n` runs that one alone, with every server's log.

#[path = "replication_sim/net.rs"]
mod net;
#[path = "replication_sim/node.rs"]
mod node;

use net::Net;
use node::Node;
use oxidis::util::rng::Rng;

/// How the servers are arranged when peace is made: who follows whom.
#[derive(Debug, Clone, Copy)]
enum Shape {
    /// Two servers.
    Pair,
    /// 0 <- 1 <- 2
    Chain,
    /// 0 <- 1, 0 <- 2
    Star,
}

struct World {
    rng: Rng,
    now: u64,
    nodes: Vec<Node>,
    net: Net,
    /// The number of the next write.
    next_write: u64,
    /// Which node is followed by each; None for a primary.
    wanted: Vec<Option<usize>>,
    seen: Seen,
}

/// What happened, summed over all seeds: the proof that the faults did occur.
#[derive(Debug, Default, Clone, Copy)]
struct Seen {
    partial: u64,
    full: u64,
    cuts: u64,
    restarts: u64,
    role_changes: u64,
    second_id: u64,
    writes: u64,
}

impl World {
    fn new(seed: u64, shape: Shape) -> World {
        let mut rng = Rng::seeded(seed);
        let wanted = match shape {
            Shape::Pair => vec![None, Some(0)],
            Shape::Chain => vec![None, Some(0), Some(1)],
            Shape::Star => vec![None, Some(0), Some(0)],
        };
        let nodes = (0..wanted.len()).map(|me| Node::new(me, rng.next_u64(), 1000)).collect();
        let mut world = World {
            net: Net::new(rng.next_u64()),
            rng,
            now: 1000,
            nodes,
            next_write: 0,
            wanted,
            seen: Seen::default(),
        };
        for me in 0..world.nodes.len() {
            world.apply_role(me);
        }
        world
    }

    fn apply_role(&mut self, me: usize) {
        match self.wanted[me] {
            Some(primary) => self.nodes[me].follow(primary, self.now, &mut self.net),
            None => self.nodes[me].lead(self.now, &mut self.net),
        }
    }

    /// Some milliseconds pass, and everybody does what is due.
    fn step(&mut self) {
        self.now += 1 + self.rng.below(40);
        self.net.step(self.now);
        for me in 0..self.nodes.len() {
            let node = &mut self.nodes[me];
            let seen = node.step(self.now, &mut self.net);
            self.seen.partial += seen.partial;
            self.seen.full += seen.full;
            self.seen.second_id += seen.second_id;
        }
    }

    fn write_somewhere(&mut self) {
        for me in 0..self.nodes.len() {
            if self.nodes[me].is_primary() && self.rng.below(3) == 0 {
                for _ in 0..1 + self.rng.below(4) {
                    self.next_write += 1;
                    self.seen.writes += 1;
                    let size = if self.rng.below(30) == 0 { 6000 } else { self.rng.below(200) };
                    let (db, transaction) = (self.rng.below(3) as u32, self.rng.below(10) == 0);
                    self.nodes[me].write(self.next_write, db, size as usize, transaction);
                }
            }
        }
    }

    fn fault(&mut self) {
        match self.rng.below(10) {
            0..=3 => self.seen.cuts += self.net.cut_one(self.now, false),
            4 => self.seen.cuts += self.net.cut_one(self.now, true),
            5 | 6 => {
                let me = self.rng.below(self.nodes.len() as u64) as usize;
                self.net.forget(me, self.now);
                let clean = self.rng.below(2) == 0;
                self.nodes[me].restart(self.now, clean);
                self.apply_role(me);
                self.seen.restarts += 1;
            }
            7 => {
                let me = self.rng.below(self.nodes.len() as u64) as usize;
                self.nodes[me].save();
            }
            8 => self.nodes.iter_mut().for_each(|n| n.child_fails_next = true),
            _ => self.change_roles(),
        }
    }

    /// Another server leads, or one more: the old one may go on writing for a while.
    fn change_roles(&mut self) {
        self.seen.role_changes += 1;
        let n = self.nodes.len() as u64;
        let me = self.rng.below(n) as usize;
        let other = self.rng.below(n) as usize;
        self.wanted[me] = None;
        self.apply_role(me);
        if other != me {
            self.wanted[other] = Some(me);
            self.apply_role(other);
        }
    }

    fn make_peace(&mut self) {
        let n = self.nodes.len() as u64;
        let leader = self.rng.below(n) as usize;
        let mut last = leader;
        let chain = self.rng.below(2) == 0;
        self.wanted[leader] = None;
        self.apply_role(leader);
        for me in (0..self.nodes.len()).filter(|me| *me != leader) {
            self.wanted[me] = Some(if chain { last } else { leader });
            self.apply_role(me);
            last = me;
        }
        for node in &mut self.nodes {
            node.faults = false;
            node.child_fails_next = false;
        }
    }

    fn leader(&self) -> usize {
        self.wanted.iter().position(Option::is_none).expect("peace is made under a primary")
    }

    fn all_arrived(&self) -> bool {
        let leader = &self.nodes[self.leader()];
        self.nodes.iter().all(|n| n.arrived_at(leader))
    }
}

fn live(seed: u64, shape: Shape, verbose: bool) -> Seen {
    let mut world = World::new(seed, shape);
    for node in &mut world.nodes {
        node.verbose = verbose;
    }
    let steps = 500 + world.rng.below(2500);
    let faults_one_in = 20 + world.rng.below(200);
    let writes_one_in = 1 + world.rng.below(20);
    for _ in 0..steps {
        if world.rng.below(writes_one_in) == 0 {
            world.write_somewhere();
        }
        if world.rng.below(faults_one_in) == 0 {
            world.fault();
        }
        world.step();
    }
    world.make_peace();
    for _ in 0..50 {
        world.write_somewhere();
        world.step();
    }
    // Half-open links are found by repl-timeout (5 s here), then a full sync may follow at every hop.
    let deadline = world.now + 120_000;
    while !world.all_arrived() {
        assert!(world.now < deadline, "seed {seed} {shape:?}: not everybody arrives:\n{}", report(&world));
        world.step();
    }
    let leader = world.leader();
    for node in &world.nodes {
        node.assert_equal_to(&world.nodes[leader], &format!("seed {seed} {shape:?}"));
    }
    world.seen
}

fn report(world: &World) -> String {
    world.nodes.iter().map(|n| format!("  {}\n", n.describe())).collect()
}

fn many(shape: Shape, seeds: u64) {
    if let Ok(seed) = std::env::var("REPLICATION_SIM_SEED") {
        live(seed.parse().expect("a seed is a number"), shape, true);
        return;
    }
    let mut sum = Seen::default();
    for seed in 0..seeds {
        let seen = live(seed, shape, false);
        sum.partial += seen.partial;
        sum.full += seen.full;
        sum.cuts += seen.cuts;
        sum.restarts += seen.restarts;
        sum.role_changes += seen.role_changes;
        sum.second_id += seen.second_id;
        sum.writes += seen.writes;
    }
    println!("{shape:?}: {sum:?}");
    let each = [sum.partial, sum.full, sum.cuts, sum.restarts, sum.role_changes, sum.second_id];
    assert!(each.iter().all(|&n| n > seeds / 20), "every kind of event occurs: {sum:?}");
}

#[test]
fn a_pair_always_arrives() {
    many(Shape::Pair, 1000);
}

#[test]
fn a_chain_always_arrives() {
    many(Shape::Chain, 1000);
}

#[test]
fn a_star_always_arrives() {
    many(Shape::Star, 1000);
}
