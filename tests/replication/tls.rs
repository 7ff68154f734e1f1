//! Replication over TLS, with certificates and passwords on both sides.

use crate::harness::load::{Load, Profile, fill, fill_collections};
use crate::harness::tls::{Certificates, TlsServer};
use crate::harness::{PATIENCE, Program, Proxy, Value, wait_for, wait_in_sync};
use crate::{ONE_PARTIAL, mixes, syncs, wait_link_up, wait_resync};
use std::sync::LazyLock;

mixes![
    disk_to_disk,
    disk_to_parser,
    diskless_to_disk,
    diskless_to_parser,
    cut_links_are_gone_on_from,
    a_cut_transfer_is_tried_again,
    a_replica_takes_over_under_writes,
    who_shows_no_good_certificate_gets_nothing,
];

/// Made once: openssl takes its time.
static CERTIFICATES: LazyLock<Certificates> = LazyLock::new(Certificates::new);

fn start(program: Program, more: &[&str]) -> TlsServer {
    let lines = ["tls-replication yes", "requirepass secret", "masterauth secret", "repl-backlog-size 10mb"];
    CERTIFICATES.start(program, &[&lines[..], more].concat())
}

fn sync_under_load(primary: Program, replica: Program, send: &str, load: &str, received: &str) {
    let primary = start(primary, &[&format!("repl-diskless-sync {send}")]);
    let replica = start(replica, &[&format!("repl-diskless-load {load}")]);
    fill(&mut primary.client(), 1, 5000, 2000);
    fill_collections(&mut primary.client(), 1, 60, 3000);
    let writing = Load::start_on(primary.client(), 2, Profile::default());
    writing.wait_written(200);
    replica.replicate_port(primary.tls_port);
    wait_link_up(&replica);
    writing.wait_written(1000);
    assert!(writing.stop() > 1200);
    wait_in_sync(&primary, &[&replica]);
    assert_eq!(syncs(&primary).full, 1);
    assert!(replica.log().contains(received), "{}", replica.log());
    // The replica says which port it is to be found at: that for TLS.
    assert!(primary.info("slave0").contains(&format!("port={},", replica.tls_port)));
}

fn disk_to_disk(primary: Program, replica: Program) {
    sync_under_load(primary, replica, "no", "disabled", "bytes from master to disk");
}

fn disk_to_parser(primary: Program, replica: Program) {
    sync_under_load(primary, replica, "no", "swapdb", "bytes from master to parser");
}

fn diskless_to_disk(primary: Program, replica: Program) {
    sync_under_load(primary, replica, "yes", "disabled", "with EOF to disk");
}

fn diskless_to_parser(primary: Program, replica: Program) {
    sync_under_load(primary, replica, "yes", "swapdb", "with EOF to parser");
}

fn cut_links_are_gone_on_from(primary: Program, replica: Program) {
    let (primary, replica) = (start(primary, &[]), start(replica, &[]));
    replica.replicate_port(primary.tls_port);
    wait_link_up(&replica);
    let writing = Load::start_on(primary.client(), 2, Profile::default());
    for _ in 0..3 {
        writing.wait_written(300);
        let before = syncs(&primary);
        assert_eq!(primary.cmd("CLIENT KILL TYPE replica").int(), 1);
        assert_eq!(wait_resync(&primary, before), ONE_PARTIAL);
        wait_link_up(&replica);
    }
    writing.stop();
    wait_in_sync(&primary, &[&replica]);
}

fn a_cut_transfer_is_tried_again(primary: Program, replica: Program) {
    for send in ["no", "yes"] {
        let primary = start(primary, &[&format!("repl-diskless-sync {send}")]);
        fill(&mut primary.client(), 3, 3000, 2000);
        let replica = start(replica, &[]);
        let proxy = Proxy::start(primary.tls_port);
        proxy.cut_after(400_000);
        replica.replicate_port(proxy.port);
        wait_for("the transfer to be cut", PATIENCE, || proxy.has_cut());
        wait_link_up(&replica);
        wait_in_sync(&primary, &[&replica]);
    }
}

