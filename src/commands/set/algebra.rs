//! Intersections, unions and differences, answered or stored.

use super::reply_member;
use crate::commands::parse::{integer, is_word};
use crate::commands::row::{access, acl, flags, key_at, keys_at};
use crate::config::NotifyFlags;
use crate::keyspace::Keyspace;
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::command::{BeginSearch, Command, Exec, FindKeys, Group, KeySpec, Run};
use crate::value::set::{Limits, Member, Members};
use crate::value::{Collection, Set};
use c_compat::listpack::IntText;
use smallvec::SmallVec;

/// The sets of a command, in its order; a missing key is no set.
type Sets<'a> = SmallVec<[Option<&'a Set>; 8]>;

/// `SINTER`
pub static SINTER: Command = Command {
    name: "sinter",
    arity: -2,
    flags: flags!(READONLY),
    acl: acl!(READ | SET | SLOW),
    keys: &[keys_at(1, -1, 1, access!(RO | ACCESS))],
    group: Group::Set,
    tips: &["nondeterministic_output_order"],
    run: Run::Data(sinter),
    subcommands: &[],
};

fn sinter(e: &mut Exec<'_>) -> CmdResult {
    let sets = find(e.ks, e.db, e.args.rest(1))?;
    let common = intersection(&sets, usize::MAX);
    e.reply.set(common.len());
    for member in common {
        reply_member(e.reply, member);
    }
    Ok(())
}

/// `SINTERCARD`
pub static SINTERCARD: Command = Command {
    name: "sintercard",
    arity: -3,
    flags: flags!(READONLY | MOVABLEKEYS),
    acl: acl!(READ | SET | SLOW),
    keys: &[KeySpec {
        flags: access!(RO | ACCESS),
        begin: BeginSearch::Index(1),
        find: FindKeys::KeyNum { at: 0, first: 1, step: 1 },
        notes: "",
    }],
    group: Group::Set,
    tips: &[],
    run: Run::Data(sintercard),
    subcommands: &[],
};

fn sintercard(e: &mut Exec<'_>) -> CmdResult {
    let keys = integer(e.args.at(1)).ok().and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
    let keys = keys.ok_or_else(|| CmdError::err("numkeys should be greater than 0"))?;
    if keys > e.args.len() - 2 {
        return Err(CmdError::err("Number of keys can't be greater than number of args"));
    }
    let mut limit = 0;
    let mut at = 2 + keys;
    while let Some(word) = e.args.get(at) {
        let Some(arg) = e.args.get(at + 1).filter(|_| is_word(word, "limit")) else {
            return Err(CmdError::SYNTAX);
        };
        let number = integer(arg).ok().and_then(|n| usize::try_from(n).ok());
        limit = number.ok_or_else(|| CmdError::err("LIMIT can't be negative"))?;
        at += 2;
    }
    let sets = find(e.ks, e.db, e.args.slice(2, 2 + keys))?;
    let common = intersection(&sets, if limit == 0 { usize::MAX } else { limit });
    e.reply.int(common.len() as i64);
    Ok(())
}

/// `SINTERSTORE`
pub static SINTERSTORE: Command = Command {
    name: "sinterstore",
    arity: -3,
    flags: flags!(WRITE | DENYOOM),
    acl: acl!(WRITE | SET | SLOW),
    keys: &[key_at(1, access!(RW | UPDATE)), keys_at(2, -1, 1, access!(RO | ACCESS))],
    group: Group::Set,
    tips: &[],
    run: Run::Data(sinterstore),
    subcommands: &[],
};

fn sinterstore(e: &mut Exec<'_>) -> CmdResult {
    store(e, "sinterstore", |sets, limits| gather(intersection(sets, usize::MAX), limits))
}

/// `SUNION`
pub static SUNION: Command = Command {
    name: "sunion",
    arity: -2,
    flags: flags!(READONLY),
    acl: acl!(READ | SET | SLOW),
    keys: &[keys_at(1, -1, 1, access!(RO | ACCESS))],
    group: Group::Set,
    tips: &["nondeterministic_output_order"],
    run: Run::Data(sunion),
    subcommands: &[],
};

fn sunion(e: &mut Exec<'_>) -> CmdResult {
    let sets = find(e.ks, e.db, e.args.rest(1))?;
    let sets: SmallVec<[&Set; 8]> = sets.into_iter().flatten().collect();
    if let [set] = sets[..] {
        e.reply.set(set.len());
        set.iter().for_each(|member| reply_member(e.reply, member));
        return Ok(());
    }
    let mut members = Members::with_room(sets.iter().map(|set| set.len()).max().unwrap_or(0));
    let mut room = IntText::new();
    for member in sets.iter().flat_map(|set| set.iter()) {
        members.insert(member.text(&mut room));
    }
    e.reply.set(members.len());
    members.iter().for_each(|member| e.reply.bulk(member));
    Ok(())
}

/// `SUNIONSTORE`
pub static SUNIONSTORE: Command = Command {
    name: "sunionstore",
    arity: -3,
    flags: flags!(WRITE | DENYOOM),
    acl: acl!(WRITE | SET | SLOW),
    keys: &[key_at(1, access!(OW | UPDATE)), keys_at(2, -1, 1, access!(RO | ACCESS))],
    group: Group::Set,
    tips: &[],
    run: Run::Data(sunionstore),
    subcommands: &[],
};

