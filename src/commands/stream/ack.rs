//! XACK: what a consumer was given is done with.

use super::ids::strict_id;
use crate::commands::row::{access, acl, flags, key_at};
use crate::protocol::CmdResult;
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::Stream;
use crate::value::stream::StreamId;
use smallvec::SmallVec;

/// `XACK`
pub static XACK: Command = Command {
    name: "xack",
    arity: -4,
    flags: flags!(WRITE | FAST),
    acl: acl!(WRITE | STREAM | FAST),
    keys: &[key_at(1, access!(RW | UPDATE))],
    group: Group::Stream,
    tips: &[],
    run: Run::Data(xack),
    subcommands: &[],
};

fn xack(e: &mut Exec<'_>) -> CmdResult {
    let stream = e.ks.read_as_mut::<Stream>(e.db, e.args.at(1))?;
    let Some(group) = stream.and_then(|stream| stream.groups.get_mut(e.args.at(2))) else {
        e.reply.int(0);
        return Ok(());
    };
    let ids: SmallVec<[StreamId; 8]> =
        e.args.rest(3).iter().map(|id| strict_id(id, 0)).collect::<CmdResult<_>>()?;
    let acknowledged = ids.into_iter().filter(|id| group.remove(*id)).count();
    e.ks.effects.dirty += acknowledged as u64;
    e.reply.int(acknowledged as i64);
    Ok(())
}
