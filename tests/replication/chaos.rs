//! A group of servers of both programs to which, by seed, everything happens that happens to servers: links cut at
//! any byte or held, processes killed, stopped and restarted, replicas moved and promoted, options changed. When it
//! is over, all must come to hold what the primary holds.

use crate::harness::load::{Load, Profile, fill};
use crate::harness::{PATIENCE, Program, Proxy, Rng, Server, seeds, wait_for, wait_in_sync};
use nix::sys::signal::Signal;
use std::time::Duration;

const EVENTS: usize = 30;
const CONFIG: &[&str] =
    &["repl-timeout 5", "repl-ping-replica-period 1", "loading-process-events-interval-bytes 1024"];

struct Node {
    server: Server,
    /// The link to its primary; none for the primary of all.
    link: Option<(usize, Proxy)>,
}

struct Group {
    nodes: Vec<Node>,
    rng: Rng,
    load: Option<Load>,
    written: u64,
    log: Vec<String>,
}

impl Group {
    fn new(seed: u64) -> Group {
        let mut rng = Rng::new(seed);
        let programs = [Program::Oxidis, Program::Redis, Program::Oxidis, Program::Redis];
        let first = rng.below(4);
        let nodes = (0..4)
            .map(|i| Node { server: Server::start(programs[(i + first) % 4], CONFIG), link: None })
            .collect();
        let mut group = Group { nodes, rng, load: None, written: 0, log: Vec::new() };
        fill(&mut group.nodes[0].server.client(), seed, 2000, 300);
        for replica in 1..4 {
            let parent = group.rng.below(replica);
            group.follow(replica, parent);
        }
        group.start_load();
        group
    }

    fn primary(&self) -> usize {
        self.nodes.iter().position(|node| node.link.is_none()).expect("one is the primary")
    }

    fn follow(&mut self, replica: usize, parent: usize) {
        let proxy = Proxy::start(self.nodes[parent].server.port);
        ok_when_loaded(&self.nodes[replica].server, &format!("REPLICAOF 127.0.0.1 {}", proxy.port));
        self.nodes[replica].link = Some((parent, proxy));
    }

    fn start_load(&mut self) {
        let seed = self.rng.next();
        let port = self.nodes[self.primary()].server.port;
        self.load = Some(Load::start(port, seed, Profile { value_max: 800, ..Profile::default() }));
    }

    fn stop_load(&mut self) {
        self.written += self.load.take().map_or(0, Load::stop);
    }

    /// True when `node` is `of` or hangs below it.
    fn is_below(&self, node: usize, of: usize) -> bool {
        node == of || self.nodes[node].link.as_ref().is_some_and(|(parent, _)| self.is_below(*parent, of))
    }

    /// A process came back with the replica's configuration lost: it must be told again whom to follow.
    fn rejoin(&mut self, node: usize) {
        if let Some((parent, _)) = self.nodes[node].link.take() {
            self.follow(node, parent);
        }
    }

