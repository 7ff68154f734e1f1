//! What is freed on a thread of its own: by UNLINK and the lazyfree options, and whatever is too big to wait for.

use crate::harness::{Client, PATIENCE, Program, Server, wait_for};

fn make_set(client: &mut Client, key: &str, members: usize) {
    let members: Vec<String> = (0..members).map(|n| format!("member {n}")).collect();
    for chunk in members.chunks(10_000) {
        let mut args = vec!["SADD", key];
        args.extend(chunk.iter().map(String::as_str));
        assert_eq!(client.call(&args).int(), chunk.len() as i64);
    }
}

/// How many values the thread has freed once it has nothing left to do.
fn freed(server: &Server) -> i64 {
    wait_for("the thread", PATIENCE, || server.info_int("lazyfree_pending_objects") == 0);
    server.info_int("lazyfreed_objects")
}

#[test]
fn big_values_go_to_the_thread_where_the_options_say_so() {
    let server = Server::start(Program::Oxidis, &["save \"\""]);
    let mut client = server.client();
    // What happens to a set `a`, and which option hands it over; "" for always, "never" for never.
    for (line, option, members) in [
        ("UNLINK a", "", 1000),
        ("UNLINK a", "never", 60),
        ("DEL a", "lazyfree-lazy-user-del", 1000),
        ("GETEX x EX 10", "never", 1000),
        ("SET a x", "lazyfree-lazy-server-del", 1000),
        ("RENAME x a", "lazyfree-lazy-server-del", 1000),
        ("COPY x a REPLACE", "lazyfree-lazy-server-del", 1000),
        ("PEXPIREAT a 1", "lazyfree-lazy-expire", 1000),
        ("SUNIONSTORE a nosuch", "lazyfree-lazy-server-del", 1000),
        ("DEL a", "", 20_000),
        ("SET a x", "", 20_000),
        ("PEXPIREAT a 1", "", 20_000),
    ] {
        for on in ["no", "yes"] {
            client.ok("FLUSHALL SYNC");
            client.ok("SET x y");
            if option.contains('-') {
                client.ok(&format!("CONFIG SET {option} {on}"));
            }
            make_set(&mut client, "a", members);
            let before = freed(&server);
            let answer = client.cmd(line);
            assert!(!answer.is_error(), "{line}: {answer:?}");
            let handed_over = freed(&server) - before;
            let expected = option.is_empty() || option.contains('-') && on == "yes";
            assert_eq!(handed_over, i64::from(expected), "{line} of {members}, {option} {on}");
            if option.contains('-') {
                client.ok(&format!("CONFIG SET {option} no"));
            }
        }
    }
    client.ok("CONFIG RESETSTAT");
    assert_eq!(server.info("lazyfreed_objects"), "0");
}

#[test]
fn memory_freed_on_the_thread_makes_room_for_writes() {
    for policy in ["noeviction", "allkeys-lru"] {
        let server = Server::start(Program::Oxidis, &[&format!("maxmemory-policy {policy}"), "save \"\""]);
        let mut client = server.client();
        make_set(&mut client, "a", 300_000);
        client.ok("SET small x");
        let limit = server.info_int("used_memory") + (256 << 10);
        assert!(server.cmd("MEMORY USAGE a").int() > limit / 2);
        client.ok(&format!("CONFIG SET maxmemory {limit}"));
        assert_eq!(client.cmd("UNLINK a").int(), 1);
        if policy == "noeviction" {
            wait_for("room", PATIENCE, || client.cmd("SET b x").is_ok());
        } else {
            client.ok("SET b x");
        }
        wait_for("the memory to be free", PATIENCE, || server.info_int("used_memory") < limit / 2);
        assert_eq!(client.cmd("EXISTS small b").int(), 2);
    }
}

#[test]
fn expired_and_evicted_values_go_to_the_thread_too() {
    let config = &["lazyfree-lazy-expire yes", "lazyfree-lazy-eviction yes", "save \"\""];
    let server = Server::start(Program::Oxidis, config);
    let mut client = server.client();
    make_set(&mut client, "expires", 1000);
    client.cmd("PEXPIRE expires 1");
    wait_for("active expiry", PATIENCE, || server.info_int("expired_keys") == 1);
    assert_eq!(freed(&server), 1);
    make_set(&mut client, "evicted", 1000);
    client.ok("CONFIG SET maxmemory-policy allkeys-lru");
    client.ok("CONFIG SET maxmemory 1");
    wait_for("eviction", PATIENCE, || server.info_int("evicted_keys") == 1);
    assert_eq!(freed(&server), 2);
}
