//! What COMMAND DOCS tells of the generic group.

use super::{Arg, Docs};

/// Sorted by full name.
pub const DOCS: &[Docs] = &[
    Docs::new(
        "copy",
        "6.2.0",
        "Copy a key under another name or to another database",
        "O(1) for strings, else O(N), N being the number of elements",
    )
    .args(&[
        Arg::key("source", 0),
        Arg::key("destination", 1),
        Arg::integer("destination-db").behind("DB").optional(),
        Arg::token("replace", "REPLACE").optional(),
    ]),
    Docs::new("del", "1.0.0", "Delete keys", "O(N), N being the number of keys and of all elements in them")
        .args(&[Arg::key("key", 0).multiple()]),
    Docs::new(
        "dump",
        "2.6.0",
        "The value of a key as bytes that RESTORE understands",
        "O(N), N being the size of the value",
    )
    .args(&[Arg::key("key", 0)]),
    Docs::new("exists", "1.0.0", "How many of these keys are there", "O(N), N being the number of keys")
        .history(&[("3.0.3", "Several keys.")])
        .args(&[Arg::key("key", 0).multiple()]),
    Docs::new("expire", "1.0.0", "Let a key expire after so many seconds", "O(1)")
        .history(&[("7.0.0", "The options `NX`, `XX`, `GT` and `LT`.")])
        .args(&[
            Arg::key("key", 0),
            Arg::integer("seconds"),
            Arg::oneof(
                "condition",
                &[
                    Arg::token("nx", "NX"),
                    Arg::token("xx", "XX"),
                    Arg::token("gt", "GT"),
                    Arg::token("lt", "LT"),
                ],
            )
            .since("7.0.0")
            .optional(),
        ]),
    Docs::new("expireat", "1.2.0", "Let a key expire at a moment, in seconds since 1970", "O(1)")
        .history(&[("7.0.0", "The options `NX`, `XX`, `GT` and `LT`.")])
        .args(&[
            Arg::key("key", 0),
            Arg::unix_time("unix-time-seconds"),
            Arg::oneof(
                "condition",
                &[
                    Arg::token("nx", "NX"),
                    Arg::token("xx", "XX"),
                    Arg::token("gt", "GT"),
                    Arg::token("lt", "LT"),
                ],
            )
            .since("7.0.0")
            .optional(),
        ]),
    Docs::new("expiretime", "7.0.0", "When a key expires, in seconds since 1970", "O(1)")
        .args(&[Arg::key("key", 0)]),
    Docs::new(
        "keys",
        "1.0.0",
        "All keys that match a glob",
        "O(N), N being the number of keys in the database",
    )
    .args(&[Arg::pattern("pattern")]),
    Docs::new(
        "migrate",
        "2.6.0",
        "Hand keys over to another server",
        "That of DUMP and DEL here and of RESTORE there, and O(N) to send N bytes",
    )
    .history(&[
        ("3.0.0", "The options `COPY` and `REPLACE`."),
        ("3.0.6", "The option `KEYS`."),
        ("4.0.7", "The option `AUTH`."),
        ("6.0.0", "The option `AUTH2`."),
    ])
    .args(&[
        Arg::string("host"),
        Arg::integer("port"),
        Arg::oneof("key_or_empty_string", &[Arg::key("key", 0), Arg::token("empty_string", "")]),
        Arg::integer("destination-db"),
        Arg::integer("timeout"),
        Arg::token("copy", "COPY").since("3.0.0").optional(),
        Arg::token("replace", "REPLACE").since("3.0.0").optional(),
        Arg::oneof(
            "authentication",
            &[
                Arg::string("password").behind("AUTH").since("4.0.7").optional(),
                Arg::block("username_password", &[Arg::string("username"), Arg::string("password")])
                    .behind("AUTH2")
                    .since("6.0.0")
                    .optional(),
            ],
        )
        .optional(),
        Arg::key("key", 1).behind("KEYS").since("3.0.6").optional().multiple(),
    ]),
    Docs::new("move", "1.0.0", "Move a key to another database", "O(1)")
        .args(&[Arg::key("key", 0), Arg::integer("db")]),
    Docs::new("object", "2.2.3", "Commands about how a key is held", "That of the subcommand."),
    Docs::new("object|encoding", "2.2.3", "How the value of a key is encoded in memory", "O(1)")
        .args(&[Arg::key("key", 0)]),
    Docs::new("object|freq", "4.0.0", "How often a key is used, on a logarithmic scale", "O(1)")
        .args(&[Arg::key("key", 0)]),
    Docs::new("object|help", "6.2.0", "What the subcommands are for", "O(1)"),
    Docs::new("object|idletime", "2.2.3", "For how many seconds a key has not been used", "O(1)")
        .args(&[Arg::key("key", 0)]),
    Docs::new("object|refcount", "2.2.3", "How many references there are to the value of a key", "O(1)")
        .args(&[Arg::key("key", 0)]),
    Docs::new("persist", "2.2.0", "Let a key not expire after all", "O(1)").args(&[Arg::key("key", 0)]),
    Docs::new("pexpire", "2.6.0", "Let a key expire after so many milliseconds", "O(1)")
        .history(&[("7.0.0", "The options `NX`, `XX`, `GT` and `LT`.")])
        .args(&[
            Arg::key("key", 0),
            Arg::integer("milliseconds"),
            Arg::oneof(
                "condition",
                &[
                    Arg::token("nx", "NX"),
                    Arg::token("xx", "XX"),
                    Arg::token("gt", "GT"),
                    Arg::token("lt", "LT"),
                ],
            )
            .since("7.0.0")
            .optional(),
        ]),
    Docs::new("pexpireat", "2.6.0", "Let a key expire at a moment, in milliseconds since 1970", "O(1)")
        .history(&[("7.0.0", "The options `NX`, `XX`, `GT` and `LT`.")])
        .args(&[
            Arg::key("key", 0),
            Arg::unix_time("unix-time-milliseconds"),
            Arg::oneof(
                "condition",
                &[
                    Arg::token("nx", "NX"),
                    Arg::token("xx", "XX"),
                    Arg::token("gt", "GT"),
                    Arg::token("lt", "LT"),
                ],
            )
            .since("7.0.0")
            .optional(),
        ]),
    Docs::new("pexpiretime", "7.0.0", "When a key expires, in milliseconds since 1970", "O(1)")
        .args(&[Arg::key("key", 0)]),
    Docs::new("pttl", "2.6.0", "In how many milliseconds a key expires", "O(1)")
        .history(&[("2.8.0", "-2 tells that there is no key.")])
        .args(&[Arg::key("key", 0)]),
    Docs::new("randomkey", "1.0.0", "Any key of the database", "O(1)"),
    Docs::new("rename", "1.0.0", "Give a key another name", "O(1)")
        .args(&[Arg::key("key", 0), Arg::key("newkey", 1)]),
    Docs::new("renamenx", "1.0.0", "Give a key another name, unless that is taken", "O(1)")
        .history(&[("3.2.0", "Two equal names are no error.")])
        .args(&[Arg::key("key", 0), Arg::key("newkey", 1)]),
    Docs::new(
        "restore",
        "2.6.0",
        "Make a key of what DUMP gave",
        "O(N), N being the size of the value; O(N*log(N)) for sorted sets",
    )
    .history(&[
        ("3.0.0", "The option `REPLACE`."),
        ("5.0.0", "The option `ABSTTL`."),
        ("5.0.0", "The options `IDLETIME` and `FREQ`."),
    ])
    .args(&[
        Arg::key("key", 0),
        Arg::integer("ttl"),
        Arg::string("serialized-value"),
        Arg::token("replace", "REPLACE").since("3.0.0").optional(),
        Arg::token("absttl", "ABSTTL").since("5.0.0").optional(),
        Arg::integer("seconds").behind("IDLETIME").since("5.0.0").optional(),
        Arg::integer("frequency").behind("FREQ").since("5.0.0").optional(),
    ]),
    Docs::new(
        "scan",
        "2.8.0",
        "Go over the keys step by step",
        "O(1) for a step, O(N) for all of them, N being the number of keys",
    )
    .history(&[("6.0.0", "The option `TYPE`.")])
    .args(&[
        Arg::integer("cursor"),
        Arg::pattern("pattern").behind("MATCH").optional(),
        Arg::integer("count").behind("COUNT").optional(),
        Arg::string("type").behind("TYPE").since("6.0.0").optional(),
    ]),
    Docs::new(
        "sort",
        "1.0.0",
        "Sort the members of a list, set or sorted set, by themselves or by other keys",
        "O(N+M*log(M)), N being the number of members, M that of those returned; O(N) if nothing is sorted",
    )
    .args(&[
        Arg::key("key", 0),
        Arg::pattern("pattern").of_spec(1).behind("BY").optional(),
        Arg::block("offset_count", &[Arg::integer("offset"), Arg::integer("count")])
            .behind("LIMIT")
            .optional(),
        Arg::pattern("pattern").of_spec(1).behind("GET").optional().multiple().multiple_token(),
        Arg::oneof("order", &[Arg::token("asc", "ASC"), Arg::token("desc", "DESC")]).optional(),
        Arg::token("sorting", "ALPHA").optional(),
        Arg::key("destination", 2).behind("STORE").optional(),
    ]),
    Docs::new(
        "sort_ro",
        "7.0.0",
        "Sort the members of a list, set or sorted set, without storing them",
        "O(N+M*log(M)), N being the number of members, M that of those returned; O(N) if nothing is sorted",
    )
    .args(&[
        Arg::key("key", 0),
        Arg::pattern("pattern").of_spec(1).behind("BY").optional(),
        Arg::block("offset_count", &[Arg::integer("offset"), Arg::integer("count")])
            .behind("LIMIT")
            .optional(),
        Arg::pattern("pattern").of_spec(1).behind("GET").optional().multiple().multiple_token(),
        Arg::oneof("order", &[Arg::token("asc", "ASC"), Arg::token("desc", "DESC")]).optional(),
        Arg::token("sorting", "ALPHA").optional(),
    ]),
    Docs::new(
        "touch",
        "3.2.1",
        "Mark keys as used, and count those that are there",
        "O(N), N being the number of keys",
    )
    .args(&[Arg::key("key", 0).multiple()]),
    Docs::new("ttl", "1.0.0", "In how many seconds a key expires", "O(1)")
        .history(&[("2.8.0", "-2 tells that there is no key.")])
        .args(&[Arg::key("key", 0)]),
    Docs::new("type", "1.0.0", "What kind of value a key holds", "O(1)").args(&[Arg::key("key", 0)]),
    Docs::new(
        "unlink",
        "4.0.0",
        "Delete keys; big values are freed in the background",
        "O(1) for each key, and O(N) in the background for N elements",
    )
    .args(&[Arg::key("key", 0).multiple()]),
    Docs::new("wait", "3.0.0", "Wait until replicas have acknowledged the writes of this connection", "O(1)")
        .args(&[Arg::integer("numreplicas"), Arg::integer("timeout")]),
];
