//! What COMMAND DOCS tells of the bitmap group.

use super::{Arg, Docs};

/// Sorted by full name.
pub const DOCS: &[Docs] = &[
    Docs::new(
        "bitcount",
        "2.6.0",
        "How many bits of a string are 1",
        "O(N), N being the length of the range",
    )
    .history(&[("7.0.0", "The option `BYTE|BIT`.")])
    .args(&[
        Arg::key("key", 0),
        Arg::block(
            "index",
            &[
                Arg::integer("start"),
                Arg::integer("end"),
                Arg::oneof("index_unit", &[Arg::token("byte", "BYTE"), Arg::token("bit", "BIT")])
                    .since("7.0.0")
                    .optional(),
            ],
        )
        .optional(),
    ]),
    Docs::new(
        "bitfield",
        "3.2.0",
        "Get, set and increment integers of any width, anywhere in a string",
        "O(1) for each operation",
    )
    .args(&[
        Arg::key("key", 0),
        Arg::oneof(
            "operation",
            &[
                Arg::block("encoding_offset", &[Arg::string("encoding"), Arg::integer("offset")])
                    .behind("GET"),
                Arg::block(
                    "write",
                    &[
                        Arg::oneof(
                            "wrap_sat_fail",
                            &[
                                Arg::token("wrap", "WRAP"),
                                Arg::token("sat", "SAT"),
                                Arg::token("fail", "FAIL"),
                            ],
                        )
                        .behind("OVERFLOW")
                        .optional(),
                        Arg::oneof(
                            "write_operation",
                            &[
                                Arg::block(
                                    "encoding_offset_value",
                                    &[Arg::string("encoding"), Arg::integer("offset"), Arg::integer("value")],
                                )
                                .behind("SET"),
                                Arg::block(
                                    "encoding_offset_increment",
                                    &[
                                        Arg::string("encoding"),
                                        Arg::integer("offset"),
                                        Arg::integer("increment"),
                                    ],
                                )
                                .behind("INCRBY"),
                            ],
                        ),
                    ],
                ),
            ],
        )
        .optional()
        .multiple(),
    ]),
    Docs::new(
        "bitfield_ro",
        "6.0.0",
        "Get integers of any width, anywhere in a string",
        "O(1) for each operation",
    )
    .args(&[
        Arg::key("key", 0),
        Arg::block("encoding_offset", &[Arg::string("encoding"), Arg::integer("offset")])
            .behind("GET")
            .optional()
            .multiple()
            .multiple_token(),
    ]),
    Docs::new(
        "bitop",
        "2.6.0",
        "Combine strings bit by bit, and store the result",
        "O(N), N being the length of the longest string",
    )
    .args(&[Arg::string("operation"), Arg::key("destkey", 0), Arg::key("key", 1).multiple()]),
    Docs::new(
        "bitpos",
        "2.8.7",
        "The first bit of a string that is 0, or 1",
        "O(N), N being the length of the range",
    )
    .history(&[("7.0.0", "The option `BYTE|BIT`.")])
    .args(&[
        Arg::key("key", 0),
        Arg::integer("bit"),
        Arg::block(
            "index",
            &[
                Arg::integer("start"),
                Arg::block(
                    "end_index",
                    &[
                        Arg::integer("end"),
                        Arg::oneof("index_unit", &[Arg::token("byte", "BYTE"), Arg::token("bit", "BIT")])
                            .since("7.0.0")
                            .optional(),
                    ],
                )
                .optional(),
            ],
        )
        .optional(),
    ]),
    Docs::new("getbit", "2.2.0", "A bit of a string", "O(1)")
        .args(&[Arg::key("key", 0), Arg::integer("offset")]),
    Docs::new("setbit", "2.2.0", "Set or clear a bit of a string", "O(1)").args(&[
        Arg::key("key", 0),
        Arg::integer("offset"),
        Arg::integer("value"),
    ]),
];
