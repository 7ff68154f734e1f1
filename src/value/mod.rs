//! What a key holds, and how it is encoded.
//!
//! | type       | file       | encodings                        |
//! |------------|------------|----------------------------------|
//! | string     | string     | int, embstr, raw                 |
//! | list       | list       | listpack, quicklist              |
//! | set        | set        | intset, listpack, hashtable      |
//! | sorted set | sorted_set | listpack, skiplist               |
//! | hash       | hash       | listpack, listpackex, hashtable  |
//! | stream     | stream     | stream                           |
//!
//! A string is a part of its key's entry. A value of another type is a [`Collection`]: a handle of at most 16 bytes
//! that lies in the entry. A value is read as a [`ValueRef`] and changed through a [`ValueMut`]; a new one is a
//! [`NewValue`], which says how a string's encoding is chosen. At which sizes encodings change is in [`Limits`].

pub mod hash;
pub mod list;
pub mod set;
pub mod sorted_set;
pub mod stream;
pub mod string;
#[cfg(test)]
mod tests;

pub use hash::Hash;
pub use list::List;
pub use set::Set;
pub use sorted_set::SortedSet;
pub use stream::Stream;
pub use string::{IntBuf, StrRef, parse_int};

use crate::ds::long::Shared;

/// The longest string that is embstr and not raw.
pub const EMBSTR_MAX: usize = 44;

/// The types of values, numbered as DEBUG DIGEST counts them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Type {
    String = 0,
    List = 1,
    Set = 2,
    SortedSet = 3,
    Hash = 4,
    Stream = 6,
}

impl Type {
    /// The type's name, as TYPE gives it.
    pub fn name(self) -> &'static str {
        match self {
            Type::String => "string",
            Type::List => "list",
            Type::Set => "set",
            Type::SortedSet => "zset",
            Type::Hash => "hash",
            Type::Stream => "stream",
        }
    }
}

/// How a value is kept, as OBJECT ENCODING names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    Int,
    Embstr,
    Raw,
    Listpack,
    ListpackEx,
    Quicklist,
    Intset,
    Hashtable,
    Skiplist,
    Stream,
}

impl Encoding {
    /// The name, as OBJECT ENCODING gives it.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Int => "int",
            Encoding::Embstr => "embstr",
            Encoding::Raw => "raw",
            Encoding::Listpack => "listpack",
            Encoding::ListpackEx => "listpackex",
            Encoding::Quicklist => "quicklist",
            Encoding::Intset => "intset",
            Encoding::Hashtable => "hashtable",
            Encoding::Skiplist => "skiplist",
            Encoding::Stream => "stream",
        }
    }
}

