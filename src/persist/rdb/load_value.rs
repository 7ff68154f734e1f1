//! Values on their way in: one function a type.

use super::header::Family;
use super::types::{self, Begun};
use crate::value::{Limits, NewValue, Object, Type};
use c_compat::rdb::{Corrupt, Fault, RdbString, Stop, Window, opcode};
use std::borrow::Cow;

/// A value read from RDB bytes, lying in them where they have it as it is.
#[derive(Debug)]
pub enum LoadedValue<'w> {
    /// A string in the integer form.
    Int(i64),
    /// A string.
    Str(Cow<'w, [u8]>),
    /// A collection, which has members.
    Object(Object),
    /// A collection without members, which no key can hold.
    Empty,
}

impl LoadedValue<'_> {
    /// A collection that was read.
    #[must_use]
    pub fn of(object: Object) -> Self {
        if object.as_ref().is_empty() { LoadedValue::Empty } else { LoadedValue::Object(object) }
    }

    /// The value to store, a string in the encoding that SET would choose; none if it is empty.
    #[must_use]
    pub fn as_new(&mut self) -> Option<NewValue<'_>> {
        Some(match self {
            LoadedValue::Int(n) => NewValue::Int(*n),
            LoadedValue::Str(bytes) => NewValue::Encode(bytes),
            LoadedValue::Object(_) => {
                let LoadedValue::Object(object) = std::mem::replace(self, LoadedValue::Empty) else {
                    unreachable!("it is an object")
                };
                NewValue::Object(object)
            }
            LoadedValue::Empty => return None,
        })
    }
}

/// Whether values of a type can be loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// They can.
    Yes,
    /// Other servers have them, this one does not.
    NotYet,
    /// There is no such type.
    NoType,
}

/// The types that versions 11 and 12 brought: SET_LISTPACK, STREAM_LISTPACKS_3, and hashes whose fields expire.
const NEWER_TYPES: std::ops::RangeInclusive<u8> = 20..=25;

/// Whether values of the type that has this id with these servers can be loaded.
#[must_use]
pub fn support(type_id: u8, family: Family) -> Support {
    match type_id {
        opcode::TYPE_HASH_2 if family == Family::Redis => Support::NotYet,
        id if kind(id).is_some() => Support::Yes,
        id if opcode::is_value_type(id) || NEWER_TYPES.contains(&id) => Support::NotYet,
        _ => Support::NoType,
    }
}

/// Begins to read a value of the type with this id, which [`support`] must have said yes to.
///
/// # Errors
/// Not enough of it is in the window, or its bytes are wrong.
#[inline]
pub fn begin_value<'w>(window: &mut Window<'w>, type_id: u8, limits: &Limits) -> Result<Begun<'w>, Stop> {
    match type_id {
        opcode::TYPE_STRING => load_string(window).map(Begun::Whole),
        _ => match kind(type_id) {
            Some(Type::List) => types::list::begin(window, type_id, limits),
            Some(Type::Set) => types::set::begin(window, type_id, limits),
            Some(Type::SortedSet) => types::sorted_set::begin(window, type_id, limits),
            Some(Type::Hash) => types::hash::begin(window, type_id, limits),
            Some(Type::Stream) => types::stream::begin(window, type_id),
            Some(Type::String) | None => {
                unreachable!("the caller asked whether type {type_id} is supported")
            }
        },
    }
}

fn load_string<'w>(window: &mut Window<'w>) -> Result<LoadedValue<'w>, Stop> {
    let at = window.pos();
    Ok(match window.string()? {
        RdbString::Int(n) => LoadedValue::Int(i64::from(n)),
        string => {
            let invalid = |_| Stop::Corrupt(Corrupt { at, fault: Fault::Lzf });
            LoadedValue::Str(string.bytes().map_err(invalid)?)
        }
    })
}

/// Reads a value all of which is in the window.
///
/// # Errors
/// It is not, or its bytes are wrong.
pub fn load_value<'w>(
    window: &mut Window<'w>,
    type_id: u8,
    limits: &Limits,
) -> Result<LoadedValue<'w>, Stop> {
    match begin_value(window, type_id, limits)? {
        Begun::Whole(value) => Ok(value),
        Begun::Parts(mut parts) => {
            while !parts.is_complete() {
                parts.step(window, limits)?;
            }
            Ok(parts.finish(limits))
        }
    }
}

/// The type of value that has this id.
fn kind(type_id: u8) -> Option<Type> {
    Some(match type_id {
        opcode::TYPE_STRING => Type::String,
        opcode::TYPE_LIST
        | opcode::TYPE_LIST_ZIPLIST
        | opcode::TYPE_LIST_QUICKLIST
        | opcode::TYPE_LIST_QUICKLIST_2 => Type::List,
        opcode::TYPE_SET | opcode::TYPE_SET_INTSET | opcode::TYPE_SET_LISTPACK => Type::Set,
        opcode::TYPE_ZSET | opcode::TYPE_ZSET_2 | opcode::TYPE_ZSET_ZIPLIST | opcode::TYPE_ZSET_LISTPACK => {
            Type::SortedSet
        }
        opcode::TYPE_HASH
        | opcode::TYPE_HASH_ZIPMAP
        | opcode::TYPE_HASH_ZIPLIST
        | opcode::TYPE_HASH_LISTPACK
        | opcode::TYPE_HASH_2
        | opcode::TYPE_HASH_METADATA
        | opcode::TYPE_HASH_LISTPACK_EX => Type::Hash,
        opcode::TYPE_STREAM_LISTPACKS | opcode::TYPE_STREAM_LISTPACKS_2 | opcode::TYPE_STREAM_LISTPACKS_3 => {
            Type::Stream
        }
        _ => return None,
    })
}

/// What a type of value that cannot be loaded is called in an error.
#[must_use]
pub fn type_name(type_id: u8) -> &'static str {
    match type_id {
        opcode::TYPE_MODULE_PRE_GA | opcode::TYPE_MODULE_2 => "module",
        22 | 23 => "hash of a release candidate",
        _ => "unknown",
    }
}
