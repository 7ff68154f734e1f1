//! XCLAIM and XAUTOCLAIM: pending entries change hands. Entries that are not in the stream any more are pending no more
//! either. Both travel as an XCLAIM for each entry, which tells all about it.

use super::group::{no_group, note_consumer};
use super::ids::{start_bound, strict_id};
use super::propagate::Travels;
use super::{reply_entry, reply_id};
use crate::commands::parse::{integer, is_word};
use crate::commands::row::{access, acl, flags, key_at};
use crate::protocol::args::c_str;
use crate::protocol::{CmdError, CmdResult};
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::Stream;
use crate::value::stream::group::{Group as ConsumerGroup, Pending};
use crate::value::stream::{IdText, StreamId};
use smallvec::SmallVec;

/// XAUTOCLAIM takes no greater COUNT.
const COUNT_MAX: i64 = i64::MAX / 16;
/// XAUTOCLAIM looks at so many entries for each that it may give.
const LOOKED_AT: i64 = 10;
/// So many of them together.
const AT_ONCE: usize = 32;

/// `XCLAIM`
pub static XCLAIM: Command = Command {
    name: "xclaim",
    arity: -6,
    flags: flags!(WRITE | FAST),
    acl: acl!(WRITE | STREAM | FAST),
    keys: &[key_at(1, access!(RW | UPDATE))],
    group: Group::Stream,
    tips: &["nondeterministic_output"],
    run: Run::Data(xclaim),
    subcommands: &[],
};

/// `XAUTOCLAIM`
pub static XAUTOCLAIM: Command = Command {
    name: "xautoclaim",
    keys: &[key_at(1, access!(RW | DELETE))],
    run: Run::Data(xautoclaim),
    ..XCLAIM
};

/// The options of XCLAIM, which stand behind the ids.
struct Options {
    delivered_ms: i64,
    deliveries: Option<u64>,
    force: bool,
    just_id: bool,
    last_id: StreamId,
}

impl Options {
    fn parse(e: &Exec<'_>, from: usize, now_ms: i64) -> CmdResult<Self> {
        let mut options = Options {
            delivered_ms: now_ms,
            deliveries: None,
            force: false,
            just_id: false,
            last_id: StreamId::MIN,
        };
        let number = |at: usize, what: &str| {
            integer(e.args.at(at))
                .map_err(|_| CmdError::err(format!("Invalid {what} option argument for XCLAIM")))
        };
        // A time that cannot be is taken to be now: clients reckon with clocks of their own.
        let time = |ms: i64| if (0..=now_ms).contains(&ms) { ms } else { now_ms };
        let mut at = from;
        while let Some(word) = e.args.get(at) {
            let more = at + 1 < e.args.len();
            if is_word(word, "FORCE") {
                options.force = true;
            } else if is_word(word, "JUSTID") {
                options.just_id = true;
            } else if is_word(word, "IDLE") && more {
                at += 1;
                options.delivered_ms = time(now_ms.wrapping_sub(number(at, "IDLE")?));
            } else if is_word(word, "TIME") && more {
                at += 1;
                options.delivered_ms = time(number(at, "TIME")?);
            } else if is_word(word, "RETRYCOUNT") && more {
                at += 1;
                options.deliveries = u64::try_from(number(at, "RETRYCOUNT")?).ok();
            } else if is_word(word, "LASTID") && more {
                at += 1;
                options.last_id = strict_id(e.args.at(at), 0)?;
            } else {
                return Err(CmdError::err([b"Unrecognized XCLAIM option '", c_str(word), b"'"].concat()));
            }
            at += 1;
        }
        Ok(options)
    }
}

