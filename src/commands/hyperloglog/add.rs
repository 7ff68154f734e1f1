//! PFADD.

use super::{corrupt, of};
use crate::commands::row::{access, acl, flags, key_at};
use crate::config::NotifyFlags;
use crate::keyspace::ExpireChange;
use crate::protocol::CmdResult;
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::NewValue;
use c_compat::hyperloglog::{EMPTY, Encoding, add, add_dense, encoding, invalidate};

/// `PFADD`
pub static PFADD: Command = Command {
    name: "pfadd",
    arity: -2,
    flags: flags!(WRITE | DENYOOM | FAST),
    acl: acl!(WRITE | HYPERLOGLOG | FAST),
    keys: &[key_at(1, access!(RW | INSERT))],
    group: Group::Hyperloglog,
    tips: &[],
    run: Run::Data(pfadd),
    subcommands: &[],
};

fn pfadd(e: &mut Exec<'_>) -> CmdResult {
    let (key, elements) = (e.args.at(1), e.args.rest(2));
    let found = e.ks.write_str(e.db, key)?;
    let is_new = found.is_none();
    let mut changes = u64::from(is_new);
    let mut sparse = match found {
        None => EMPTY.to_vec(),
        Some(string) => {
            let bytes = of(string.value())?;
            match encoding(bytes) {
                Encoding::Sparse => bytes.to_vec(),
                Encoding::Dense => {
                    let (bytes, _) = string.grow(0);
                    changes += elements.iter().filter(|element| add_dense(bytes, element)).count() as u64;
                    if changes > 0 {
                        invalidate(bytes);
                    }
                    added(e, changes);
                    return Ok(());
                }
            }
        }
    };
    // A sparse one may change its length, and may turn out to be corrupt: a copy is changed.
    for element in elements.iter() {
        changes += u64::from(add(&mut sparse, element, e.config.hll_sparse_max_bytes).map_err(corrupt)?);
    }
    if changes > 0 {
        invalidate(&mut sparse);
        e.ks.set(e.db, key, NewValue::Raw(&sparse), ExpireChange::Keep);
    }
    added(e, changes);
    Ok(())
}

fn added(e: &mut Exec<'_>, changes: u64) {
    if changes > 0 {
        e.notify(NotifyFlags::STRING, "pfadd", e.args.at(1));
        e.ks.effects.dirty += changes;
    }
    e.reply.int(i64::from(changes > 0));
}