/// A value as commands see it.
#[derive(Clone, Copy, Debug)]
pub enum ValueRef<'a> {
    Str(StrRef<'a>),
    List(&'a List),
    Set(&'a Set),
    SortedSet(&'a SortedSet),
    Hash(&'a Hash),
    Stream(&'a Stream),
}

/// A string from this length on is freed page by page, bytes; and as many of them as take as long as an allocation.
const HUGE_STRING: usize = 8 << 20;
const HUGE_STRING_PART: usize = 512;

impl<'a> ValueRef<'a> {
    pub fn kind(self) -> Type {
        match self {
            ValueRef::Str(_) => Type::String,
            ValueRef::List(_) => Type::List,
            ValueRef::Set(_) => Type::Set,
            ValueRef::SortedSet(_) => Type::SortedSet,
            ValueRef::Hash(_) => Type::Hash,
            ValueRef::Stream(_) => Type::Stream,
        }
    }

    /// The string, if it is one.
    #[inline]
    pub fn as_str(self) -> Option<StrRef<'a>> {
        match self {
            ValueRef::Str(s) => Some(s),
            _ => None,
        }
    }

    /// Whether it is a collection without members, which no key holds. A stream may have none.
    pub fn is_empty(self) -> bool {
        match self {
            ValueRef::Str(_) | ValueRef::Stream(_) => false,
            ValueRef::List(v) => v.is_empty(),
            ValueRef::Set(v) => v.is_empty(),
            ValueRef::SortedSet(v) => v.is_empty(),
            ValueRef::Hash(v) => v.is_empty(),
        }
    }

    /// A copy that shares nothing with the value; `None` for a string, which is copied with its entry.
    pub fn clone_object(self) -> Option<Object> {
        Some(match self {
            ValueRef::Str(_) => return None,
            ValueRef::List(v) => Object::List(v.clone()),
            ValueRef::Set(v) => Object::Set(v.clone()),
            ValueRef::SortedSet(v) => Object::SortedSet(v.clone()),
            ValueRef::Hash(v) => Object::Hash(v.clone()),
            ValueRef::Stream(v) => Object::Stream(v.clone()),
        })
    }

    /// Brings the bucket of a member into the cache, by the member's hash; false if its members lie in no hash table.
    #[inline]
    pub fn prefetch_bucket(self, hash: u64) -> bool {
        match self {
            ValueRef::Hash(Hash::Table(table)) => table.prefetch(hash),
            ValueRef::Set(Set::Table(members)) => members.prefetch(hash),
            _ => return false,
        }
        true
    }

    /// Brings a member whose bucket has been prefetched into the cache.
    #[inline]
    pub fn prefetch_member(self, hash: u64) {
        match self {
            ValueRef::Hash(Hash::Table(table)) => table.prefetch_entry(hash),
            ValueRef::Set(Set::Table(members)) => members.prefetch_entry(hash),
            _ => {}
        }
    }

    /// How many allocations freeing it takes, about: what decides whether that is left to another thread.
    pub fn free_effort(self) -> usize {
        match self {
            // One, as Redis has it; but the pages of a huge one go back to the system, at 0.3 us each.
            ValueRef::Str(StrRef::Long(s)) if s.bytes().len() >= HUGE_STRING => {
                s.bytes().len() / HUGE_STRING_PART
            }
            ValueRef::Str(_) => 1,
            ValueRef::List(v) => v.free_effort(),
            ValueRef::Set(v) => v.free_effort(),
            ValueRef::SortedSet(v) => v.free_effort(),
            ValueRef::Hash(v) => v.free_effort(),
            ValueRef::Stream(v) => v.free_effort(),
        }
    }

    /// Bytes that it takes beside its entry, as [`Collection::memory`]; a string is part of its entry.
    pub fn memory(self, samples: usize) -> usize {
        match self {
            ValueRef::Str(_) => 0,
            ValueRef::List(v) => v.memory(samples),
            ValueRef::Set(v) => v.memory(samples),
            ValueRef::SortedSet(v) => v.memory(samples),
            ValueRef::Hash(v) => v.memory(samples),
            ValueRef::Stream(v) => v.memory(samples),
        }
    }
}

/// A value to change in place. Strings are changed through their entry.
#[derive(Debug)]
pub enum ValueMut<'a> {
    Str,
    List(&'a mut List),
    Set(&'a mut Set),
    SortedSet(&'a mut SortedSet),
    Hash(&'a mut Hash),
    Stream(&'a mut Stream),
}

/// A value that is no string, on its way into or out of an entry.
#[derive(Debug)]
pub enum Object {
    List(List),
    Set(Set),
    SortedSet(SortedSet),
    Hash(Hash),
    Stream(Stream),
}

impl Object {
    pub fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Object::List(v) => ValueRef::List(v),
            Object::Set(v) => ValueRef::Set(v),
            Object::SortedSet(v) => ValueRef::SortedSet(v),
            Object::Hash(v) => ValueRef::Hash(v),
            Object::Stream(v) => ValueRef::Stream(v),
        }
    }
}

/// A type of value that has members: everything but strings.
pub trait Collection: Into<Object> + Clone {
    const TYPE: Type;
    /// An empty one. A key never keeps one: the command that makes it fills it.
    fn new() -> Self;
    fn of(value: ValueRef<'_>) -> Option<&Self>;
    fn of_mut(value: ValueMut<'_>) -> Option<&mut Self>;
    /// How many members it has.
    fn len(&self) -> usize;
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    fn encoding(&self) -> Encoding;
    /// How many allocations freeing it takes, about.
    fn free_effort(&self) -> usize;
    /// Bytes that it takes beside its handle. Where members are allocated each for itself, so many are looked at, and
    /// the others taken to be like them ([`extrapolate`]).
    fn memory(&self, samples: usize) -> usize;
}

/// The sum of the sizes of `len` members of which the first `samples` are looked at.
pub fn extrapolate(samples: usize, len: usize, sizes: impl Iterator<Item = usize>) -> usize {
    let (count, sum) = sizes.take(samples).fold((0, 0), |(count, sum), size| (count + 1, sum + size));
    (sum as u128 * len as u128).checked_div(count).unwrap_or(0) as usize
}

/// What ties a collection to its variants above; for a collection's own file.
macro_rules! collection {
    ($variant:ident) => {
        const TYPE: crate::value::Type = crate::value::Type::$variant;

        #[inline]
        fn of(value: crate::value::ValueRef<'_>) -> Option<&Self> {
            match value {
                crate::value::ValueRef::$variant(v) => Some(v),
                _ => None,
            }
        }

        #[inline]
        fn of_mut(value: crate::value::ValueMut<'_>) -> Option<&mut Self> {
            match value {
                crate::value::ValueMut::$variant(v) => Some(v),
                _ => None,
            }
        }
    };
}
use collection;

impl From<List> for Object {
    fn from(v: List) -> Object {
        Object::List(v)
    }
}

impl From<Set> for Object {
    fn from(v: Set) -> Object {
        Object::Set(v)
    }
}

impl From<SortedSet> for Object {
    fn from(v: SortedSet) -> Object {
        Object::SortedSet(v)
    }
}

impl From<Hash> for Object {
    fn from(v: Hash) -> Object {
        Object::Hash(v)
    }
}

impl From<Stream> for Object {
    fn from(v: Stream) -> Object {
        Object::Stream(v)
    }
}

/// A value to store.
#[derive(Debug)]
pub enum NewValue<'a> {
    /// A string in whichever encoding is the smallest, as SET does: int if the bytes are an integer's canonical
    /// form, else as `Plain`.
    Encode(&'a [u8]),
    /// An integer, as INCR makes.
    Int(i64),
    /// embstr up to 44 bytes and raw above, never int (INCRBYFLOAT).
    Plain(&'a [u8]),
    /// raw whatever the length (SETRANGE, SETBIT on a missing key).
    Raw(&'a [u8]),
    /// A long string that is kept where it lies: no integer, and never embstr.
    Kept(&'a Shared),
    Object(Object),
}

impl<'a> NewValue<'a> {
    /// Decides the encoding.
    #[inline]
    pub fn stored(self) -> Stored<'a> {
        match self {
            NewValue::Encode(s) => string::encode(s),
            NewValue::Int(n) => Stored::Int(n),
            NewValue::Plain(s) => string::plain(s),
            NewValue::Raw(s) => Stored::Raw(s),
            NewValue::Kept(s) => Stored::Kept(s),
            NewValue::Object(object) => Stored::Object(object),
        }
    }
}

/// A value to store, its encoding decided.
#[derive(Debug)]
pub enum Stored<'a> {
    Int(i64),
    /// At most [`EMBSTR_MAX`] bytes.
    Embstr(&'a [u8]),
    Raw(&'a [u8]),
    Kept(&'a Shared),
    Object(Object),
}

/// At which sizes a collection's encoding changes: the `*-max-listpack-*` options and their like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    pub list: list::Limits,
    pub set: set::Limits,
    pub sorted_set: sorted_set::Limits,
    pub hash: hash::Limits,
    pub stream: stream::Limits,
}
