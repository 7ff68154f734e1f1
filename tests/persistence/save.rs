//! SAVE, BGSAVE, save points and the saves at the end.

use crate::harness::load::{Load, Profile, fill, fill_collections};
use crate::harness::{Client, PATIENCE, Program, Rng, Server, wait_for};
use crate::{files, wait_bgsave};
use nix::sys::signal::Signal;
use std::process::Command;
use std::rc::Rc;

/// Values of every type and encoding in three databases, with and without expiry.
fn all_kinds_of_values(client: &mut Client) {
    let mut rng = Rng::new(11);
    let set = |client: &mut Client, key: String, value: &[u8]| {
        let reply = client.call(&[b"SET".as_slice(), key.as_bytes(), value]);
        assert!(reply.is_ok(), "{reply:?}");
    };
    for n in
        [0, 1, -1, 127, 128, -128, -129, 32767, 32768, -32769, 2147483647, 2147483648, i64::MAX, i64::MIN]
    {
        set(client, format!("int:{n}"), n.to_string().as_bytes());
    }
    for text in ["", "-0", "01", "1.5", " 1", "99999999999999999999", "12345678901"] {
        set(client, format!("text:{text}"), text.as_bytes());
    }
    for len in [1, 20, 21, 44, 45, 63, 64, 255, 256, 16383, 16384, 65536, 300_000] {
        let random = rng.bytes(len);
        set(client, format!("random:{len}"), &random);
        set(client, format!("same:{len}"), &vec![b'a'; len]);
        let text = b"all work and no play ".repeat(len / 21 + 1);
        set(client, format!("text:{len}"), &text);
    }
    client.call(&[b"SET".as_slice(), b"\0\xff binary \r\n", b"\x01\x02"]);
    client.call(&[b"SET".as_slice(), &vec![b'k'; 70_000], b"a long key"]);
    client.ok("SET far 1 PXAT 4102444800123");
    client.ok("SET soon 2 EX 100000");
    for db in [1, 15] {
        client.ok(&format!("SELECT {db}"));
        for n in 0..300 {
            client.ok(&format!("SET key:{n} {}", n * db));
        }
    }
    client.ok("SELECT 0");
    fill_collections(client, 12, 40, 2000);
    client.cmd("PEXPIREAT hash:fill:1 4102444800123");
}

#[test]
fn what_one_program_saves_the_other_loads() {
    let pairs = [
        (Program::Oxidis, Program::Redis),
        (Program::Redis, Program::Oxidis),
        (Program::Oxidis, Program::Oxidis),
    ];
    for (writer, reader) in pairs {
        for config in ["rdbcompression yes", "rdbcompression no", "rdbchecksum no"] {
            for how in ["SAVE", "BGSAVE"] {
                let mut writer = Server::start(writer, &[config]);
                all_kinds_of_values(&mut writer.client());
                let digest = writer.digest();
                writer.cmd(how);
                assert_eq!(wait_bgsave(&writer), "ok");
                assert_eq!(files(&writer), ["dump.rdb"]);
                assert_eq!(writer.info("rdb_changes_since_last_save"), "0");
                writer.kill();
                let reader = Server::start_in(reader, Rc::clone(&writer.dir), &[config]);
                assert_eq!(reader.digest(), digest, "{how} by {:?} with {config}", writer.program);
                assert!(reader.cmd("DBSIZE").int() > 60);
                assert_eq!(reader.cmd("PEXPIRETIME far").int(), 4_102_444_800_123);
                assert_eq!(reader.info("rdb_last_load_keys_loaded"), reader.info_all_keys().to_string());
                assert_eq!(reader.info("rdb_last_load_keys_expired"), "0");
            }
        }
    }
}

#[test]
fn the_file_is_well_formed_for_redis_check_rdb() {
    let server = Server::start(Program::Oxidis, &[]);
    all_kinds_of_values(&mut server.client());
    server.ok("SAVE");
    let output =
        Command::new("redis-check-rdb").arg(server.path("dump.rdb")).output().expect("redis-check-rdb");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    for field in ["redis-ver", "redis-bits = '64'", "ctime", "used-mem", "aof-base = '0'"] {
        assert!(text.contains(&format!("AUX FIELD {field}")), "{field} in\n{text}");
    }
    assert!(text.contains("Checksum OK"), "{text}");
    assert!(text.contains(&format!("{} keys read", server.info_all_keys())), "{text}");
}