fn a_replica_takes_over_under_writes(primary: Program, replica: Program) {
    let (old, new) = (start(primary, &[]), start(replica, &[]));
    new.replicate_port(old.tls_port);
    wait_link_up(&new);
    old.ok("SET first 1");
    wait_in_sync(&old, &[&new]);
    wait_for("the replica to be online", PATIENCE, || old.info("slave0").contains("state=online"));
    old.ok(&format!("FAILOVER TO 127.0.0.1 {}", new.tls_port));
    wait_for("the failover to be over", PATIENCE, || old.info("master_failover_state") == "no-failover");
    wait_link_up(&old);
    assert_eq!((old.info("role"), new.info("role")), ("slave".into(), "master".into()));
    new.ok("SET second 2");
    wait_in_sync(&new, &[&old]);
    assert_eq!(syncs(&new).full, 0);
}

fn who_shows_no_good_certificate_gets_nothing(primary: Program, replica: Program) {
    let primary = start(primary, &[]);
    let file = |option: &str, name: &str| format!("{option} {}", CERTIFICATES.path(name).display());
    let stranger =
        [file("tls-client-cert-file", "stranger.crt"), file("tls-client-key-file", "stranger.key")];
    let replica = start(replica, &[&stranger[0], &stranger[1]]);
    replica.replicate_port(primary.tls_port);
    wait_for("it to be refused", PATIENCE, || {
        primary.log().contains("Error accepting a client connection")
            && replica.info("master_link_status") == "down"
    });
    assert_eq!(syncs(&primary).full, 0);
    // With the right one in its place, the next attempt succeeds.
    let change = ["tls-client-cert-file", "tls-client-key-file"].map(|option| {
        let end = if option.contains("key") { "key" } else { "crt" };
        file(option, &format!("client.{end}"))
    });
    replica.ok(&format!("CONFIG SET {} {}", change[0], change[1]));
    wait_link_up(&replica);
    wait_in_sync(&primary, &[&replica]);
    // And the other way round: a primary that is a stranger to the replica.
    let stranger = [file("tls-cert-file", "stranger.crt"), file("tls-key-file", "stranger.key")];
    primary.ok(&format!("CONFIG SET {} {}", stranger[0], stranger[1]));
    assert_eq!(primary.cmd("CLIENT KILL TYPE replica").int(), 1);
    wait_for("the replica to refuse", PATIENCE, || {
        replica.log().contains("Error condition on socket for SYNC")
    });
    assert_eq!(replica.info("master_link_status"), "down");
}

#[test]
fn a_chain_may_change_between_tls_and_not() {
    let top = start(Program::Oxidis, &[]);
    let middle = start(Program::Oxidis, &[]);
    let leaf = start(Program::Redis, &[]);
    middle.replicate_port(top.tls_port);
    leaf.ok("CONFIG SET tls-replication no");
    leaf.replicate_port(middle.port);
    wait_link_up(&leaf);
    fill(&mut top.client(), 5, 2000, 3000);
    wait_in_sync(&top, &[&middle, &leaf]);
    leaf.ok("CONFIG SET tls-replication yes");
    leaf.replicate_port(middle.tls_port);
    wait_link_up(&leaf);
    top.ok("SET last one");
    wait_in_sync(&top, &[&middle, &leaf]);
}

#[test]
fn keys_are_migrated_over_tls_between_nodes_of_a_tls_cluster() {
    for (from, to) in [(Program::Oxidis, Program::Redis), (Program::Redis, Program::Oxidis)] {
        let (from, to) = (start(from, &[]), start(to, &[]));
        from.ok("CONFIG SET tls-cluster yes");
        let value = vec![b'x'; 1_000_000];
        assert!(from.client().call(&[b"SET", b"key".as_slice(), &value]).is_ok());
        let migrated = from.cmd(&format!("MIGRATE 127.0.0.1 {} key 0 5000 AUTH secret", to.tls_port));
        assert!(migrated.is_ok(), "{migrated:?}");
        assert_eq!(to.cmd("STRLEN key"), Value::Int(1_000_000));
        assert_eq!(from.cmd("EXISTS key"), Value::Int(0));
        let failed = from.cmd(&format!("MIGRATE 127.0.0.1 {} none 0 5000", to.port));
        assert_eq!(failed.text(), "NOKEY");
        from.ok("SET key 1");
        let failed = from.cmd(&format!("MIGRATE 127.0.0.1 {} key 0 500 AUTH secret", to.port));
        assert!(failed.is_error(), "{failed:?}");
        assert_eq!(from.cmd("GET key").text(), "1");
    }
}
