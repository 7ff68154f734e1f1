//! The members of a range: ZRANGE, the older commands that ask for the same, and ZRANGESTORE.

use std::ops::Range;

use super::{reply_items, store};
use crate::commands::parse::{integer, is_word};
use crate::commands::row::{access, acl, flags, key_at};
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::sorted_set::{Bounds, Builder, LexRange, ScoreRange};
use crate::value::{Collection, SortedSet};
use c_compat::listpack::IntText;

/// `ZRANGE`
pub static ZRANGE: Command = Command {
    name: "zrange",
    arity: -4,
    flags: flags!(READONLY),
    acl: acl!(READ | SORTEDSET | SLOW),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::SortedSet,
    tips: &[],
    run: Run::Data(zrange),
    subcommands: &[],
};

fn zrange(e: &mut Exec<'_>) -> CmdResult {
    range(e, None, None)
}

/// `ZREVRANGE`
pub static ZREVRANGE: Command = Command {
    name: "zrevrange",
    arity: -4,
    flags: flags!(READONLY),
    acl: acl!(READ | SORTEDSET | SLOW),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::SortedSet,
    tips: &[],
    run: Run::Data(zrevrange),
    subcommands: &[],
};

fn zrevrange(e: &mut Exec<'_>) -> CmdResult {
    range(e, Some(By::Rank), Some(true))
}

/// `ZRANGEBYSCORE`
pub static ZRANGEBYSCORE: Command = Command {
    name: "zrangebyscore",
    arity: -4,
    flags: flags!(READONLY),
    acl: acl!(READ | SORTEDSET | SLOW),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::SortedSet,
    tips: &[],
    run: Run::Data(zrangebyscore),
    subcommands: &[],
};

fn zrangebyscore(e: &mut Exec<'_>) -> CmdResult {
    range(e, Some(By::Score), Some(false))
}

/// `ZREVRANGEBYSCORE`
pub static ZREVRANGEBYSCORE: Command = Command {
    name: "zrevrangebyscore",
    arity: -4,
    flags: flags!(READONLY),
    acl: acl!(READ | SORTEDSET | SLOW),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::SortedSet,
    tips: &[],
    run: Run::Data(zrevrangebyscore),
    subcommands: &[],
};

fn zrevrangebyscore(e: &mut Exec<'_>) -> CmdResult {
    range(e, Some(By::Score), Some(true))
}

/// `ZRANGEBYLEX`
pub static ZRANGEBYLEX: Command = Command {
    name: "zrangebylex",
    arity: -4,
    flags: flags!(READONLY),
    acl: acl!(READ | SORTEDSET | SLOW),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::SortedSet,
    tips: &[],
    run: Run::Data(zrangebylex),
    subcommands: &[],
};

fn zrangebylex(e: &mut Exec<'_>) -> CmdResult {
    range(e, Some(By::Member), Some(false))
}

/// `ZREVRANGEBYLEX`
pub static ZREVRANGEBYLEX: Command = Command {
    name: "zrevrangebylex",
    arity: -4,
    flags: flags!(READONLY),
    acl: acl!(READ | SORTEDSET | SLOW),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::SortedSet,
    tips: &[],
    run: Run::Data(zrevrangebylex),
    subcommands: &[],
};

fn zrevrangebylex(e: &mut Exec<'_>) -> CmdResult {
    range(e, Some(By::Member), Some(true))
}

fn range(e: &mut Exec<'_>, by: Option<By>, reversed: Option<bool>) -> CmdResult {
    let request = Request::parse(e.args.rest(1), false, by, reversed)?;
    match e.ks.read_as::<SortedSet>(e.db, e.args.at(1))? {
        Some(set) => {
            let items = set.range(request.ranks(set), request.reversed);
            reply_items(e.reply, items, request.with_scores);
        }
        None => e.reply.array(0),
    }
    Ok(())
}

/// `ZRANGESTORE`
pub static ZRANGESTORE: Command = Command {
    name: "zrangestore",
    arity: -5,
    flags: flags!(WRITE | DENYOOM),
    acl: acl!(WRITE | SORTEDSET | SLOW),
    keys: &[key_at(1, access!(OW | UPDATE)), key_at(2, access!(RO | ACCESS))],
    group: Group::SortedSet,
    tips: &[],
    run: Run::Data(zrangestore),
    subcommands: &[],
};

fn zrangestore(e: &mut Exec<'_>) -> CmdResult {
    let request = Request::parse(e.args.rest(2), true, None, None)?;
    let limits = e.ks.limits.sorted_set;
    let mut result = Builder::default();
    if let Some(set) = e.ks.read_as::<SortedSet>(e.db, e.args.at(2))? {
        for item in set.range(request.ranks(set), request.reversed) {
            result.insert(item.member.text(&mut IntText::new()), item.score());
        }
    }
    store(e, e.args.at(1), SortedSet::from_builder(result, &limits), "zrangestore");
    Ok(())
}