#[test]
fn expired_keys_are_not_loaded() {
    for (writer, reader) in [(Program::Oxidis, Program::Redis), (Program::Redis, Program::Oxidis)] {
        let mut writer = Server::start(writer, &[]);
        writer.ok("DEBUG SET-ACTIVE-EXPIRE 0");
        writer.ok("SET stays here");
        writer.ok("SET goes soon PX 400");
        writer.ok("SAVE");
        wait_for("the key to expire", PATIENCE, || writer.cmd("EXISTS goes").int() == 0);
        writer.kill();
        let reader = Server::start_in(reader, Rc::clone(&writer.dir), &[]);
        assert_eq!(reader.cmd("DBSIZE").int(), 1);
        assert_eq!(reader.info("rdb_last_load_keys_expired"), "1");
        assert_eq!(reader.info("rdb_last_load_keys_loaded"), "1");
    }
}

#[test]
fn a_background_save_is_a_moment_in_time() {
    let mut server = Server::start(Program::Oxidis, &["rdb-key-save-delay 500"]);
    fill(&mut server.client(), 1, 2000, 300);
    let digest = server.digest();
    assert_eq!(server.cmd("BGSAVE").text(), "Background saving started");
    assert_eq!(server.info("rdb_bgsave_in_progress"), "1");
    for second in ["BGSAVE", "SAVE"] {
        assert_eq!(server.cmd(second).text(), "ERR Background save already in progress");
    }
    let load = Load::start(server.port, 2, Profile::default());
    load.wait_written(500);
    let mut client = server.client();
    fill(&mut client, 3, 2000, 300);
    client.ok("SWAPDB 0 5");
    assert_eq!(server.info("rdb_bgsave_in_progress"), "1", "the save must still be running");
    load.stop();
    assert_eq!(wait_bgsave(&server), "ok");
    assert!(server.info_int("rdb_last_cow_size") > 0);
    assert!(server.info_int("rdb_changes_since_last_save") > 500);
    server.kill();
    let loaded = Server::start_in(Program::Redis, Rc::clone(&server.dir), &[]);
    assert_eq!(loaded.digest(), digest);
}

#[test]
fn the_child_reports_progress() {
    let server = Server::start(Program::Oxidis, &["rdb-key-save-delay 200"]);
    fill(&mut server.client(), 4, 10_000, 100);
    server.cmd("BGSAVE");
    wait_for("keys to be counted", PATIENCE, || server.info_int("current_save_keys_processed") > 0);
    assert_eq!(server.info_int("current_save_keys_total"), 10_000);
    assert!(server.info("current_fork_perc").parse::<f64>().expect("a percentage") > 0.0);
    let child = server.children();
    assert_eq!(child.len(), 1);
    server.ok("CONFIG SET rdb-key-save-delay 0");
    // The child keeps the delay it was born with; end it.
    nix::sys::signal::kill(child[0], Signal::SIGUSR1).expect("our server's child");
    wait_bgsave(&server);
    assert_eq!(files(&server), Vec::<String>::new(), "a child that was ended leaves nothing");
}

#[test]
fn save_points_save_by_themselves() {
    let server = Server::start(Program::Oxidis, &["save 3600 100000 1 5"]);
    assert_eq!(server.cmd("CONFIG GET save").items()[1].text(), "3600 100000 1 5");
    for n in 0..5 {
        server.ok(&format!("SET key:{n} {n}"));
    }
    wait_for("the save point", PATIENCE, || server.info("rdb_changes_since_last_save") == "0");
    assert_eq!(files(&server), ["dump.rdb"]);
    let log = server.log();
    for line in [
        "5 changes in 1 seconds. Saving...",
        "Background saving started by pid",
        "Background saving terminated with success",
    ] {
        assert!(log.contains(line), "{line} in\n{log}");
    }
    assert!(log.contains("DB saved on disk"), "{log}");
}

#[test]
fn a_scheduled_save_starts_when_it_can() {
    let server = Server::start(Program::Oxidis, &["rdb-key-save-delay 1000"]);
    fill(&mut server.client(), 5, 500, 100);
    server.cmd("BGSAVE");
    assert_eq!(server.cmd("BGSAVE SCHEDULE").text(), "ERR Background save already in progress");
    wait_bgsave(&server);
    assert_eq!(server.cmd("BGSAVE SCHEDULE").text(), "Background saving started");
    wait_bgsave(&server);
    assert_eq!(server.cmd("BGSAVE x").text(), "ERR syntax error");
}

