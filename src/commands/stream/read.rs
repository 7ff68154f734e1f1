//! XREAD. It looks at its streams, and if none has an entry behind the id that was given for it, it may wait until one
//! does. An id that says "from now on" is taken at that time: the command runs again with what it came to.

use super::ids::strict_id;
use super::read_args::{COUNT_AFTER_WAIT, ReadArgs};
use super::reply_entries;
use crate::client::News;
use crate::commands::parse::is_word;
use crate::commands::row::{access, acl, flags};
use crate::protocol::{CmdError, CmdResult, Reply};
use crate::server::command::{BeginSearch, Command, Exec, FindKeys, Group, KeySpec, Run};
use crate::value::stream::StreamId;
use crate::value::{Collection, Stream};
use smallvec::SmallVec;

/// `XREAD`
pub static XREAD: Command = Command {
    name: "xread",
    arity: -4,
    flags: flags!(READONLY | BLOCKING | MOVABLEKEYS),
    acl: acl!(READ | STREAM | SLOW | BLOCKING),
    keys: &[KeySpec {
        flags: access!(RO | ACCESS),
        begin: BeginSearch::Keyword("STREAMS", 1),
        find: FindKeys::Range { last: -1, step: 1, limit: 2 },
        notes: "",
    }],
    group: Group::Stream,
    tips: &[],
    run: Run::Data(xread),
    subcommands: &[],
};

fn xread(e: &mut Exec<'_>) -> CmdResult {
    let request = ReadArgs::parse(e.args, false)?;
    if let (Some(key), Some(after)) = (e.blocking.woken_by, e.blocking.after) {
        return read_after_waiting(e, &request, key, after);
    }
    let mut after: SmallVec<[StreamId; 1]> = SmallVec::new();
    let mut found = 0;
    for i in request.keys.clone() {
        let stream = e.ks.read_as::<Stream>(e.db, e.args.at(i))?;
        let last = stream.and_then(|stream| stream.last_entry_id());
        let id = read_after(e.args.at(i + request.keys.len()), stream, last)?;
        found += usize::from(last.is_some_and(|last| last > id));
        after.push(id);
    }
    if found > 0 {
        begin_streams(e.reply, found);
    }
    // Each key is looked up twice, as in Redis: a missing one is two misses.
    for (i, id) in after.iter().enumerate() {
        let key = e.args.at(request.keys.start + i);
        if let Some(stream) = e.ks.read_as::<Stream>(e.db, key)?
            && stream.last_entry_id().is_some_and(|last| last > *id)
        {
            reply_stream(e.reply, key, stream, *id, request.count.unwrap_or(usize::MAX));
        }
    }
    if found > 0 {
        return Ok(());
    }
    request.wait(e, News::After(after));
    Ok(())
}

/// The id behind which a stream is to be read, `last` being that of its last entry.
fn read_after(arg: &[u8], stream: Option<&Stream>, last: Option<StreamId>) -> CmdResult<StreamId> {
    let last_id = stream.map_or(StreamId::MIN, |stream| stream.last_id);
    if is_word(arg, "$") {
        return Ok(last_id);
    }
    if is_word(arg, "+") {
        // The last entry, however old.
        return Ok(last.and_then(StreamId::prev).unwrap_or(last_id));
    }
    if is_word(arg, ">") {
        return Err(CmdError::err(
            "The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.",
        ));
    }
    strict_id(arg, 0)
}

/// One of the streams has come to have what was waited for.
fn read_after_waiting(e: &mut Exec<'_>, request: &ReadArgs<'_>, key: &[u8], after: StreamId) -> CmdResult {
    // That the new entries may be gone again, trimmed by the XADD that brought them, is not looked at.
    if let Some(stream) = e.ks.read_as::<Stream>(e.db, key)?
        && stream.last_id > after
    {
        let count = request.count.unwrap_or(COUNT_AFTER_WAIT);
        begin_streams(e.reply, 1);
        reply_stream(e.reply, key, stream, after, count);
    } else {
        request.wait(e, News::After(SmallVec::new()));
    }
    Ok(())
}

/// Begins the reply of so many streams: a map by key, or pairs in RESP2.
pub(super) fn begin_streams(reply: &mut Reply, streams: usize) {
    if reply.resp3() { reply.map(streams) } else { reply.array(streams) }
}

/// Begins one of them.
fn begin_stream(reply: &mut Reply, key: &[u8]) {
    if !reply.resp3() {
        reply.array(2);
    }
    reply.bulk(key);
}

fn reply_stream(reply: &mut Reply, key: &[u8], stream: &Stream, after: StreamId, count: usize) {
    begin_stream(reply, key);
    let start = after.next().expect("the stream has gone on from it");
    let expected = count.min(stream.len());
    reply_entries(reply, stream.range(start, StreamId::MAX).take(count), expected);
}
