//! PFMERGE.

use super::{corrupt, of};
use crate::commands::row::{access, acl, flags, key_at, keys_at};
use crate::config::NotifyFlags;
use crate::keyspace::ExpireChange;
use crate::protocol::CmdResult;
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::NewValue;
use c_compat::hyperloglog::{EMPTY, Encoding, Registers, encoding, invalidate, to_dense};

/// `PFMERGE`
pub static PFMERGE: Command = Command {
    name: "pfmerge",
    arity: -2,
    flags: flags!(WRITE | DENYOOM),
    acl: acl!(WRITE | HYPERLOGLOG | SLOW),
    keys: &[key_at(1, access!(RW | ACCESS | INSERT)), keys_at(2, -1, 1, access!(RO | ACCESS))],
    group: Group::Hyperloglog,
    tips: &[],
    run: Run::Data(pfmerge),
    subcommands: &[],
};

fn pfmerge(e: &mut Exec<'_>) -> CmdResult {
    let target = e.args.at(1);
    let mut union = Registers::new();
    let mut dense = false;
    // The target is one of those that are merged.
    for key in e.args.rest(1).iter() {
        if let Some(value) = e.ks.read_str(e.db, key)? {
            let bytes = of(value)?;
            dense |= encoding(bytes) == Encoding::Dense;
            union.merge(bytes).map_err(corrupt)?;
        }
    }
    let mut merged = match e.ks.read_str_to_write(e.db, target)? {
        Some(value) => of(value)?.to_vec(),
        None => EMPTY.to_vec(),
    };
    if dense {
        to_dense(&mut merged).map_err(corrupt)?;
    }
    union.write_to(&mut merged, e.config.hll_sparse_max_bytes).map_err(corrupt)?;
    invalidate(&mut merged);
    e.ks.set(e.db, target, NewValue::Raw(&merged), ExpireChange::Keep);
    e.notify(NotifyFlags::STRING, "pfadd", target);
    e.ks.effects.dirty += 1;
    e.reply.ok();
    Ok(())
}
