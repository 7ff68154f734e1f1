//! What COMMAND DOCS tells of the set group.

use super::{Arg, Docs};

/// Sorted by full name.
pub const DOCS: &[Docs] = &[
    Docs::new("sadd", "1.0.0", "Add members to a set", "O(N), N being the number of members given")
        .history(&[("2.4.0", "Several members may be given.")])
        .args(&[Arg::key("key", 0), Arg::string("member").multiple()]),
    Docs::new("scard", "1.0.0", "How many members a set has", "O(1)").args(&[Arg::key("key", 0)]),
    Docs::new(
        "sdiff",
        "1.0.0",
        "The members of a set that others do not have",
        "O(N), N being the number of members of all sets",
    )
    .args(&[Arg::key("key", 0).multiple()]),
    Docs::new(
        "sdiffstore",
        "1.0.0",
        "Store the members of a set that others do not have",
        "O(N), N being the number of members of all sets",
    )
    .args(&[Arg::key("destination", 0), Arg::key("key", 1).multiple()]),
    Docs::new(
        "sinter",
        "1.0.0",
        "The members that all of several sets have",
        "O(N*M), N being the size of the smallest set and M the number of sets",
    )
    .args(&[Arg::key("key", 0).multiple()]),
    Docs::new(
        "sintercard",
        "7.0.0",
        "How many members all of several sets have",
        "O(N*M), N being the size of the smallest set and M the number of sets",
    )
    .args(&[
        Arg::integer("numkeys"),
        Arg::key("key", 0).multiple(),
        Arg::integer("limit").behind("LIMIT").optional(),
    ]),
    Docs::new(
        "sinterstore",
        "1.0.0",
        "Store the members that all of several sets have",
        "O(N*M), N being the size of the smallest set and M the number of sets",
    )
    .args(&[Arg::key("destination", 0), Arg::key("key", 1).multiple()]),
    Docs::new("sismember", "1.0.0", "Whether a set has a member", "O(1)")
        .args(&[Arg::key("key", 0), Arg::string("member")]),
    Docs::new("smembers", "1.0.0", "All members of a set", "O(N), N being the size of the set")
        .args(&[Arg::key("key", 0)]),
    Docs::new(
        "smismember",
        "6.2.0",
        "Which of these members a set has",
        "O(N), N being the number of members given",
    )
    .args(&[Arg::key("key", 0), Arg::string("member").multiple()]),
    Docs::new("smove", "1.0.0", "Move a member from one set to another", "O(1)").args(&[
        Arg::key("source", 0),
        Arg::key("destination", 1),
        Arg::string("member"),
    ]),
    Docs::new(
        "spop",
        "1.0.0",
        "Take random members out of a set",
        "O(N), N being the number of members taken",
    )
    .history(&[("3.2.0", "The argument `count`.")])
    .args(&[Arg::key("key", 0), Arg::integer("count").since("3.2.0").optional()]),
    Docs::new(
        "srandmember",
        "1.0.0",
        "Random members of a set, which stay there",
        "O(N), N being the number of members drawn",
    )
    .history(&[("2.6.0", "The argument `count`.")])
    .args(&[Arg::key("key", 0), Arg::integer("count").since("2.6.0").optional()]),
    Docs::new("srem", "1.0.0", "Remove members from a set", "O(N), N being the number of members given")
        .history(&[("2.4.0", "Several members may be given.")])
        .args(&[Arg::key("key", 0), Arg::string("member").multiple()]),
    Docs::new(
        "sscan",
        "2.8.0",
        "Go over the members of a set step by step",
        "O(1) a step, O(N) for all of the set's N members",
    )
    .args(&[
        Arg::key("key", 0),
        Arg::integer("cursor"),
        Arg::pattern("pattern").behind("MATCH").optional(),
        Arg::integer("count").behind("COUNT").optional(),
    ]),
    Docs::new(
        "sunion",
        "1.0.0",
        "The members that any of several sets has",
        "O(N), N being the number of members of all sets",
    )
    .args(&[Arg::key("key", 0).multiple()]),
    Docs::new(
        "sunionstore",
        "1.0.0",
        "Store the members that any of several sets has",
        "O(N), N being the number of members of all sets",
    )
    .args(&[Arg::key("destination", 0), Arg::key("key", 1).multiple()]),
];
