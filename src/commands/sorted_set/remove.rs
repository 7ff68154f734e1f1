//! ZREM, ZREMRANGEBYRANK, ZREMRANGEBYSCORE, ZREMRANGEBYLEX.

use std::ops::Range;

use super::delete_if_empty;
use super::range::{existing_ranks, lex_range, score_range};
use crate::commands::parse::integer;
use crate::commands::row::{access, acl, flags, key_at};
use crate::config::NotifyFlags;
use crate::protocol::CmdResult;
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::{Collection, SortedSet};

/// `ZREM`
pub static ZREM: Command = Command {
    name: "zrem",
    arity: -3,
    flags: flags!(WRITE | FAST),
    acl: acl!(WRITE | SORTEDSET | FAST),
    keys: &[key_at(1, access!(RW | DELETE))],
    group: Group::SortedSet,
    tips: &[],
    run: Run::Data(zrem),
    subcommands: &[],
};

fn zrem(e: &mut Exec<'_>) -> CmdResult {
    let key = e.args.at(1);
    let members = e.args.rest(2);
    let mut removed = 0;
    if let Some(set) = e.ks.write_as::<SortedSet>(e.db, key)? {
        for member in members.iter() {
            removed += i64::from(set.remove(member));
            if set.is_empty() {
                break;
            }
        }
    }
    finish(e, key, removed, "zrem");
    Ok(())
}

/// `ZREMRANGEBYRANK`
pub static ZREMRANGEBYRANK: Command = Command {
    name: "zremrangebyrank",
    arity: 4,
    flags: flags!(WRITE),
    acl: acl!(WRITE | SORTEDSET | SLOW),
    keys: &[key_at(1, access!(RW | DELETE))],
    group: Group::SortedSet,
    tips: &[],
    run: Run::Data(zremrangebyrank),
    subcommands: &[],
};

fn zremrangebyrank(e: &mut Exec<'_>) -> CmdResult {
    let (first, last) = (integer(e.args.at(2))?, integer(e.args.at(3))?);
    remove(e, "zremrangebyrank", |set| existing_ranks(first, last, set.len()))
}

/// `ZREMRANGEBYSCORE`
pub static ZREMRANGEBYSCORE: Command = Command {
    name: "zremrangebyscore",
    arity: 4,
    flags: flags!(WRITE),
    acl: acl!(WRITE | SORTEDSET | SLOW),
    keys: &[key_at(1, access!(RW | DELETE))],
    group: Group::SortedSet,
    tips: &[],
    run: Run::Data(zremrangebyscore),
    subcommands: &[],
};

fn zremrangebyscore(e: &mut Exec<'_>) -> CmdResult {
    let range = score_range(e.args.at(2), e.args.at(3))?;
    remove(e, "zremrangebyscore", |set| set.span(&range, false, None))
}

/// `ZREMRANGEBYLEX`
pub static ZREMRANGEBYLEX: Command = Command {
    name: "zremrangebylex",
    arity: 4,
    flags: flags!(WRITE),
    acl: acl!(WRITE | SORTEDSET | SLOW),
    keys: &[key_at(1, access!(RW | DELETE))],
    group: Group::SortedSet,
    tips: &[],
    run: Run::Data(zremrangebylex),
    subcommands: &[],
};

fn zremrangebylex(e: &mut Exec<'_>) -> CmdResult {
    let range = lex_range(e.args.at(2), e.args.at(3))?;
    remove(e, "zremrangebylex", |set| set.span(&range, false, None))
}

fn remove(
    e: &mut Exec<'_>,
    event: &'static str,
    ranks: impl FnOnce(&SortedSet) -> Range<usize>,
) -> CmdResult {
    let key = e.args.at(1);
    let Some(set) = e.ks.write_as::<SortedSet>(e.db, key)? else {
        e.reply.int(0);
        return Ok(());
    };
    let ranks = ranks(set);
    let removed = ranks.len();
    if removed == set.len() {
        e.ks.clear::<SortedSet>(e.db, key);
    } else {
        set.remove_range(ranks);
    }
    finish(e, key, removed as i64, event);
    Ok(())
}

fn finish(e: &mut Exec<'_>, key: &[u8], removed: i64, event: &'static str) {
    if removed > 0 {
        e.notify(NotifyFlags::ZSET, event, key);
        delete_if_empty(e, key);
        e.ks.effects.dirty += removed as u64;
    }
    e.reply.int(removed);
}