fn sunionstore(e: &mut Exec<'_>) -> CmdResult {
    store(e, "sunionstore", |sets, limits| gather(sets.iter().copied().flatten().flat_map(Set::iter), limits))
}

/// `SDIFF`
pub static SDIFF: Command = Command {
    name: "sdiff",
    arity: -2,
    flags: flags!(READONLY),
    acl: acl!(READ | SET | SLOW),
    keys: &[keys_at(1, -1, 1, access!(RO | ACCESS))],
    group: Group::Set,
    tips: &["nondeterministic_output_order"],
    run: Run::Data(sdiff),
    subcommands: &[],
};

fn sdiff(e: &mut Exec<'_>) -> CmdResult {
    let sets = find(e.ks, e.db, e.args.rest(1))?;
    let rest = difference(&sets);
    e.reply.set(rest.len());
    for member in rest {
        reply_member(e.reply, member);
    }
    Ok(())
}

/// `SDIFFSTORE`
pub static SDIFFSTORE: Command = Command {
    name: "sdiffstore",
    arity: -3,
    flags: flags!(WRITE | DENYOOM),
    acl: acl!(WRITE | SET | SLOW),
    keys: &[key_at(1, access!(OW | UPDATE)), keys_at(2, -1, 1, access!(RO | ACCESS))],
    group: Group::Set,
    tips: &[],
    run: Run::Data(sdiffstore),
    subcommands: &[],
};

fn sdiffstore(e: &mut Exec<'_>) -> CmdResult {
    store(e, "sdiffstore", |sets, limits| gather(difference(sets), limits))
}

/// Looks up the sets at these keys.
fn find<'a>(ks: &'a mut Keyspace, db: usize, keys: Args<'_>) -> CmdResult<Sets<'a>> {
    // Each key is looked up for its own sake first, which may delete it; then all are borrowed together.
    let mut there: SmallVec<[bool; 8]> = SmallVec::new();
    for key in keys.iter() {
        there.push(ks.read_as::<Set>(db, key)?.is_some());
    }
    let ks = &*ks;
    Ok(keys.iter().zip(there).map(|(key, there)| ks.peek_as::<Set>(db, key).filter(|_| there)).collect())
}

/// What all sets have in common, at most `limit` members of it.
fn intersection<'a>(sets: &[Option<&'a Set>], limit: usize) -> Vec<Member<'a>> {
    let all: Option<SmallVec<[&Set; 8]>> = sets.iter().copied().collect();
    let Some(mut sets) = all else { return Vec::new() };
    sets.sort_by_key(|set| set.len());
    let (smallest, others) = sets.split_first().expect("a command has keys");
    smallest.iter().filter(|member| others.iter().all(|set| set.has(*member))).take(limit).collect()
}

/// What the first set has and none of the others.
fn difference<'a>(sets: &[Option<&'a Set>]) -> Vec<Member<'a>> {
    let (first, others) = sets.split_first().expect("a command has keys");
    let Some(first) = *first else { return Vec::new() };
    let mut others: SmallVec<[&Set; 8]> = others.iter().copied().flatten().collect();
    if others.iter().any(|set| std::ptr::eq(*set, first)) {
        return Vec::new();
    }
    // Either each member is looked for in each other set, or each other member is struck out of a copy.
    let looking = first.len() * (others.len() + 1) / 2;
    let striking = first.len() + others.iter().map(|set| set.len()).sum::<usize>();
    if looking <= striking {
        others.sort_by_key(|set| std::cmp::Reverse(set.len()));
        return first.iter().filter(|member| !others.iter().any(|set| set.has(*member))).collect();
    }
    let mut struck = Members::with_room(first.len());
    let mut room = IntText::new();
    for member in others.iter().flat_map(|set| set.iter()).filter(|member| first.has(*member)) {
        struck.insert(member.text(&mut room));
    }
    first.iter().filter(|member| !struck.contains(member.text(&mut room))).collect()
}

/// A set of these members.
fn gather<'a>(members: impl IntoIterator<Item = Member<'a>>, limits: &Limits) -> Set {
    let mut set = Set::new();
    let mut room = IntText::new();
    for member in members {
        set.add(member.text(&mut room), limits);
    }
    set
}

/// Puts what is made of the sets where it goes.
fn store(
    e: &mut Exec<'_>,
    event: &'static str,
    combine: impl FnOnce(&[Option<&Set>], &Limits) -> Set,
) -> CmdResult {
    let limits = e.ks.limits.set;
    let result = combine(&find(e.ks, e.db, e.args.rest(2))?, &limits);
    let key = e.args.at(1);
    let len = result.len();
    let was_there = e.ks.store(e.db, key, result);
    e.reply.int(len as i64);
    if len > 0 {
        e.notify(NotifyFlags::SET, event, key);
        e.ks.effects.dirty += 1;
    } else if was_there {
        e.notify(NotifyFlags::GENERIC, "del", key);
        e.ks.effects.dirty += 1;
    }
    Ok(())
}