#[test]
fn termination_saves_when_save_points_are_set() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let mut server = Server::start(Program::Oxidis, &["save 3600 1"]);
        server.ok("SET a b");
        server.signal(signal);
        assert_eq!(server.wait_exit().code(), Some(0), "{}", server.log());
        assert_eq!(files(&server), ["dump.rdb"]);
        let log = server.log();
        let name = if signal == Signal::SIGTERM { "SIGTERM" } else { "SIGINT" };
        for line in [
            &format!("Received {name} scheduling shutdown..."),
            "User requested shutdown...",
            "Saving the final RDB snapshot before exiting.",
            "DB saved on disk",
            "bye bye...",
        ] {
            assert!(log.contains(line), "{line} in\n{log}");
        }
        server.launch();
        assert_eq!(server.cmd("GET a").text(), "b");
    }
    let mut server = Server::start(Program::Oxidis, &[]);
    server.ok("SET a b");
    server.signal(Signal::SIGTERM);
    assert_eq!(server.wait_exit().code(), Some(0));
    assert_eq!(files(&server), Vec::<String>::new());
}

/// Whoever signals twice does not want to wait for the save; what it wrote so far must not stay.
#[test]
fn a_second_signal_ends_the_server_within_its_last_save() {
    let mut server = Server::start(Program::Oxidis, &["save 3600 1", "rdb-key-save-delay 100000"]);
    fill(&mut server.client(), 7, 100, 10);
    server.signal(Signal::SIGINT);
    wait_for("the file being written", PATIENCE, || !files(&server).is_empty());
    server.signal(Signal::SIGINT);
    assert_eq!(server.wait_exit().code(), Some(1));
    assert_eq!(files(&server), Vec::<String>::new());
}

#[test]
fn shutdown_obeys_its_words() {
    for (config, how, saved) in [
        ("save 3600 1", "", true),
        ("save 3600 1", "NOSAVE", false),
        ("save \"\"", "", false),
        ("save \"\"", "SAVE", true),
    ] {
        let mut server = Server::start(Program::Oxidis, &[config]);
        server.ok("SET a b");
        assert_eq!(server.shutdown(how).code(), Some(0));
        assert_eq!(!files(&server).is_empty(), saved, "{config}, SHUTDOWN {how}");
    }
}

/// The snapshot child must not keep the server from ending, nor leave its file behind.
#[test]
fn shutdown_ends_a_background_save() {
    let mut server = Server::start(Program::Oxidis, &["rdb-key-save-delay 10000"]);
    fill(&mut server.client(), 6, 1000, 100);
    server.cmd("BGSAVE");
    wait_for("the child's file", PATIENCE, || !files(&server).is_empty());
    assert_eq!(server.shutdown("NOSAVE").code(), Some(0));
    wait_for("the child's file to be removed", PATIENCE, || files(&server).is_empty());
}

#[test]
fn debug_reload_brings_everything_back() {
    let server = Server::start(Program::Oxidis, &[]);
    all_kinds_of_values(&mut server.client());
    let digest = server.digest();
    server.ok("DEBUG RELOAD");
    assert_eq!(server.digest(), digest);
    server.ok("SET not saved");
    server.ok("DEBUG RELOAD NOSAVE NOFLUSH MERGE");
    assert_eq!(server.cmd("GET not").text(), "saved");
    server.ok("DEBUG RELOAD NOSAVE");
    assert_eq!(server.digest(), digest);
}

#[test]
fn flushall_ends_a_background_save_and_saves_the_empty_database() {
    let server = Server::start(Program::Oxidis, &["save 3600 100000", "rdb-key-save-delay 10000"]);
    fill(&mut server.client(), 7, 1000, 100);
    server.cmd("BGSAVE");
    assert_eq!(server.info("rdb_bgsave_in_progress"), "1");
    server.ok("FLUSHALL");
    wait_for("the save to be ended", PATIENCE, || server.info("rdb_bgsave_in_progress") == "0");
    assert_eq!(files(&server), ["dump.rdb"]);
    let reader = Server::start_in(Program::Redis, Rc::clone(&server.dir), &[]);
    assert_eq!(reader.cmd("DBSIZE").int(), 0);
}

#[test]
fn lastsave_and_info_tell_of_saves() {
    let server = Server::start(Program::Oxidis, &[]);
    let started = server.cmd("LASTSAVE").int();
    assert_eq!(server.info_int("rdb_saves"), 0);
    assert_eq!(server.info_int("rdb_last_bgsave_time_sec"), -1);
    server.ok("SET a b");
    assert_eq!(server.info_int("rdb_changes_since_last_save"), 1);
    server.cmd("BGSAVE");
    assert_eq!(wait_bgsave(&server), "ok");
    assert_eq!(server.info_int("rdb_saves"), 1);
    assert!(server.cmd("LASTSAVE").int() >= started);
    assert_eq!(server.info_int("rdb_last_save_time"), server.cmd("LASTSAVE").int());
    assert!(server.info_int("rdb_last_bgsave_time_sec") >= 0);
    assert!(server.info_int("latest_fork_usec") > 0);
    assert_eq!(server.info_int("total_forks"), 1);
}
