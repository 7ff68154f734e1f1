//! What COMMAND DOCS tells of the hash group.

use super::{Arg, Docs};

/// Pairs of fields and values.
const FIELD_VALUES: Arg = Arg::block("field_value", &[Arg::string("field"), Arg::string("value")]).multiple();

/// Sorted by full name.
pub const DOCS: &[Docs] = &[
    Docs::new("hdel", "2.0.0", "Delete fields of a hash", "O(N), N being the number of fields given")
        .history(&[("2.4.0", "Several fields may be given.")])
        .args(&[Arg::key("key", 0), Arg::string("field").multiple()]),
    Docs::new("hexists", "2.0.0", "Whether a hash has a field", "O(1)")
        .args(&[Arg::key("key", 0), Arg::string("field")]),
    Docs::new("hget", "2.0.0", "The value of a field", "O(1)")
        .args(&[Arg::key("key", 0), Arg::string("field")]),
    Docs::new(
        "hgetall",
        "2.0.0",
        "All fields of a hash with their values",
        "O(N), N being the size of the hash",
    )
    .args(&[Arg::key("key", 0)]),
    Docs::new("hincrby", "2.0.0", "Add a number to the integer in a field", "O(1)").args(&[
        Arg::key("key", 0),
        Arg::string("field"),
        Arg::integer("increment"),
    ]),
    Docs::new("hincrbyfloat", "2.6.0", "Add a number with a fraction to the number in a field", "O(1)")
        .args(&[Arg::key("key", 0), Arg::string("field"), Arg::double("increment")]),
    Docs::new("hkeys", "2.0.0", "All fields of a hash", "O(N), N being the size of the hash")
        .args(&[Arg::key("key", 0)]),
    Docs::new("hlen", "2.0.0", "How many fields a hash has", "O(1)").args(&[Arg::key("key", 0)]),
    Docs::new("hmget", "2.0.0", "The values of several fields", "O(N), N being the number of fields given")
        .args(&[Arg::key("key", 0), Arg::string("field").multiple()]),
    Docs::new("hmset", "2.0.0", "Set several fields", "O(N), N being the number of fields given")
        .deprecated("4.0.0", "`HSET` with multiple field-value pairs")
        .args(&[Arg::key("key", 0), FIELD_VALUES]),
    Docs::new(
        "hrandfield",
        "6.2.0",
        "Fields of a hash drawn at random",
        "O(N), N being the number of fields returned",
    )
    .args(&[
        Arg::key("key", 0),
        Arg::block("options", &[Arg::integer("count"), Arg::token("withvalues", "WITHVALUES").optional()])
            .optional(),
    ]),
    Docs::new(
        "hscan",
        "2.8.0",
        "Go over the fields of a hash, some at a time",
        "O(1) a call, O(N) for all calls until the cursor is 0 again, N being the size of the hash",
    )
    .args(&[
        Arg::key("key", 0),
        Arg::integer("cursor"),
        Arg::pattern("pattern").behind("MATCH").optional(),
        Arg::integer("count").behind("COUNT").optional(),
    ]),
    Docs::new("hset", "2.0.0", "Set fields of a hash", "O(N), N being the number of fields given")
        .history(&[("4.0.0", "Several pairs of fields and values may be given.")])
        .args(&[Arg::key("key", 0), FIELD_VALUES]),
    Docs::new("hsetnx", "2.0.0", "Set a field that is not there yet", "O(1)").args(&[
        Arg::key("key", 0),
        Arg::string("field"),
        Arg::string("value"),
    ]),
    Docs::new("hstrlen", "3.2.0", "The length of a field's value", "O(1)")
        .args(&[Arg::key("key", 0), Arg::string("field")]),
    Docs::new("hvals", "2.0.0", "All values of a hash", "O(N), N being the size of the hash")
        .args(&[Arg::key("key", 0)]),
];
