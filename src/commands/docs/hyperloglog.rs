//! What COMMAND DOCS tells of the hyperloglog group.

use super::{Arg, Docs};

/// Sorted by full name.
pub const DOCS: &[Docs] = &[
    Docs::new(
        "pfadd",
        "2.8.9",
        "Add elements to a HyperLogLog, or make a new one of them",
        "O(1) for each element",
    )
    .args(&[Arg::key("key", 0), Arg::string("element").optional().multiple()]),
    Docs::new(
        "pfcount",
        "2.8.9",
        "About how many different elements were added to one or more HyperLogLogs",
        "O(1) for one key, mostly; O(N) for N keys",
    )
    .args(&[Arg::key("key", 0).multiple()]),
    Docs::new("pfdebug", "2.8.9", "Show what a HyperLogLog is made of", "O(1)")
        .syscmd()
        .args(&[Arg::string("subcommand"), Arg::key("key", 0)]),
    Docs::new(
        "pfmerge",
        "2.8.9",
        "Make a HyperLogLog of all elements that were added to some others",
        "O(N), N being the number of keys",
    )
    .args(&[Arg::key("destkey", 0), Arg::key("sourcekey", 1).multiple()]),
    Docs::new("pfselftest", "2.8.9", "Try whether HyperLogLogs work on this machine", "O(1)").syscmd(),
];
