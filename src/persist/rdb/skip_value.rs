//! Stepping over a value of any type without making sense of it, to check that its bytes are all there.

use super::header::Family;
use c_compat::rdb::{Stop, Window, opcode};

/// Why a value was not stepped over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SkipFault {
    /// Not all of it is there, or its bytes are wrong.
    Stop(Stop),
    /// The module that wrote it alone knows how to read it.
    OldModule,
    /// There is no such part of a module's value.
    ModuleOpcode(u64),
}

impl From<Stop> for SkipFault {
    fn from(stop: Stop) -> Self {
        SkipFault::Stop(stop)
    }
}

/// Steps over the value, which must be of a type that has an id at all.
///
/// # Errors
/// [`SkipFault`].
pub fn skip_value(window: &mut Window<'_>, type_id: u8) -> Result<(), SkipFault> {
    match type_id {
        opcode::TYPE_LIST | opcode::TYPE_SET | opcode::TYPE_LIST_QUICKLIST => skip_strings(window, 1)?,
        opcode::TYPE_HASH => skip_strings(window, 2)?,
        opcode::TYPE_ZSET => {
            for _ in 0..window.len()? {
                window.string_bytes()?;
                skip_text_double(window)?;
            }
        }
        opcode::TYPE_ZSET_2 => {
            for _ in 0..window.len()? {
                window.string_bytes()?;
                window.take(8)?;
            }
        }
        opcode::TYPE_LIST_QUICKLIST_2 => {
            for _ in 0..window.len()? {
                window.len()?;
                window.string_bytes()?;
            }
        }
        opcode::TYPE_STREAM_LISTPACKS | opcode::TYPE_STREAM_LISTPACKS_2 | opcode::TYPE_STREAM_LISTPACKS_3 => {
            skip_stream(window, type_id)?;
        }
        opcode::TYPE_HASH_2 => {
            for _ in 0..window.len()? {
                window.string_bytes()?;
                window.string_bytes()?;
                window.take(8)?;
            }
        }
        opcode::TYPE_HASH_METADATA => {
            window.take(8)?;
            for _ in 0..window.len()? {
                window.len()?;
                window.string_bytes()?;
                window.string_bytes()?;
            }
        }
        opcode::TYPE_HASH_LISTPACK_EX => {
            window.take(8)?;
            window.string_bytes()?;
        }
        opcode::TYPE_MODULE_PRE_GA => return Err(SkipFault::OldModule),
        opcode::TYPE_MODULE_2 => {
            window.len()?;
            skip_module(window)?;
        }
        // Strings, and what is packed into one.
        _ => {
            window.string_bytes()?;
        }
    }
    Ok(())
}

/// Whether [`skip_value`] knows the type that has this id with these servers.
#[must_use]
pub fn is_known_type(type_id: u8, family: Family) -> bool {
    let newer = [
        opcode::TYPE_SET_LISTPACK,
        opcode::TYPE_STREAM_LISTPACKS_3,
        opcode::TYPE_HASH_METADATA,
        opcode::TYPE_HASH_LISTPACK_EX,
    ];
    opcode::is_value_type(type_id)
        || newer.contains(&type_id)
        || type_id == opcode::TYPE_HASH_2 && family == Family::Valkey
}

fn skip_strings(window: &mut Window<'_>, per_element: u64) -> Result<(), Stop> {
    for _ in 0..window.len()? {
        for _ in 0..per_element {
            window.string_bytes()?;
        }
    }
    Ok(())
}

/// A score as text: its length in one byte, whose three highest values are NaN and the infinities.
fn skip_text_double(window: &mut Window<'_>) -> Result<(), Stop> {
    const NAN: u8 = 253;
    let len = window.u8()?;
    if len < NAN {
        window.take(usize::from(len))?;
    }
    Ok(())
}

fn skip_stream(window: &mut Window<'_>, type_id: u8) -> Result<(), Stop> {
    let has_entries_read = type_id >= opcode::TYPE_STREAM_LISTPACKS_2;
    let has_active_time = type_id >= opcode::TYPE_STREAM_LISTPACKS_3;
    for _ in 0..window.len()? {
        window.string_bytes()?;
        window.string_bytes()?;
    }
    // length, last id; then first id, greatest deleted id, entries added
    for _ in 0..if has_entries_read { 8 } else { 3 } {
        window.len()?;
    }
    for _ in 0..window.len()? {
        window.string_bytes()?;
        for _ in 0..if has_entries_read { 3 } else { 2 } {
            window.len()?;
        }
        for _ in 0..window.len()? {
            window.take(16 + 8)?;
            window.len()?;
        }
        for _ in 0..window.len()? {
            window.string_bytes()?;
            window.take(if has_active_time { 16 } else { 8 })?;
            for _ in 0..window.len()? {
                window.take(16)?;
            }
        }
    }
    Ok(())
}

/// The parts of a module's value or field, up to their end.
///
/// # Errors
/// [`SkipFault`].
pub fn skip_module(window: &mut Window<'_>) -> Result<(), SkipFault> {
    loop {
        match window.len()? {
            0 => return Ok(()),
            1 | 2 => {
                window.len()?;
            }
            3 => {
                window.take(4)?;
            }
            4 => {
                window.take(8)?;
            }
            5 => {
                window.string_bytes()?;
            }
            other => return Err(SkipFault::ModuleOpcode(other)),
        }
    }
}
