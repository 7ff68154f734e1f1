//! What COMMAND DOCS tells of the geo group.

use super::{Arg, Docs};

/// Sorted by full name.
pub const DOCS: &[Docs] = &[
    Docs::new(
        "geoadd",
        "3.2.0",
        "Add members at places on the globe, or move those that are there",
        "O(log(N)) for each member, N being the number of members",
    )
    .history(&[("6.2.0", "The options `CH`, `NX` and `XX`.")])
    .args(&[
        Arg::key("key", 0),
        Arg::oneof("condition", &[Arg::token("nx", "NX"), Arg::token("xx", "XX")]).since("6.2.0").optional(),
        Arg::token("change", "CH").since("6.2.0").optional(),
        Arg::block(
            "longitude_latitude_member",
            &[Arg::double("longitude"), Arg::double("latitude"), Arg::string("member")],
        )
        .multiple(),
    ]),
    Docs::new("geodist", "3.2.0", "How far two members are from each other", "O(1)").args(&[
        Arg::key("key", 0),
        Arg::string("member1"),
        Arg::string("member2"),
        Arg::oneof(
            "unit",
            &[Arg::token("m", "M"), Arg::token("km", "KM"), Arg::token("ft", "FT"), Arg::token("mi", "MI")],
        )
        .optional(),
    ]),
    Docs::new("geohash", "3.2.0", "The geohash texts of members", "O(1) for each member")
        .args(&[Arg::key("key", 0), Arg::string("member").multiple()]),
    Docs::new("geopos", "3.2.0", "The longitudes and latitudes of members", "O(1) for each member")
        .args(&[Arg::key("key", 0), Arg::string("member").multiple()]),
    Docs::new(
        "georadius",
        "3.2.0",
        "The members in a circle around a place",
        "O(N+log(M)), N being the number of members in the square around the circle, M the number of members",
    )
    .deprecated("6.2.0", "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument")
    .history(&[("6.2.0", "The option `ANY` of `COUNT`."), ("7.0.0", "Units in upper case.")])
    .args(&[
        Arg::key("key", 0),
        Arg::double("longitude"),
        Arg::double("latitude"),
        Arg::double("radius"),
        Arg::oneof(
            "unit",
            &[Arg::token("m", "M"), Arg::token("km", "KM"), Arg::token("ft", "FT"), Arg::token("mi", "MI")],
        ),
        Arg::token("withcoord", "WITHCOORD").optional(),
        Arg::token("withdist", "WITHDIST").optional(),
        Arg::token("withhash", "WITHHASH").optional(),
        Arg::block(
            "count",
            &[Arg::integer("count").behind("COUNT"), Arg::token("any", "ANY").since("6.2.0").optional()],
        )
        .optional(),
        Arg::oneof("order", &[Arg::token("asc", "ASC"), Arg::token("desc", "DESC")]).optional(),
        Arg::key("key", 1).behind("STORE").optional(),
        Arg::key("key", 2).behind("STOREDIST").optional(),
    ]),
    Docs::new(
        "georadius_ro",
        "3.2.10",
        "The members in a circle around a place, without storing them",
        "O(N+log(M)), N being the number of members in the square around the circle, M the number of members",
    )
    .deprecated("6.2.0", "`GEOSEARCH` with the `BYRADIUS` argument")
    .history(&[("6.2.0", "The option `ANY` of `COUNT`.")])
    .args(&[
        Arg::key("key", 0),
        Arg::double("longitude"),
        Arg::double("latitude"),
        Arg::double("radius"),
        Arg::oneof(
            "unit",
            &[Arg::token("m", "M"), Arg::token("km", "KM"), Arg::token("ft", "FT"), Arg::token("mi", "MI")],
        ),
        Arg::token("withcoord", "WITHCOORD").optional(),
        Arg::token("withdist", "WITHDIST").optional(),
        Arg::token("withhash", "WITHHASH").optional(),
        Arg::block(
            "count",
            &[Arg::integer("count").behind("COUNT"), Arg::token("any", "ANY").since("6.2.0").optional()],
        )
        .optional(),
        Arg::oneof("order", &[Arg::token("asc", "ASC"), Arg::token("desc", "DESC")]).optional(),
    ]),
    Docs::new(
        "georadiusbymember",
        "3.2.0",
        "The members in a circle around a member",
        "O(N+log(M)), N being the number of members in the square around the circle, M the number of members",
    )
    .deprecated("6.2.0", "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments")
    .history(&[("7.0.0", "Units in upper case.")])
    .args(&[
        Arg::key("key", 0),
        Arg::string("member"),
        Arg::double("radius"),
        Arg::oneof(
            "unit",
            &[Arg::token("m", "M"), Arg::token("km", "KM"), Arg::token("ft", "FT"), Arg::token("mi", "MI")],
        ),
        Arg::token("withcoord", "WITHCOORD").optional(),
        Arg::token("withdist", "WITHDIST").optional(),
        Arg::token("withhash", "WITHHASH").optional(),
        Arg::block("count", &[Arg::integer("count").behind("COUNT"), Arg::token("any", "ANY").optional()])
            .optional(),
        Arg::oneof("order", &[Arg::token("asc", "ASC"), Arg::token("desc", "DESC")]).optional(),
        Arg::key("key", 1).behind("STORE").optional(),
        Arg::key("key", 2).behind("STOREDIST").optional(),
    ]),
    Docs::new(
        "georadiusbymember_ro",
        "3.2.10",
        "The members in a circle around a member, without storing them",
        "O(N+log(M)), N being the number of members in the square around the circle, M the number of members",
    )
    .deprecated("6.2.0", "`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments")
    .args(&[
        Arg::key("key", 0),
        Arg::string("member"),
        Arg::double("radius"),
        Arg::oneof(
            "unit",
            &[Arg::token("m", "M"), Arg::token("km", "KM"), Arg::token("ft", "FT"), Arg::token("mi", "MI")],
        ),
        Arg::token("withcoord", "WITHCOORD").optional(),
        Arg::token("withdist", "WITHDIST").optional(),
        Arg::token("withhash", "WITHHASH").optional(),
        Arg::block("count", &[Arg::integer("count").behind("COUNT"), Arg::token("any", "ANY").optional()])
            .optional(),
        Arg::oneof("order", &[Arg::token("asc", "ASC"), Arg::token("desc", "DESC")]).optional(),
    ]),
    Docs::new(
        "geosearch",
        "6.2.0",
        "The members in a circle or a box",
        "O(N+log(M)), N being the number of members in the area around, M the number of members",
    )
    .history(&[("7.0.0", "Units in upper case.")])
    .args(&[
        Arg::key("key", 0),
        Arg::oneof(
            "from",
            &[
                Arg::string("member").behind("FROMMEMBER"),
                Arg::block("longitude_latitude", &[Arg::double("longitude"), Arg::double("latitude")])
                    .behind("FROMLONLAT"),
            ],
        ),
        Arg::oneof(
            "by",
            &[
                Arg::block(
                    "circle",
                    &[
                        Arg::double("radius").behind("BYRADIUS"),
                        Arg::oneof(
                            "unit",
                            &[
                                Arg::token("m", "M"),
                                Arg::token("km", "KM"),
                                Arg::token("ft", "FT"),
                                Arg::token("mi", "MI"),
                            ],
                        ),
                    ],
                ),
                Arg::block(
                    "box",
                    &[
                        Arg::double("width").behind("BYBOX"),
                        Arg::double("height"),
                        Arg::oneof(
                            "unit",
                            &[
                                Arg::token("m", "M"),
                                Arg::token("km", "KM"),
                                Arg::token("ft", "FT"),
                                Arg::token("mi", "MI"),
                            ],
                        ),
                    ],
                ),
            ],
        ),
        Arg::oneof("order", &[Arg::token("asc", "ASC"), Arg::token("desc", "DESC")]).optional(),
        Arg::block("count", &[Arg::integer("count").behind("COUNT"), Arg::token("any", "ANY").optional()])
            .optional(),
        Arg::token("withcoord", "WITHCOORD").optional(),
        Arg::token("withdist", "WITHDIST").optional(),
        Arg::token("withhash", "WITHHASH").optional(),
    ]),
    Docs::new(
        "geosearchstore",
        "6.2.0",
        "Store the members in a circle or a box",
        "O(N+log(M)), N being the number of members in the area around, M the number of members",
    )
    .history(&[("7.0.0", "Units in upper case.")])
    .args(&[
        Arg::key("destination", 0),
        Arg::key("source", 1),
        Arg::oneof(
            "from",
            &[
                Arg::string("member").behind("FROMMEMBER"),
                Arg::block("longitude_latitude", &[Arg::double("longitude"), Arg::double("latitude")])
                    .behind("FROMLONLAT"),
            ],
        ),
        Arg::oneof(
            "by",
            &[
                Arg::block(
                    "circle",
                    &[
                        Arg::double("radius").behind("BYRADIUS"),
                        Arg::oneof(
                            "unit",
                            &[
                                Arg::token("m", "M"),
                                Arg::token("km", "KM"),
                                Arg::token("ft", "FT"),
                                Arg::token("mi", "MI"),
                            ],
                        ),
                    ],
                ),
                Arg::block(
                    "box",
                    &[
                        Arg::double("width").behind("BYBOX"),
                        Arg::double("height"),
                        Arg::oneof(
                            "unit",
                            &[
                                Arg::token("m", "M"),
                                Arg::token("km", "KM"),
                                Arg::token("ft", "FT"),
                                Arg::token("mi", "MI"),
                            ],
                        ),
                    ],
                ),
            ],
        ),
        Arg::oneof("order", &[Arg::token("asc", "ASC"), Arg::token("desc", "DESC")]).optional(),
        Arg::block("count", &[Arg::integer("count").behind("COUNT"), Arg::token("any", "ANY").optional()])
            .optional(),
        Arg::token("storedist", "STOREDIST").optional(),
    ]),
];
