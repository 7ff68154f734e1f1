//! The link, reply by reply.

use super::*;

const ID: &str = "0123456789abcdef0123456789abcdef01234567";
const OTHER: &str = "76543210fedcba9876543210fedcba9876543210";

fn replid(text: &str) -> ReplId {
    ReplId::parse(text.as_bytes()).expect("an id")
}

fn cached() -> CachedPrimary {
    CachedPrimary { replid: replid(ID), offset: 41, db: 3 }
}

/// A link whose connection has just been made.
fn connected(config: Config, cached: Option<CachedPrimary>) -> Follower {
    let config = Config { listening_port: 7000, timeout_s: 60, ..config };
    let mut f = Follower::new("primary.example", 6379, config, cached);
    f.tick(0);
    let connect = Action::Connect { host: "primary.example".into(), port: 6379 };
    assert_eq!(f.take_actions(), [connect]);
    f.connecting(0);
    f.connected(0);
    f
}

fn out(f: &mut Follower) -> String {
    let bytes = f.outgoing().to_vec();
    f.sent(bytes.len());
    String::from_utf8(bytes).expect("text").replace("\r\n", " ")
}

/// Feeds a line, which must be taken whole.
fn say(f: &mut Follower, line: &str) -> String {
    let input = format!("{line}\r\n").into_bytes();
    let (used, event) = f.feed(&input, 0);
    assert!(used == input.len() || event == Event::Closed, "{line}");
    format!("{event:?}")
}

/// Goes through the handshake up to the answer to PSYNC.
fn up_to_psync(config: Config, cached: Option<CachedPrimary>) -> Follower {
    let mut f = connected(config, cached);
    say(&mut f, "+PONG");
    for _ in 0..3 {
        say(&mut f, "+OK");
    }
    out(&mut f);
    f
}

fn last_line(f: &mut Follower) -> String {
    f.log.take().last().expect("a line").text.clone()
}

#[test]
fn the_handshake_word_for_word() {
    let mut f = connected(Config::default(), Some(cached()));
    assert_eq!(out(&mut f), "*1 $4 PING ");
    say(&mut f, "+PONG");
    assert_eq!(
        out(&mut f),
        "*3 $8 REPLCONF $14 listening-port $4 7000 \
         *7 $8 REPLCONF $4 capa $3 eof $4 capa $6 psync2 $4 capa $14 hash-field-ttl \
         *3 $8 REPLCONF $7 version $5 9.0.0 "
    );
    say(&mut f, "+OK");
    assert_eq!(out(&mut f), "");
    say(&mut f, "-ERR what is capa");
    assert_eq!(out(&mut f), "");
    say(&mut f, "-ERR what version");
    assert_eq!(out(&mut f), format!("*3 $5 PSYNC $40 {ID} $2 42 "));
}

#[test]
fn the_handshake_with_all_there_is_to_say() {
    let config = Config {
        user: Some(b"me".to_vec()),
        auth: Some(b"secret".to_vec()),
        announce_ip: Some(b"1.2.3.4".to_vec()),
        ..Config::default()
    };
    let mut f = connected(config, None);
    out(&mut f);
    say(&mut f, "-NOAUTH Authentication required.");
    let said = out(&mut f);
    assert!(said.starts_with("*3 $4 AUTH $2 me $6 secret *3 $8 REPLCONF $14 listening-port"), "{said}");
    assert!(said.contains("*3 $8 REPLCONF $10 ip-address $7 1.2.3.4 "), "{said}");
    for reply in ["+OK", "-ERR no ports here", "-ERR no addresses here", "+OK"] {
        assert_eq!(say(&mut f, reply), "Taken");
        assert_eq!(out(&mut f), "");
    }
    say(&mut f, "+OK");
    assert_eq!(out(&mut f), "*3 $5 PSYNC $1 ? $2 -1 ");
}

#[test]
fn a_primary_that_does_not_want_us_is_asked_again_later() {
    let config = Config { auth: Some(b"wrong".to_vec()), ..Config::default() };
    let mut f = connected(config, None);
    say(&mut f, "+PONG");
    assert_eq!(say(&mut f, "-WRONGPASS invalid"), "Closed");
    assert_eq!(last_line(&mut f), "Unable to AUTH to MASTER: -WRONGPASS invalid");
    assert_eq!(f.take_actions(), [Action::Close]);
    f.tick(1000);
    assert!(matches!(f.take_actions()[..], [Action::Connect { .. }]), "at the next tick");
    let mut f = connected(Config::default(), None);
    assert_eq!(say(&mut f, "-ERR max number of clients reached"), "Closed");
    assert_eq!(last_line(&mut f), "Error reply to PING from master: '-ERR max number of clients reached'");
}

