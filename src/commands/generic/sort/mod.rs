//! SORT and SORT_RO: the members of a list, set or sorted set in the order of themselves or of other keys, or other keys
//! in their place, answered or stored as a list.
//!
//! The members are copied out first ([`members`]), since looking up other keys may delete expired ones. What decides their
//! order is found for each ([`order`]); then those that LIMIT leaves are answered, or what GET finds for them
//! ([`pattern`]).

mod members;
mod order;
mod pattern;
#[cfg(test)]
mod tests;

use self::members::Members;
use self::order::Order;
use self::pattern::Pattern;
use crate::commands::parse::{integer, is_word};
use crate::commands::row::{access, acl, flags, key_at};
use crate::config::NotifyFlags;
use crate::protocol::{CmdError, CmdResult};
use crate::server::command::{BeginSearch, Command, Exec, FindKeys, Group, KeyFlags, KeySpec, Run};
use crate::value::list::{End, Entry};
use crate::value::{Collection, List, Type, ValueRef};
use smallvec::SmallVec;
use std::ops::Range;

/// `SORT`
pub static SORT: Command = Command {
    name: "sort",
    arity: -2,
    flags: flags!(WRITE | DENYOOM | MOVABLEKEYS),
    acl: acl!(WRITE | SET | SORTEDSET | LIST | SLOW | DANGEROUS),
    keys: &[
        key_at(1, access!(RO | ACCESS)),
        BY_AND_GET,
        somewhere(
            access!(OW | UPDATE),
            "For the optional STORE keyword. It is marked 'unknown' because the keyword can appear anywhere in the \
             argument array",
        ),
    ],
    group: Group::Generic,
    tips: &[],
    run: Run::Data(|e| sort(e, true)),
    subcommands: &[],
};

/// `SORT_RO`
pub static SORT_RO: Command = Command {
    name: "sort_ro",
    arity: -2,
    flags: flags!(READONLY | MOVABLEKEYS),
    acl: acl!(READ | SET | SORTEDSET | LIST | SLOW | DANGEROUS),
    keys: &[key_at(1, access!(RO | ACCESS)), BY_AND_GET],
    group: Group::Generic,
    tips: &[],
    run: Run::Data(|e| sort(e, false)),
    subcommands: &[],
};

const BY_AND_GET: KeySpec = somewhere(
    access!(RO | ACCESS),
    "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content of the key we \
     sort",
);

const fn somewhere(flags: KeyFlags, notes: &'static str) -> KeySpec {
    KeySpec { flags, begin: BeginSearch::Unknown, find: FindKeys::Unknown, notes }
}

struct Options<'a> {
    descending: bool,
    /// By text, not by number.
    alpha: bool,
    start: i64,
    /// As many as there are if negative.
    count: i64,
    by: Option<Pattern<'a>>,
    /// BY was given a pattern that names the same key for all.
    unsorted: bool,
    get: SmallVec<[Pattern<'a>; 2]>,
    store: Option<&'a [u8]>,
}

impl<'a> Options<'a> {
    fn parse(e: &Exec<'a>, may_store: bool) -> CmdResult<Self> {
        let args = e.args;
        let mut options = Options {
            descending: false,
            alpha: false,
            start: 0,
            count: -1,
            by: None,
            unsorted: false,
            get: SmallVec::new(),
            store: None,
        };
        let mut at = 2;
        while let Some(word) = args.get(at) {
            let left = args.len() - at - 1;
            let mut taken = 1;
            match word {
                word if is_word(word, "asc") => options.descending = false,
                word if is_word(word, "desc") => options.descending = true,
                word if is_word(word, "alpha") => options.alpha = true,
                word if is_word(word, "limit") && left >= 2 => {
                    options.start = integer(args.at(at + 1))?;
                    options.count = integer(args.at(at + 2))?;
                    taken = 3;
                }
                word if may_store && is_word(word, "store") && left >= 1 => {
                    options.store = Some(args.at(at + 1));
                    taken = 2;
                }
                word if is_word(word, "by") && left >= 1 => {
                    let pattern = Pattern::new(args.at(at + 1));
                    if pattern.names_a_key() && !e.reads_every_key {
                        return Err(denied("BY"));
                    }
                    options.unsorted |= !pattern.names_a_key();
                    options.by = Some(pattern);
                    taken = 2;
                }
                word if is_word(word, "get") && left >= 1 => {
                    if !e.reads_every_key {
                        return Err(denied("GET"));
                    }
                    options.get.push(Pattern::new(args.at(at + 1)));
                    taken = 2;
                }
                _ => return Err(CmdError::SYNTAX),
            }
            at += taken;
        }
        Ok(options)
    }

