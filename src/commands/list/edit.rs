//! What changes a list elsewhere than at its ends: LINSERT, LSET, LREM, LTRIM.

use super::read::index_in;
use super::{range_of, taken_out};
use crate::commands::parse::{integer, is_word};
use crate::commands::row::{access, acl, flags, key_at};
use crate::config::NotifyFlags;
use crate::protocol::{CmdError, CmdResult};
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::list::End;
use crate::value::{Collection, List};

/// `LINSERT`
pub static LINSERT: Command = Command {
    name: "linsert",
    arity: 5,
    flags: flags!(WRITE | DENYOOM),
    acl: acl!(WRITE | LIST | SLOW),
    keys: &[key_at(1, access!(RW | INSERT))],
    group: Group::List,
    tips: &[],
    run: Run::Data(linsert),
    subcommands: &[],
};

fn linsert(e: &mut Exec<'_>) -> CmdResult {
    let (key, pivot, value) = (e.args.at(1), e.args.at(3), e.args.at(4));
    let side = match e.args.at(2) {
        word if is_word(word, "after") => End::Tail,
        word if is_word(word, "before") => End::Head,
        _ => return Err(CmdError::SYNTAX),
    };
    let limits = e.ks.limits.list;
    let Some(list) = e.ks.write_as::<List>(e.db, key)? else {
        e.reply.int(0);
        return Ok(());
    };
    // Before it is known whether the pivot is there, as in Redis.
    list.grow(&limits, 1, value.len());
    let Some(index) = list.position(pivot) else {
        e.reply.int(-1);
        return Ok(());
    };
    list.insert(&limits, index, side, value);
    let len = list.len();
    e.notify(NotifyFlags::LIST, "linsert", key);
    e.reply.int(len as i64);
    e.ks.effects.dirty += 1;
    Ok(())
}

/// `LSET`
pub static LSET: Command = Command {
    name: "lset",
    arity: 4,
    flags: flags!(WRITE | DENYOOM),
    acl: acl!(WRITE | LIST | SLOW),
    keys: &[key_at(1, access!(RW | UPDATE))],
    group: Group::List,
    tips: &[],
    run: Run::Data(lset),
    subcommands: &[],
};

fn lset(e: &mut Exec<'_>) -> CmdResult {
    let (key, value) = (e.args.at(1), e.args.at(3));
    let limits = e.ks.limits.list;
    let list = e.ks.write_as::<List>(e.db, key)?.ok_or(CmdError::NO_SUCH_KEY)?;
    let index = integer(e.args.at(2))?;
    // Before it is known whether there is such an element, as in Redis.
    list.grow(&limits, 1, value.len());
    let index = index_in(list, index).ok_or(CmdError::INDEX_OUT_OF_RANGE)?;
    list.set(&limits, index, value);
    list.shrink(&limits);
    e.ks.effects.dirty += 1;
    e.reply.ok();
    e.notify(NotifyFlags::LIST, "lset", key);
    Ok(())
}

/// `LREM`
pub static LREM: Command = Command {
    name: "lrem",
    arity: 4,
    flags: flags!(WRITE),
    acl: acl!(WRITE | LIST | SLOW),
    keys: &[key_at(1, access!(RW | DELETE))],
    group: Group::List,
    tips: &[],
    run: Run::Data(lrem),
    subcommands: &[],
};

fn lrem(e: &mut Exec<'_>) -> CmdResult {
    let key = e.args.at(1);
    let count = integer(e.args.at(2))?;
    let Some(list) = e.ks.write_as::<List>(e.db, key)? else {
        e.reply.int(0);
        return Ok(());
    };
    let from = if count < 0 { End::Tail } else { End::Head };
    let limit = if count == 0 { usize::MAX } else { count.unsigned_abs() as usize };
    let removed = list.remove(e.args.at(3), limit, from);
    if removed > 0 {
        e.ks.effects.dirty += removed as u64;
        e.notify(NotifyFlags::LIST, "lrem", key);
        taken_out(e, key);
    }
    e.reply.int(removed as i64);
    Ok(())
}

/// `LTRIM`
pub static LTRIM: Command = Command {
    name: "ltrim",
    arity: 4,
    flags: flags!(WRITE),
    acl: acl!(WRITE | LIST | SLOW),
    keys: &[key_at(1, access!(RW | DELETE))],
    group: Group::List,
    tips: &[],
    run: Run::Data(ltrim),
    subcommands: &[],
};

fn ltrim(e: &mut Exec<'_>) -> CmdResult {
    let key = e.args.at(1);
    let (start, end) = (integer(e.args.at(2))?, integer(e.args.at(3))?);
    let Some(list) = e.ks.write_as::<List>(e.db, key)? else {
        e.reply.ok();
        return Ok(());
    };
    let len = list.len();
    let (start, kept) = range_of(start, end, len);
    if kept == 0 {
        e.ks.clear::<List>(e.db, key);
    } else {
        list.delete_range(start + kept, len);
        list.delete_range(0, start);
    }
    e.ks.effects.dirty += (len - kept) as u64;
    e.notify(NotifyFlags::LIST, "ltrim", key);
    taken_out(e, key);
    e.reply.ok();
    Ok(())
}
