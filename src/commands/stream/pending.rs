//! XPENDING: what consumers were given and have not acknowledged.

use super::group::no_group;
use super::ids::{end_bound, start_bound};
use super::reply_id;
use crate::commands::parse::{integer, is_word};
use crate::commands::row::{access, acl, flags, key_at};
use crate::protocol::{CmdError, CmdResult, Reply};
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::Stream;
use crate::value::stream::StreamId;
use crate::value::stream::group::{Group as ConsumerGroup, Pending};

/// `XPENDING`
pub static XPENDING: Command = Command {
    name: "xpending",
    arity: -3,
    flags: flags!(READONLY),
    acl: acl!(READ | STREAM | SLOW),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::Stream,
    tips: &["nondeterministic_output"],
    run: Run::Data(xpending),
    subcommands: &[],
};

/// Which entries are asked for.
struct Wanted<'a> {
    min_idle_ms: i64,
    start: StreamId,
    end: StreamId,
    count: usize,
    consumer: Option<&'a [u8]>,
}

fn xpending(e: &mut Exec<'_>) -> CmdResult {
    let wanted = match e.args.len() {
        3 => None,
        6..=9 => Some(Wanted::parse(e)?),
        _ => return Err(CmdError::SYNTAX),
    };
    let (key, name) = (e.args.at(1), e.args.at(2));
    let now_ms = e.ks.now_ms();
    let stream = e.ks.read_as::<Stream>(e.db, key)?;
    let group = stream.and_then(|stream| stream.groups.get(name)).ok_or_else(|| no_group(key, name))?;
    match wanted {
        None => summary(e.reply, group),
        Some(wanted) => wanted.reply(e.reply, group, now_ms),
    }
    Ok(())
}

fn summary(reply: &mut Reply, group: &ConsumerGroup) {
    let pending = group.pending();
    reply.array(4);
    reply.int(pending.len() as i64);
    let (Some(first), Some(last)) = (pending.first(), pending.last()) else {
        reply.null();
        reply.null();
        reply.null_array();
        return;
    };
    reply_id(reply, first.id);
    reply_id(reply, last.id);
    let have_some = || group.consumers().iter().filter(|consumer| !consumer.pending().is_empty());
    reply.array(have_some().count());
    for consumer in have_some() {
        reply.array(2);
        reply.bulk(consumer.name());
        reply.bulk_int(consumer.pending().len() as i64);
    }
}

impl<'a> Wanted<'a> {
    fn parse(e: &Exec<'a>) -> CmdResult<Self> {
        let (mut at, mut min_idle_ms) = (3, 0);
        if is_word(e.args.at(3), "IDLE") {
            min_idle_ms = integer(e.args.at(4))?;
            if e.args.len() < 8 {
                return Err(CmdError::SYNTAX);
            }
            at += 2;
        }
        let count = usize::try_from(integer(e.args.at(at + 2))?).unwrap_or(0);
        let (start, end) = (start_bound(e.args.at(at))?, end_bound(e.args.at(at + 1))?);
        Ok(Wanted { min_idle_ms, start, end, count, consumer: e.args.get(at + 3) })
    }

    fn reply(&self, reply: &mut Reply, group: &ConsumerGroup, now_ms: i64) {
        let idle_ms = |pending: &Pending| now_ms.wrapping_sub(pending.delivered_ms);
        let asked_for = |pending: &Pending| self.min_idle_ms == 0 || idle_ms(pending) >= self.min_idle_ms;
        let all: Box<dyn Iterator<Item = Pending>> =
            match self.consumer.map(|name| group.consumers().find(name)) {
                None => Box::new(group.pending().range(self.start)),
                Some(None) => Box::new(std::iter::empty()),
                Some(Some(number)) => Box::new(group.pending_of(group.consumers().get(number), self.start)),
            };
        let found: Vec<Pending> =
            all.take_while(|pending| pending.id <= self.end).filter(asked_for).take(self.count).collect();
        reply.array(found.len());
        for pending in &found {
            reply.array(4);
            reply_id(reply, pending.id);
            reply.bulk(group.consumer_of(pending).name());
            reply.int(idle_ms(pending).max(0));
            reply.int(pending.deliveries as i64);
        }
    }
}