/// `1`, `(1.5`, `-inf`
pub(super) fn score_range<'a>(min: &[u8], max: &[u8]) -> CmdResult<Bounds<'a>> {
    let range = ScoreRange::parse(min, max).ok_or_else(|| CmdError::err("min or max is not a float"))?;
    Ok(Bounds::Score(range))
}

/// `-`, `[a`, `(a`, `+`
pub(super) fn lex_range<'a>(min: &'a [u8], max: &'a [u8]) -> CmdResult<Bounds<'a>> {
    let range = LexRange::parse(min, max);
    Ok(Bounds::Lex(range.ok_or_else(|| CmdError::err("min or max not valid string range item"))?))
}

/// The ranks from `first` to `last`, both taken in and counted from the end if negative, as far as they exist.
pub(super) fn existing_ranks(first: i64, last: i64, len: usize) -> Range<usize> {
    let len = len as i64;
    let from_start = |rank: i64| if rank < 0 { rank.saturating_add(len) } else { rank };
    let (first, last) = (from_start(first).max(0), from_start(last).min(len - 1));
    if first > last { 0..0 } else { first as usize..last as usize + 1 }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Rank,
    Score,
    Member,
}

/// What is asked for.
struct Request<'a> {
    what: What<'a>,
    reversed: bool,
    with_scores: bool,
}

enum What<'a> {
    Ranks(i64, i64),
    /// A negative limit is none, a negative offset is behind everything.
    Bounds {
        bounds: Bounds<'a>,
        offset: i64,
        limit: i64,
    },
}

impl<'a> Request<'a> {
    /// `args` begin with the key that is read. By what and in which direction is given, unless the options are to say so.
    fn parse(args: Args<'a>, to_store: bool, by: Option<By>, reversed: Option<bool>) -> CmdResult<Self> {
        let (mut chosen_by, mut chosen_reversed) = (by, reversed);
        let (mut with_scores, mut offset, mut limit) = (false, 0, -1);
        let mut at = 3;
        while at < args.len() {
            let word = args.at(at);
            if !to_store && is_word(word, "withscores") {
                with_scores = true;
            } else if is_word(word, "limit") && at + 2 < args.len() {
                (offset, limit) = (integer(args.at(at + 1))?, integer(args.at(at + 2))?);
                at += 2;
            } else if chosen_reversed.is_none() && is_word(word, "rev") {
                chosen_reversed = Some(true);
            } else if chosen_by.is_none() && is_word(word, "bylex") {
                chosen_by = Some(By::Member);
            } else if chosen_by.is_none() && is_word(word, "byscore") {
                chosen_by = Some(By::Score);
            } else {
                return Err(CmdError::SYNTAX);
            }
            at += 1;
        }
        let (by, reversed) = (chosen_by.unwrap_or(By::Rank), chosen_reversed.unwrap_or(false));
        if limit != -1 && by == By::Rank {
            return Err(CmdError::err(
                "syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
            ));
        }
        if with_scores && by == By::Member {
            return Err(CmdError::err("syntax error, WITHSCORES not supported in combination with BYLEX"));
        }
        let (first, last) = (args.at(1), args.at(2));
        let (min, max) = if reversed { (last, first) } else { (first, last) };
        let what = match by {
            By::Rank => What::Ranks(integer(first)?, integer(last)?),
            By::Score => What::Bounds { bounds: score_range(min, max)?, offset, limit },
            By::Member => What::Bounds { bounds: lex_range(min, max)?, offset, limit },
        };
        Ok(Request { what, reversed, with_scores })
    }

    /// The ranks, in ascending order, of what is to be replied.
    fn ranks(&self, set: &SortedSet) -> Range<usize> {
        let (bounds, offset, limit) = match &self.what {
            What::Ranks(first, last) => {
                let len = set.len();
                let ranks = existing_ranks(*first, *last, len);
                return if self.reversed && !ranks.is_empty() {
                    len - ranks.end..len - ranks.start
                } else {
                    ranks
                };
            }
            What::Bounds { bounds, offset, limit } => (bounds, *offset, *limit),
        };
        let Ok(offset) = usize::try_from(offset) else { return 0..0 };
        let limit = usize::try_from(limit).ok();
        if limit == Some(0) {
            return 0..0;
        }
        let ranks = set.span(bounds, self.reversed, limit.map(|limit| offset.saturating_add(limit)));
        if offset >= ranks.len() {
            return 0..0;
        }
        let len = limit.unwrap_or(usize::MAX).min(ranks.len() - offset);
        if self.reversed {
            let end = ranks.end - offset;
            end - len..end
        } else {
            let start = ranks.start + offset;
            start..start + len
        }
    }
}
