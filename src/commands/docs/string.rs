//! What COMMAND DOCS tells of the string group.

use super::{Arg, Docs};

/// Sorted by full name.
pub const DOCS: &[Docs] = &[
    Docs::new(
        "append",
        "2.0.0",
        "Add bytes to the end of a string, or make a new one of them",
        "O(1) on average: room for more is kept behind a string that grows",
    )
    .args(&[Arg::key("key", 0), Arg::string("value")]),
    Docs::new("decr", "1.0.0", "Take one from an integer", "O(1)").args(&[Arg::key("key", 0)]),
    Docs::new("decrby", "1.0.0", "Take a number from an integer", "O(1)")
        .args(&[Arg::key("key", 0), Arg::integer("decrement")]),
    Docs::new("get", "1.0.0", "The string at a key", "O(1)").args(&[Arg::key("key", 0)]),
    Docs::new("getdel", "6.2.0", "The string at a key, which is then deleted", "O(1)")
        .args(&[Arg::key("key", 0)]),
    Docs::new(
        "getex",
        "6.2.0",
        "The string at a key, whose expiry time may be changed at the same time",
        "O(1)",
    )
    .args(&[
        Arg::key("key", 0),
        Arg::oneof(
            "expiration",
            &[
                Arg::integer("seconds").behind("EX"),
                Arg::integer("milliseconds").behind("PX"),
                Arg::unix_time("unix-time-seconds").behind("EXAT"),
                Arg::unix_time("unix-time-milliseconds").behind("PXAT"),
                Arg::token("persist", "PERSIST"),
            ],
        )
        .optional(),
    ]),
    Docs::new("getrange", "2.4.0", "A part of a string", "O(N), N being the length of the part").args(&[
        Arg::key("key", 0),
        Arg::integer("start"),
        Arg::integer("end"),
    ]),
    Docs::new("getset", "1.0.0", "Set a string and get what was there before", "O(1)")
        .deprecated("6.2.0", "`SET` with the `!GET` argument")
        .args(&[Arg::key("key", 0), Arg::string("value")]),
    Docs::new("incr", "1.0.0", "Add one to an integer", "O(1)").args(&[Arg::key("key", 0)]),
    Docs::new("incrby", "1.0.0", "Add a number to an integer", "O(1)")
        .args(&[Arg::key("key", 0), Arg::integer("increment")]),
    Docs::new("incrbyfloat", "2.6.0", "Add a number with a fraction to a number", "O(1)")
        .args(&[Arg::key("key", 0), Arg::double("increment")]),
    Docs::new(
        "lcs",
        "7.0.0",
        "The longest common subsequence of two strings",
        "O(N*M), N and M being the lengths of the strings",
    )
    .args(&[
        Arg::key("key1", 0),
        Arg::key("key2", 0),
        Arg::token("len", "LEN").optional(),
        Arg::token("idx", "IDX").optional(),
        Arg::integer("len").behind("MINMATCHLEN").optional(),
        Arg::token("withmatchlen", "WITHMATCHLEN").optional(),
    ]),
    Docs::new("mget", "1.0.0", "The strings at several keys", "O(N), N being the number of keys")
        .args(&[Arg::key("key", 0).multiple()]),
    Docs::new("mset", "1.0.1", "Set several keys to strings", "O(N), N being the number of keys")
        .args(&[Arg::block("key_value", &[Arg::key("key", 0), Arg::string("value")]).multiple()]),
    Docs::new(
        "msetnx",
        "1.0.1",
        "Set several keys to strings, unless one of them is there already",
        "O(N), N being the number of keys",
    )
    .args(&[Arg::block("key_value", &[Arg::key("key", 0), Arg::string("value")]).multiple()]),
    Docs::new("psetex", "2.6.0", "Set a string that expires after so many milliseconds", "O(1)").args(&[
        Arg::key("key", 0),
        Arg::integer("milliseconds"),
        Arg::string("value"),
    ]),
    Docs::new("set", "1.0.0", "Set a key to a string", "O(1)")
        .history(&[
            ("2.6.12", "The options `EX`, `PX`, `NX` and `XX`."),
            ("6.0.0", "The option `KEEPTTL`."),
            ("6.2.0", "The options `GET`, `EXAT` and `PXAT`."),
            ("7.0.0", "`NX` and `GET` may stand together."),
        ])
        .args(&[
            Arg::key("key", 0),
            Arg::string("value"),
            Arg::oneof("condition", &[Arg::token("nx", "NX"), Arg::token("xx", "XX")])
                .since("2.6.12")
                .optional(),
            Arg::token("get", "GET").since("6.2.0").optional(),
            Arg::oneof(
                "expiration",
                &[
                    Arg::integer("seconds").behind("EX").since("2.6.12"),
                    Arg::integer("milliseconds").behind("PX").since("2.6.12"),
                    Arg::unix_time("unix-time-seconds").behind("EXAT").since("6.2.0"),
                    Arg::unix_time("unix-time-milliseconds").behind("PXAT").since("6.2.0"),
                    Arg::token("keepttl", "KEEPTTL").since("6.0.0"),
                ],
            )
            .optional(),
        ]),
    Docs::new("setex", "2.0.0", "Set a string that expires after so many seconds", "O(1)").args(&[
        Arg::key("key", 0),
        Arg::integer("seconds"),
        Arg::string("value"),
    ]),
    Docs::new("setnx", "1.0.0", "Set a key to a string, unless it is there already", "O(1)")
        .args(&[Arg::key("key", 0), Arg::string("value")]),
    Docs::new(
        "setrange",
        "2.2.0",
        "Write over a part of a string",
        "O(M), M being the length of what is written and of the gap before it",
    )
    .args(&[Arg::key("key", 0), Arg::integer("offset"), Arg::string("value")]),
    Docs::new("strlen", "2.2.0", "The length of a string", "O(1)").args(&[Arg::key("key", 0)]),
    Docs::new("substr", "1.0.0", "A part of a string", "O(N), N being the length of the part")
        .deprecated("2.0.0", "`GETRANGE`")
        .args(&[Arg::key("key", 0), Arg::integer("start"), Arg::integer("end")]),
];
