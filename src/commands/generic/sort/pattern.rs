//! The patterns of BY and GET. `#` is the member itself; in any other the first `*` stands for the member, and makes the
//! name of a key that holds a string. `key->field` is a field of the hash at such a key.

use crate::keyspace::Keyspace;
use crate::protocol::args::c_str;
use crate::value::list::Entry;
use crate::value::{Hash, StrRef, hash};

#[derive(Clone, Copy)]
pub enum Pattern<'a> {
    /// `#`
    Member,
    /// One without `*`, which finds nothing.
    Constant,
    Key {
        before: &'a [u8],
        behind: &'a [u8],
        field: Option<&'a [u8]>,
    },
}

impl<'a> Pattern<'a> {
    pub fn new(pattern: &'a [u8]) -> Self {
        // `*` and `->` are looked for in what C takes for the string; what is beyond a zero byte is part of the name.
        let text = c_str(pattern);
        if text == b"#" {
            return Pattern::Member;
        }
        let Some(star) = text.iter().position(|byte| *byte == b'*') else { return Pattern::Constant };
        let arrow = text[star + 1..].windows(2).position(|two| two == b"->").map(|at| star + 1 + at);
        let (end, field) = match arrow.filter(|at| at + 2 < text.len()) {
            Some(at) => (at, Some(&pattern[at + 2..])),
            None => (pattern.len(), None),
        };
        Pattern::Key { before: &pattern[..star], behind: &pattern[star + 1..end], field }
    }

    /// Whether it finds another key for each member.
    pub fn names_a_key(&self) -> bool {
        matches!(self, Pattern::Key { .. })
    }

    /// Shows what the pattern finds for a member.
    pub fn look_up(&self, ks: &mut Keyspace, db: usize, member: &[u8], show: impl FnOnce(Option<Entry<'_>>)) {
        let (before, behind, field) = match self {
            Pattern::Member => return show(Some(Entry::Str(member))),
            Pattern::Constant => return show(None),
            Pattern::Key { before, behind, field } => (before, behind, field),
        };
        let key = [before, member, behind].concat();
        let Some(field) = field else {
            return match ks.read_str(db, &key) {
                Ok(Some(StrRef::Bytes(bytes))) => show(Some(Entry::Str(bytes))),
                Ok(Some(StrRef::Long(long))) => show(Some(Entry::Str(long.bytes()))),
                Ok(Some(StrRef::Int(number))) => show(Some(Entry::Int(number))),
                // A value of another type is as good as none.
                Ok(None) | Err(_) => show(None),
            };
        };
        let moment = ks.field_moment();
        let found = match ks.read_as::<Hash>(db, &key) {
            Ok(Some(hash)) => hash.get(field, moment),
            Ok(None) | Err(_) => hash::Lookup::Missing,
        };
        match found {
            hash::Lookup::Found(value) => show(Some(value)),
            hash::Lookup::Missing => show(None),
            hash::Lookup::Gone => {
                show(None);
                ks.delete_gone_fields(db, &key, &[field]);
            }
        }
    }
}
