//! What is known of members: ZCARD, ZSCORE, ZMSCORE, ZRANK, ZREVRANK, ZCOUNT, ZLEXCOUNT.

use super::range::{lex_range, score_range};
use crate::commands::parse::is_word;
use crate::commands::row::{access, acl, flags, key_at};
use crate::protocol::{CmdError, CmdResult};
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::sorted_set::Bounds;
use crate::value::{Collection, SortedSet};

/// `ZCARD`
pub static ZCARD: Command = Command {
    name: "zcard",
    arity: 2,
    flags: flags!(READONLY | FAST),
    acl: acl!(READ | SORTEDSET | FAST),
    keys: &[key_at(1, access!(RO))],
    group: Group::SortedSet,
    tips: &[],
    run: Run::Data(zcard),
    subcommands: &[],
};

fn zcard(e: &mut Exec<'_>) -> CmdResult {
    let set = e.ks.read_as::<SortedSet>(e.db, e.args.at(1))?;
    e.reply.int(set.map_or(0, |set| set.len() as i64));
    Ok(())
}

/// `ZSCORE`
pub static ZSCORE: Command = Command {
    name: "zscore",
    arity: 3,
    flags: flags!(READONLY | FAST),
    acl: acl!(READ | SORTEDSET | FAST),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::SortedSet,
    tips: &[],
    run: Run::Data(zscore),
    subcommands: &[],
};

fn zscore(e: &mut Exec<'_>) -> CmdResult {
    let set = e.ks.read_as::<SortedSet>(e.db, e.args.at(1))?;
    match set.and_then(|set| set.get(e.args.at(2))) {
        Some(score) => e.reply.double(score),
        None => e.reply.null(),
    }
    Ok(())
}

/// `ZMSCORE`
pub static ZMSCORE: Command = Command {
    name: "zmscore",
    arity: -3,
    flags: flags!(READONLY | FAST),
    acl: acl!(READ | SORTEDSET | FAST),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::SortedSet,
    tips: &[],
    run: Run::Data(zmscore),
    subcommands: &[],
};

fn zmscore(e: &mut Exec<'_>) -> CmdResult {
    let set = e.ks.read_as::<SortedSet>(e.db, e.args.at(1))?;
    let members = e.args.rest(2);
    e.reply.array(members.len());
    for member in members.iter() {
        match set.and_then(|set| set.get(member)) {
            Some(score) => e.reply.double(score),
            None => e.reply.null(),
        }
    }
    Ok(())
}

/// `ZRANK`
pub static ZRANK: Command = Command {
    name: "zrank",
    arity: -3,
    flags: flags!(READONLY | FAST),
    acl: acl!(READ | SORTEDSET | FAST),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::SortedSet,
    tips: &[],
    run: Run::Data(zrank),
    subcommands: &[],
};

fn zrank(e: &mut Exec<'_>) -> CmdResult {
    rank(e, |rank, _| rank)
}

/// `ZREVRANK`
pub static ZREVRANK: Command = Command {
    name: "zrevrank",
    arity: -3,
    flags: flags!(READONLY | FAST),
    acl: acl!(READ | SORTEDSET | FAST),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::SortedSet,
    tips: &[],
    run: Run::Data(zrevrank),
    subcommands: &[],
};

fn zrevrank(e: &mut Exec<'_>) -> CmdResult {
    rank(e, |rank, len| len - 1 - rank)
}

fn rank(e: &mut Exec<'_>, seen: fn(usize, usize) -> usize) -> CmdResult {
    // Redis has WITHSCORE since 7.2. Before that, any fourth argument was one too many.
    let with_score = match e.args.len() {
        3 => false,
        4 if is_word(e.args.at(3), "withscore") => true,
        _ => return Err(CmdError::wrong_arity(e.command.name)),
    };
    let set = e.ks.read_as::<SortedSet>(e.db, e.args.at(1))?;
    match set.and_then(|set| Some((set.rank(e.args.at(2))?, set.len()))) {
        Some(((rank, score), len)) => {
            if with_score {
                e.reply.array(2);
            }
            e.reply.int(seen(rank, len) as i64);
            if with_score {
                e.reply.double(score);
            }
        }
        None if with_score => e.reply.null_array(),
        None => e.reply.null(),
    }
    Ok(())
}

/// `ZCOUNT`
pub static ZCOUNT: Command = Command {
    name: "zcount",
    arity: 4,
    flags: flags!(READONLY | FAST),
    acl: acl!(READ | SORTEDSET | FAST),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::SortedSet,
    tips: &[],
    run: Run::Data(zcount),
    subcommands: &[],
};

fn zcount(e: &mut Exec<'_>) -> CmdResult {
    let range = score_range(e.args.at(2), e.args.at(3))?;
    count(e, range)
}

/// `ZLEXCOUNT`
pub static ZLEXCOUNT: Command = Command {
    name: "zlexcount",
    arity: 4,
    flags: flags!(READONLY | FAST),
    acl: acl!(READ | SORTEDSET | FAST),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::SortedSet,
    tips: &[],
    run: Run::Data(zlexcount),
    subcommands: &[],
};

fn zlexcount(e: &mut Exec<'_>) -> CmdResult {
    let range = lex_range(e.args.at(2), e.args.at(3))?;
    count(e, range)
}

fn count(e: &mut Exec<'_>, range: Bounds<'_>) -> CmdResult {
    let set = e.ks.read_as::<SortedSet>(e.db, e.args.at(1))?;
    e.reply.int(set.map_or(0, |set| set.span(&range, false, None).len() as i64));
    Ok(())
}
