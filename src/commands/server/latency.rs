//! LATENCY: the samples of the latency monitor, and how long each command took.

use crate::client::ClientId;
use crate::commands::container::{self, ServerFn, sub};
use crate::commands::row::{acl, flags};
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::Server;
use crate::server::command::{Command, CommandId, Group, Run};
use crate::server::latency::{Series, graph, report};

/// `LATENCY`
pub static LATENCY: Command = Command {
    name: "latency",
    arity: -2,
    flags: flags!(),
    acl: acl!(SLOW),
    keys: &[],
    group: Group::Server,
    tips: &[],
    run: Run::Container,
    subcommands: &[
        row("doctor", 2, doctor),
        row("graph", 3, draw),
        Command { flags: flags!(LOADING | STALE), acl: acl!(SLOW), tips: &[], ..row("help", 2, help) },
        row("histogram", -2, histogram),
        row("history", 3, history),
        row("latest", 2, latest),
        Command {
            tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
            ..row("reset", -2, reset)
        },
    ],
};

const fn row(name: &'static str, arity: i32, run: ServerFn) -> Command {
    Command {
        tips: &["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"],
        ..sub(
            Group::Server,
            name,
            arity,
            flags!(ADMIN | NOSCRIPT | LOADING | STALE),
            acl!(ADMIN | SLOW | DANGEROUS),
            run,
        )
    }
}

const HELP: &[&str] = &[
    "DOCTOR",
    "    Return a human readable latency analysis report.",
    "GRAPH <event>",
    "    Return an ASCII latency graph for the <event> class.",
    "HISTORY <event>",
    "    Return time-latency samples for the <event> class.",
    "LATEST",
    "    Return the latest latency samples for all events.",
    "RESET [<event> ...]",
    "    Reset latency data of one or more <event> classes.",
    "    (default: reset all data for all event classes)",
    "HISTOGRAM [COMMAND ...]",
    "    Return a cumulative distribution of latencies in the format of a histogram for the specified command names.",
    "    If no commands are specified then all histograms are replied.",
];

fn help(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    container::help(server.reply(id), args, HELP)
}

fn doctor(server: &mut Server, id: ClientId, _args: Args<'_>) -> CmdResult {
    let text = report::write(server, server.clock.now_s());
    server.reply(id).verbatim("txt", text.as_bytes());
    Ok(())
}

fn draw(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let event = args.at(2);
    let series = server.latency.get(event).ok_or_else(|| {
        CmdError::err([b"No samples available for event '", container::c_str(event), b"'"].concat())
    })?;
    let text = graph::draw(series, server.clock.now_s());
    server.reply(id).verbatim("txt", text.as_bytes());
    Ok(())
}

fn history(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let client = server.clients.get_mut(id).expect("a client lives while its command runs");
    let reply = &mut client.reply;
    let Some(Series { samples, .. }) = server.latency.get(args.at(2)) else {
        reply.array(0);
        return Ok(());
    };
    reply.array(samples.len());
    for sample in samples {
        reply.array(2);
        reply.int(sample.time_s);
        reply.int(i64::from(sample.ms));
    }
    Ok(())
}

fn latest(server: &mut Server, id: ClientId, _args: Args<'_>) -> CmdResult {
    let client = server.clients.get_mut(id).expect("a client lives while its command runs");
    let reply = &mut client.reply;
    reply.array(server.latency.all().len());
    for Series { event, samples, max_ms } in server.latency.all() {
        let last = samples.back().expect("an event is known by its samples");
        reply.array(4);
        reply.bulk(event.as_bytes());
        reply.int(last.time_s);
        reply.int(i64::from(last.ms));
        reply.int(i64::from(*max_ms));
    }
    Ok(())
}

fn reset(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let latency = &mut server.latency;
    let forgotten = match args.len() {
        2 => latency.forget_all(),
        _ => args.rest(2).iter().filter(|event| latency.forget(event)).count(),
    };
    server.reply(id).int(forgotten as i64);
    Ok(())
}

fn histogram(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let registry = &server.registry;
    let mut wanted: Vec<CommandId> = Vec::new();
    if args.len() == 2 {
        wanted.extend(registry.ids());
    }
    for command in args.rest(2).iter().filter_map(|name| registry.find_full(name)) {
        wanted.push(command);
        wanted.extend(&registry[command].subcommands);
    }
    let figures = &server.stats.commands;
    let latency_of = |command: &CommandId| figures[usize::from(command.0)].latency.as_ref();
    wanted.retain(|command| latency_of(command).is_some());
    let client = server.clients.get_mut(id).expect("a client lives while its command runs");
    let reply = &mut client.reply;
    reply.map(wanted.len());
    for command in &wanted {
        let Some(latency) = latency_of(command) else { continue };
        let steps = latency.cumulative();
        reply.bulk(registry[*command].full_name.as_bytes());
        reply.map(2);
        reply.bulk(b"calls");
        reply.int(latency.total() as i64);
        reply.bulk(b"histogram_usec");
        reply.map(steps.len());
        for (usec, calls) in steps {
            reply.int(usec as i64);
            reply.int(calls as i64);
        }
    }
    Ok(())
}
