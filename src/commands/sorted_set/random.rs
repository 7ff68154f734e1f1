//! ZRANDMEMBER.

use super::{reply_items, reply_member};
use crate::commands::parse::{integer, is_word};
use crate::commands::row::{access, acl, flags, key_at};
use crate::protocol::{CmdError, CmdResult};
use crate::server::command::{Command, Exec, Group, Run};
use crate::util::rng::Rng;
use crate::value::sorted_set::Item;
use crate::value::{Collection, SortedSet};

/// `ZRANDMEMBER`
pub static ZRANDMEMBER: Command = Command {
    name: "zrandmember",
    arity: -2,
    flags: flags!(READONLY),
    acl: acl!(READ | SORTEDSET | SLOW),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::SortedSet,
    tips: &["nondeterministic_output"],
    run: Run::Data(zrandmember),
    subcommands: &[],
};

fn zrandmember(e: &mut Exec<'_>) -> CmdResult {
    let key = e.args.at(1);
    let Some(count) = e.args.get(2) else {
        match e.ks.read_as::<SortedSet>(e.db, key)? {
            Some(set) => reply_member(e.reply, draw(set, e.rng).member),
            None => e.reply.null(),
        }
        return Ok(());
    };
    let count = integer(count)?;
    if count == i64::MIN {
        let (min, max) = (-i64::MAX, i64::MAX);
        return Err(CmdError::err(format!("value is out of range, value must between {min} and {max}")));
    }
    let with_scores = match e.args.len() {
        3 => false,
        4 if is_word(e.args.at(3), "withscores") => true,
        _ => return Err(CmdError::SYNTAX),
    };
    if with_scores && count.unsigned_abs() > i64::MAX as u64 / 2 {
        return Err(CmdError::err("value is out of range"));
    }
    let Some(set) = e.ks.read_as::<SortedSet>(e.db, key)? else {
        e.reply.array(0);
        return Ok(());
    };
    let wanted = count.unsigned_abs() as usize;
    if count < 0 {
        // Any of them may come up again.
        let rng = &mut *e.rng;
        reply_items(e.reply, (0..wanted).map(|_| draw(set, rng)), with_scores);
    } else if wanted >= set.len() {
        reply_items(e.reply, set.iter(), with_scores);
    } else {
        let drawn = sample(set, wanted, e.rng);
        reply_items(e.reply, drawn.into_iter(), with_scores);
    }
    Ok(())
}

/// One member; each is as likely as any other.
fn draw<'a>(set: &'a SortedSet, rng: &mut Rng) -> Item<'a> {
    let rank = rng.below(set.len() as u64) as usize;
    set.range(rank..rank + 1, false).next().expect("a sorted set is never empty")
}

/// So many different members, fewer than there are; each selection is as likely as any other.
fn sample<'a>(set: &'a SortedSet, count: usize, rng: &mut Rng) -> Vec<Item<'a>> {
    /// With this many to choose from for each one, it is better to draw ranks than to go over all.
    const SPARSE: usize = 16;
    let len = set.len();
    if len / SPARSE >= count {
        let mut ranks = Vec::with_capacity(count);
        let mut drawn = std::collections::HashSet::with_capacity(count);
        while ranks.len() < count {
            let rank = rng.below(len as u64) as usize;
            if drawn.insert(rank) {
                ranks.push(rank);
            }
        }
        return ranks.into_iter().filter_map(|rank| set.range(rank..rank + 1, false).next()).collect();
    }
    // Each is taken with the odds of how many are still wanted to how many are left.
    let mut wanted = count;
    let mut left = len as u64;
    set.iter()
        .filter(|_| {
            let taken = rng.below(left) < wanted as u64;
            left -= 1;
            wanted -= usize::from(taken);
            taken
        })
        .collect()
}
