//! ZUNION, ZINTER, ZDIFF, what stores their results, and ZINTERCARD. Plain sets count as sorted sets with a score of 1.

use super::{reply_items, store};
use crate::commands::parse::{integer, is_word};
use crate::commands::row::{access, acl, counted_keys, flags, key_at};
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::sorted_set::Builder;
use crate::value::{Collection, Set, SortedSet, ValueRef};
use c_compat::listpack::{Entry, IntText};
use c_compat::number::double;

/// `ZUNION`
pub static ZUNION: Command = Command {
    name: "zunion",
    arity: -3,
    flags: flags!(READONLY | MOVABLEKEYS),
    acl: acl!(READ | SORTEDSET | SLOW),
    keys: &[counted_keys(1, access!(RO | ACCESS))],
    group: Group::SortedSet,
    tips: &[],
    run: Run::Data(zunion),
    subcommands: &[],
};

fn zunion(e: &mut Exec<'_>) -> CmdResult {
    answer(e, Op::Union)
}

/// `ZINTER`
pub static ZINTER: Command = Command {
    name: "zinter",
    arity: -3,
    flags: flags!(READONLY | MOVABLEKEYS),
    acl: acl!(READ | SORTEDSET | SLOW),
    keys: &[counted_keys(1, access!(RO | ACCESS))],
    group: Group::SortedSet,
    tips: &[],
    run: Run::Data(zinter),
    subcommands: &[],
};

fn zinter(e: &mut Exec<'_>) -> CmdResult {
    answer(e, Op::Inter)
}

/// `ZDIFF`
pub static ZDIFF: Command = Command {
    name: "zdiff",
    arity: -3,
    flags: flags!(READONLY | MOVABLEKEYS),
    acl: acl!(READ | SORTEDSET | SLOW),
    keys: &[counted_keys(1, access!(RO | ACCESS))],
    group: Group::SortedSet,
    tips: &[],
    run: Run::Data(zdiff),
    subcommands: &[],
};

fn zdiff(e: &mut Exec<'_>) -> CmdResult {
    answer(e, Op::Diff)
}

fn answer(e: &mut Exec<'_>, op: Op) -> CmdResult {
    let request = Request::parse(e, 1, op, Kind::Answer)?;
    let mut result = Builder::default();
    combine(&mut request.sources(e), op, request.aggregate, |member, score| {
        result.set(member, score);
        true
    });
    // In the large form, whatever the size: a small one does not keep the sign of -0.
    let result = SortedSet::Ranked(Box::new(result.build()));
    reply_items(e.reply, result.iter(), request.with_scores);
    Ok(())
}

/// `ZUNIONSTORE`
pub static ZUNIONSTORE: Command = Command {
    name: "zunionstore",
    arity: -4,
    flags: flags!(WRITE | DENYOOM | MOVABLEKEYS),
    acl: acl!(WRITE | SORTEDSET | SLOW),
    keys: &[key_at(1, access!(OW | UPDATE)), counted_keys(2, access!(RO | ACCESS))],
    group: Group::SortedSet,
    tips: &[],
    run: Run::Data(zunionstore),
    subcommands: &[],
};

fn zunionstore(e: &mut Exec<'_>) -> CmdResult {
    answer_stored(e, Op::Union, "zunionstore")
}

/// `ZINTERSTORE`
pub static ZINTERSTORE: Command = Command {
    name: "zinterstore",
    arity: -4,
    flags: flags!(WRITE | DENYOOM | MOVABLEKEYS),
    acl: acl!(WRITE | SORTEDSET | SLOW),
    keys: &[key_at(1, access!(OW | UPDATE)), counted_keys(2, access!(RO | ACCESS))],
    group: Group::SortedSet,
    tips: &[],
    run: Run::Data(zinterstore),
    subcommands: &[],
};

fn zinterstore(e: &mut Exec<'_>) -> CmdResult {
    answer_stored(e, Op::Inter, "zinterstore")
}

/// `ZDIFFSTORE`
pub static ZDIFFSTORE: Command = Command {
    name: "zdiffstore",
    arity: -4,
    flags: flags!(WRITE | DENYOOM | MOVABLEKEYS),
    acl: acl!(WRITE | SORTEDSET | SLOW),
    keys: &[key_at(1, access!(OW | UPDATE)), counted_keys(2, access!(RO | ACCESS))],
    group: Group::SortedSet,
    tips: &[],
    run: Run::Data(zdiffstore),
    subcommands: &[],
};

