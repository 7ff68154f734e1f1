//! What COMMAND DOCS tells of the stream group.

use super::{Arg, Docs};

const ID_OR_NEW: &[Arg] = &[Arg::string("id"), Arg::token("new_id", "$")];

const OF_GROUP: &[Arg] = &[Arg::key("key", 0), Arg::string("groupname")];

const OF_CONSUMER: &[Arg] = &[Arg::key("key", 0), Arg::string("groupname"), Arg::string("consumername")];

/// Sorted by full name.
pub const DOCS: &[Docs] = &[
    Docs::new("xack", "5.0.0", "Say that entries are done with, which are pending no more", "O(log N) an entry")
        .args(&[Arg::key("key", 0), Arg::string("group"), Arg::string("id").multiple()]),
    Docs::new(
        "xautoclaim",
        "6.2.0",
        "Give entries that have been pending for long to another consumer",
        "O(log N) for each of up to ten times COUNT entries",
    )
    .history(&[("7.0.0", "The reply tells of entries that are gone from the stream, and pending no more.")])
    .args(&[
        Arg::key("key", 0),
        Arg::string("group"),
        Arg::string("consumer"),
        Arg::string("min-idle-time"),
        Arg::string("start"),
        Arg::integer("count").behind("COUNT").optional(),
        Arg::token("justid", "JUSTID").optional(),
    ]),
    Docs::new("xclaim", "5.0.0", "Give pending entries to another consumer", "O(log N) an entry").args(&[
        Arg::key("key", 0),
        Arg::string("group"),
        Arg::string("consumer"),
        Arg::string("min-idle-time"),
        Arg::string("id").multiple(),
        Arg::integer("ms").behind("IDLE").optional(),
        Arg::unix_time("unix-time-milliseconds").behind("TIME").optional(),
        Arg::integer("count").behind("RETRYCOUNT").optional(),
        Arg::token("force", "FORCE").optional(),
        Arg::token("justid", "JUSTID").optional(),
        Arg::string("id").behind("LASTID").optional(),
    ]),
    Docs::new("xgroup", "5.0.0", "Consumer groups and their consumers", "As its subcommands"),
    Docs::new("xgroup|create", "5.0.0", "Make a consumer group", "O(1)")
        .history(&[("7.0.0", "Got the option `ENTRIESREAD`.")])
        .args(&[
            Arg::key("key", 0),
            Arg::string("groupname"),
            Arg::oneof("id", ID_OR_NEW),
            Arg::token("mkstream", "MKSTREAM").optional(),
            Arg::integer("entries_read").behind("ENTRIESREAD").optional(),
        ]),
    Docs::new("xgroup|createconsumer", "6.2.0", "Make a consumer in a group", "O(log N)").args(OF_CONSUMER),
    Docs::new(
        "xgroup|delconsumer",
        "5.0.0",
        "Remove a consumer from its group, and what is pending for it",
        "O(N), N being what is pending for it",
    )
    .args(OF_CONSUMER),
    Docs::new(
        "xgroup|destroy",
        "5.0.0",
        "Remove a consumer group",
        "O(N), N being what is pending in it",
    )
    .args(OF_GROUP),
    Docs::new("xgroup|help", "5.0.0", "List the subcommands", "O(1)"),
    Docs::new("xgroup|setid", "5.0.0", "Say how far a consumer group has read", "O(1)")
        .history(&[("7.0.0", "Got the option `ENTRIESREAD`.")])
        .args(&[
            Arg::key("key", 0),
            Arg::string("groupname"),
            Arg::oneof("id", ID_OR_NEW),
            Arg::integer("entries_read").behind("ENTRIESREAD").optional(),
        ]),
    Docs::new("xinfo", "5.0.0", "What streams, groups and consumers are like", "As its subcommands"),
    Docs::new("xinfo|consumers", "5.0.0", "The consumers of a group", "O(N)").args(OF_GROUP),
    Docs::new("xinfo|groups", "5.0.0", "The consumer groups of a stream", "O(N)")
        .history(&[("7.0.0", "Tells of `entries-read` and `lag`.")])
        .args(&[Arg::key("key", 0)]),
    Docs::new("xinfo|help", "5.0.0", "List the subcommands", "O(1)"),
    Docs::new("xinfo|stream", "5.0.0", "What a stream is like", "O(N), N being the number of nodes")
        .history(&[
            ("6.0.0", "Got the option `FULL`."),
            (
                "7.0.0",
                "Tells of `max-deleted-entry-id`, `entries-added`, `recorded-first-entry-id`, `entries-read` and `lag`.",
            ),
        ])
        .args(&[
            Arg::key("key", 0),
            Arg::block("full", &[Arg::integer("count").behind("COUNT").optional()]).behind("FULL").optional(),
        ]),
    Docs::new(
        "xpending",
        "5.0.0",
        "What consumers were given and have not said to be done with",
        "O(N), N being the number of entries looked at, or of consumers without a range",
    )
    .history(&[("6.2.0", "Got the option `IDLE`, and ranges without their ends.")])
    .args(&[
        Arg::key("key", 0),
        Arg::string("group"),
        Arg::block(
            "filters",
            &[
                Arg::integer("min-idle-time").behind("IDLE").since("6.2.0").optional(),
                Arg::string("start"),
                Arg::string("end"),
                Arg::integer("count"),
                Arg::string("consumer").optional(),
            ],
        )
        .optional(),
    ]),
    Docs::new(
        "xreadgroup",
        "5.0.0",
        "Get new entries as a consumer of a group, or those that are pending for it; wait for some",
        "O(log N) an entry",
    )
    .args(&[
        Arg::block("group_consumer", &[Arg::string("group"), Arg::string("consumer")]).behind("GROUP"),
        Arg::integer("count").behind("COUNT").optional(),
        Arg::integer("milliseconds").behind("BLOCK").optional(),
        Arg::token("noack", "NOACK").optional(),
        Arg::block("streams", &[Arg::key("key", 0).multiple(), Arg::string("id").multiple()])
            .behind("STREAMS"),
    ]),
];
