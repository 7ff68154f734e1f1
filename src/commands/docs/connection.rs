//! What COMMAND DOCS tells of the connection group.

use super::{Arg, Docs};

/// Sorted by full name.
pub const DOCS: &[Docs] = &[
    Docs::new(
        "auth",
        "1.0.0",
        "Log in with a password, or with a user and a password",
        "O(N), N being the number of passwords of the user",
    )
    .history(&[("6.0.0", "A user may be named before the password.")])
    .args(&[Arg::string("username").since("6.0.0").optional(), Arg::string("password")]),
    Docs::new("client", "2.4.0", "Commands about client connections", "That of the subcommand."),
    Docs::new(
        "client|caching",
        "6.0.0",
        "Say whether the keys of the next command are tracked, in OPTIN and OPTOUT modes",
        "O(1)",
    )
    .args(&[Arg::oneof("mode", &[Arg::token("yes", "YES"), Arg::token("no", "NO")])]),
    Docs::new("client|getname", "2.6.9", "The name of this connection", "O(1)"),
    Docs::new(
        "client|getredir",
        "6.0.0",
        "The connection that gets the invalidations meant for this one",
        "O(1)",
    ),
    Docs::new("client|help", "5.0.0", "What the subcommands are for", "O(1)"),
    Docs::new("client|id", "5.0.0", "The number of this connection", "O(1)"),
    Docs::new("client|info", "6.2.0", "Everything known of this connection, in a line", "O(1)"),
    Docs::new(
        "client|kill",
        "2.4.0",
        "Close connections: one by its address, or all that a filter selects",
        "O(N), N being the number of connected clients",
    )
    .history(&[
        ("2.8.12", "The form with filters."),
        ("2.8.12", "The filter `ID`."),
        ("3.2.0", "`master` as a value of `TYPE`."),
        ("5.0.0", "`replica` as a value of `TYPE`, where `slave` still means the same."),
        ("6.2.0", "The filter `LADDR`."),
    ])
    .args(&[Arg::oneof(
        "filter",
        &[
            Arg::string("ip:port").deprecated("2.8.12"),
            Arg::oneof(
                "new-format",
                &[
                    Arg::integer("client-id").behind("ID").since("2.8.12").optional(),
                    Arg::oneof(
                        "normal_master_slave_pubsub",
                        &[
                            Arg::token("normal", "NORMAL"),
                            Arg::token("master", "MASTER").since("3.2.0"),
                            Arg::token("slave", "SLAVE"),
                            Arg::token("replica", "REPLICA").since("5.0.0"),
                            Arg::token("pubsub", "PUBSUB"),
                        ],
                    )
                    .behind("TYPE")
                    .since("2.8.12")
                    .optional(),
                    Arg::string("username").behind("USER").optional(),
                    Arg::string("ip:port").behind("ADDR").optional(),
                    Arg::string("ip:port").behind("LADDR").since("6.2.0").optional(),
                    Arg::string("yes/no").behind("SKIPME").optional(),
                ],
            )
            .multiple(),
        ],
    )]),
    Docs::new(
        "client|list",
        "2.4.0",
        "Everything known of every connection, one a line",
        "O(N), N being the number of connected clients",
    )
    .history(&[
        ("2.8.12", "The field `id`."),
        ("5.0.0", "The filter `TYPE`."),
        ("6.0.0", "The field `user`."),
        ("6.2.0", "The fields `argv-mem`, `tot-mem`, `laddr` and `redir`; the filter `ID`."),
        ("7.0.0", "The fields `resp`, `multi-mem`, `rbs` and `rbp`."),
        ("7.0.3", "The field `ssub`."),
    ])
    .args(&[
        Arg::oneof(
            "normal_master_replica_pubsub",
            &[
                Arg::token("normal", "NORMAL"),
                Arg::token("master", "MASTER"),
                Arg::token("replica", "REPLICA"),
                Arg::token("pubsub", "PUBSUB"),
            ],
        )
        .behind("TYPE")
        .since("5.0.0")
        .optional(),
        Arg::block("id", &[Arg::integer("client-id").multiple()]).behind("ID").since("6.2.0").optional(),
    ]),
    Docs::new("client|no-evict", "7.0.0", "Spare this connection when client memory has to be freed", "O(1)")
        .args(&[Arg::oneof("enabled", &[Arg::token("on", "ON"), Arg::token("off", "OFF")])]),
    Docs::new("client|no-touch", "7.2.0", "Have what this connection reads count as used, or not", "O(1)")
        .args(&[Arg::oneof("enabled", &[Arg::token("on", "ON"), Arg::token("off", "OFF")])]),
    Docs::new("client|pause", "2.9.50", "Hold back the commands of clients for a while", "O(1)")
        .history(&[("6.2.0", "The `mode` option: writes alone can be held back.")])
        .args(&[
            Arg::integer("timeout"),
            Arg::oneof("mode", &[Arg::token("write", "WRITE"), Arg::token("all", "ALL")])
                .since("6.2.0")
                .optional(),
        ]),
    Docs::new("client|reply", "3.2.0", "Say whether commands of this connection are answered", "O(1)").args(
        &[Arg::oneof(
            "on_off_skip",
            &[Arg::token("on", "ON"), Arg::token("off", "OFF"), Arg::token("skip", "SKIP")],
        )],
    ),
    Docs::new("client|setinfo", "7.2.0", "Say which client library this connection uses", "O(1)").args(&[
        Arg::oneof(
            "attr",
            &[Arg::string("libname").behind("LIB-NAME"), Arg::string("libver").behind("LIB-VER")],
        ),
    ]),
    Docs::new("client|setname", "2.6.9", "Give this connection a name", "O(1)")
        .args(&[Arg::string("connection-name")]),
    Docs::new(
        "client|tracking",
        "6.0.0",
        "Have this connection told when what it has read changes, or no more",
        "O(1), but for some of the options",
    )
    .args(&[
        Arg::oneof("status", &[Arg::token("on", "ON"), Arg::token("off", "OFF")]),
        Arg::integer("client-id").behind("REDIRECT").optional(),
        Arg::string("prefix").behind("PREFIX").optional().multiple().multiple_token(),
        Arg::token("bcast", "BCAST").optional(),
        Arg::token("optin", "OPTIN").optional(),
        Arg::token("optout", "OPTOUT").optional(),
        Arg::token("noloop", "NOLOOP").optional(),
    ]),
    Docs::new("client|trackinginfo", "6.2.0", "How this connection tracks", "O(1)"),
    Docs::new(
        "client|unblock",
        "5.0.0",
        "Wake a client that waits in a blocking command",
        "O(log N), N being the number of connected clients",
    )
    .args(&[
        Arg::integer("client-id"),
        Arg::oneof("timeout_error", &[Arg::token("timeout", "TIMEOUT"), Arg::token("error", "ERROR")])
            .optional(),
    ]),
    Docs::new(
        "client|unpause",
        "6.2.0",
        "Let paused clients go on",
        "O(N), N being the number of paused clients",
    ),
    Docs::new("echo", "1.0.0", "Give back a string", "O(1)").args(&[Arg::string("message")]),
    Docs::new("hello", "6.0.0", "Choose the protocol version, log in and name the connection", "O(1)")
        .history(&[(
            "6.2.0",
            "Without arguments it answers for the connection as it is: `protover` may be left out.",
        )])
        .args(&[Arg::block(
            "arguments",
            &[
                Arg::integer("protover"),
                Arg::block("username_password", &[Arg::string("username"), Arg::string("password")])
                    .behind("AUTH")
                    .optional(),
                Arg::string("clientname").behind("SETNAME").optional(),
            ],
        )
        .optional()]),
    Docs::new("ping", "1.0.0", "See whether the server answers", "O(1)")
        .args(&[Arg::string("message").optional()]),
    Docs::new("quit", "1.0.0", "Close this connection", "O(1)"),
    Docs::new("reset", "6.2.0", "Put this connection back to how it began", "O(1)"),
    Docs::new("select", "1.0.0", "Choose the database of this connection", "O(1)")
        .args(&[Arg::integer("index")]),
];
