//! SADD, SREM and SMOVE.

use crate::commands::row::{access, acl, flags, key_at};
use crate::config::NotifyFlags;
use crate::protocol::CmdResult;
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::Set;

/// `SADD`
pub static SADD: Command = Command {
    name: "sadd",
    arity: -3,
    flags: flags!(WRITE | DENYOOM | FAST),
    acl: acl!(WRITE | SET | FAST),
    keys: &[key_at(1, access!(RW | INSERT))],
    group: Group::Set,
    tips: &[],
    run: Run::Data(sadd),
    subcommands: &[],
};

fn sadd(e: &mut Exec<'_>) -> CmdResult {
    let key = e.args.at(1);
    let (members, limits) = (e.args.rest(2), e.ks.limits.set);
    let set = match e.ks.write_as::<Set>(e.db, key)? {
        Some(set) => {
            set.expect_members(members.len(), &limits);
            set
        }
        None => {
            let new = Set::sized_for(members.at(0), members.len(), &limits);
            e.ks.create(e.db, key, new)
        }
    };
    let added = members.iter().filter(|member| set.add(member, &limits)).count();
    if added > 0 {
        e.notify(NotifyFlags::SET, "sadd", key);
    }
    e.ks.effects.dirty += added as u64;
    e.reply.int(added as i64);
    Ok(())
}

/// `SREM`
pub static SREM: Command = Command {
    name: "srem",
    arity: -3,
    flags: flags!(WRITE | FAST),
    acl: acl!(WRITE | SET | FAST),
    keys: &[key_at(1, access!(RW | DELETE))],
    group: Group::Set,
    tips: &[],
    run: Run::Data(srem),
    subcommands: &[],
};

fn srem(e: &mut Exec<'_>) -> CmdResult {
    let key = e.args.at(1);
    let Some(set) = e.ks.write_as::<Set>(e.db, key)? else {
        e.reply.int(0);
        return Ok(());
    };
    let removed = e.args.rest(2).iter().filter(|member| set.remove(member)).count();
    if removed > 0 {
        e.notify(NotifyFlags::SET, "srem", key);
        delete_if_empty(e, key);
    }
    e.ks.effects.dirty += removed as u64;
    e.reply.int(removed as i64);
    Ok(())
}

pub(super) fn delete_if_empty(e: &mut Exec<'_>, key: &[u8]) {
    if e.ks.delete_if_empty::<Set>(e.db, key) {
        e.notify(NotifyFlags::GENERIC, "del", key);
    }
}

/// `SMOVE`
pub static SMOVE: Command = Command {
    name: "smove",
    arity: 4,
    flags: flags!(WRITE | FAST),
    acl: acl!(WRITE | SET | FAST),
    keys: &[key_at(1, access!(RW | ACCESS | DELETE)), key_at(2, access!(RW | INSERT))],
    group: Group::Set,
    tips: &[],
    run: Run::Data(smove),
    subcommands: &[],
};

fn smove(e: &mut Exec<'_>) -> CmdResult {
    let (from, to, member) = (e.args.at(1), e.args.at(2), e.args.at(3));
    let there = e.ks.write_as::<Set>(e.db, from).map(|set| set.map(|set| set.contains(member)));
    let to_there = e.ks.write_as::<Set>(e.db, to).map(|set| set.is_some());
    let moves = match there? {
        None => false,
        Some(there) => {
            to_there?;
            there
        }
    };
    if !moves || from == to {
        e.reply.int(i64::from(moves));
        return Ok(());
    }
    e.ks.write_as::<Set>(e.db, from)?.expect("found above").remove(member);
    e.notify(NotifyFlags::SET, "srem", from);
    delete_if_empty(e, from);
    let limits = e.ks.limits.set;
    let set = match e.ks.write_as::<Set>(e.db, to)? {
        Some(set) => set,
        None => e.ks.create(e.db, to, Set::sized_for(member, 1, &limits)),
    };
    let added = set.add(member, &limits);
    e.ks.effects.dirty += 1 + u64::from(added);
    if added {
        e.notify(NotifyFlags::SET, "sadd", to);
    } else {
        // Who watches it may go on.
        e.ks.effects.touched.take_back(e.db, to);
    }
    e.reply.int(1);
    Ok(())
}
