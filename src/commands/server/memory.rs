//! MEMORY: what keys take, where the rest goes, and what can be done about it.

use crate::client::ClientId;
use crate::commands::container::{self, ServerFn, sub};
use crate::commands::parse::{integer, is_word};
use crate::commands::row::{access, acl, flags, key_at};
use crate::config::cli::allocator;
use crate::protocol::{Args, CmdError, CmdResult, Reply};
use crate::server::Server;
use crate::server::command::{Command, Exec, Group, Run};
use crate::server::memory::Figures;
use crate::sys::memory;
use c_compat::number::double;
use std::fmt::Write;

/// `MEMORY`
pub static MEMORY: Command = Command {
    name: "memory",
    arity: -2,
    flags: flags!(),
    acl: acl!(SLOW),
    keys: &[],
    group: Group::Server,
    tips: &[],
    run: Run::Container,
    subcommands: &[
        Command { tips: REPORT_TIPS, ..row("doctor", doctor) },
        Command { flags: flags!(LOADING | STALE), ..row("help", help) },
        Command { tips: REPORT_TIPS, ..row("malloc-stats", malloc_stats) },
        Command {
            tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
            ..row("purge", purge)
        },
        Command { tips: REPORT_TIPS, ..row("stats", stats) },
        Command {
            name: "usage",
            arity: -3,
            flags: flags!(READONLY),
            acl: acl!(READ | SLOW),
            keys: &[key_at(2, access!(RO))],
            group: Group::Server,
            tips: &[],
            run: Run::Data(usage),
            subcommands: &[],
        },
    ],
};

const REPORT_TIPS: &[&str] =
    &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"];

const fn row(name: &'static str, run: ServerFn) -> Command {
    sub(Group::Server, name, 2, flags!(), acl!(SLOW), run)
}

const HELP: &[&str] = &[
    "DOCTOR",
    "    Return memory problems reports.",
    "MALLOC-STATS",
    "    Return internal statistics report from the memory allocator.",
    "PURGE",
    "    Attempt to purge dirty pages for reclamation by the allocator.",
    "STATS",
    "    Return information about the memory usage of the server.",
    "USAGE <key> [SAMPLES <count>]",
    "    Return memory in bytes used by <key> and its value. Nested values are",
    "    sampled up to <count> times (default: 5, 0 means sample all).",
];

fn help(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    container::help(server.reply(id), args, HELP)
}

fn usage(e: &mut Exec<'_>) -> CmdResult {
    const SAMPLES_DEFAULT: usize = 5;
    let mut samples = SAMPLES_DEFAULT;
    for at in (3..e.args.len()).step_by(2) {
        let count = e.args.get(at + 1).filter(|_| is_word(e.args.at(at), "samples"));
        samples = match integer(count.ok_or(CmdError::SYNTAX)?)? {
            0 => usize::MAX,
            count => usize::try_from(count).map_err(|_| CmdError::SYNTAX)?,
        };
    }
    match e.ks.memory_usage(e.db, e.args.at(2), samples) {
        Some(bytes) => e.reply.int(bytes as i64),
        None => e.reply.null(),
    }
    Ok(())
}

fn stats(server: &mut Server, id: ClientId, _args: Args<'_>) -> CmdResult {
    let f = Figures::of(server);
    let reply = server.reply(id);
    reply.map(27 + f.dbs.len());
    int(reply, "peak.allocated", f.peak);
    int(reply, "total.allocated", f.used);
    int(reply, "startup.allocated", f.startup);
    int(reply, "replication.backlog", f.backlog);
    int(reply, "clients.slaves", f.replicas);
    int(reply, "clients.normal", f.clients);
    for none in ["cluster.links", "aof.buffer", "lua.caches", "functions.caches"] {
        int(reply, none, 0);
    }
    for db in &f.dbs {
        reply.bulk(format!("db.{}", db.db).as_bytes());
        reply.map(3);
        int(reply, "overhead.hashtable.main", db.main);
        int(reply, "overhead.hashtable.expires", db.expires);
        int(reply, "overhead.hashtable.slot-to-keys", 0);
    }
    int(reply, "overhead.total", f.overhead());
    int(reply, "keys.count", f.keys);
    int(reply, "keys.bytes-per-key", f.since_start().checked_div(f.keys).unwrap_or(0));
    int(reply, "dataset.bytes", f.dataset());
    real(reply, "dataset.percentage", f.dataset_percent());
    real(reply, "peak.percentage", f.used as f64 * 100.0 / f.peak.max(1) as f64);
    int(reply, "allocator.allocated", f.allocated);
    int(reply, "allocator.active", f.active);
    int(reply, "allocator.resident", f.resident);
    compared(reply, "allocator-fragmentation.ratio", "allocator-fragmentation.bytes", f.active, f.allocated);
    compared(reply, "allocator-rss.ratio", "allocator-rss.bytes", f.resident, f.active);
    compared(reply, "rss-overhead.ratio", "rss-overhead.bytes", f.rss, f.resident);
    compared(reply, "fragmentation", "fragmentation.bytes", f.rss, f.used);
    Ok(())
}

fn int(reply: &mut Reply, name: &str, n: usize) {
    reply.bulk(name.as_bytes());
    reply.int(n as i64);
}

fn real(reply: &mut Reply, name: &str, n: f64) {
    reply.bulk(name.as_bytes());
    // Redis has these as floats of single precision, and shows as many digits as a double has.
    let mut text = Vec::new();
    double::append(&mut text, f64::from(n as f32));
    reply.double_text(std::str::from_utf8(&text).expect("digits are text"));
}

