//! Sets: an intset or a listpack as a string, or a count and the members.

use super::{Begun, Building, Parts, corrupt, packed, presize};
use crate::persist::rdb::load_value::LoadedValue;
use crate::persist::rdb::writer::Writer;
use crate::value::{Collection, Limits, Object, Set};
use c_compat::intset::Intset;
use c_compat::listpack::IntText;
use c_compat::rdb::{Stop, Window, opcode};
use std::io::{self, Write};

/// The id of the form that a set is saved in: one that 7.0 knows.
pub fn type_id(set: &Set) -> u8 {
    match set {
        Set::Ints(_) => opcode::TYPE_SET_INTSET,
        Set::Packed(_) | Set::Table(_) => opcode::TYPE_SET,
    }
}

pub fn save<W: Write>(out: &mut Writer<W>, set: &Set) -> io::Result<()> {
    if let Set::Ints(ints) = set {
        return out.string(ints.as_bytes());
    }
    out.len(set.len() as u64)?;
    let mut room = IntText::new();
    set.iter().try_for_each(|member| out.string(member.text(&mut room)))
}

/// Begins to read a set of this type.
///
/// # Errors
/// Not enough is in the window, or it makes no sense.
pub fn begin<'w>(window: &mut Window<'w>, type_id: u8, limits: &Limits) -> Result<Begun<'w>, Stop> {
    let at = window.pos();
    let mut set = match type_id {
        opcode::TYPE_SET => {
            let left = window.len()?;
            if left == 0 {
                return Ok(Begun::Whole(LoadedValue::Empty));
            }
            let set = Set::with_room(presize(left), &limits.set);
            return Ok(Begun::Parts(Parts { left, type_id, building: Building::Set(set) }));
        }
        opcode::TYPE_SET_INTSET => {
            let ints = Intset::from_bytes(&window.string_bytes()?);
            Set::Ints(ints.map_err(|_| corrupt(at, "Intset integrity check failed."))?)
        }
        _ => {
            let bytes = window.string_bytes()?;
            let pack = packed::listpack(&bytes, 1);
            Set::Packed(pack.ok_or_else(|| corrupt(at, "Set listpack integrity check failed."))?)
        }
    };
    set.expect_members(set.len(), &limits.set);
    Ok(Begun::Whole(LoadedValue::of(Object::Set(set))))
}

/// Reads one member into a set.
pub fn load_member(set: &mut Set, window: &mut Window<'_>, limits: &Limits) -> Result<(), Stop> {
    let at = window.pos();
    let member = window.string_bytes()?;
    if set.add(&member, &limits.set) { Ok(()) } else { Err(corrupt(at, "Duplicate set members detected")) }
}
