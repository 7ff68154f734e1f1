//! The feeding side, command by command and state by state.

use super::field_times::FieldTimes;
use super::full_sync::SnapshotEnd;
use super::psync::{ReplconfReply, SyncOutcome, SyncRequest};
use super::state::{Filter, State};
use super::*;
use crate::protocol::error::CmdError;

fn id(number: u64) -> ClientId {
    ClientId { number, slot: number as usize }
}

/// A primary whose replication ids are 1111..., 2222..., in the order in which they are drawn.
fn primary(change: impl FnOnce(&mut Config)) -> Primary {
    let mut config = Config { backlog_size: 20_000, diskless: false, ..Config::default() };
    change(&mut config);
    let mut drawn = 0;
    let new_id = move || {
        drawn += 0x11;
        ReplId::from_random([drawn; 20])
    };
    Primary::new(config, Box::new(new_id), 0)
}

fn request<'a>(number: u64, psync: Option<(&'a str, &'a str)>, child: Child, now: Millis) -> SyncRequest<'a> {
    SyncRequest {
        id: id(number),
        peer_ip: Some("10.0.0.7"),
        psync: psync.map(|(a, b)| (a.as_bytes(), b.as_bytes())),
        has_pending_replies: false,
        link_is_down: false,
        failing_over: false,
        child,
        now,
    }
}

fn replconf(p: &mut Primary, number: u64, words: &[&str]) -> ReplconfReply {
    let words: Vec<&[u8]> = words.iter().map(|w| w.as_bytes()).collect();
    p.replconf(id(number), words.iter().copied(), 0)
}

/// A replica that asks for a full sync.
fn attach(p: &mut Primary, number: u64, child: Child, now: Millis) {
    replconf(p, number, &["capa", "eof", "capa", "psync2"]);
    assert_eq!(p.sync(&request(number, Some(("?", "-1")), child, now)), SyncOutcome::Accepted);
}

