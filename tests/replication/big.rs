//! Values that are read apart from their requests reach a replica as others do.

use crate::harness::{Program, Rng, Server, wait_in_sync};
use crate::{mixes, wait_link_up};

mixes![big_values_reach_the_replica];

fn big_values_reach_the_replica(primary: Program, replica: Program) {
    let primary =
        Server::start(primary, &["client-output-buffer-limit replica 0 0 0", "repl-backlog-size 1mb"]);
    let replica = Server::start(replica, &[]);
    replica.replicate(&primary);
    wait_link_up(&replica);
    let mut client = primary.client();
    for len in [50_000, 70_000, 1_000_000, 9_000_000] {
        for seed in 0..3 {
            let value = Rng::new(seed).bytes(len);
            let mut call = |args: &[&[u8]]| assert!(!client.call(args).is_error());
            call(&[b"SET", format!("plain {len}").as_bytes(), &value]);
            call(&[b"SET", b"with time", &value, b"EX", b"1000"]);
            call(&[b"MSET", b"a", &value, b"b", b"small", b"c", &value]);
            call(&[b"GETSET", b"a", &value]);
            call(&[b"APPEND", b"a", &value]);
            call(&[b"MULTI"]);
            call(&[b"SETEX", b"in transaction", b"1000", &value]);
            call(&[b"SET", b"b", &value]);
            call(&[b"EXEC"]);
            call(&[b"HSET", b"hash", b"field", &value]);
        }
        wait_in_sync(&primary, &[&replica]);
    }
    assert!(replica.cmd("STRLEN a").int() == 18_000_000);
}
