//! What COMMAND DOCS tells of the stream group.

use super::{Arg, Docs};

/// What XADD and XTRIM trim.
const TRIM: &[Arg] = &[
    Arg::oneof("strategy", &[Arg::token("maxlen", "MAXLEN"), Arg::token("minid", "MINID").since("6.2.0")]),
    Arg::oneof("operator", &[Arg::token("equal", "="), Arg::token("approximately", "~")]).optional(),
    Arg::string("threshold"),
    Arg::integer("count").behind("LIMIT").since("6.2.0").optional(),
];

const ID_OR_NEW: &[Arg] = &[Arg::string("id"), Arg::token("new_id", "$")];

const OF_GROUP: &[Arg] = &[Arg::key("key", 0), Arg::string("groupname")];

const OF_CONSUMER: &[Arg] = &[Arg::key("key", 0), Arg::string("groupname"), Arg::string("consumername")];

/// Sorted by full name.
pub const DOCS: &[Docs] = &[
    Docs::new("xack", "5.0.0", "Say that entries are done with, which are pending no more", "O(log N) an entry")
        .args(&[Arg::key("key", 0), Arg::string("group"), Arg::string("id").multiple()]),
    Docs::new(
        "xadd",
        "5.0.0",
        "Add an entry to a stream",
        "O(1), and O(N) to trim, N being the number of entries trimmed",
    )
    .history(&[
        ("6.2.0", "The options `NOMKSTREAM`, `MINID` and `LIMIT`."),
        ("7.0.0", "An id may leave its number open: `<ms>-*`."),
    ])
    .args(&[
        Arg::key("key", 0),
        Arg::token("nomkstream", "NOMKSTREAM").since("6.2.0").optional(),
        Arg::block("trim", TRIM).optional(),
        Arg::oneof("id_or_auto", &[Arg::token("auto_id", "*"), Arg::string("id")]),
        Arg::block("field_value", &[Arg::string("field"), Arg::string("value")]).multiple(),
    ]),
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
    Docs::new(
        "xdel",
        "5.0.0",
        "Delete entries by their ids and tell how many there were",
        "O(1) for each entry",
    )
    .args(&[Arg::key("key", 0), Arg::string("id").multiple()]),
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
    Docs::new("xlen", "5.0.0", "How many entries a stream has", "O(1)").args(&[Arg::key("key", 0)]),
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
        "xrange",
        "5.0.0",
        "The entries with ids in a range",
        "O(N), N being the number of entries replied",
    )
    .history(&[("6.2.0", "Ends may be left out of the range.")])
    .args(&[
        Arg::key("key", 0),
        Arg::string("start"),
        Arg::string("end"),
        Arg::integer("count").behind("COUNT").optional(),
    ]),
    Docs::new(
        "xread",
        "5.0.0",
        "The entries of streams behind given ids, waiting for some if there are none",
        "O(N), N being the number of entries replied; XADD takes O(M) to serve M clients that wait",
    )
    .args(&[
        Arg::integer("count").behind("COUNT").optional(),
        Arg::integer("milliseconds").behind("BLOCK").optional(),
        Arg::block("streams", &[Arg::key("key", 0).multiple(), Arg::string("id").multiple()])
            .behind("STREAMS"),
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
    Docs::new(
        "xrevrange",
        "5.0.0",
        "The entries with ids in a range, the last one first",
        "O(N), N being the number of entries replied",
    )
    .history(&[("6.2.0", "Ends may be left out of the range.")])
    .args(&[
        Arg::key("key", 0),
        Arg::string("end"),
        Arg::string("start"),
        Arg::integer("count").behind("COUNT").optional(),
    ]),
    Docs::new("xsetid", "5.0.0", "Set what a stream knows of its past; for replication", "O(1)")
        .history(&[("7.0.0", "The arguments `entries_added` and `max_deleted_entry_id`.")])
        .args(&[
            Arg::key("key", 0),
            Arg::string("last-id"),
            Arg::integer("entries_added").behind("ENTRIESADDED").since("7.0.0").optional(),
            Arg::string("max_deleted_entry_id").behind("MAXDELETEDID").since("7.0.0").optional(),
        ]),
    Docs::new(
        "xtrim",
        "5.0.0",
        "Delete the first entries of a stream",
        "O(N), N being the number of entries deleted, most of them many at a time",
    )
    .history(&[("6.2.0", "The options `MINID` and `LIMIT`.")])
    .args(&[Arg::key("key", 0), Arg::block("trim", TRIM)]),
];
