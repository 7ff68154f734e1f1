//! What COMMAND DOCS tells of the server group.

use super::{Arg, Docs};

/// Sorted by full name.
pub const DOCS: &[Docs] = &[
    Docs::new("acl", "6.0.0", "Commands about users and their rights", "That of the subcommand."),
    Docs::new("acl|cat", "6.0.0", "The categories of commands, or the commands of one", "O(1)")
        .args(&[Arg::string("categoryname").optional()]),
    Docs::new("acl|deluser", "6.0.0", "Delete users", "O(1) for each user")
        .args(&[Arg::string("username").multiple()]),
    Docs::new("acl|dryrun", "7.0.0", "Whether a user may run a command", "O(1)").args(&[
        Arg::string("username"),
        Arg::string("command"),
        Arg::string("arg").optional().multiple(),
    ]),
    Docs::new("acl|genpass", "6.0.0", "A random password", "O(1)").args(&[Arg::integer("bits").optional()]),
    Docs::new("acl|getuser", "6.0.0", "What a user is and may do", "O(N), N being the number of its rules")
        .history(&[
            ("6.2.0", "Patterns of channels."),
            ("7.0.0", "Selectors; keys and channels are told as rules."),
        ])
        .args(&[Arg::string("username")]),
    Docs::new("acl|help", "6.0.0", "What the subcommands are for", "O(1)"),
    Docs::new(
        "acl|list",
        "6.0.0",
        "All users, as lines of a configuration file",
        "O(N), N being the number of users",
    ),
    Docs::new("acl|load", "6.0.0", "Take the users from the ACL file", "O(N), N being the number of users"),
    Docs::new("acl|log", "6.0.0", "What was refused of late", "O(N), N being the number of entries shown")
        .args(&[Arg::oneof("operation", &[Arg::integer("count"), Arg::token("reset", "RESET")]).optional()]),
    Docs::new("acl|save", "6.0.0", "Write the users to the ACL file", "O(N), N being the number of users"),
    Docs::new("acl|setuser", "6.0.0", "Make a user, or change it", "O(N), N being the number of rules")
        .history(&[
            ("6.2.0", "Patterns of channels."),
            ("7.0.0", "Selectors, and patterns of keys to read or write."),
        ])
        .args(&[Arg::string("username"), Arg::string("rule").optional().multiple()]),
    Docs::new("acl|users", "6.0.0", "The names of all users", "O(N), N being the number of users"),
    Docs::new("acl|whoami", "6.0.0", "The user of this connection", "O(1)"),
    Docs::new("bgsave", "1.0.0", "Save the data set to disk in the background", "O(1)")
        .history(&[("3.2.2", "The option `SCHEDULE`.")])
        .args(&[Arg::token("schedule", "SCHEDULE").since("3.2.2").optional()]),
    Docs::new("command", "2.8.13", "Details of all commands", "O(N), N being the number of commands"),
    Docs::new("command|count", "2.8.13", "How many commands there are", "O(1)"),
    Docs::new(
        "command|docs",
        "7.0.0",
        "Documentation of commands",
        "O(N), N being the number of commands asked for",
    )
    .args(&[Arg::string("command-name").optional().multiple()]),
    Docs::new(
        "command|getkeys",
        "2.8.13",
        "The keys in a full command",
        "O(N), N being the number of arguments",
    ),
    Docs::new(
        "command|getkeysandflags",
        "7.0.0",
        "The keys in a full command and what it does with each",
        "O(N), N being the number of arguments",
    ),
    Docs::new("command|help", "5.0.0", "What the subcommands are for", "O(1)"),
    Docs::new(
        "command|info",
        "2.8.13",
        "Details of the named commands, of all when none is named",
        "O(N), N being the number of commands asked for",
    )
    .history(&[("7.0.0", "No name asks for all commands.")])
    .args(&[Arg::string("command-name").optional().multiple()]),
    Docs::new("command|list", "7.0.0", "The names of all commands", "O(N), N being the number of commands")
        .args(&[Arg::oneof(
            "filterby",
            &[
                Arg::string("module-name").behind("MODULE"),
                Arg::string("category").behind("ACLCAT"),
                Arg::pattern("pattern").behind("PATTERN"),
            ],
        )
        .behind("FILTERBY")
        .optional()]),
    Docs::new("config", "2.0.0", "Commands about options", "That of the subcommand."),
    Docs::new(
        "config|get",
        "2.0.0",
        "Options and their values",
        "O(N), N being the number of options that match",
    )
    .history(&[("7.0.0", "Several patterns in a call.")])
    .args(&[Arg::block("parameter", &[Arg::string("parameter")]).multiple()]),
    Docs::new("config|help", "5.0.0", "What the subcommands are for", "O(1)"),
    Docs::new("config|resetstat", "2.0.0", "Begin the statistics of INFO anew", "O(1)"),
    Docs::new(
        "config|rewrite",
        "2.8.0",
        "Write the options as they are now into the configuration file",
        "O(1)",
    ),
    Docs::new("config|set", "2.0.0", "Change options", "O(N), N being the number of options given")
        .history(&[("7.0.0", "Several options in a call.")])
        .args(&[Arg::block("parameter_value", &[Arg::string("parameter"), Arg::string("value")]).multiple()]),
    Docs::new("dbsize", "1.0.0", "The number of keys in the database of this connection", "O(1)"),
    Docs::new("debug", "1.0.0", "Commands for those who test the server", "That of the subcommand.").syscmd(),
    Docs::new("failover", "6.2.0", "Hand the role of primary to a replica, without losing a write", "O(1)")
        .args(&[
            Arg::block(
                "target",
                &[Arg::string("host"), Arg::integer("port"), Arg::token("force", "FORCE").optional()],
            )
            .behind("TO")
            .optional(),
            Arg::token("abort", "ABORT").optional(),
            Arg::integer("milliseconds").behind("TIMEOUT").optional(),
        ]),
    Docs::new(
        "flushall",
        "1.0.0",
        "Delete every key of every database",
        "O(N), N being the number of keys of all databases",
    )
    .history(&[("4.0.0", "The option `ASYNC`."), ("6.2.0", "The option `SYNC`.")])
    .args(&[Arg::oneof(
        "async",
        &[Arg::token("async", "ASYNC").since("4.0.0"), Arg::token("sync", "SYNC").since("6.2.0")],
    )
    .optional()]),
    Docs::new(
        "flushdb",
        "1.0.0",
        "Delete every key of the database of this connection",
        "O(N), N being the number of keys of the database",
    )
    .history(&[("4.0.0", "The option `ASYNC`."), ("6.2.0", "The option `SYNC`.")])
    .args(&[Arg::oneof(
        "async",
        &[Arg::token("async", "ASYNC").since("4.0.0"), Arg::token("sync", "SYNC").since("6.2.0")],
    )
    .optional()]),
    Docs::new("info", "1.0.0", "Figures about the server", "O(1)")
        .history(&[("7.0.0", "Several sections in a call.")])
        .args(&[Arg::string("section").optional().multiple()]),
    Docs::new("lastsave", "1.0.0", "When the data set was last saved, in seconds since the epoch", "O(1)"),
    Docs::new("latency", "2.8.13", "Commands about what takes long", "That of the subcommand."),
    Docs::new("latency|doctor", "2.8.13", "What took long, and what may help, for people to read", "O(1)"),
    Docs::new("latency|graph", "2.8.13", "How long something took of late, drawn", "O(1)")
        .args(&[Arg::string("event")]),
    Docs::new("latency|help", "2.8.13", "What the subcommands are for", "O(1)"),
    Docs::new(
        "latency|histogram",
        "7.0.0",
        "How many calls of commands took up to how long",
        "O(N), N being the number of commands that have run",
    )
    .args(&[Arg::string("command").optional().multiple()]),
    Docs::new("latency|history", "2.8.13", "When something took long, and how long", "O(1)")
        .args(&[Arg::string("event")]),
    Docs::new("latency|latest", "2.8.13", "What took long last, of each kind", "O(1)"),
    Docs::new("latency|reset", "2.8.13", "Forget what took long", "O(1)")
        .args(&[Arg::string("event").optional().multiple()]),
    Docs::new("lolwut", "5.0.0", "A drawing, and the version", "")
        .args(&[Arg::integer("version").behind("VERSION").optional()]),
    Docs::new("memory", "4.0.0", "Commands about memory", "That of the subcommand."),
    Docs::new("memory|doctor", "4.0.0", "What looks wrong with the memory in use", "O(1)"),
    Docs::new("memory|help", "4.0.0", "What the subcommands are for", "O(1)"),
    Docs::new(
        "memory|malloc-stats",
        "4.0.0",
        "The allocator's report on itself",
        "That of the report: more with more memory, perhaps slow",
    ),
    Docs::new(
        "memory|purge",
        "4.0.0",
        "Have the allocator give back what it does not use",
        "That of giving it back: more with more memory, perhaps slow",
    ),
    Docs::new("memory|stats", "4.0.0", "Where the memory goes", "O(1)"),
    Docs::new("memory|usage", "4.0.0", "How much memory a key takes", "O(N), N being the number of samples")
        .args(&[Arg::key("key", 0), Arg::integer("count").behind("SAMPLES").optional()]),
    Docs::new("monitor", "1.0.0", "Show every command that the server runs, as it runs", ""),
    Docs::new("psync", "2.8.0", "Replicas ask with it for the replication stream", "")
        .args(&[Arg::string("replicationid"), Arg::integer("offset")]),
    Docs::new("replconf", "3.0.0", "Replicas and their primary tell each other of themselves", "O(1)")
        .syscmd(),
    Docs::new("replicaof", "5.0.0", "Follow another server, or stop following", "O(1)").args(&[Arg::oneof(
        "args",
        &[
            Arg::block("host-port", &[Arg::string("host"), Arg::integer("port")]),
            Arg::block("no-one", &[Arg::token("no", "NO"), Arg::token("one", "ONE")]),
        ],
    )]),
    Docs::new(
        "restore-asking",
        "3.0.0",
        "RESTORE as one cluster node sends it to another",
        "O(N), N being the size of the value; O(N*log(N)) for sorted sets",
    )
    .syscmd()
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
    Docs::new("role", "2.8.12", "What this server is in replication, and how far", "O(1)"),
    Docs::new(
        "save",
        "1.0.0",
        "Save the data set to disk, and serve nobody meanwhile",
        "O(N), N being the number of keys of all databases",
    ),
    Docs::new(
        "shutdown",
        "1.0.0",
        "Save the data set, if it is to be saved, and end",
        "O(N) when the data set is saved, N being the number of keys of all databases; else O(1)",
    )
    .history(&[("7.0.0", "The options `NOW`, `FORCE` and `ABORT`.")])
    .args(&[
        Arg::oneof("nosave_save", &[Arg::token("nosave", "NOSAVE"), Arg::token("save", "SAVE")]).optional(),
        Arg::token("now", "NOW").since("7.0.0").optional(),
        Arg::token("force", "FORCE").since("7.0.0").optional(),
        Arg::token("abort", "ABORT").since("7.0.0").optional(),
    ]),
    Docs::new("slaveof", "1.0.0", "Follow another server, or stop following", "O(1)")
        .deprecated("5.0.0", "`REPLICAOF`")
        .args(&[Arg::oneof(
            "args",
            &[
                Arg::block("host-port", &[Arg::string("host"), Arg::integer("port")]),
                Arg::block("no-one", &[Arg::token("no", "NO"), Arg::token("one", "ONE")]),
            ],
        )]),
    Docs::new("slowlog", "2.2.12", "Commands about the log of slow commands", "That of the subcommand."),
    Docs::new(
        "slowlog|get",
        "2.2.12",
        "Entries of the slow log, the newest first",
        "O(N), N being the number of entries",
    )
    .history(&[("4.0.0", "Entries name the client and its address.")])
    .args(&[Arg::integer("count").optional()]),
    Docs::new("slowlog|help", "6.2.0", "What the subcommands are for", "O(1)"),
    Docs::new("slowlog|len", "2.2.12", "How many entries the slow log has", "O(1)"),
    Docs::new("slowlog|reset", "2.2.12", "Empty the slow log", "O(N), N being the number of entries"),
    Docs::new(
        "swapdb",
        "4.0.0",
        "Let two databases change places",
        "O(N), N being the number of clients that watch or wait for keys of either",
    )
    .args(&[Arg::integer("index1"), Arg::integer("index2")]),
    Docs::new("sync", "1.0.0", "Old replicas ask with it for the replication stream", ""),
    Docs::new("time", "2.6.0", "The time of the server", "O(1)"),
];