    fn event(&mut self) {
        let primary = self.primary();
        let replica = loop {
            let node = self.rng.below(self.nodes.len());
            if node != primary {
                break node;
            }
        };
        let any = self.rng.below(self.nodes.len());
        let what = self.rng.below(18);
        self.log.push(format!("event {what}: primary {primary}, replica {replica}, any {any}"));
        match what {
            0 => self.link(replica).cut(),
            1 => {
                let bytes = self.rng.below(60_000) as u64;
                self.link(replica).cut_after(bytes);
            }
            2 => {
                self.link(replica).hold(true);
                self.pause(300);
                self.link(replica).hold(false);
            }
            3 => {
                self.link(replica).refuse(true);
                self.link(replica).cut();
                self.pause(500);
                self.link(replica).refuse(false);
            }
            4 => drop(self.nodes[any].server.cmd("CLIENT KILL TYPE replica")),
            5 => drop(self.nodes[replica].server.cmd("CLIENT KILL TYPE master")),
            6 => {
                self.nodes[any].server.signal(Signal::SIGSTOP);
                self.pause(300);
                self.nodes[any].server.signal(Signal::SIGCONT);
            }
            7 | 8 => {
                // Not below itself.
                let parent = (0..self.nodes.len()).map(|n| (n + any) % self.nodes.len());
                let parent = parent.into_iter().find(|&n| !self.is_below(n, replica)).expect("the primary");
                self.follow(replica, parent);
            }
            9 => {
                self.nodes[replica].server.restart();
                self.rejoin(replica);
            }
            10 => {
                // As a clean stop does it, with or without its data.
                let how = *self.rng.pick(&[&"SAVE", &"NOSAVE"]);
                self.nodes[replica].server.shutdown(&format!("{how} NOW FORCE"));
                self.nodes[replica].server.launch();
                self.rejoin(replica);
            }
            11 => {
                self.stop_load();
                ok_when_loaded(&self.nodes[replica].server, "REPLICAOF NO ONE");
                self.nodes[replica].link = None;
                self.follow(primary, replica);
                self.start_load();
            }
            12 => {
                let value = *self.rng.pick(&[&"yes", &"no"]);
                ok_when_loaded(&self.nodes[any].server, &format!("CONFIG SET repl-diskless-sync {value}"));
                let value = *self.rng.pick(&[&"disabled", &"swapdb", &"on-empty-db"]);
                ok_when_loaded(&self.nodes[any].server, &format!("CONFIG SET repl-diskless-load {value}"));
            }
            13 => {
                let size = *self.rng.pick(&[&"16kb", &"100kb", &"10mb"]);
                ok_when_loaded(&self.nodes[any].server, &format!("CONFIG SET repl-backlog-size {size}"));
            }
            14 => drop(self.nodes[any].server.cmd("BGSAVE")),
            15 | 16 => {
                // Slow transfers and loads, so that other events fall into them.
                let delay = *self.rng.pick(&[&"0", &"50", &"200"]);
                self.nodes[any]
                    .server
                    .ok(&format!("CONFIG SET rdb-key-save-delay {delay} key-load-delay {delay}"));
            }
            _ => {
                self.stop_load();
                self.nodes[primary].server.shutdown("SAVE NOW FORCE");
                self.nodes[primary].server.launch();
                self.start_load();
            }
        }
    }

    fn link(&self, replica: usize) -> &Proxy {
        &self.nodes[replica].link.as_ref().expect("a replica").1
    }

    /// Lets the group go on for a while: for some writes, and no longer than so many milliseconds.
    fn pause(&mut self, ms: u64) {
        std::thread::sleep(Duration::from_millis(ms));
    }
}

/// A command that a server loading its data refuses.
fn ok_when_loaded(server: &Server, line: &str) {
    wait_for("the end of loading", PATIENCE, || {
        let reply = server.cmd(line);
        assert!(reply.is_ok() || reply.text().starts_with("LOADING"), "{line}: {reply:?}");
        reply.is_ok()
    });
}

#[test]
fn whatever_happens_the_group_converges() {
    for seed in seeds(&[1, 2, 3]) {
        let mut group = Group::new(seed);
        for _ in 0..EVENTS {
            group.event();
            let ms = group.rng.below(250) as u64;
            group.pause(ms);
        }
        group.stop_load();
        for node in &group.nodes {
            if let Some((_, proxy)) = &node.link {
                proxy.cut_after(u64::MAX >> 1);
            }
        }
        let primary = group.primary();
        println!("seed {seed}, {} writes, primary {primary}:\n{}", group.written, group.log.join("\n"));
        for node in group.nodes.iter().filter(|node| node.link.is_some()) {
            wait_for("every link to be up", PATIENCE * 2, || node.server.info("master_link_status") == "up");
        }
        let replicas: Vec<&Server> =
            group.nodes.iter().filter(|node| node.link.is_some()).map(|node| &node.server).collect();
        wait_in_sync(&group.nodes[primary].server, &replicas);
        assert!(group.written > 1000, "only {} commands were written", group.written);
        // No process was lost on the way.
        for node in &mut group.nodes {
            assert!(node.server.exited().is_none(), "a server has died");
        }
    }
}