/// The target of a FAILOVER, up to where it is asked to take over.
fn asked_to_take_over() -> Follower {
    let mut f = connected(Config::default(), Some(cached()));
    f.take_over = TakeOver::Asked;
    say(&mut f, "+PONG");
    out(&mut f);
    for _ in 0..3 {
        say(&mut f, "+OK");
    }
    assert_eq!(out(&mut f), format!("*4 $5 PSYNC $40 {ID} $2 42 $8 FAILOVER "));
    f
}

#[test]
fn who_is_asked_to_take_over_does_or_does_not() {
    for reply in [format!("+CONTINUE {OTHER}"), format!("+FULLRESYNC {OTHER} 7")] {
        let mut f = asked_to_take_over();
        say(&mut f, "");
        assert_eq!(f.take_over, TakeOver::Asked, "it lives, no more");
        say(&mut f, &reply);
        assert_eq!(f.take_over, TakeOver::Accepted);
    }
    for reply in ["-ERR PSYNC FAILOVER replid must match my replid.", "-NOMASTERLINK x", "-LOADING x", "?"] {
        let mut f = asked_to_take_over();
        assert_eq!(say(&mut f, reply), "Closed");
        assert_eq!(f.take_over, TakeOver::Refused, "{reply}");
        assert_eq!(out(&mut f), "", "it is not asked for a snapshot instead");
        assert_eq!(f.cached(), Some(&cached()));
    }
    let mut f = asked_to_take_over();
    f.closed(None, 1);
    assert_eq!(f.take_over, TakeOver::Refused);
    let mut f = connected(Config::default(), Some(cached()));
    f.take_over = TakeOver::Asked;
    f.closed(None, 1);
    assert_eq!(f.take_over, TakeOver::Asked, "it has not heard the question");
}

#[test]
fn a_primary_that_cannot_yet_leaves_us_what_we_could_go_on_from() {
    for reply in ["-NOMASTERLINK Can't SYNC while not connected with my master", "-LOADING x"] {
        let mut f = up_to_psync(Config::default(), Some(cached()));
        assert_eq!(say(&mut f, reply), "Closed");
        assert_eq!(f.cached(), Some(&cached()));
        assert_eq!(f.take_actions(), [Action::Close]);
    }
}

#[test]
fn a_primary_without_psync_is_asked_for_sync() {
    let mut f = up_to_psync(Config::default(), None);
    assert_eq!(say(&mut f, "-ERR unknown command 'PSYNC'"), "FullSync");
    assert_eq!(out(&mut f), "SYNC ");
    say(&mut f, "$1");
    assert_eq!(f.feed(b"x", 0), (1, Event::Snapshot(b"x")));
    assert_eq!(f.feed(b"", 0), (0, Event::SnapshotComplete));
    assert_eq!(f.loaded(0, 0), None);
    assert_eq!(out(&mut f), "", "it knows no ACK either");
    f.lose(5);
    assert_eq!(f.cached(), None, "and nothing to go on from");
}

#[test]
fn newlines_before_the_verdict_are_signs_of_life() {
    let mut f = up_to_psync(Config::default(), None);
    for _ in 0..3 {
        assert_eq!(say(&mut f, ""), "Taken");
    }
    assert_eq!(say(&mut f, &format!("+FULLRESYNC {ID} 7")), "FullSync");
    assert_eq!(f.snapshot_origin(), Some((replid(ID), 7)));
}

#[test]
fn replies_may_come_in_any_pieces() {
    let mut f = connected(Config::default(), Some(cached()));
    let all = format!("+PONG\r\n+OK\r\n+OK\r\n+OK\r\n+CONTINUE {OTHER}\r\nSTREAM");
    let mut events = Vec::new();
    let mut pending = Vec::new();
    for byte in all.bytes() {
        pending.push(byte);
        loop {
            let (used, event) = f.feed(&pending, 0);
            if event != Event::More && event != Event::Taken {
                events.push(format!("{event:?}"));
            }
            let more = event == Event::More;
            pending.drain(..used);
            if more {
                break;
            }
        }
    }
    assert_eq!(events[0], format!("Continued {{ new_replid: Some({OTHER}) }}"));
    assert_eq!(events.len(), 7, "and six times a byte of the stream");
    let stream = f.stream().expect("the link is up");
    assert_eq!((stream.read, stream.applied, stream.db, stream.replid), (47, 41, 3, Some(replid(OTHER))));
    assert_eq!(f.cached(), None);
}

