//! What COMMAND DOCS tells of the transactions group.

use super::{Arg, Docs};

/// Sorted by full name.
pub const DOCS: &[Docs] = &[
    Docs::new(
        "discard",
        "2.0.0",
        "Forget the commands queued since MULTI",
        "O(N), N being the number of queued commands",
    ),
    Docs::new("exec", "1.2.0", "Run the commands queued since MULTI", "That of the queued commands"),
    Docs::new("multi", "1.2.0", "Queue the commands that follow, until EXEC", "O(1)"),
    Docs::new("unwatch", "2.2.0", "Watch no key any more", "O(1)"),
    Docs::new(
        "watch",
        "2.2.0",
        "Have EXEC do nothing if one of these keys is changed before it",
        "O(1) for each key",
    )
    .args(&[Arg::key("key", 0).multiple()]),
];