/// Takes all that a replica is to be sent, as a socket that takes everything.
fn drain(p: &mut Primary, number: u64, now: Millis) -> Vec<u8> {
    let mut all = Vec::new();
    while let Outgoing::Bytes(bytes) = p.outgoing(id(number)) {
        let n = bytes.len();
        all.extend_from_slice(bytes);
        p.sent(id(number), n, now);
    }
    all
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn state(p: &Primary, number: u64) -> &State {
    &p.replica(id(number)).expect("a replica").state
}

/// A replica that has been through a disk sync of `size` bytes.
fn online(p: &mut Primary, number: u64, now: Millis) {
    attach(p, number, Child::None, now);
    p.snapshot_started(SnapshotKind::Disk, Filter::default());
    p.snapshot_ended(&SnapshotEnd::File { size: 1 }, now);
    drain(p, number, now);
    p.sent(id(number), 1, now);
    assert!(state(p, number).is_online());
    p.take_actions();
}

#[test]
fn replconf_answers_as_redis_does() {
    let mut p = primary(|_| {});
    let mut ask = |words: &[&str]| replconf(&mut p, 1, words);
    let error = |text: &str| ReplconfReply::Error(CmdError::new(text));
    assert_eq!(ask(&[]), ReplconfReply::Ok);
    assert_eq!(ask(&["listening-port", "6380", "ip-address", "1.2.3.4"]), ReplconfReply::Ok);
    assert_eq!(ask(&["LISTENING-PORT", "x"]), error("ERR value is not an integer or out of range"));
    assert_eq!(ask(&["listening-port"]), error("ERR syntax error"));
    assert_eq!(ask(&["capa", "eof", "capa", "quantum"]), ReplconfReply::Ok);
    assert_eq!(ask(&["rdb-only", "2"]), error("ERR value is out of range, value must between 0 and 1"));
    assert_eq!(ask(&["rdb-filter-only", "functions"]), ReplconfReply::Ok);
    assert_eq!(ask(&["rdb-filter-only", "keys"]), error("ERR Unsupported rdb-filter-only option: keys"));
    assert_eq!(ask(&["rdb-filter-only", "\"x"]), error("ERR Missing rdb-filter-only values"));
    assert_eq!(ask(&["wings", "2"]), error("ERR Unrecognized REPLCONF option: wings"));
    let long = "x".repeat(256);
    let too_long = "ERR REPLCONF ip-address provided by replica instance is too long: 256 bytes";
    assert_eq!(ask(&["ip-address", &long]), error(too_long));
    assert_eq!(ask(&["ack", "12"]), ReplconfReply::Silent);
    assert_eq!(ask(&["getack", "*"]), ReplconfReply::SendAck);
}

#[test]
fn who_cannot_be_a_replica_now_is_refused() {
    let mut p = primary(|_| {});
    let refused = |text: &str| SyncOutcome::Refused(CmdError::new(text));
    let full = Some(("?", "-1"));
    let mut r = request(1, full, Child::None, 0);
    r.link_is_down = true;
    assert_eq!(p.sync(&r), refused("NOMASTERLINK Can't SYNC while not connected with my master"));
    r.failing_over = true;
    assert_eq!(p.sync(&r), refused("NOMASTERLINK Can't SYNC while failing over"));
    let mut r = request(1, full, Child::None, 0);
    r.has_pending_replies = true;
    assert_eq!(p.sync(&r), refused("ERR SYNC and PSYNC are invalid with pending output"));
    let wrong = p.sync(&request(1, Some(("?", "x")), Child::None, 0));
    assert_eq!(wrong, refused("ERR value is not an integer or out of range"));
    replconf(&mut p, 1, &["rdb-filter-only", ""]);
    let filtered = p.sync(&request(1, full, Child::None, 0));
    assert_eq!(filtered, refused("ERR Filtered replica requires EOF capability"));
    attach(&mut p, 1, Child::None, 0);
    assert_eq!(p.sync(&request(1, full, Child::None, 0)), SyncOutcome::Ignored);
    assert_eq!(p.stats, SyncStats { full: 1, partial_ok: 0, partial_err: 0 });
}

#[test]
fn a_sync_by_disk_from_the_first_word_to_the_stream() {
    let mut p = primary(|_| {});
    p.feed_raw(0, b"not kept: there is no backlog");
    attach(&mut p, 1, Child::None, 0);
    assert_eq!(p.history.replid.as_str(), "22".repeat(20), "a first backlog begins a history");
    let start = Action::StartSnapshot { kind: SnapshotKind::Disk, filter: Filter::default() };
    assert_eq!(p.take_actions(), [start]);
    p.cron(1000, false);
    assert_eq!(drain(&mut p, 1, 0), b"\n", "waiting replicas are told that we live");
    p.snapshot_started(SnapshotKind::Disk, Filter::default());
    p.feed_raw(3, b"*1\r\n$1\r\na\r\n");
    attach(&mut p, 2, Child::RdbToDisk, 0);
    p.feed_raw(3, b"*1\r\n$1\r\nb\r\n");
    assert_eq!(p.take_actions(), [], "the second shares the first one's snapshot");
    let line = format!("+FULLRESYNC {} 0\r\n", "22".repeat(20));
    for replica in [1, 2] {
        assert_eq!(text(&drain(&mut p, replica, 0)), line);
    }
    p.snapshot_ended(&SnapshotEnd::File { size: 10 }, 0);
    assert_eq!(drain(&mut p, 1, 0), b"$10\r\n");
    assert_eq!(p.outgoing(id(1)), Outgoing::File { position: 0, len: 10 });
    p.sent(id(1), 4, 0);
    assert_eq!(p.outgoing(id(1)), Outgoing::File { position: 4, len: 6 });
    p.sent(id(1), 6, 0);
    let stream = "*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n*1\r\n$1\r\na\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n*1\r\n$1\r\nb\r\n";
    assert_eq!(text(&drain(&mut p, 1, 0)), stream);
    drain(&mut p, 2, 0);
    p.sent(id(2), 10, 0);
    assert_eq!(text(&drain(&mut p, 2, 0)), stream, "both see the same stream");
}

#[test]
fn a_snapshot_that_nobody_keeps_the_stream_for_cannot_be_joined() {
    let mut p = primary(|_| {});
    attach(&mut p, 1, Child::RdbToDisk, 0);
    assert!(matches!(state(&p, 1), State::WaitBgsaveStart { .. }), "a BGSAVE of our own");
    let mut p = primary(|_| {});
    replconf(&mut p, 1, &["capa", "eof", "rdb-only", "1"]);
    p.sync(&request(1, Some(("?", "-1")), Child::None, 0));
    p.snapshot_started(SnapshotKind::Disk, Filter::default());
    attach(&mut p, 2, Child::RdbToDisk, 0);
    assert!(matches!(state(&p, 2), State::WaitBgsaveStart { .. }), "the first wants no stream");
    replconf(&mut p, 3, &["capa", "eof", "rdb-only", "1"]);
    p.sync(&request(3, Some(("?", "-1")), Child::RdbToDisk, 0));
    assert!(matches!(state(&p, 3), State::WaitBgsaveEnd { cursor: None, .. }));
    p.take_actions();
    p.snapshot_ended(&SnapshotEnd::File { size: 1 }, 0);
    drain(&mut p, 3, 0);
    p.sent(id(3), 1, 0);
    assert_eq!(p.take_actions(), [Action::Close(id(3))], "it has what it wanted");
}

#[test]
fn a_diskless_sync_waits_for_more_replicas_but_not_for_ever() {
    let mut p = primary(|c| (c.diskless, c.diskless_delay_s, c.diskless_max_replicas) = (true, 5, 3));
    attach(&mut p, 1, Child::None, 0);
    p.start_pending(Child::None, 4999);
    assert_eq!(p.take_actions(), []);
    attach(&mut p, 2, Child::None, 4999);
    p.start_pending(Child::Other, 5000);
    assert_eq!(p.take_actions(), [], "no second child");
    p.start_pending(Child::None, 5000);
    let start = Action::StartSnapshot { kind: SnapshotKind::Socket, filter: Filter::default() };
    assert_eq!(p.take_actions(), std::slice::from_ref(&start));
    p.start_pending(Child::None, 6000);
    assert_eq!(p.take_actions(), [], "it is asked for once");
    p.snapshot_started(SnapshotKind::Socket, Filter::default());
    for replica in [3, 4, 5] {
        attach(&mut p, replica, Child::RdbToSockets, 6000);
    }
    p.snapshot_ended(&SnapshotEnd::Streamed, 7000);
    p.start_pending(Child::None, 7000);
    assert_eq!(p.take_actions(), [start], "three are enough");
}

#[test]
fn a_replica_without_eof_gets_a_file_and_all_that_wait_with_it() {
    let mut p = primary(|c| c.diskless = true);
    attach(&mut p, 1, Child::None, 0);
    assert_eq!(p.take_actions(), []);
    p.sync(&request(2, None, Child::None, 0));
    let start = Action::StartSnapshot { kind: SnapshotKind::Disk, filter: Filter::default() };
    assert_eq!(p.take_actions(), [start]);
    p.snapshot_started(SnapshotKind::Disk, Filter::default());
    assert_eq!(drain(&mut p, 2, 0), b"", "SYNC is answered with the snapshot alone");
    assert!(!drain(&mut p, 1, 0).is_empty());
}

#[test]
fn the_slowest_replica_sets_the_pace_of_a_streamed_snapshot() {
    let mut p = primary(|c| (c.diskless, c.diskless_delay_s) = (true, 0));
    attach(&mut p, 1, Child::None, 0);
    attach(&mut p, 2, Child::None, 0);
    p.take_actions();
    p.snapshot_started(SnapshotKind::Socket, Filter::default());
    drain(&mut p, 1, 0);
    drain(&mut p, 2, 0);
    assert!(p.wants_chunk());
    p.stream_chunk(b"0123456789".to_vec(), 0);
    assert_eq!(drain(&mut p, 1, 0), b"0123456789");
    p.sent(id(2), 4, 0);
    assert_eq!(p.outgoing(id(2)), Outgoing::Bytes(b"456789"));
    assert!(!p.wants_chunk());
    p.cron(60_000, false);
    assert_eq!(p.take_actions(), []);
    p.cron(60_001, false);
    assert_eq!(p.take_actions(), [Action::Close(id(2))], "it has taken nothing for repl-timeout");
    p.detach(id(2), false, 60_001);
    assert!(p.wants_chunk(), "the rest go on");
    p.stream_ended();
    assert_eq!(p.take_actions(), [Action::ReleaseSnapshot]);
    p.feed_raw(0, b"x");
    p.snapshot_ended(&SnapshotEnd::Streamed, 60_002);
    assert_eq!(p.outgoing(id(1)), Outgoing::Nothing, "the stream waits for the first ACK");
    replconf(&mut p, 1, &["ack", "0"]);
    assert_eq!(text(&drain(&mut p, 1, 0)), "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\nx");
}

#[test]
fn an_ack_that_is_quicker_than_the_childs_end_counts() {
    let mut p = primary(|c| (c.diskless, c.diskless_delay_s) = (true, 0));
    attach(&mut p, 1, Child::None, 0);
    p.snapshot_started(SnapshotKind::Socket, Filter::default());
    drain(&mut p, 1, 0);
    p.stream_ended();
    replconf(&mut p, 1, &["ack", "0"]);
    p.feed_raw(0, b"x");
    p.snapshot_ended(&SnapshotEnd::Streamed, 0);
    assert!(matches!(state(&p, 1), State::Online { awaiting_ack: false, .. }));
}

#[test]
fn a_child_is_stopped_when_the_last_replica_that_waits_for_it_goes() {
    for kind in [SnapshotKind::Disk, SnapshotKind::Socket] {
        let mut p = primary(|c| (c.diskless, c.diskless_delay_s) = (kind == SnapshotKind::Socket, 0));
        attach(&mut p, 1, Child::None, 0);
        attach(&mut p, 2, Child::None, 0);
        p.take_actions();
        p.snapshot_started(kind, Filter::default());
        p.detach(id(1), false, 0);
        assert_eq!(p.take_actions(), []);
        p.detach(id(2), false, 0);
        assert_eq!(p.take_actions(), [Action::KillSnapshot]);
        p.snapshot_ended(&SnapshotEnd::Failed, 0);
        assert_eq!(p.take_actions(), []);
    }
    let mut p = primary(|_| {});
    attach(&mut p, 1, Child::None, 0);
    p.take_actions();
    p.snapshot_started(SnapshotKind::Disk, Filter::default());
    p.detach(id(1), true, 0);
    assert_eq!(p.take_actions(), [], "with save points the file is wanted anyway");
}

#[test]
fn a_snapshot_that_cannot_be_made_is_told_and_a_failed_one_closes() {
    let mut p = primary(|_| {});
    attach(&mut p, 1, Child::None, 0);
    p.take_actions();
    p.snapshot_refused();
    assert_eq!(p.take_actions(), [Action::CloseAfterHead(id(1))]);
    assert_eq!(drain(&mut p, 1, 0), b"-ERR BGSAVE failed, replication can't continue\r\n");
    attach(&mut p, 2, Child::None, 0);
    p.take_actions();
    p.snapshot_started(SnapshotKind::Disk, Filter::default());
    p.snapshot_ended(&SnapshotEnd::Failed, 0);
    assert_eq!(p.take_actions(), [Action::Close(id(2))]);
}

#[test]
fn a_partial_resync_sends_what_is_missing_and_no_select() {
    let mut p = primary(|_| {});
    online(&mut p, 1, 0);
    p.feed_raw(0, b"abc");
    p.detach(id(1), false, 0);
    p.feed_raw(0, b"def");
    let replid = p.history.replid.to_string();
    let next = (p.history.offset - 2).to_string();
    replconf(&mut p, 2, &["capa", "psync2"]);
    p.sync(&request(2, Some((&replid, &next)), Child::None, 0));
    assert_eq!(text(&drain(&mut p, 2, 0)), format!("+CONTINUE {replid}\r\ndef"));
    p.sync(&request(3, Some((&replid, &next)), Child::None, 0));
    assert_eq!(text(&drain(&mut p, 3, 0)), "+CONTINUE\r\ndef", "an old replica knows one id only");
    assert_eq!(p.stats, SyncStats { full: 1, partial_ok: 2, partial_err: 0 });
}

#[test]
fn what_a_replica_leaves_unread_is_kept_up_to_the_limit_and_no_further() {
    let mut p = primary(|c| c.output_limit = OutputLimit { hard: 100_000, soft: 0, soft_s: 0 });
    online(&mut p, 1, 0);
    online(&mut p, 2, 0);
    for _ in 0..11 {
        assert_eq!(p.take_actions(), []);
        p.feed_raw(0, &[b'x'; 9_000]);
        drain(&mut p, 2, 0);
    }
    // 99 KB and a SELECT: under the limit still, so the next command is kept as well.
    p.feed_raw(0, &[b'y'; 50_000]);
    assert_eq!(p.take_actions(), []);
    drain(&mut p, 2, 0);
    p.feed_raw(0, &[b'z'; 9_000]);
    assert_eq!(p.take_actions(), [Action::CloseOverLimit(id(1))]);
    let lines = p.log.take();
    let line = &lines.last().expect("a line").text;
    assert!(line.contains("A limit above 149023 ") && line.contains("would have kept it"), "{line}");
    drain(&mut p, 2, 0);
    p.cron(1000, false);
    let window = p.window().expect("a backlog");
    assert_eq!(window.len(), 20_000, "the ring is back at its size");
}

#[test]
fn a_command_larger_than_the_limit_costs_no_link_that_keeps_up() {
    let mut p = primary(|c| c.output_limit = OutputLimit { hard: 30_000, soft: 0, soft_s: 0 });
    online(&mut p, 1, 0);
    p.feed_raw(0, &vec![b'x'; 1 << 20]);
    assert_eq!(p.take_actions(), []);
    assert!(drain(&mut p, 1, 0).ends_with(b"xxx"));
}

#[test]
fn the_soft_limit_is_about_time() {
    let mut p = primary(|c| c.output_limit = OutputLimit { hard: 0, soft: 1_000, soft_s: 10 });
    online(&mut p, 1, 0);
    online(&mut p, 2, 0);
    p.feed_raw(0, &[b'x'; 2_000]);
    for (now, drained) in [(1_000, 2), (5_000, 0), (11_000, 0)] {
        if drained > 0 {
            drain(&mut p, drained, now);
        }
        p.cron(now, false);
        assert_eq!(p.take_actions(), [], "{now}");
    }
    p.cron(11_001, false);
    assert_eq!(p.take_actions(), [Action::CloseOverLimit(id(1))]);
}

#[test]
fn replicas_are_pinged_and_the_silent_ones_dropped() {
    let mut p = primary(|c| c.ping_period_s = 2);
    online(&mut p, 1, 0);
    let before = p.history.offset;
    p.cron(1_000, false);
    p.cron(2_000, false);
    assert_eq!(drain(&mut p, 1, 0), b"*1\r\n$4\r\nping\r\n");
    assert_eq!(p.history.offset, before + 14, "it counts");
    replconf(&mut p, 1, &["ack", "14"]);
    p.heard_from(id(1), 30_000);
    p.cron(90_000, false);
    assert_eq!(p.take_actions(), []);
    p.cron(90_001, false);
    assert_eq!(p.take_actions(), [Action::Close(id(1))]);
}

#[test]
fn a_replica_of_the_old_kind_is_not_expected_to_say_anything() {
    let mut p = primary(|_| {});
    p.sync(&request(1, None, Child::None, 0));
    p.snapshot_started(SnapshotKind::Disk, Filter::default());
    p.snapshot_ended(&SnapshotEnd::File { size: 1 }, 0);
    drain(&mut p, 1, 0);
    p.sent(id(1), 1, 0);
    p.take_actions();
    p.cron(1_000_000, false);
    assert_eq!(p.take_actions(), []);
}

#[test]
fn a_backlog_without_replicas_is_freed_and_nobody_may_continue() {
    let mut p = primary(|c| c.backlog_ttl_s = 100);
    online(&mut p, 1, 0);
    p.cron(1_000_000, false);
    assert!(p.window().is_some(), "it has a replica");
    p.detach(id(1), false, 1_000_000);
    p.cron(1_100_000, false);
    assert!(p.window().is_some());
    let before = p.history.clone();
    p.cron(1_100_001, false);
    assert!(p.window().is_none());
    assert_ne!(p.history.replid, before.replid);
    assert_eq!((p.history.replid2, p.history.second_repl_offset), (ReplId::ZERO, -1));
}

#[test]
fn good_replicas_are_online_and_confirm_often_enough() {
    let mut p = primary(|c| (c.min_replicas_to_write, c.min_replicas_max_lag_s) = (1, 10));
    assert!(!p.enough_good_replicas(0));
    online(&mut p, 1, 0);
    assert!(p.enough_good_replicas(10_999));
    assert!(!p.enough_good_replicas(11_000));
    replconf(&mut p, 1, &["ack", "7"]);
    assert_eq!((p.count_acks(7), p.count_acks(8)), (1, 0));
}

#[test]
fn names_in_the_log_are_addresses() {
    let name = |ip: Option<&str>, conf: &[&str]| {
        let mut p = primary(|_| {});
        replconf(&mut p, 5, conf);
        let conf = p.announced.get(&id(5)).cloned().unwrap_or_default();
        state::PeerName { id: id(5), peer_ip: ip, conf: &conf }.to_string()
    };
    assert_eq!(name(Some("1.2.3.4"), &["listening-port", "7"]), "1.2.3.4:7");
    assert_eq!(name(Some("::1"), &["listening-port", "7"]), "[::1]:7");
    assert_eq!(name(Some("1.2.3.4"), &[]), "1.2.3.4:<unknown-replica-port>");
    assert_eq!(name(Some("1.2.3.4"), &["ip-address", "db.example"]), "db.example:<unknown-replica-port>");
    assert_eq!(name(None, &[]), "client id #5");
    // Else a replica could write lines of its own.
    assert_eq!(name(Some("1.2.3.4"), &["ip-address", "a\r\nrole:master"]), "1.2.3.4:<unknown-replica-port>");
}

#[test]
fn what_a_replica_has_asked_for_it_cannot_unsay() {
    let mut p = primary(|_| {});
    assert_eq!(p.sync(&request(1, Some(("?", "-1")), Child::None, 0)), SyncOutcome::Accepted);
    replconf(&mut p, 1, &["rdb-only", "1", "rdb-filter-only", ""]);
    let conf = &p.replica(id(1)).expect("it was accepted").conf;
    assert!(!conf.rdb_only && !conf.filter.is_partial());
}

/// A replica that says this of itself attaches: what snapshot is begun for it.
fn begun_for(p: &mut Primary, number: u64, conf: &[&str], now: Millis) -> (SnapshotKind, FieldTimes) {
    let conf = [&["listening-port", "7000", "capa", "eof", "capa", "psync2"], conf].concat();
    assert_eq!(replconf(p, number, &conf), ReplconfReply::Ok);
    assert_eq!(p.sync(&request(number, Some(("?", "-1")), Child::None, now)), SyncOutcome::Accepted);
    p.start_pending(Child::None, now + 10_000);
    let started = p.take_actions().into_iter().find_map(|action| match action {
        Action::StartSnapshot { kind, filter } => Some((kind, filter)),
        _ => None,
    });
    let (kind, filter) = started.expect("a snapshot is started");
    p.snapshot_started(kind, filter);
    (kind, filter.field_times)
}

/// Its link goes down before it has confirmed anything.
fn lose(p: &mut Primary, number: u64, now: Millis) {
    p.detach(id(number), false, now);
    p.snapshot_ended(&SnapshotEnd::Failed, now);
    p.take_actions();
}

#[test]
fn times_of_fields_come_in_the_form_that_the_replica_reads() {
    use SnapshotKind::{Disk, Socket};
    for (conf, expected) in [
        (&["version", "9.1.2"][..], (Socket, FieldTimes::Valkey)),
        (&["version", "10.0.0"], (Socket, FieldTimes::Valkey)),
        (&["version", "8.1.0"], (Socket, FieldTimes::Omitted)),
        (&["capa", "rdb-channel-repl"], (Disk, FieldTimes::Redis)),
        (&["capa", "hash-field-ttl", "version", "9.0.0"], (Disk, FieldTimes::Redis)),
        (&[], (Disk, FieldTimes::Redis)),
    ] {
        let mut p = primary(|_| {});
        p.fields_expire = true;
        assert_eq!(begun_for(&mut p, 1, conf, 0), expected, "{conf:?}");
        let mut p = primary(|_| {});
        assert_eq!(begun_for(&mut p, 1, conf, 0), (Disk, FieldTimes::Redis), "no fields expire");
    }
    let mut p = primary(|_| {});
    for bad in ["9", "9.1", "a.b.c", "9.1.2.3", ""] {
        assert!(matches!(replconf(&mut p, 1, &["version", bad]), ReplconfReply::Error(_)), "{bad}");
    }
}

/// Redis before 7.4 hangs up on a snapshot of version 12; so does anybody who dies while loading one.
#[test]
fn who_loses_two_snapshots_with_times_of_fields_gets_the_next_without_for_an_hour() {
    let mut p = primary(|_| {});
    p.fields_expire = true;
    assert_eq!(begun_for(&mut p, 1, &[], 0).1, FieldTimes::Redis);
    lose(&mut p, 1, 20_000);
    assert_eq!(begun_for(&mut p, 2, &[], 30_000).1, FieldTimes::Redis);
    lose(&mut p, 2, 50_000);
    assert_eq!(begun_for(&mut p, 3, &[], 60_000), (SnapshotKind::Socket, FieldTimes::Omitted));
    // What it now loses has no such times, and says nothing.
    lose(&mut p, 3, 70_000);
    let later = 50_000 + 3_600_000;
    assert_eq!(begun_for(&mut p, 4, &[], later).1, FieldTimes::Redis);
    lose(&mut p, 4, later + 1);
    assert_eq!(begun_for(&mut p, 5, &[], later + 2).1, FieldTimes::Omitted);
}

#[test]
fn who_loads_times_of_fields_once_is_no_longer_suspected() {
    let mut p = primary(|_| {});
    p.fields_expire = true;
    begun_for(&mut p, 1, &[], 0);
    lose(&mut p, 1, 20_000);
    begun_for(&mut p, 2, &[], 30_000);
    p.snapshot_ended(&SnapshotEnd::File { size: 10 }, 40_000);
    p.ack(id(2), 1, 50_000);
    p.detach(id(2), false, 60_000);
    begun_for(&mut p, 3, &[], 70_000);
    lose(&mut p, 3, 80_000);
    assert_eq!(begun_for(&mut p, 4, &[], 90_000).1, FieldTimes::Redis, "one loss since");
}