#[test]
fn a_continuation_that_was_not_asked_for_is_refused() {
    let mut f = up_to_psync(Config::default(), None);
    assert_eq!(say(&mut f, &format!("+CONTINUE {ID}")), "Closed");
}

#[test]
fn an_endless_line_is_no_reply() {
    let mut f = connected(Config::default(), None);
    let (used, event) = f.feed(&[b'+'; 2000], 0);
    assert_eq!((used, event), (2000, Event::Closed));
    assert_eq!(f.take_actions(), [Action::Close]);
}

#[test]
fn a_snapshot_in_loading_holds_the_rest_back_and_sends_newlines() {
    let mut f = up_to_psync(Config::default(), Some(cached()));
    say(&mut f, &format!("+FULLRESYNC {ID} 7"));
    assert_eq!(f.feed(b"$3\r\nabcdef", 0), (4, Event::SnapshotBegins { size: Some(3) }));
    assert_eq!(f.feed(b"abcdef", 0), (3, Event::Snapshot(b"abc")));
    assert_eq!(f.feed(b"def", 0), (0, Event::SnapshotComplete));
    assert_eq!(f.feed(b"def", 0), (0, Event::Wait));
    f.loading_goes_on(5000);
    f.loading_goes_on(5500);
    assert_eq!(out(&mut f), "\n", "one a second");
    f.tick(1_000_000);
    assert_eq!(f.take_actions(), [], "loading may take as long as it takes");
    assert_eq!(f.loaded(2, 1_000_000), Some((replid(ID), 7)));
    assert_eq!(out(&mut f), "*3 $8 REPLCONF $3 ACK $1 7 ");
    assert_eq!(f.feed(b"def", 1_000_000), (3, Event::Stream(b"def")));
    assert_eq!(f.cached(), None);
}

#[test]
fn a_connection_that_dies_while_we_load_is_lost_afterwards() {
    let mut f = up_to_psync(Config::default(), None);
    say(&mut f, &format!("+FULLRESYNC {ID} 7"));
    say(&mut f, "$0");
    assert_eq!(f.feed(b"", 0), (0, Event::SnapshotComplete));
    f.closed(None, 10);
    assert_eq!(f.take_actions(), []);
    f.loaded(2, 20);
    assert_eq!(f.cached(), Some(&CachedPrimary { replid: replid(ID), offset: 7, db: 2 }));
    assert!(matches!(f.take_actions()[..], [Action::Close, Action::Connect { .. }]));
}

#[test]
fn silence_ends_every_state() {
    let reconnects = |f: &mut Follower, line: &str| {
        f.tick(60_000);
        assert_eq!(f.take_actions(), []);
        f.tick(60_001);
        assert!(matches!(f.take_actions()[..], [Action::Close, Action::Connect { .. }]));
        assert!(f.log.take().iter().any(|l| l.text.starts_with(line)), "{line}");
    };
    reconnects(&mut connected(Config::default(), None), "Timeout connecting to the MASTER...");
    let mut f = up_to_psync(Config::default(), None);
    say(&mut f, &format!("+FULLRESYNC {ID} 7"));
    reconnects(&mut f, "Timeout receiving bulk data from MASTER...");
    let mut f = up_to_psync(Config::default(), Some(cached()));
    say(&mut f, "+CONTINUE");
    reconnects(&mut f, "MASTER timeout: no data nor PING received...");
    assert_eq!(f.cached(), Some(&cached()));
    assert_eq!(f.down_since(), Some(60_001));
}

#[test]
fn a_primary_that_does_not_read_is_not_written_to_for_ever() {
    let mut f = up_to_psync(Config::default(), Some(cached()));
    say(&mut f, "+CONTINUE");
    for _ in 0..100_000 {
        f.ack();
    }
    assert!(f.outgoing().len() < OUT_MAX + 100);
}

#[test]
fn a_stream_that_makes_no_sense_is_not_gone_on_from() {
    let mut f = up_to_psync(Config::default(), Some(cached()));
    say(&mut f, "+CONTINUE");
    f.lose_corrupt(0);
    assert_eq!(f.cached(), None);
    assert!(matches!(f.take_actions()[..], [Action::Close, Action::Connect { .. }]));
}
