//! What COMMAND DOCS tells of the list group.

use super::{Arg, Docs};

const LEFT_OR_RIGHT: &[Arg] = &[Arg::token("left", "LEFT"), Arg::token("right", "RIGHT")];

const PUSHED: &[Arg] = &[Arg::key("key", 0), Arg::string("element").multiple()];

const POPPED: &[Arg] = &[Arg::key("key", 0), Arg::integer("count").since("6.2.0").optional()];

const ONE_OR_SEVERAL: &str = "O(1) an element";

/// Sorted by full name.
pub const DOCS: &[Docs] = &[
    Docs::new(
        "blmove",
        "6.2.0",
        "Move an element to another list and get it; wait until there is one",
        "O(1)",
    )
    .args(&[
        Arg::key("source", 0),
        Arg::key("destination", 1),
        Arg::oneof("wherefrom", LEFT_OR_RIGHT),
        Arg::oneof("whereto", LEFT_OR_RIGHT),
        Arg::double("timeout"),
    ]),
    Docs::new(
        "blmpop",
        "7.0.0",
        "Take elements out of the first list that there is; wait until there is one",
        "O(N+M), N being the number of keys and M the number of elements",
    )
    .args(&[
        Arg::double("timeout"),
        Arg::integer("numkeys"),
        Arg::key("key", 0).multiple(),
        Arg::oneof("where", LEFT_OR_RIGHT),
        Arg::integer("count").behind("COUNT").optional(),
    ]),
    Docs::new(
        "blpop",
        "2.0.0",
        "Take the first element out of the first list that there is; wait until there is one",
        "O(N), N being the number of keys",
    )
    .history(&[("6.0.0", "`timeout` may have decimals.")])
    .args(&[Arg::key("key", 0).multiple(), Arg::double("timeout")]),
    Docs::new(
        "brpop",
        "2.0.0",
        "Take the last element out of the first list that there is; wait until there is one",
        "O(N), N being the number of keys",
    )
    .history(&[("6.0.0", "`timeout` may have decimals.")])
    .args(&[Arg::key("key", 0).multiple(), Arg::double("timeout")]),
    Docs::new(
        "brpoplpush",
        "2.2.0",
        "Move the last element to the front of another list and get it; wait until there is one",
        "O(1)",
    )
    .deprecated("6.2.0", "`BLMOVE` with the `RIGHT` and `LEFT` arguments")
    .history(&[("6.0.0", "`timeout` may have decimals.")])
    .args(&[Arg::key("source", 0), Arg::key("destination", 1), Arg::double("timeout")]),
    Docs::new(
        "lindex",
        "1.0.0",
        "The element at an index",
        "O(N), N being what lies between the element and the nearer end, of which most is passed over by the node",
    )
    .args(&[Arg::key("key", 0), Arg::integer("index")]),
    Docs::new(
        "linsert",
        "2.2.0",
        "Put an element before or behind another one",
        "O(N), N being the number of elements looked at until the other one is found",
    )
    .args(&[
        Arg::key("key", 0),
        Arg::oneof("where", &[Arg::token("before", "BEFORE"), Arg::token("after", "AFTER")]),
        Arg::string("pivot"),
        Arg::string("element"),
    ]),
    Docs::new("llen", "1.0.0", "The number of elements of a list", "O(1)").args(&[Arg::key("key", 0)]),
    Docs::new("lmove", "6.2.0", "Move an element to another list and get it", "O(1)").args(&[
        Arg::key("source", 0),
        Arg::key("destination", 1),
        Arg::oneof("wherefrom", LEFT_OR_RIGHT),
        Arg::oneof("whereto", LEFT_OR_RIGHT),
    ]),
    Docs::new(
        "lmpop",
        "7.0.0",
        "Take elements out of the first list that there is",
        "O(N+M), N being the number of keys and M the number of elements",
    )
    .args(&[
        Arg::integer("numkeys"),
        Arg::key("key", 0).multiple(),
        Arg::oneof("where", LEFT_OR_RIGHT),
        Arg::integer("count").behind("COUNT").optional(),
    ]),
    Docs::new("lpop", "1.0.0", "Take the first elements out of a list", ONE_OR_SEVERAL)
        .history(&[("6.2.0", "The argument `count`.")])
        .args(POPPED),
    Docs::new(
        "lpos",
        "6.0.6",
        "Where in a list an element stands",
        "O(N), N being the number of elements that are looked at",
    )
    .args(&[
        Arg::key("key", 0),
        Arg::string("element"),
        Arg::integer("rank").behind("RANK").optional(),
        Arg::integer("num-matches").behind("COUNT").optional(),
        Arg::integer("len").behind("MAXLEN").optional(),
    ]),
    Docs::new("lpush", "1.0.0", "Add elements to the front of a list", ONE_OR_SEVERAL)
        .history(&[("2.4.0", "Several `element` arguments.")])
        .args(PUSHED),
    Docs::new(
        "lpushx",
        "2.2.0",
        "Add elements to the front of a list, if it is there already",
        ONE_OR_SEVERAL,
    )
    .history(&[("4.0.0", "Several `element` arguments.")])
    .args(PUSHED),
    Docs::new(
        "lrange",
        "1.0.0",
        "A part of a list",
        "O(N), N being the number of elements in it, and finding the first one as for LINDEX",
    )
    .args(&[Arg::key("key", 0), Arg::integer("start"), Arg::integer("stop")]),
    Docs::new("lrem", "1.0.0", "Remove elements of a certain value", "O(N), N being the length of the list")
        .args(&[Arg::key("key", 0), Arg::integer("count"), Arg::string("element")]),
    Docs::new("lset", "1.0.0", "Replace the element at an index", "O(N), as for LINDEX").args(&[
        Arg::key("key", 0),
        Arg::integer("index"),
        Arg::string("element"),
    ]),
    Docs::new(
        "ltrim",
        "1.0.0",
        "Keep a part of a list and remove the rest",
        "O(N), N being the number of elements removed",
    )
    .args(&[Arg::key("key", 0), Arg::integer("start"), Arg::integer("stop")]),
    Docs::new("rpop", "1.0.0", "Take the last elements out of a list", ONE_OR_SEVERAL)
        .history(&[("6.2.0", "The argument `count`.")])
        .args(POPPED),
    Docs::new(
        "rpoplpush",
        "1.2.0",
        "Move the last element to the front of another list and get it",
        "O(1)",
    )
    .deprecated("6.2.0", "`LMOVE` with the `RIGHT` and `LEFT` arguments")
    .args(&[Arg::key("source", 0), Arg::key("destination", 1)]),
    Docs::new("rpush", "1.0.0", "Add elements to the end of a list", ONE_OR_SEVERAL)
        .history(&[("2.4.0", "Several `element` arguments.")])
        .args(PUSHED),
    Docs::new("rpushx", "2.2.0", "Add elements to the end of a list, if it is there already", ONE_OR_SEVERAL)
        .history(&[("4.0.0", "Several `element` arguments.")])
        .args(PUSHED),
];
