//! Members drawn at random: SPOP and SRANDMEMBER.

use super::add::delete_if_empty;
use super::reply_member;
use crate::commands::parse::integer;
use crate::commands::row::{access, acl, flags, key_at};
use crate::config::NotifyFlags;
use crate::protocol::{CmdError, CmdResult};
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::set::Member;
use crate::value::{Collection, Set};
use c_compat::listpack::IntText;

/// `SPOP`
pub static SPOP: Command = Command {
    name: "spop",
    arity: -2,
    flags: flags!(WRITE | FAST),
    acl: acl!(WRITE | SET | FAST),
    keys: &[key_at(1, access!(RW | ACCESS | DELETE))],
    group: Group::Set,
    tips: &["nondeterministic_output"],
    run: Run::Data(spop),
    subcommands: &[],
};

fn spop(e: &mut Exec<'_>) -> CmdResult {
    let key = e.args.at(1);
    match e.args.len() {
        2 => {}
        3 => return spop_several(e, key),
        _ => return Err(CmdError::SYNTAX),
    }
    let Some(set) = e.ks.write_as::<Set>(e.db, key)? else {
        e.reply.null();
        return Ok(());
    };
    let mut room = IntText::new();
    let member = set.random(e.rng).text(&mut room).to_vec();
    set.remove(&member);
    e.notify(NotifyFlags::SET, "spop", key);
    e.ks.effects.propagate_instead([b"SREM", key, &member]);
    e.reply.bulk(&member);
    delete_if_empty(e, key);
    e.ks.effects.dirty += 1;
    Ok(())
}

fn spop_several(e: &mut Exec<'_>, key: &[u8]) -> CmdResult {
    let count = integer(e.args.at(2)).ok().and_then(|n| usize::try_from(n).ok());
    let count = count.ok_or(CmdError::NOT_POSITIVE)?;
    let Some(set) = e.ks.write_as::<Set>(e.db, key)?.filter(|_| count > 0) else {
        e.reply.set(0);
        return Ok(());
    };
    let size = set.len();
    if count >= size {
        e.notify(NotifyFlags::SET, "spop", key);
        e.reply.set(size);
        for member in e.ks.peek_as::<Set>(e.db, key).into_iter().flat_map(Set::iter) {
            reply_member(e.reply, member);
        }
        e.ks.delete(e.db, key);
        e.notify(NotifyFlags::GENERIC, "del", key);
        e.ks.effects.dirty += size as u64;
        e.ks.effects.propagate_instead([b"DEL", key]);
        return Ok(());
    }
    let popped: Vec<Vec<u8>> = set.sample(count, e.rng).into_iter().map(Member::to_vec).collect();
    for member in &popped {
        set.remove(member);
    }
    e.notify(NotifyFlags::SET, "spop", key);
    e.reply.set(popped.len());
    popped.iter().for_each(|member| e.reply.bulk(member));
    e.ks.effects.dirty += popped.len() as u64;
    for member in &popped {
        e.ks.effects.propagate_instead([b"SREM", key, member]);
    }
    Ok(())
}

/// `SRANDMEMBER`
pub static SRANDMEMBER: Command = Command {
    name: "srandmember",
    arity: -2,
    flags: flags!(READONLY),
    acl: acl!(READ | SET | SLOW),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::Set,
    tips: &["nondeterministic_output"],
    run: Run::Data(srandmember),
    subcommands: &[],
};

fn srandmember(e: &mut Exec<'_>) -> CmdResult {
    let key = e.args.at(1);
    match e.args.len() {
        2 => match e.ks.read_as::<Set>(e.db, key)? {
            Some(set) => reply_member(e.reply, set.random(e.rng)),
            None => e.reply.null(),
        },
        3 => return srandmember_several(e, key),
        _ => return Err(CmdError::SYNTAX),
    }
    Ok(())
}

fn srandmember_several(e: &mut Exec<'_>, key: &[u8]) -> CmdResult {
    let count = integer(e.args.at(2))?;
    if count == i64::MIN {
        return Err(CmdError::err(format!(
            "value is out of range, value must between {} and {}",
            -i64::MAX,
            i64::MAX
        )));
    }
    let Some(set) = e.ks.read_as::<Set>(e.db, key)? else {
        e.reply.array(0);
        return Ok(());
    };
    if count < 0 {
        // The same member may come up again.
        e.reply.array(count.unsigned_abs() as usize);
        for _ in 0..count.unsigned_abs() {
            reply_member(e.reply, set.random(e.rng));
        }
        return Ok(());
    }
    let members = set.sample(count as usize, e.rng);
    e.reply.array(members.len());
    for member in members {
        reply_member(e.reply, member);
    }
    Ok(())
}