fn zdiffstore(e: &mut Exec<'_>) -> CmdResult {
    answer_stored(e, Op::Diff, "zdiffstore")
}

fn answer_stored(e: &mut Exec<'_>, op: Op, event: &'static str) -> CmdResult {
    let request = Request::parse(e, 2, op, Kind::Store)?;
    let mut result = Builder::default();
    combine(&mut request.sources(e), op, request.aggregate, |member, score| {
        result.set(member, score);
        true
    });
    let result = SortedSet::from_builder(result, &e.ks.limits.sorted_set);
    store(e, e.args.at(1), result, event);
    Ok(())
}

/// `ZINTERCARD`
pub static ZINTERCARD: Command = Command {
    name: "zintercard",
    arity: -3,
    flags: flags!(READONLY | MOVABLEKEYS),
    acl: acl!(READ | SORTEDSET | SLOW),
    keys: &[counted_keys(1, access!(RO | ACCESS))],
    group: Group::SortedSet,
    tips: &[],
    run: Run::Data(zintercard),
    subcommands: &[],
};

fn zintercard(e: &mut Exec<'_>) -> CmdResult {
    let request = Request::parse(e, 1, Op::Inter, Kind::Count)?;
    let mut count = 0;
    combine(&mut request.sources(e), Op::Inter, request.aggregate, |_, _| {
        count += 1;
        count != request.limit
    });
    e.reply.int(count as i64);
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Op {
    Union,
    Inter,
    Diff,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Answer,
    Store,
    Count,
}

#[derive(Clone, Copy)]
enum Aggregate {
    Sum,
    Min,
    Max,
}

impl Aggregate {
    fn of(self, a: f64, b: f64) -> f64 {
        match self {
            // Infinities of both signs make 0.
            Aggregate::Sum => not_nan(a + b),
            Aggregate::Min => {
                if b < a {
                    b
                } else {
                    a
                }
            }
            Aggregate::Max => {
                if b > a {
                    b
                } else {
                    a
                }
            }
        }
    }
}

fn not_nan(score: f64) -> f64 {
    if score.is_nan() { 0.0 } else { score }
}

/// `numkeys key [key ...]` and the options behind.
struct Request<'a> {
    keys: Args<'a>,
    /// Of each key, whether it was found.
    found: Vec<bool>,
    /// One for each key, or none.
    weights: Vec<f64>,
    aggregate: Aggregate,
    with_scores: bool,
    /// Enough, if it is not 0.
    limit: usize,
}

impl<'a> Request<'a> {
    /// Looks up the keys too, since a wrong type among them is told before a wrong option.
    fn parse(e: &mut Exec<'a>, from: usize, op: Op, kind: Kind) -> CmdResult<Self> {
        let args = e.args.rest(from);
        let count = integer(args.at(0))?;
        if count < 1 {
            let name = e.command.name;
            return Err(CmdError::err(format!("at least 1 input key is needed for '{name}' command")));
        }
        let count = usize::try_from(count).ok().filter(|n| *n < args.len()).ok_or(CmdError::SYNTAX)?;
        let keys = args.part(1, count);
        let mut found = Vec::with_capacity(count);
        for key in keys.iter() {
            found.push(match e.ks.lookup_read(e.db, key) {
                None => false,
                Some(ValueRef::SortedSet(_) | ValueRef::Set(_)) => true,
                Some(_) => return Err(CmdError::WRONG_TYPE),
            });
        }
        let aggregate = Aggregate::Sum;
        let mut request =
            Request { keys, found, weights: Vec::new(), aggregate, with_scores: false, limit: 0 };
        request.parse_options(args.rest(count + 1), op, kind)?;
        Ok(request)
    }

