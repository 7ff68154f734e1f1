//! ZADD and ZINCRBY.

use crate::commands::parse::is_word;
use crate::commands::row::{access, acl, flags, key_at};
use crate::config::NotifyFlags;
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::SortedSet;
use crate::value::sorted_set::Limits;
use c_compat::number::double;
use smallvec::SmallVec;

/// `ZADD`
pub static ZADD: Command = Command {
    name: "zadd",
    arity: -4,
    flags: flags!(WRITE | DENYOOM | FAST),
    acl: acl!(WRITE | SORTEDSET | FAST),
    keys: &[key_at(1, access!(RW | UPDATE))],
    group: Group::SortedSet,
    tips: &[],
    run: Run::Data(zadd),
    subcommands: &[],
};

fn zadd(e: &mut Exec<'_>) -> CmdResult {
    add(e, Options::default())
}

/// `ZINCRBY`
pub static ZINCRBY: Command = Command {
    name: "zincrby",
    arity: 4,
    flags: flags!(WRITE | DENYOOM | FAST),
    acl: acl!(WRITE | SORTEDSET | FAST),
    keys: &[key_at(1, access!(RW | ACCESS | UPDATE))],
    group: Group::SortedSet,
    tips: &[],
    run: Run::Data(zincrby),
    subcommands: &[],
};

fn zincrby(e: &mut Exec<'_>) -> CmdResult {
    add(e, Options { incr: true, ..Options::default() })
}

/// The words before the first score.
#[derive(Clone, Copy, Default)]
pub(in crate::commands) struct Options {
    pub nx: bool,
    pub xx: bool,
    pub gt: bool,
    pub lt: bool,
    pub ch: bool,
    pub incr: bool,
}

impl Options {
    /// Takes up the words from the third argument on; returns where the scores begin.
    fn parse(&mut self, args: Args<'_>) -> usize {
        for at in 2..args.len() {
            let word = args.at(at);
            let option = match word.first() {
                // Most first scores are told by their first byte.
                Some(b'0'..=b'9' | b'-' | b'+' | b'.') => return at,
                _ if is_word(word, "nx") => &mut self.nx,
                _ if is_word(word, "xx") => &mut self.xx,
                _ if is_word(word, "ch") => &mut self.ch,
                _ if is_word(word, "incr") => &mut self.incr,
                _ if is_word(word, "gt") => &mut self.gt,
                _ if is_word(word, "lt") => &mut self.lt,
                _ => return at,
            };
            *option = true;
        }
        args.len()
    }

    fn check(self, pairs: usize) -> CmdResult {
        if self.nx && self.xx {
            return Err(CmdError::err("XX and NX options at the same time are not compatible"));
        }
        if self.nx && (self.gt || self.lt) || self.gt && self.lt {
            return Err(CmdError::err("GT, LT, and/or NX options at the same time are not compatible"));
        }
        if self.incr && pairs > 1 {
            return Err(CmdError::err("INCR option supports a single increment-element pair"));
        }
        Ok(())
    }
}

fn add(e: &mut Exec<'_>, mut options: Options) -> CmdResult {
    let from = options.parse(e.args);
    let pairs = e.args.rest(from);
    if pairs.is_empty() || !pairs.len().is_multiple_of(2) {
        return Err(CmdError::SYNTAX);
    }
    options.check(pairs.len() / 2)?;
    let mut members = SmallVec::<[(f64, &[u8]); 4]>::new();
    for at in (0..pairs.len()).step_by(2) {
        members.push((double::parse(pairs.at(at)).ok_or(CmdError::NOT_FLOAT)?, pairs.at(at + 1)));
    }
    add_members(e, e.args.at(1), &members, options)
}

/// Gives members their scores, as the options say, and replies.
pub(in crate::commands) fn add_members(
    e: &mut Exec<'_>,
    key: &[u8],
    members: &[(f64, &[u8])],
    options: Options,
) -> CmdResult {
    let limits = e.ks.limits.sorted_set;
    let done = match e.ks.write_as::<SortedSet>(e.db, key)? {
        Some(set) => set_scores(set, members, options, &limits)?,
        None if options.xx => Done::default(),
        None => set_scores(e.ks.write_or_create::<SortedSet>(e.db, key)?, members, options, &limits)?,
    };
    e.ks.effects.dirty += (done.added + done.updated) as u64;
    match done.score {
        Some(score) if options.incr => e.reply.double(score),
        None if options.incr => e.reply.null(),
        _ if options.ch => e.reply.int(done.added + done.updated),
        _ => e.reply.int(done.added),
    }
    if done.added + done.updated > 0 {
        e.notify(NotifyFlags::ZSET, if options.incr { "zincr" } else { "zadd" }, key);
    }
    Ok(())
}

#[derive(Default)]
struct Done {
    added: i64,
    updated: i64,
    /// The score that the last member was given, unless the options said to leave it as it is.
    score: Option<f64>,
}

fn set_scores(
    set: &mut SortedSet,
    members: &[(f64, &[u8])],
    options: Options,
    limits: &Limits,
) -> CmdResult<Done> {
    let mut done = Done::default();
    for &(score, member) in members {
        let mut is_nan = false;
        let change = set.set(member, limits, |old| {
            let Some(old) = old else { return (!options.xx).then_some(score) };
            if options.nx {
                return None;
            }
            let new = if options.incr { old + score } else { score };
            is_nan = new.is_nan();
            let refused = options.lt && new >= old || options.gt && new <= old;
            (!is_nan && !refused).then_some(new)
        });
        if is_nan {
            // There is but one pair with INCR, so nothing has changed.
            return Err(CmdError::err("resulting score is not a number (NaN)"));
        }
        done.score = change.new;
        match change.old {
            None => done.added += i64::from(change.new.is_some()),
            Some(old) => done.updated += i64::from(change.new.is_some_and(|new| new != old)),
        }
    }
    Ok(done)
}
