//! XREADGROUP: entries for a consumer of a group, those that nobody of it has been given yet (`>`) or those that this
//! consumer has not acknowledged.

use super::group::note_consumer;
use super::ids::strict_id;
use super::propagate::Travels;
use super::read::begin_streams;
use super::read_args::{COUNT_AFTER_WAIT, ReadArgs};
use super::{reply_entry, reply_id};
use crate::client::News;
use crate::commands::row::{acl, flags};
use crate::protocol::args::c_str;
use crate::protocol::{CmdError, CmdResult, Reply};
use crate::server::command::{BeginSearch, Command, Exec, FindKeys, Group, KeyFlags, KeySpec, Run};
use crate::value::Stream;
use crate::value::stream::group::Pending;
use crate::value::stream::{EntryRef, IdText, StreamId};
use smallvec::SmallVec;

/// `XREADGROUP`
pub static XREADGROUP: Command = Command {
    name: "xreadgroup",
    arity: -7,
    flags: flags!(WRITE | BLOCKING | MOVABLEKEYS),
    acl: acl!(WRITE | STREAM | SLOW | BLOCKING),
    keys: &[KeySpec {
        flags: KeyFlags::RO.union(KeyFlags::ACCESS),
        begin: BeginSearch::Keyword("STREAMS", 4),
        find: FindKeys::Range { last: -1, step: 1, limit: 2 },
        notes: "",
    }],
    group: Group::Stream,
    tips: &[],
    run: Run::Data(xreadgroup),
    subcommands: &[],
};

/// What of a stream is asked for.
#[derive(Clone, Copy)]
enum From {
    /// What was delivered to nobody yet.
    New,
    /// What the consumer was given behind this id.
    History(StreamId),
}

fn xreadgroup(e: &mut Exec<'_>) -> CmdResult {
    let read = ReadArgs::parse(e.args, true)?;
    let (name, consumer) = read.group.expect("parsed as such");
    let mut reader = Reader { group: name, consumer, count: read.count, no_ack: read.no_ack };
    if let Some(key) = e.blocking.woken_by {
        reader.count = reader.count.or(Some(COUNT_AFTER_WAIT));
        return woken(e, &read, &reader, key);
    }
    let mut wanted: SmallVec<[From; 2]> = SmallVec::new();
    for at in read.keys.clone() {
        let key = e.args.at(at);
        let stream = e.ks.read_as::<Stream>(e.db, key)?;
        if stream.is_none_or(|stream| stream.groups.find(name).is_none()) {
            return Err(CmdError::new(
                [
                    b"NOGROUP No such key '".as_slice(),
                    c_str(key),
                    b"' or consumer group '",
                    c_str(name),
                    b"' in XREADGROUP with GROUP option",
                ]
                .concat(),
            ));
        }
        wanted.push(match e.args.at(at + read.keys.len()) {
            b"$" => {
                return Err(CmdError::err(
                    "The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this \
                     consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just \
                     return an empty result set.",
                ));
            }
            b">" => From::New,
            id => match strict_id(id, 0)? {
                StreamId::MAX => From::New,
                id => From::History(id),
            },
        });
    }
    // How many streams have something shows at the end: what several give is gathered.
    let mut gathered = (wanted.len() > 1).then(|| {
        let mut reply = Reply::new();
        reply.set_resp(e.reply.resp());
        reply
    });
    let mut served = 0;
    for (at, from) in read.keys.clone().zip(wanted) {
        served += usize::from(reader.read(e, gathered.as_mut(), e.args.at(at), from)?);
    }
    if let Some(gathered) = gathered
        && served > 0
    {
        begin_streams(e.reply, served);
        e.reply.raw(&gathered.to_vec());
    }
    if served == 0 {
        read.wait(e, News::Group(name.into()));
    }
    Ok(())
}

/// Runs again for a stream that has something new.
fn woken(e: &mut Exec<'_>, read: &ReadArgs<'_>, reader: &Reader<'_>, key: &[u8]) -> CmdResult {
    let stream = e.ks.find_as_mut::<Stream>(e.db, key).ok().flatten();
    let stream = stream.ok_or_else(|| CmdError::new("UNBLOCKED the stream key no longer exists"))?;
    let group = stream.groups.get(reader.group).ok_or_else(|| {
        CmdError::new("NOGROUP the consumer group this client was blocked on no longer exists")
    })?;
    if stream.last_id <= group.last_id {
        read.wait(e, News::Group(reader.group.into()));
        return Ok(());
    }
    reader.read(e, None, key, From::New)?;
    Ok(())
}

