//! Short forms for the rows of the command table: sets of flags, and keys at fixed places.

use crate::server::command::{BeginSearch, FindKeys, KeyFlags, KeySpec};

/// `flags!(WRITE | FAST)`: how a command behaves.
macro_rules! flags {
    () => { $crate::server::command::Flags::empty() };
    ($($flag:ident)|+) => { $crate::server::command::Flags::empty()$(.union($crate::server::command::Flags::$flag))+ };
}

/// `acl!(WRITE | STRING)`: ACL categories.
macro_rules! acl {
    ($($category:ident)|+) => { $crate::server::command::Acl::empty()$(.union($crate::server::command::Acl::$category))+ };
}

/// `access!(RW | UPDATE)`: what is done with keys.
macro_rules! access {
    ($($flag:ident)|+) => {
        $crate::server::command::KeyFlags::empty()$(.union($crate::server::command::KeyFlags::$flag))+
    };
}

pub(crate) use {access, acl, flags};

/// One key, at this argument.
#[must_use]
pub const fn key_at(index: i32, flags: KeyFlags) -> KeySpec {
    keys_at(index, 0, 1, flags)
}

/// Keys from this argument on up to `last` (relative to the first; negative counts from the end), each `step`-th.
#[must_use]
pub const fn keys_at(first: i32, last: i32, step: i32, flags: KeyFlags) -> KeySpec {
    KeySpec {
        flags,
        begin: BeginSearch::Index(first),
        find: FindKeys::Range { last, step, limit: 0 },
        notes: "",
    }
}

/// Keys behind their number, which stands at this argument.
#[must_use]
pub const fn counted_keys(index: i32, flags: KeyFlags) -> KeySpec {
    KeySpec {
        flags,
        begin: BeginSearch::Index(index),
        find: FindKeys::KeyNum { at: 0, first: 1, step: 1 },
        notes: "",
    }
}

/// One key behind this word, looked for from this argument on.
#[must_use]
pub const fn key_behind(word: &'static str, from: i32, flags: KeyFlags) -> KeySpec {
    KeySpec {
        flags,
        begin: BeginSearch::Keyword(word, from),
        find: FindKeys::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }
}
