//! Sorted sets: a listpack as a string, or a count and the members, each with its score.

use super::{Begun, Building, Parts, corrupt, packed, presize};
use crate::persist::rdb::load_value::LoadedValue;
use crate::persist::rdb::writer::Writer;
use crate::value::{Collection, Limits, SortedSet};
use c_compat::listpack::{Entry, IntText, Listpack};
use c_compat::number::double;
use c_compat::rdb::{Stop, Window, opcode};
use std::io::{self, Write};

pub use crate::value::sorted_set::Builder;

/// The id of the form that a sorted set is saved in.
pub fn type_id(set: &SortedSet) -> u8 {
    match set {
        SortedSet::Packed(_) => opcode::TYPE_ZSET_LISTPACK,
        SortedSet::Ranked(_) => opcode::TYPE_ZSET_2,
    }
}

/// Of a large one the last member goes first, so that whoever loads it into a skip list always adds at its head.
pub fn save<W: Write>(out: &mut Writer<W>, set: &SortedSet) -> io::Result<()> {
    if let SortedSet::Packed(pairs) = set {
        return out.string(pairs.as_bytes());
    }
    out.len(set.len() as u64)?;
    let mut room = IntText::new();
    set.range(0..set.len(), true).try_for_each(|item| {
        out.string(item.member.text(&mut room))?;
        out.raw(&item.score().to_le_bytes())
    })
}

/// Begins to read a sorted set of this type.
///
/// # Errors
/// Not enough is in the window, or it makes no sense.
pub fn begin<'w>(window: &mut Window<'w>, type_id: u8, limits: &Limits) -> Result<Begun<'w>, Stop> {
    let at = window.pos();
    if let opcode::TYPE_ZSET | opcode::TYPE_ZSET_2 = type_id {
        return Ok(match window.len()? {
            0 => Begun::Whole(LoadedValue::Empty),
            left => {
                let building = Building::SortedSet(Builder::with_room_for(presize(left)));
                Begun::Parts(Parts { left, type_id, building })
            }
        });
    }
    let bytes = window.string_bytes()?;
    let (pairs, invalid) = if type_id == opcode::TYPE_ZSET_ZIPLIST {
        (packed::ziplist(&bytes, 2), "Zset ziplist integrity check failed.")
    } else {
        (packed::listpack(&bytes, 2), "Zset listpack integrity check failed.")
    };
    let set = pairs.and_then(|pairs| from_pairs(pairs, limits)).ok_or_else(|| corrupt(at, invalid))?;
    Ok(Begun::Whole(LoadedValue::of(set.into())))
}

/// A sorted set of members and scores, unless a score is no number. They are put in order where they are not.
fn from_pairs(pairs: Listpack, limits: &Limits) -> Option<SortedSet> {
    let (mut room, mut room_before) = (IntText::new(), IntText::new());
    let mut before: Option<(f64, Entry<'_>)> = None;
    let mut in_order = true;
    for (member, score) in pairs.pairs() {
        let score = score_of(score)?;
        in_order &= before.is_none_or(|(least, other)| {
            least < score || least == score && other.text(&mut room_before) < member.text(&mut room)
        });
        before = Some((score, member));
    }
    if in_order {
        return Some(SortedSet::from_listpack(pairs, &limits.sorted_set));
    }
    let mut builder = Builder::with_room_for(pairs.len() / 2);
    for (member, score) in pairs.pairs() {
        builder.insert(member.text(&mut room), score_of(score)?);
    }
    Some(SortedSet::from_builder(builder, &limits.sorted_set))
}

fn score_of(entry: Entry<'_>) -> Option<f64> {
    match entry {
        Entry::Int(number) => Some(number as f64),
        Entry::Str(text) => double::parse_lenient(text),
    }
}

/// Reads one member into a sorted set.
pub fn load_member(set: &mut Builder, window: &mut Window<'_>, type_id: u8) -> Result<(), Stop> {
    let at = window.pos();
    let member = window.string_bytes()?;
    let score = if type_id == opcode::TYPE_ZSET_2 {
        f64::from_le_bytes(window.array()?)
    } else {
        text_score(window)?
    };
    if score.is_nan() {
        return Err(corrupt(at, "Zset with NAN score detected"));
    }
    if set.insert(&member, score) { Ok(()) } else { Err(corrupt(at, "Duplicate zset fields detected")) }
}

/// A score as text: its length in one byte, whose three highest values are NaN and the infinities.
fn text_score(window: &mut Window<'_>) -> Result<f64, Stop> {
    let at = window.pos();
    match window.u8()? {
        253 => Ok(f64::NAN),
        254 => Ok(f64::INFINITY),
        255 => Ok(f64::NEG_INFINITY),
        len => {
            let text = window.take(usize::from(len))?;
            double::parse_lenient(text).ok_or_else(|| corrupt(at, "Zset with a score that is no number"))
        }
    }
}
