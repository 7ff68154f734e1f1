//! What COMMAND DOCS tells of the hash group.

use super::{Arg, Docs};

/// Pairs of fields and values.
const FIELD_VALUES: Arg = Arg::block("field_value", &[Arg::string("field"), Arg::string("value")]).multiple();

/// `FIELDS numfields field ...`
const FIELDS: Arg =
    Arg::block("fields", &[Arg::integer("numfields"), Arg::string("field").multiple()]).behind("FIELDS");

/// On what HEXPIRE and its like depend.
const CONDITION: Arg = Arg::oneof(
    "condition",
    &[Arg::token("nx", "NX"), Arg::token("xx", "XX"), Arg::token("gt", "GT"), Arg::token("lt", "LT")],
)
.optional();

const PER_FIELD: &str = "O(N), N being the number of fields given";

/// Sorted by full name.
pub const DOCS: &[Docs] = &[
    Docs::new("hdel", "2.0.0", "Delete fields of a hash", "O(N), N being the number of fields given")
        .history(&[("2.4.0", "Several fields may be given.")])
        .args(&[Arg::key("key", 0), Arg::string("field").multiple()]),
    Docs::new("hexists", "2.0.0", "Whether a hash has a field", "O(1)")
        .args(&[Arg::key("key", 0), Arg::string("field")]),
    Docs::new("hexpire", "7.4.0", "Let fields expire after some seconds", PER_FIELD).args(&[
        Arg::key("key", 0),
        Arg::integer("seconds"),
        CONDITION,
        FIELDS,
    ]),
    Docs::new("hexpireat", "7.4.0", "Let fields expire at a time in seconds", PER_FIELD).args(&[
        Arg::key("key", 0),
        Arg::unix_time("unix-time-seconds"),
        CONDITION,
        FIELDS,
    ]),
    Docs::new("hexpiretime", "7.4.0", "The times in seconds at which fields expire", PER_FIELD)
        .args(&[Arg::key("key", 0), FIELDS]),
    Docs::new("hget", "2.0.0", "The value of a field", "O(1)")
        .args(&[Arg::key("key", 0), Arg::string("field")]),
    Docs::new(
        "hgetall",
        "2.0.0",
        "All fields of a hash with their values",
        "O(N), N being the size of the hash",
    )
    .args(&[Arg::key("key", 0)]),
    Docs::new("hgetdel", "8.0.0", "The values of fields, which are then deleted", PER_FIELD)
        .args(&[Arg::key("key", 0), FIELDS]),
    Docs::new(
        "hgetex",
        "8.0.0",
        "The values of fields, whose expiry times may be changed at the same time",
        PER_FIELD,
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
        FIELDS,
    ]),
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
    Docs::new("hpersist", "7.4.0", "Take away the expiry times of fields", PER_FIELD)
        .args(&[Arg::key("key", 0), FIELDS]),
    Docs::new("hpexpire", "7.4.0", "Let fields expire after some milliseconds", PER_FIELD).args(&[
        Arg::key("key", 0),
        Arg::integer("milliseconds"),
        CONDITION,
        FIELDS,
    ]),
    Docs::new("hpexpireat", "7.4.0", "Let fields expire at a time in milliseconds", PER_FIELD).args(&[
        Arg::key("key", 0),
        Arg::unix_time("unix-time-milliseconds"),
        CONDITION,
        FIELDS,
    ]),
    Docs::new("hpexpiretime", "7.4.0", "The times in milliseconds at which fields expire", PER_FIELD)
        .args(&[Arg::key("key", 0), FIELDS]),
    Docs::new("hpttl", "7.4.0", "How many milliseconds fields have to live", PER_FIELD)
        .args(&[Arg::key("key", 0), FIELDS]),
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
    Docs::new("hsetex", "8.0.0", "Set fields of a hash together with when they expire", PER_FIELD).args(&[
        Arg::key("key", 0),
        Arg::oneof("condition", &[Arg::token("fnx", "FNX"), Arg::token("fxx", "FXX")]).optional(),
        Arg::oneof(
            "expiration",
            &[
                Arg::integer("seconds").behind("EX"),
                Arg::integer("milliseconds").behind("PX"),
                Arg::unix_time("unix-time-seconds").behind("EXAT"),
                Arg::unix_time("unix-time-milliseconds").behind("PXAT"),
                Arg::token("keepttl", "KEEPTTL"),
            ],
        )
        .optional(),
        Arg::block(
            "fields",
            &[
                Arg::integer("numfields"),
                Arg::block("data", &[Arg::string("field"), Arg::string("value")]).multiple(),
            ],
        )
        .behind("FIELDS"),
    ]),
    Docs::new("hsetnx", "2.0.0", "Set a field that is not there yet", "O(1)").args(&[
        Arg::key("key", 0),
        Arg::string("field"),
        Arg::string("value"),
    ]),
    Docs::new("hstrlen", "3.2.0", "The length of a field's value", "O(1)")
        .args(&[Arg::key("key", 0), Arg::string("field")]),
    Docs::new("httl", "7.4.0", "How many seconds fields have to live", PER_FIELD)
        .args(&[Arg::key("key", 0), FIELDS]),
    Docs::new("hvals", "2.0.0", "All values of a hash", "O(N), N being the size of the hash")
        .args(&[Arg::key("key", 0)]),
];
