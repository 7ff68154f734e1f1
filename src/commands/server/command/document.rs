//! COMMAND DOCS's map of a command.

use crate::commands::docs::{self, Arg};
use crate::protocol::Reply;
use crate::server::command::{CommandId, Group, Registry};

/// A command's full name and its map, with those of its subcommands.
pub fn entry(registry: &Registry, id: CommandId, reply: &mut Reply) {
    let known = &registry[id];
    let docs = docs::find(&known.full_name).expect("every command has its docs");
    reply.bulk(known.full_name.as_bytes());
    let fields = 3
        + usize::from(!docs.complexity.is_empty())
        + usize::from(docs.syscmd || docs.deprecated.is_some())
        + 2 * usize::from(docs.deprecated.is_some())
        + usize::from(!docs.history.is_empty())
        + usize::from(!docs.arguments.is_empty())
        + usize::from(!known.subcommands.is_empty());
    reply.map(fields);
    text(reply, "summary", docs.summary);
    text(reply, "since", docs.since);
    text(reply, "group", group_name(known.command.group));
    if !docs.complexity.is_empty() {
        text(reply, "complexity", docs.complexity);
    }
    if docs.syscmd || docs.deprecated.is_some() {
        reply.bulk(b"doc_flags");
        flags(reply, &[(docs.deprecated.is_some(), "deprecated"), (docs.syscmd, "syscmd")]);
    }
    if let Some((since, by)) = docs.deprecated {
        text(reply, "deprecated_since", since);
        text(reply, "replaced_by", by);
    }
    if !docs.history.is_empty() {
        reply.bulk(b"history");
        reply.set(docs.history.len());
        for (version, change) in docs.history {
            reply.array(2);
            reply.bulk(version.as_bytes());
            reply.bulk(change.as_bytes());
        }
    }
    if !docs.arguments.is_empty() {
        reply.bulk(b"arguments");
        arguments(docs.arguments, reply);
    }
    if !known.subcommands.is_empty() {
        reply.bulk(b"subcommands");
        reply.map(known.subcommands.len());
        for sub in &known.subcommands {
            entry(registry, *sub, reply);
        }
    }
}

fn arguments(args: &[Arg], reply: &mut Reply) {
    reply.array(args.len());
    for arg in args {
        let any_flag = arg.optional || arg.multiple || arg.multiple_token;
        let fields = 2
            + usize::from(arg.key_spec.is_some())
            + usize::from(arg.token.is_some())
            + usize::from(arg.since.is_some())
            + usize::from(arg.deprecated_since.is_some())
            + usize::from(any_flag)
            + usize::from(!arg.arguments.is_empty());
        reply.map(fields);
        text(reply, "name", arg.name);
        text(reply, "type", arg.kind.name());
        if let Some(spec) = arg.key_spec {
            reply.bulk(b"key_spec_index");
            reply.int(spec.into());
        }
        if let Some(token) = arg.token {
            text(reply, "token", token);
        }
        if let Some(version) = arg.since {
            text(reply, "since", version);
        }
        if let Some(version) = arg.deprecated_since {
            text(reply, "deprecated_since", version);
        }
        if any_flag {
            reply.bulk(b"flags");
            flags(
                reply,
                &[
                    (arg.optional, "optional"),
                    (arg.multiple, "multiple"),
                    (arg.multiple_token, "multiple_token"),
                ],
            );
        }
        if !arg.arguments.is_empty() {
            reply.bulk(b"arguments");
            arguments(arg.arguments, reply);
        }
    }
}

fn text(reply: &mut Reply, name: &str, value: &str) {
    reply.bulk(name.as_bytes());
    reply.bulk(value.as_bytes());
}

fn flags(reply: &mut Reply, names: &[(bool, &str)]) {
    reply.set(names.iter().filter(|(set, _)| *set).count());
    for (_, name) in names.iter().filter(|(set, _)| *set) {
        reply.simple(name);
    }
}

fn group_name(group: Group) -> &'static str {
    match group {
        Group::Generic => "generic",
        Group::String => "string",
        Group::List => "list",
        Group::Set => "set",
        Group::SortedSet => "sorted-set",
        Group::Hash => "hash",
        Group::Bitmap => "bitmap",
        Group::Hyperloglog => "hyperloglog",
        Group::Geo => "geo",
        Group::Stream => "stream",
        Group::Transactions => "transactions",
        Group::Pubsub => "pubsub",
        Group::Connection => "connection",
        Group::Server => "server",
    }
}