/// Who reads, and how.
struct Reader<'a> {
    group: &'a [u8],
    consumer: &'a [u8],
    /// How many entries of each stream, if that is limited.
    count: Option<usize>,
    no_ack: bool,
}

impl Reader<'_> {
    /// Reads from a stream, and replies if there is something: as an answer of its own, or as a part of one with several.
    fn read(&self, e: &mut Exec<'_>, part: Option<&mut Reply>, key: &[u8], from: From) -> CmdResult<bool> {
        let now_ms = e.ks.now_ms();
        let count = self.count.unwrap_or(usize::MAX);
        let mut travels = Travels::new(&e.ks.effects, key, self.group);
        let Some(stream) = e.ks.peek_as_mut::<Stream>(e.db, key) else { return Ok(false) };
        let Some(at) = stream.groups.find(self.group) else { return Ok(false) };
        let new: SmallVec<[EntryRef<'_>; 8]> = match (from, stream.groups[at].last_id.next()) {
            (From::New, Some(next)) => stream.range(next, StreamId::MAX).take(count).collect(),
            _ => SmallVec::new(),
        };
        if matches!(from, From::New) && new.is_empty() && e.blocking.woken_by.is_none() {
            return Ok(false);
        }
        let out = match part {
            Some(part) => part,
            None => {
                begin_streams(e.reply, 1);
                &mut *e.reply
            }
        };
        if !out.resp3() {
            out.array(2);
        }
        out.bulk(key);
        if matches!(from, From::New) {
            out.array(new.len());
            for entry in &new {
                reply_entry(out, entry);
            }
        }
        let ids: SmallVec<[StreamId; 16]> = new.iter().map(|entry| entry.id).collect();
        drop(new);

        let (number, created) = stream.groups[at].consumers_mut().named(self.consumer, now_ms);
        if created && self.no_ack {
            travels.create_consumer(self.consumer);
        }
        let given = match from {
            From::New => self.deliver(stream, at, number, &ids, now_ms, &mut travels),
            From::History(behind) => deliver_again(stream, at, number, behind, count, now_ms, out),
        };
        if given {
            stream.groups[at].consumers_mut().get_mut(number).active_ms = now_ms;
        }
        if created {
            note_consumer(e, key);
        }
        // Nobody counts what a client gets that has waited.
        if e.blocking.woken_by.is_none() {
            e.ks.effects.dirty += 1;
        }
        travels.apply(&mut e.ks.effects);
        Ok(true)
    }

    /// Entries are delivered for the first time.
    fn deliver(
        &self,
        stream: &mut Stream,
        at: usize,
        consumer: u32,
        ids: &[StreamId],
        now_ms: i64,
        travels: &mut Travels<'_>,
    ) -> bool {
        for &id in ids {
            stream.advance_group(at, id);
            if !self.no_ack {
                let pending = Pending { id, consumer, delivered_ms: now_ms, deliveries: 1 };
                stream.groups[at].assign(pending);
                travels.claim(id.text(&mut IdText::new()), self.consumer, &pending, id);
            }
        }
        if self.no_ack && !ids.is_empty() {
            let group = &stream.groups[at];
            travels.set_id(group.last_id, group.entries_read);
        }
        !ids.is_empty()
    }
}

/// Replies what a consumer was given behind an id and has not acknowledged, which counts as another delivery.
fn deliver_again(
    stream: &mut Stream,
    at: usize,
    consumer: u32,
    behind: StreamId,
    count: usize,
    now_ms: i64,
    out: &mut Reply,
) -> bool {
    let pending = stream.groups[at].consumers().get(consumer).pending();
    let ids: Vec<StreamId> = match behind.next() {
        Some(from) => pending.range(from).take(count).collect(),
        None => Vec::new(),
    };
    out.array(ids.len());
    for &id in &ids {
        match stream.get(id) {
            Some(entry) => reply_entry(out, &entry),
            None => {
                out.array(2);
                reply_id(out, id);
                out.null_array();
                continue;
            }
        }
        stream.groups[at].deliver_again(id, now_ms);
    }
    !ids.is_empty()
}
