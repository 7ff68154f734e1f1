//! Values on their way in: one function a type.

use crate::value::{IntBuf, NewValue, StrRef};
use c_compat::rdb::{Corrupt, Fault, RdbString, Stop, Window, opcode};
use std::borrow::Cow;

/// A value read from RDB bytes, lying in them where they have it as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoadedValue<'w> {
    /// A string in the integer form.
    Int(i64),
    /// A string.
    Str(Cow<'w, [u8]>),
}

impl LoadedValue<'_> {
    /// The value to store, in the encoding that SET would choose.
    #[must_use]
    pub fn as_new(&self) -> NewValue<'_> {
        match self {
            LoadedValue::Int(n) => NewValue::Int(*n),
            LoadedValue::Str(bytes) => NewValue::Encode(bytes),
        }
    }

    /// The string's bytes.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        match self {
            LoadedValue::Int(n) => StrRef::Int(*n).bytes(&mut IntBuf::new()).to_vec(),
            LoadedValue::Str(bytes) => bytes.to_vec(),
        }
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

/// Whether values of the type with this id can be loaded.
#[must_use]
pub fn support(type_id: u8) -> Support {
    match type_id {
        opcode::TYPE_STRING => Support::Yes,
        id if opcode::is_value_type(id) || NEWER_TYPES.contains(&id) => Support::NotYet,
        _ => Support::NoType,
    }
}

/// Reads a value of the type with this id, which [`support`] must have said yes to.
///
/// # Errors
/// Not all of it is in the window, or its bytes are wrong.
#[inline]
pub fn load_value<'w>(window: &mut Window<'w>, type_id: u8) -> Result<LoadedValue<'w>, Stop> {
    match type_id {
        opcode::TYPE_STRING => load_string(window),
        _ => unreachable!("the caller asked whether type {type_id} is supported"),
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

/// What a type of value is called in an error.
#[must_use]
pub fn type_name(type_id: u8) -> &'static str {
    match type_id {
        opcode::TYPE_STRING => "string",
        opcode::TYPE_LIST
        | opcode::TYPE_LIST_ZIPLIST
        | opcode::TYPE_LIST_QUICKLIST
        | opcode::TYPE_LIST_QUICKLIST_2 => "list",
        opcode::TYPE_SET | opcode::TYPE_SET_INTSET | 20 => "set",
        opcode::TYPE_ZSET | opcode::TYPE_ZSET_2 | opcode::TYPE_ZSET_ZIPLIST | opcode::TYPE_ZSET_LISTPACK => {
            "sorted set"
        }
        opcode::TYPE_HASH
        | opcode::TYPE_HASH_ZIPMAP
        | opcode::TYPE_HASH_ZIPLIST
        | opcode::TYPE_HASH_LISTPACK
        | 22..=25 => "hash",
        opcode::TYPE_STREAM_LISTPACKS | opcode::TYPE_STREAM_LISTPACKS_2 | 21 => "stream",
        opcode::TYPE_MODULE_PRE_GA | opcode::TYPE_MODULE_2 => "module",
        _ => "unknown",
    }
}