fn xclaim(e: &mut Exec<'_>) -> CmdResult {
    let (key, name, now_ms) = (e.args.at(1), e.args.at(2), e.ks.now_ms());
    let stream = e.ks.read_as::<Stream>(e.db, key)?;
    if stream.is_none_or(|stream| stream.groups.find(name).is_none()) {
        return Err(no_group(key, name));
    }
    let min_idle_ms = min_idle(e, "XCLAIM")?;
    let texts = e.args.rest(5);
    let ids: SmallVec<[StreamId; 8]> = texts.iter().map_while(|id| StreamId::parse_strict(id, 0)).collect();
    let options = Options::parse(e, 5 + ids.len(), now_ms)?;

    let mut claim = Claim::begin(e, min_idle_ms, options.just_id);
    let last_id = claim.group().last_id.max(options.last_id);
    let moved = last_id != claim.group().last_id;
    claim.group_mut().last_id = last_id;
    for (&id, text) in ids.iter().zip(texts.iter()) {
        let known = claim.group().pending().get(id);
        if !claim.exists(id) {
            if let Some(pending) = known {
                claim.forget(text, &pending);
            }
            continue;
        }
        let mut pending = match known {
            Some(pending) if claim.is_idle(&pending) => pending,
            // Nobody has it: it was never idle.
            None if options.force => Pending { id, consumer: 0, delivered_ms: 0, deliveries: 1 },
            _ => continue,
        };
        pending.delivered_ms = options.delivered_ms;
        match options.deliveries {
            Some(deliveries) => pending.deliveries = deliveries,
            None if options.just_id => {}
            None => pending.deliveries = pending.deliveries.wrapping_add(1),
        }
        claim.take(text, pending);
    }
    if moved && claim.done.travels.is_empty() {
        let entries_read = claim.group().entries_read;
        claim.done.travels.set_id(last_id, entries_read);
        claim.done.dirty += 1;
    }
    let done = claim.done;
    done.reply(e, key);
    done.apply(e, key);
    Ok(())
}

fn xautoclaim(e: &mut Exec<'_>) -> CmdResult {
    let (key, name) = (e.args.at(1), e.args.at(2));
    let found =
        e.ks.read_as::<Stream>(e.db, key)
            .map(|stream| stream.is_some_and(|stream| stream.groups.find(name).is_some()));
    let min_idle_ms = min_idle(e, "XAUTOCLAIM")?;
    let start = start_bound(e.args.at(5))?;
    let (mut count, mut just_id) = (100, false);
    let mut at = 6;
    while let Some(word) = e.args.get(at) {
        if is_word(word, "COUNT") && at + 1 < e.args.len() {
            at += 1;
            count = integer(e.args.at(at))
                .ok()
                .filter(|count| (1..=COUNT_MAX).contains(count))
                .ok_or_else(|| CmdError::err("COUNT must be > 0"))?;
        } else if is_word(word, "JUSTID") {
            just_id = true;
        } else {
            return Err(CmdError::SYNTAX);
        }
        at += 1;
    }
    if !found? {
        return Err(no_group(key, name));
    }

    let mut claim = Claim::begin(e, min_idle_ms, just_id);
    let mut deleted: Vec<StreamId> = Vec::new();
    let mut attempts = count * LOOKED_AT;
    let mut next = Some(start);
    while let Some(from) = next
        && attempts > 0
        && count > 0
    {
        // What is done to one of these does not change the others.
        let some: SmallVec<[Pending; AT_ONCE]> = claim.group().pending().range(from).take(AT_ONCE).collect();
        next = None;
        for mut pending in some {
            if attempts == 0 || count == 0 {
                break;
            }
            attempts -= 1;
            next = pending.id.next();
            let mut room = IdText::new();
            let text = pending.id.text(&mut room);
            if !claim.exists(pending.id) {
                claim.forget(text, &pending);
                deleted.push(pending.id);
                count -= 1;
            } else if claim.is_idle(&pending) {
                pending.delivered_ms = claim.now_ms;
                pending.deliveries = pending.deliveries.wrapping_add((!just_id).into());
                claim.take(text, pending);
                count -= 1;
            }
        }
    }
    let next = next.and_then(|from| claim.group().pending().range(from).next());
    let done = claim.done;
    e.reply.array(3);
    reply_id(e.reply, next.map_or(StreamId::MIN, |pending| pending.id));
    done.reply(e, key);
    e.reply.array(deleted.len());
    for id in deleted {
        reply_id(e.reply, id);
    }
    done.apply(e, key);
    Ok(())
}