/// How many times one figure is the other, and by how much they differ.
fn compared(reply: &mut Reply, ratio: &str, difference: &str, n: usize, of: usize) {
    real(reply, ratio, n as f64 / of.max(1) as f64);
    reply.bulk(difference.as_bytes());
    reply.int(n as i64 - of as i64);
}

fn purge(server: &mut Server, id: ClientId, _args: Args<'_>) -> CmdResult {
    memory::purge().map_err(|_| CmdError::err("Error purging dirty pages"))?;
    server.reply(id).ok();
    Ok(())
}

fn malloc_stats(server: &mut Server, id: ClientId, _args: Args<'_>) -> CmdResult {
    let report = memory::allocator_report();
    server.reply(id).verbatim("txt", &report);
    Ok(())
}

fn doctor(server: &mut Server, id: ClientId, _args: Args<'_>) -> CmdResult {
    let text = diagnosis(&Figures::of(server));
    server.reply(id).verbatim("txt", text.as_bytes());
    Ok(())
}

/// What looks wrong, by Redis's measures.
fn diagnosis(f: &Figures) -> String {
    /// With less in use every ratio is an accident.
    const USED_MIN: usize = 5 << 20;
    const DIFFERENCE_MIN: usize = 10 << 20;
    const CLIENT_MAX: usize = 200 << 10;
    const REPLICA_MAX: usize = 10 << 20;
    if f.used < USED_MIN {
        return "This instance is empty or nearly so: there is too little memory in use to find anything wrong with \
                it. Come back when it holds some data.\n"
            .to_owned();
    }
    let exceeds = |n: usize, of: usize, ratio: f64| {
        n as f64 > of as f64 * ratio && n.saturating_sub(of) > DIFFERENCE_MIN
    };
    let mut found = String::new();
    let mut add = |wrong: bool, text: &str| {
        if wrong {
            let _ = write!(found, " * {text}\n\n");
        }
    };
    add(
        f.peak as f64 > f.used as f64 * 1.5,
        "Peak memory: at some time more than one and a half times of what is used now was in use. The allocator may not \
         have given all of it back, so the figures of fragmentation below may be high and mean no harm: the memory is \
         taken again when it is needed. MEMORY PURGE asks the allocator to give it back.",
    );
    add(
        exceeds(f.rss, f.used, 1.4),
        &format!(
            "High total memory: the process takes more than 1.4 times of what is in use. A peak in the past (see \
             above) explains it and is harmless; else it is fragmentation. The allocator is {}.",
            allocator()
        ),
    );
    add(
        exceeds(f.active, f.allocated, 1.1),
        "High fragmentation in the allocator: its pages are more than 1.1 times as large as what lies in them. It comes \
         of a peak in the past (see above), or of values whose sizes change much.",
    );
    add(
        exceeds(f.resident, f.active, 1.1),
        "The allocator keeps pages that hold nothing: more than a tenth of those that do. This mostly comes of a peak \
         in the past; MEMORY PURGE asks it to give them back.",
    );
    add(
        exceeds(f.rss, f.resident, 1.1),
        "High memory beside the allocator's: the process takes more than 1.1 times of the allocator's pages. The \
         replication backlog is part of it.",
    );
    add(
        f.client_counts.0 > 0 && f.replicas > REPLICA_MAX,
        "Big replica buffers: replicas have yet to read more than 10 MB. One of them may be too slow or its network \
         may be; INFO replication shows how far behind each is.",
    );
    add(
        f.clients / f.client_counts.1.max(1) > CLIENT_MAX,
        "Big client buffers: clients take more than 200 KB each on average. Some may not read their replies as fast as \
         they ask for them, or send very long pipelines; CLIENT LIST shows which.",
    );
    if found.is_empty() {
        return "Nothing looks wrong with the memory in use.\n".to_owned();
    }
    format!("These things about the memory in use are worth a look:\n\n{found}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(used: usize) -> Figures {
        Figures {
            used,
            peak: used,
            startup: 1 << 20,
            rss: used,
            allocated: used,
            active: used,
            resident: used,
            backlog: 0,
            replicas: 0,
            clients: 0,
            not_counted: 0,
            dbs: Vec::new(),
            keys: 0,
            client_counts: (0, 1),
        }
    }

    #[test]
    fn the_doctor_finds_what_exceeds_its_measures_and_nothing_else() {
        const MB: usize = 1 << 20;
        assert!(diagnosis(&figures(MB)).contains("empty"));
        assert!(diagnosis(&figures(100 * MB)).contains("Nothing"));
        let found = |change: fn(&mut Figures), text: &str| {
            let mut f = figures(100 * MB);
            change(&mut f);
            let report = diagnosis(&f);
            assert!(report.matches(" * ").count() == 1 && report.contains(text), "{report}");
        };
        found(|f| f.peak = 151 * MB, "Peak memory");
        found(|f| f.allocated = 89 * MB, "fragmentation in the allocator");
        found(|f| (f.active, f.allocated) = (88 * MB, 88 * MB), "PURGE");
        found(|f| f.rss = 111 * MB, "beside");
        found(|f| (f.client_counts, f.replicas) = ((1, 1), 11 * MB), "replica buffers");
        found(|f| f.clients = MB, "client buffers");
        // A little of much is nothing: the difference must be more than 10 MB too.
        let mut f = figures(10 * MB);
        f.rss = 19 * MB;
        assert!(diagnosis(&f).contains("Nothing"));
    }
}
