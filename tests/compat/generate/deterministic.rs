//! Which of the commands that were made are answered alike by two servers, whatever the moment and chance.

use super::{Args, list, sort};

/// Whether a command with this timeout does not wait for long, or is an error.
fn waits_little(timeout: Option<&Vec<u8>>) -> bool {
    timeout.is_none_or(|arg| arg == list::SOON.as_bytes() || !arg.iter().any(u8::is_ascii_digit))
}

/// False for an expiry so near that the two servers may see it on either side.
pub fn deterministic(args: &Args) -> bool {
    let text = |i: usize| args.get(i).map(|a: &Vec<u8>| String::from_utf8_lossy(a).to_ascii_uppercase());
    let near =
        |i: usize| text(i).and_then(|t| t.parse::<i64>().ok()).is_some_and(|n| (1..10_000_000).contains(&n));
    match text(0).unwrap_or_default().as_str() {
        "EXPIRE" | "PEXPIRE" | "SETEX" | "PSETEX" | "RESTORE" => !near(2),
        "SET" | "GETEX" => {
            (1..args.len()).all(|i| !matches!(text(i).as_deref(), Some("EX" | "PX")) || !near(i + 1))
        }
        "SORT" | "SORT_RO" => sort::is_deterministic(args),
        // Some of the members, but which?
        "SPOP" => {
            text(2).is_some_and(|t| t.parse::<i64>().map_or(true, |n| !(1..1000).contains(&n)))
                || args.len() > 3
        }
        // All of them, or it matters not which, nor are there endless many.
        "SRANDMEMBER" | "ZRANDMEMBER" | "HRANDFIELD" => {
            let count = text(2).map(|t| t.parse::<i64>());
            // With values, the largest number of all is refused.
            let refused = |n| n == i64::MAX && args.len() > 3;
            count.is_none_or(|n| n.map_or(true, |n| [0, -3, 100_000, i64::MIN].contains(&n) || refused(n)))
        }
        // What a mutation must not turn into something that ends or blocks the connection.
        "SHUTDOWN" => {
            args.len() > 1 && !matches!(text(1).as_deref(), Some("SAVE" | "NOSAVE" | "NOW" | "FORCE"))
                || args.len() > 2
        }
        "CLIENT" => {
            !matches!(
                (text(1).as_deref(), text(2).as_deref()),
                (Some("PAUSE"), _) | (Some("REPLY"), Some("OFF" | "SKIP")) | (Some("KILL"), Some("SKIPME"))
            ) || matches!(text(2).as_deref(), Some("X" | "-1" | "0" | "MAYBE"))
                || args.len() == 2
        }
        "REPLICAOF" | "SLAVEOF" => {
            args.len() != 3
                || text(2).and_then(|t| t.parse::<i64>().ok()).is_none_or(|n| !(0..=65535).contains(&n))
        }
        "BLPOP" | "BRPOP" | "BLMOVE" | "BRPOPLPUSH" | "BZPOPMIN" | "BZPOPMAX" => waits_little(args.last()),
        "BLMPOP" | "BZMPOP" => waits_little(args.get(1)),
        // Milliseconds.
        "XREAD" | "XREADGROUP" => (1..args.len()).all(|i| {
            let timeout = text(i + 1).and_then(|t| t.parse::<i64>().ok());
            text(i).as_deref() != Some("BLOCK") || timeout.is_none_or(|ms| ms < 0 || (1..=10).contains(&ms))
        }),
        "MONITOR" | "PSYNC" | "SYNC" => args.len() == 2,
        "BGSAVE" => args.len() > 1 && text(1).as_deref() != Some("SCHEDULE"),
        // These are never answered.
        "REPLCONF" => !(1..args.len()).any(|i| matches!(text(i).as_deref(), Some("ACK" | "GETACK"))),
        // A port that is no number is no port to connect to.
        "MIGRATE" => args.len() < 6 || text(2).as_deref() == Some("1"),
        // The arguments are for the drawings, which are each program's own.
        "LOLWUT" => (2..args.len()).all(|i| text(i).is_some_and(|t| t.parse::<i64>().is_ok())),
        "DEBUG" => !matches!(text(1).as_deref(), Some("SLEEP")) || text(2).as_deref() == Some("0"),
        "WAIT" => text(1).and_then(|t| t.parse::<i64>().ok()).is_none_or(|n| n <= 0),
        // Without names these speak of all commands, in the order of a hash table; DOCS speaks in our own words.
        "COMMAND" if text(1).as_deref() == Some("DOCS") => args.len() == 3,
        "COMMAND" => args.len() > 2 || text(1).as_deref() == Some("HELP"),
        // A limit on memory makes what is refused depend on the memory a value takes.
        "CONFIG" => (3..args.len()).all(|i| !near(i)),
        _ => true,
    }
}