    fn parse_options(&mut self, args: Args<'_>, op: Op, kind: Kind) -> CmdResult {
        let may_weigh = op != Op::Diff && kind != Kind::Count;
        let mut at = 0;
        while at < args.len() {
            let word = args.at(at);
            let behind = args.len() - at - 1;
            if may_weigh && behind >= self.keys.len() && is_word(word, "weights") {
                self.weights.clear();
                for weight in args.part(at + 1, self.keys.len()).iter() {
                    let weight = double::parse(weight);
                    self.weights.push(weight.ok_or_else(|| CmdError::err("weight value is not a float"))?);
                }
                at += self.keys.len();
            } else if may_weigh && behind >= 1 && is_word(word, "aggregate") {
                self.aggregate = match args.at(at + 1) {
                    word if is_word(word, "sum") => Aggregate::Sum,
                    word if is_word(word, "min") => Aggregate::Min,
                    word if is_word(word, "max") => Aggregate::Max,
                    _ => return Err(CmdError::SYNTAX),
                };
                at += 1;
            } else if kind == Kind::Answer && is_word(word, "withscores") {
                self.with_scores = true;
            } else if kind == Kind::Count && behind >= 1 && is_word(word, "limit") {
                let limit = integer(args.at(at + 1)).ok().and_then(|n| usize::try_from(n).ok());
                self.limit = limit.ok_or_else(|| CmdError::err("LIMIT can't be negative"))?;
                at += 1;
            } else {
                return Err(CmdError::SYNTAX);
            }
            at += 1;
        }
        Ok(())
    }

    /// The keys' values, in their order.
    fn sources<'k>(&self, e: &'k Exec<'_>) -> Vec<Source<'k>> {
        let value = |(i, key): (usize, &[u8])| {
            let value = match e.ks.peek(e.db, key).filter(|_| self.found[i]) {
                Some(ValueRef::SortedSet(set)) => Value::SortedSet(set),
                Some(ValueRef::Set(set)) => Value::Set(set),
                _ => Value::Missing,
            };
            Source { value, weight: self.weights.get(i).copied().unwrap_or(1.0) }
        };
        self.keys.iter().enumerate().map(value).collect()
    }
}

/// What is combined.
struct Source<'k> {
    value: Value<'k>,
    weight: f64,
}

enum Value<'k> {
    Missing,
    Set(&'k Set),
    SortedSet(&'k SortedSet),
}

impl Value<'_> {
    fn len(&self) -> usize {
        match self {
            Value::Missing => 0,
            Value::Set(set) => set.len(),
            Value::SortedSet(set) => set.len(),
        }
    }

    fn get(&self, member: &[u8]) -> Option<f64> {
        match self {
            Value::Missing => None,
            Value::Set(set) => set.contains(member).then_some(1.0),
            Value::SortedSet(set) => set.get(member),
        }
    }

    /// Visits all members until `visit` says that it is enough; true if it never did.
    fn for_each(&self, mut visit: impl FnMut(&[u8], f64) -> bool) -> bool {
        let mut room = IntText::new();
        let mut visit = |member: Entry<'_>, score| visit(member.text(&mut room), score);
        match self {
            Value::Missing => true,
            Value::Set(set) => set.iter().all(|member| visit(member, 1.0)),
            Value::SortedSet(set) => set.iter().all(|item| visit(item.member, item.score())),
        }
    }
}

/// Gives each member of the result to `add`, with a function from the score it has been given before to the one it is to
/// have; only a union gives any twice. Ends when `add` says that it is enough.
fn combine(
    sources: &mut [Source<'_>],
    op: Op,
    aggregate: Aggregate,
    mut add: impl FnMut(&[u8], &dyn Fn(Option<f64>) -> f64) -> bool,
) {
    if op != Op::Diff {
        // From the smallest to the largest: an intersection has no more members than the first.
        sources.sort_by_key(|source| source.value.len());
    }
    match op {
        Op::Union => {
            for source in &*sources {
                source.value.for_each(|member, score| {
                    let score = not_nan(source.weight * score);
                    add(member, &|old| old.map_or(score, |old| aggregate.of(old, score)))
                });
            }
        }
        Op::Inter => {
            let (first, others) = sources.split_first().expect("there is at least one key");
            first.value.for_each(|member, score| {
                let mut score = not_nan(first.weight * score);
                for other in others {
                    let Some(value) = other.value.get(member) else { return true };
                    score = aggregate.of(score, value * other.weight);
                }
                add(member, &|_| score)
            });
        }
        Op::Diff => {
            let (first, others) = sources.split_first().expect("there is at least one key");
            first.value.for_each(|member, score| {
                let is_elsewhere = others.iter().any(|other| other.value.get(member).is_some());
                is_elsewhere || add(member, &|_| score)
            });
        }
    }
}
