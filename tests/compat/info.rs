//! INFO: the sections, their fields and order, and the figures that a known session leaves.

use crate::harness::{Program, Server};

fn servers() -> [Server; 2] {
    [Server::start(Program::Oxidis, &[]), Server::start(Program::Redis, &[])]
}

/// Names of fields and headings, one a line, figures of single commands and errors left out.
fn names(text: &str) -> Vec<&str> {
    let per_name = ["cmdstat_", "errorstat_", "latency_percentiles_usec_"];
    text.lines()
        .map(|line| line.split(':').next().unwrap_or_default())
        .filter(|name| !per_name.iter().any(|prefix| name.starts_with(prefix)))
        // Fields of our own.
        .filter(|name| !["server_name", "oxidis_version"].contains(name))
        .collect()
}

#[test]
fn every_field_is_there_in_its_order_in_each_role() {
    let servers = servers();
    let texts = servers.each_ref().map(|server| server.cmd("INFO everything").text());
    let [ours, real] = texts.each_ref().map(|text| names(text));
    assert_eq!(ours, real);
    let nobody = crate::harness::server::free_port();
    let texts = servers.each_ref().map(|server| {
        server.replicate_port(nobody);
        server.cmd("INFO replication").text()
    });
    let [ours, real] = texts.each_ref().map(|text| names(text));
    assert_eq!(ours, real);
}

#[test]
fn sections_are_chosen_as_by_redis() {
    let servers = servers();
    for sections in [
        "",
        " cpu",
        " CPU cpu server",
        " nosuch",
        " server nosuch",
        " all",
        " default",
        " everything",
        " modules",
        " module_list",
        " keyspace clients",
        " commandstats default",
        " all cpu",
    ] {
        let texts = servers.each_ref().map(|server| server.cmd(&format!("INFO{sections}")).text());
        let [ours, real] = texts.each_ref().map(|text| names(text));
        assert_eq!(ours, real, "INFO{sections}");
    }
}

#[test]
fn counters_count_what_redis_counts() {
    let session = [
        "CONFIG RESETSTAT",
        "SET a 1",
        "SET a",
        "GET a",
        "GET nosuch",
        "EXISTS a nosuch",
        "TTL a",
        "INCR a",
        "NOSUCH",
        "AUTH x",
        "CONFIG SET hz x",
        "CONFIG GET hz",
        "CLIENT FOO",
        "OBJECT ENCODING a",
        "SET b x EX 1000",
        "INCR b",
        "SELECT 99",
        "APPEND b y",
        "GETDEL b",
    ];
    let [ours, real] = servers().each_ref().map(|server| {
        let mut client = server.client();
        for line in session {
            client.cmd(line);
        }
        let text = client.cmd("INFO everything").text();
        let counted = |line: &&str| {
            const FIGURES: &[&str] = &[
                "total_connections_received",
                "total_commands_processed",
                "total_error_replies",
                "keyspace_hits",
                "keyspace_misses",
                "expired_keys",
                "rdb_changes_since_last_save",
                "errorstat_",
                "db0",
            ];
            FIGURES.iter().any(|figure| line.starts_with(figure))
        };
        // Durations differ, and the mean of lifetimes.
        let calls = |line: &str| {
            let (name, figures) = line.strip_prefix("cmdstat_")?.split_once(':')?;
            let figures = figures.split(',').filter(|figure| !figure.starts_with("usec"));
            Some(format!("{name} {}", figures.collect::<Vec<_>>().join(" ")))
        };
        let mut lines: Vec<String> = text.lines().filter(counted).map(str::to_owned).collect();
        let mut commands: Vec<String> = text.lines().filter_map(calls).collect();
        commands.sort();
        lines.append(&mut commands);
        lines
    });
    assert_eq!(ours, real);
}
