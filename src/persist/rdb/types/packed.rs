//! Collections that lie packed in one string, looked at before anything relies on them.
//!
//! A collection's entries come in tuples: a set's one by one, fields with their values and members with their scores two by
//! two, fields with values and times three by three. The first of a tuple names it, and no two may have the same name.

use c_compat::listpack::{Entry, Listpack};
use c_compat::ziplist::Ziplist;
use std::cmp::Ordering;

/// So few names are compared each with each.
const FEW: usize = 16;

/// The listpack in a string, whose entries must make tuples of this width.
pub fn listpack(bytes: &[u8], width: usize) -> Option<Listpack> {
    let pack = Listpack::from_bytes(bytes).ok()?;
    has_tuples(&pack, width).then_some(pack)
}

/// As a listpack, the ziplist in a string.
pub fn ziplist(bytes: &[u8], width: usize) -> Option<Listpack> {
    let pack = converted(bytes)?;
    has_tuples(&pack, width).then_some(pack)
}

/// As a listpack, the ziplist in a string, whatever its entries are.
pub fn converted(bytes: &[u8]) -> Option<Listpack> {
    // A listpack takes hardly more room than a ziplist of the same entries.
    if Listpack::new().would_overflow(bytes.len()) {
        return None;
    }
    Ziplist::new(bytes).ok().map(|entries| entries.iter().collect())
}

fn has_tuples(pack: &Listpack, width: usize) -> bool {
    let len = pack.len();
    len.is_multiple_of(width) && (len == 0 || are_distinct(pack.iter().step_by(width), len / width))
}

fn are_distinct<'a>(mut names: impl Iterator<Item = Entry<'a>>, count: usize) -> bool {
    if count <= FEW {
        let mut seen = [Entry::Int(0); FEW];
        return names.by_ref().enumerate().all(|(n, name)| {
            let name = in_one_form(name);
            let is_new = !seen[..n].contains(&name);
            seen[n] = name;
            is_new
        });
    }
    let mut names: Vec<_> = names.map(in_one_form).collect();
    names.sort_unstable_by(|a, b| order(*a, *b));
    names.windows(2).all(|pair| pair[0] != pair[1])
}

/// An integer may have been written as its text, which no server does.
fn in_one_form(name: Entry<'_>) -> Entry<'_> {
    name.as_int().map_or(name, Entry::Int)
}

fn order(a: Entry<'_>, b: Entry<'_>) -> Ordering {
    match (a, b) {
        (Entry::Int(a), Entry::Int(b)) => a.cmp(&b),
        (Entry::Str(a), Entry::Str(b)) => a.cmp(b),
        (Entry::Int(_), Entry::Str(_)) => Ordering::Less,
        (Entry::Str(_), Entry::Int(_)) => Ordering::Greater,
    }
}