    /// Which of so many members LIMIT leaves.
    fn window(&self, len: usize) -> Range<usize> {
        let start = usize::try_from(self.start).unwrap_or(0).min(len);
        match usize::try_from(self.count) {
            Ok(count) => start..len.min(start.saturating_add(count)),
            Err(_) => start..len,
        }
    }
}

/// Which keys a pattern names is known only when they have been read.
fn denied(option: &str) -> CmdError {
    CmdError::err(format!("{option} option of SORT denied due to insufficient ACL permissions."))
}

fn sort(e: &mut Exec<'_>, may_store: bool) -> CmdResult {
    let mut options = Options::parse(e, may_store)?;
    let value = e.ks.lookup_read(e.db, e.args.at(1));
    if value.is_some_and(|value| !matches!(value.kind(), Type::List | Type::Set | Type::SortedSet)) {
        return Err(CmdError::WRONG_TYPE);
    }
    if options.unsorted && options.store.is_some() && matches!(value, Some(ValueRef::Set(_))) {
        // What is stored must not depend on how this server happens to keep the set.
        options.unsorted = false;
        options.alpha = true;
        options.by = None;
    }
    let len = value.map_or(0, length);
    let window = options.window(len);
    let (members, order) = if options.unsorted {
        let members = Members::window(value, window, options.descending);
        let order = (0..members.len()).collect();
        (members, order)
    } else {
        let members = Members::all(value);
        let order = Order {
            by: options.by,
            alpha: options.alpha,
            // What is stored must be the same in any locale.
            collate: options.store.is_none(),
            descending: options.descending,
        };
        let sorted = order.sort(e, &members, window)?;
        (members, sorted)
    };
    match options.store {
        None => answer(e, &members, &order, &options.get),
        Some(target) => store(e, &members, &order, &options.get, target),
    }
    Ok(())
}

fn length(value: ValueRef<'_>) -> usize {
    match value {
        ValueRef::List(list) => list.len(),
        ValueRef::Set(set) => set.len(),
        ValueRef::SortedSet(set) => set.len(),
        ValueRef::Str(_) | ValueRef::Hash(_) | ValueRef::Stream(_) => 0,
    }
}

fn answer(e: &mut Exec<'_>, members: &Members, order: &[usize], get: &[Pattern<'_>]) {
    e.reply.array(order.len() * get.len().max(1));
    for member in order.iter().map(|at| members.at(*at)) {
        if get.is_empty() {
            e.reply.bulk(member);
        }
        for pattern in get {
            pattern.look_up(e.ks, e.db, member, |found| match found {
                Some(Entry::Str(text)) => e.reply.bulk(text),
                Some(Entry::Int(number)) => e.reply.bulk_int(number),
                None => e.reply.null(),
            });
        }
    }
}

fn store(e: &mut Exec<'_>, members: &Members, order: &[usize], get: &[Pattern<'_>], target: &[u8]) {
    let limits = e.ks.limits.list;
    let mut list = List::new();
    let mut push = |entry: Entry<'_>| {
        let len = if let Entry::Str(text) = entry { text.len() } else { 0 };
        list.grow(&limits, 1, len);
        list.push(&limits, End::Tail, entry);
    };
    for member in order.iter().map(|at| members.at(*at)) {
        if get.is_empty() {
            push(Entry::Str(member));
        }
        for pattern in get {
            pattern.look_up(e.ks, e.db, member, |found| push(found.unwrap_or(Entry::Str(b""))));
        }
    }
    let len = list.len();
    let was_there = e.ks.store(e.db, target, list);
    if len > 0 {
        e.notify(NotifyFlags::LIST, "sortstore", target);
        e.ks.effects.dirty += len as u64;
    } else if was_there {
        e.notify(NotifyFlags::GENERIC, "del", target);
        e.ks.effects.dirty += 1;
    }
    e.reply.int(len as i64);
}