fn min_idle(e: &Exec<'_>, command: &str) -> CmdResult<i64> {
    let text = || CmdError::err(format!("Invalid min-idle-time argument for {command}"));
    Ok(integer(e.args.at(4)).map_err(|_| text())?.max(0))
}

/// Entries on their way to a consumer.
struct Claim<'s, 'a> {
    stream: &'s mut Stream,
    /// The group's place.
    at: usize,
    now_ms: i64,
    min_idle_ms: i64,
    /// The consumer, which is made when it gets its first entry.
    name: &'a [u8],
    number: Option<u32>,
    done: Done<'a>,
}

/// What came of it.
struct Done<'a> {
    travels: Travels<'a>,
    dirty: u64,
    created: bool,
    claimed: SmallVec<[StreamId; 8]>,
    just_id: bool,
}

impl<'s, 'a> Claim<'s, 'a> {
    /// For the command's group, which there must be.
    fn begin(e: &'s mut Exec<'a>, min_idle_ms: i64, just_id: bool) -> Self {
        let (key, group, name) = (e.args.at(1), e.args.at(2), e.args.at(3));
        let now_ms = e.ks.now_ms();
        let travels = Travels::new(&e.ks.effects, key, group);
        let stream = e.ks.peek_as_mut::<Stream>(e.db, key).expect("it was found");
        let at = stream.groups.find(group).expect("it was found");
        let done = Done { travels, dirty: 0, created: false, claimed: SmallVec::new(), just_id };
        Claim { stream, at, now_ms, min_idle_ms, name, number: None, done }
    }

    fn group(&self) -> &ConsumerGroup {
        &self.stream.groups[self.at]
    }

    fn group_mut(&mut self) -> &mut ConsumerGroup {
        &mut self.stream.groups[self.at]
    }

    /// Whether there is such an entry.
    fn exists(&self, id: StreamId) -> bool {
        self.stream.get(id).is_some()
    }

    fn is_idle(&self, pending: &Pending) -> bool {
        self.min_idle_ms == 0 || self.now_ms.wrapping_sub(pending.delivered_ms) >= self.min_idle_ms
    }

    /// An entry is gone from the stream, so nobody has it any more.
    fn forget(&mut self, text: &[u8], pending: &Pending) {
        let group = &mut self.stream.groups[self.at];
        self.done.travels.claim(text, group.consumer_of(pending).name(), pending, group.last_id);
        self.done.dirty += 1;
        group.remove(pending.id);
    }

    /// Gives an entry to the consumer.
    fn take(&mut self, text: &[u8], mut pending: Pending) {
        let now_ms = self.now_ms;
        let group = &mut self.stream.groups[self.at];
        let number = *self.number.get_or_insert_with(|| {
            let (number, created) = group.consumers_mut().named(self.name, now_ms);
            group.consumers_mut().get_mut(number).active_ms = now_ms;
            self.done.created = created;
            number
        });
        pending.consumer = number;
        group.assign(pending);
        self.done.travels.claim(text, self.name, &pending, group.last_id);
        self.done.dirty += 1;
        self.done.claimed.push(pending.id);
    }
}

impl Done<'_> {
    fn reply(&self, e: &mut Exec<'_>, key: &[u8]) {
        e.reply.array(self.claimed.len());
        let stream = e.ks.peek_as::<Stream>(e.db, key).expect("it was found");
        for &id in &self.claimed {
            if self.just_id {
                reply_id(e.reply, id);
            } else {
                reply_entry(e.reply, &stream.get(id).expect("only what exists is claimed"));
            }
        }
    }

    fn apply(self, e: &mut Exec<'_>, key: &[u8]) {
        if self.created {
            note_consumer(e, key);
        }
        e.ks.effects.dirty += self.dirty;
        self.travels.apply(&mut e.ks.effects);
    }
}
