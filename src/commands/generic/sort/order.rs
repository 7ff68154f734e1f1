//! Which member comes before which.
//!
//! Numbers that are equal are told apart by the members' bytes, texts that are equal by nothing: their members stay in the
//! order in which they came. A member for which BY finds nothing has the number 0, and comes before all texts.

use super::members::Members;
use super::pattern::Pattern;
use crate::protocol::args::c_str;
use crate::protocol::{CmdError, CmdResult};
use crate::server::command::Exec;
use crate::sys::locale;
use crate::value::list::Entry;
use c_compat::number::double;
use std::cmp::Ordering;
use std::ops::Range;

pub struct Order<'a> {
    pub by: Option<Pattern<'a>>,
    pub alpha: bool,
    /// Texts are in the order of the locale, not of their bytes.
    pub collate: bool,
    pub descending: bool,
}

impl Order<'_> {
    /// The indexes of the members that are in the window once all are sorted, in order.
    pub fn sort(&self, e: &mut Exec<'_>, members: &Members, window: Range<usize>) -> CmdResult<Vec<usize>> {
        if self.alpha {
            let texts = self.texts(e, members);
            return Ok(self
                .in_window(members.len(), window, |a, b| texts.get(members, a).cmp(&texts.get(members, b))));
        }
        let numbers = self.numbers(e, members)?;
        Ok(self.in_window(members.len(), window, |a, b| {
            numbers[a].total_cmp(&numbers[b]).then_with(|| members.at(a).cmp(members.at(b)))
        }))
    }

    fn in_window(
        &self,
        len: usize,
        window: Range<usize>,
        compare: impl Fn(usize, usize) -> Ordering,
    ) -> Vec<usize> {
        let compare = |a: &usize, b: &usize| {
            let order = compare(*a, *b);
            let order = if self.descending { order.reverse() } else { order };
            order.then(a.cmp(b))
        };
        if window.is_empty() {
            return Vec::new();
        }
        let mut sorted: Vec<usize> = (0..len).collect();
        if window.end < len {
            sorted.select_nth_unstable_by(window.end, compare);
            sorted.truncate(window.end);
        }
        sorted.sort_unstable_by(compare);
        sorted.drain(..window.start);
        sorted
    }

    fn numbers(&self, e: &mut Exec<'_>, members: &Members) -> CmdResult<Vec<f64>> {
        let mut numbers = Vec::with_capacity(members.len());
        let mut failed = false;
        let mut take = |number: Option<f64>| {
            failed |= number.is_none();
            // Zeros of either sign are equal.
            numbers.push(number.unwrap_or(0.0) + 0.0);
        };
        for member in (0..members.len()).map(|at| members.at(at)) {
            match &self.by {
                None => take(number(member)),
                Some(by) => by.look_up(e.ks, e.db, member, |found| match found {
                    None => take(Some(0.0)),
                    Some(Entry::Int(n)) => take(Some(n as f64)),
                    Some(Entry::Str(text)) => take(number(text)),
                }),
            }
        }
        if failed {
            return Err(CmdError::err("One or more scores can't be converted into double"));
        }
        Ok(numbers)
    }

    fn texts(&self, e: &mut Exec<'_>, members: &Members) -> Texts {
        let collate = |text: &[u8]| if self.collate { locale::collation_key(text) } else { text.to_vec() };
        let Some(by) = &self.by else {
            if !self.collate {
                return Texts::Members;
            }
            if locale::is_byte_order() {
                return Texts::MembersUpToZero;
            }
            return Texts::Keys((0..members.len()).map(|at| Some(collate(members.at(at)))).collect());
        };
        let mut keys = Vec::with_capacity(members.len());
        for member in (0..members.len()).map(|at| members.at(at)) {
            by.look_up(e.ks, e.db, member, |found| {
                keys.push(found.map(|found| match found {
                    Entry::Str(text) => collate(text),
                    Entry::Int(number) => collate(itoa::Buffer::new().format(number).as_bytes()),
                }));
            });
        }
        Texts::Keys(keys)
    }
}

/// What decides the order of members by text.
enum Texts {
    Members,
    /// For C, a text ends at its first zero byte.
    MembersUpToZero,
    Keys(Vec<Option<Vec<u8>>>),
}

impl Texts {
    fn get<'a>(&'a self, members: &'a Members, at: usize) -> Option<&'a [u8]> {
        match self {
            Texts::Members => Some(members.at(at)),
            Texts::MembersUpToZero => Some(c_str(members.at(at))),
            Texts::Keys(keys) => keys[at].as_deref(),
        }
    }
}

/// The number that C's `strtod` makes of a text, if it reads all of it and the number is in its range.
fn number(text: &[u8]) -> Option<f64> {
    let text = c_str(text);
    if text.is_empty() {
        return Some(0.0);
    }
    let spaces = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t'..=b'\r')).count();
    double::parse(&text[spaces..]).filter(|number| !number.is_subnormal())
}
