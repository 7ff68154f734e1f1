//! HGETEX and HGETDEL: fields are read and changed in one go.

use super::options::{NOT_POSITIVE, absolute_ms, fields, kind_of_time};
use super::{after_removal, meet_fields, removed_fields, reply_item};
use crate::commands::generic::expire::already_expired;
use crate::commands::parse::is_word;
use crate::commands::row::{access, acl, flags, key_at};
use crate::config::NotifyFlags;
use crate::protocol::{CmdError, CmdResult};
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::Hash;
use crate::value::hash::Lookup;

/// `HGETDEL`
pub static HGETDEL: Command = Command {
    name: "hgetdel",
    arity: -5,
    flags: flags!(WRITE | FAST),
    acl: acl!(WRITE | HASH | FAST),
    keys: &[key_at(1, access!(RW | ACCESS | DELETE))],
    group: Group::Hash,
    tips: &[],
    run: Run::Data(hgetdel),
    subcommands: &[],
};

fn hgetdel(e: &mut Exec<'_>) -> CmdResult {
    let key = e.args.at(1);
    e.ks.write_as::<Hash>(e.db, key)?;
    let fields = fields(e, 2, NOT_POSITIVE)?;
    meet_fields(e, key, fields.iter());
    let moment = e.ks.field_moment();
    let mut hash = e.ks.write_as::<Hash>(e.db, key)?;
    let mut deleted = 0;
    e.reply.array(fields.len());
    for field in fields.iter() {
        match hash.as_ref().map_or(Lookup::Missing, |hash| hash.get(field, moment)) {
            Lookup::Missing | Lookup::Gone => e.reply.null(),
            Lookup::Found(value) => {
                reply_item(e.reply, value);
                hash.as_mut().expect("the field is in it").remove(field);
                deleted += 1;
            }
        }
    }
    if deleted > 0 {
        e.notify(NotifyFlags::HASH, "hdel", key);
        super::fields_removed(e, key);
        e.ks.effects.dirty += deleted;
        e.ks.effects.propagate_instead([b"HDEL", key].into_iter().chain(fields.iter()));
    }
    Ok(())
}

/// `HGETEX`
pub static HGETEX: Command = Command {
    name: "hgetex",
    arity: -5,
    flags: flags!(WRITE | FAST),
    acl: acl!(WRITE | HASH | FAST),
    keys: &[key_at(1, access!(RW | ACCESS | UPDATE))],
    group: Group::Hash,
    tips: &[],
    run: Run::Data(hgetex),
    subcommands: &[],
};

/// What HGETEX does to the fields that it reads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    Nothing,
    Persist,
    /// They expire then, ms since 1970.
    At(i64),
    /// They have expired.
    Delete,
}

impl Change {
    /// The change, and how many arguments say it.
    fn parse(e: &Exec<'_>) -> CmdResult<(Change, usize)> {
        let word = e.args.at(2);
        if is_word(word, "persist") {
            return Ok((Change::Persist, 1));
        }
        let Some((since, unit)) = kind_of_time(word) else { return Ok((Change::Nothing, 0)) };
        let arg = e.args.get(3).ok_or_else(|| CmdError::wrong_arity(e.command.name))?;
        let ms = absolute_ms(e, since, unit, arg)?;
        Ok((if already_expired(e, ms) { Change::Delete } else { Change::At(ms) }, 2))
    }
}

fn hgetex(e: &mut Exec<'_>) -> CmdResult {
    let key = e.args.at(1);
    e.ks.write_as::<Hash>(e.db, key)?;
    let (change, words) = Change::parse(e)?;
    let fields_at = 2 + words;
    let fields = fields(e, fields_at, NOT_POSITIVE)?;
    meet_fields(e, key, fields.iter());
    let moment = e.ks.field_moment();
    let mut hash = e.ks.write_as::<Hash>(e.db, key)?;
    let (mut changed, mut removed) = (0, removed_fields());
    e.reply.array(fields.len());
    for field in fields.iter() {
        let found = hash.as_ref().and_then(|hash| hash.find(field)).filter(|f| !f.is_gone(moment));
        let Some(found) = found else {
            e.reply.null();
            continue;
        };
        reply_item(e.reply, found.value);
        let expires = found.expires.is_some();
        let hash = hash.as_mut().expect("the field is in it");
        match change {
            Change::Persist if expires => changed += u64::from(hash.set_expires(field, None)),
            Change::Nothing | Change::Persist => {}
            Change::At(ms) => changed += u64::from(hash.set_expires(field, Some(ms))),
            Change::Delete => {
                hash.remove(field);
                removed.push(field);
            }
        }
    }
    if changed > 0 {
        e.ks.note_field_expires(e.db, key);
        e.ks.effects.dirty += changed;
        let fields = e.args.rest(fields_at);
        if let Change::At(ms) = change {
            e.notify(NotifyFlags::HASH, "hexpire", key);
            let mut time = itoa::Buffer::new();
            let head = [b"HPEXPIREAT", key, time.format(ms).as_bytes()];
            e.ks.effects.propagate_instead(head.into_iter().chain(fields.iter()));
        } else {
            e.notify(NotifyFlags::HASH, "hpersist", key);
            e.ks.effects.propagate_instead([b"HPERSIST", key].into_iter().chain(fields.iter()));
        }
    }
    after_removal(e, key, &removed);
    Ok(())
}
