//! What only looks at a list: LLEN, LINDEX, LRANGE, LPOS.

use super::{first_from, other, range_of, reply_entry};
use crate::commands::parse::{integer, is_word};
use crate::commands::row::{access, acl, flags, key_at};
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::list::{End, Needle};
use crate::value::{Collection, List};
use std::ops::ControlFlow;

/// `LLEN`
pub static LLEN: Command = Command {
    name: "llen",
    arity: 2,
    flags: flags!(READONLY | FAST),
    acl: acl!(READ | LIST | FAST),
    keys: &[key_at(1, access!(RO))],
    group: Group::List,
    tips: &[],
    run: Run::Data(llen),
    subcommands: &[],
};

fn llen(e: &mut Exec<'_>) -> CmdResult {
    let len = e.ks.read_as::<List>(e.db, e.args.at(1))?.map_or(0, List::len);
    e.reply.int(len as i64);
    Ok(())
}

/// `LINDEX`
pub static LINDEX: Command = Command {
    name: "lindex",
    arity: 3,
    flags: flags!(READONLY),
    acl: acl!(READ | LIST | SLOW),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::List,
    tips: &[],
    run: Run::Data(lindex),
    subcommands: &[],
};

fn lindex(e: &mut Exec<'_>) -> CmdResult {
    let Some(list) = e.ks.read_as::<List>(e.db, e.args.at(1))? else {
        e.reply.null();
        return Ok(());
    };
    let index = integer(e.args.at(2))?;
    match index_in(list, index) {
        Some(index) => list.range(index, 1, End::Tail, |entry| reply_entry(e.reply, entry)),
        None => e.reply.null(),
    }
    Ok(())
}

/// An index, negative ones counted from the end, if there is such an element.
pub(super) fn index_in(list: &List, index: i64) -> Option<usize> {
    let len = list.len();
    let from_head = if index < 0 { index.checked_add(len as i64)? } else { index };
    usize::try_from(from_head).ok().filter(|index| *index < len)
}

/// `LRANGE`
pub static LRANGE: Command = Command {
    name: "lrange",
    arity: 4,
    flags: flags!(READONLY),
    acl: acl!(READ | LIST | SLOW),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::List,
    tips: &[],
    run: Run::Data(lrange),
    subcommands: &[],
};

fn lrange(e: &mut Exec<'_>) -> CmdResult {
    let (start, end) = (integer(e.args.at(2))?, integer(e.args.at(3))?);
    let Some(list) = e.ks.read_as::<List>(e.db, e.args.at(1))? else {
        e.reply.array(0);
        return Ok(());
    };
    let (start, count) = range_of(start, end, list.len());
    e.reply.array(count);
    list.range(start, count, End::Tail, |entry| reply_entry(e.reply, entry));
    Ok(())
}

/// `LPOS`
pub static LPOS: Command = Command {
    name: "lpos",
    arity: -3,
    flags: flags!(READONLY),
    acl: acl!(READ | LIST | SLOW),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::List,
    tips: &[],
    run: Run::Data(lpos),
    subcommands: &[],
};

struct PosOptions {
    /// The first match to be told of; negative ones are counted from the end.
    rank: i64,
    /// How many are to be told of, 0 for all; none if only one is asked for, and not as an array.
    count: Option<i64>,
    /// How many elements are looked at, 0 for all.
    maxlen: i64,
}

impl PosOptions {
    fn parse(args: Args<'_>) -> CmdResult<Self> {
        let mut options = PosOptions { rank: 1, count: None, maxlen: 0 };
        let not_negative =
            |arg: &[u8], text: &str| integer(arg).ok().filter(|n| *n >= 0).ok_or_else(|| CmdError::err(text));
        let mut i = 3;
        while let Some(word) = args.get(i) {
            let arg = args.get(i + 1).ok_or(CmdError::SYNTAX)?;
            if is_word(word, "rank") {
                options.rank = integer(arg)?;
                if options.rank == 0 {
                    return Err(CmdError::err(
                        "RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use \
                         negative to start from the end of the list",
                    ));
                }
            } else if is_word(word, "count") {
                options.count = Some(not_negative(arg, "COUNT can't be negative")?);
            } else if is_word(word, "maxlen") {
                options.maxlen = not_negative(arg, "MAXLEN can't be negative")?;
            } else {
                return Err(CmdError::SYNTAX);
            }
            i += 2;
        }
        Ok(options)
    }
}

fn lpos(e: &mut Exec<'_>) -> CmdResult {
    let PosOptions { rank, count, maxlen } = PosOptions::parse(e.args)?;
    let Some(list) = e.ks.read_as::<List>(e.db, e.args.at(1))? else {
        match count {
            Some(_) => e.reply.array(0),
            None => e.reply.null(),
        }
        return Ok(());
    };
    let from = if rank < 0 { End::Tail } else { End::Head };
    let needle = Needle::new(e.args.at(2));
    let wanted = match count {
        None => 1,
        Some(0) => i64::MAX,
        Some(count) => count,
    };
    // The least of all has no opposite; in Redis any match is good enough then.
    let (len, rank) = (list.len(), rank.checked_abs().unwrap_or(1));
    let (mut looked_at, mut matches, mut found) = (0, 0, Vec::new());
    list.visit(first_from(from, len), other(from), |entry| {
        if entry.is(&needle) {
            matches += 1;
            if matches >= rank {
                found.push(if from == End::Head { looked_at } else { len - looked_at - 1 });
            }
        }
        looked_at += 1;
        let done = found.len() as i64 >= wanted || maxlen > 0 && looked_at as i64 >= maxlen;
        if done { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    match count {
        Some(_) => {
            e.reply.array(found.len());
            found.into_iter().for_each(|index| e.reply.int(index as i64));
        }
        None => match found.first() {
            Some(index) => e.reply.int(*index as i64),
            None => e.reply.null(),
        },
    }
    Ok(())
}
