//! The geo group: places on earth as members of sorted sets, their scores being geohashes.

pub mod add;
pub mod member;
pub mod search;
#[cfg(test)]
mod tests;

use std::io::Write;

use crate::commands::parse::is_word;
use crate::protocol::{CmdError, CmdResult, Reply};
use c_compat::geohash::Place;
use c_compat::number::double;

/// How many metres a unit has.
fn metres(unit: &[u8]) -> CmdResult<f64> {
    const UNITS: [(&str, f64); 4] = [("m", 1.0), ("km", 1000.0), ("ft", 0.3048), ("mi", 1609.34)];
    let found = UNITS.iter().find(|(name, _)| is_word(unit, name));
    found
        .map(|(_, metres)| *metres)
        .ok_or_else(|| CmdError::err("unsupported unit provided. please use M, KM, FT, MI"))
}

fn place(longitude: &[u8], latitude: &[u8]) -> CmdResult<Place> {
    let number = |text| double::parse(text).ok_or(CmdError::NOT_FLOAT);
    let place = Place { longitude: number(longitude)?, latitude: number(latitude)? };
    if place.is_valid() {
        return Ok(place);
    }
    let Place { longitude, latitude } = place;
    Err(CmdError::err(format!("invalid longitude,latitude pair {longitude:.6},{latitude:.6}")))
}

/// Longitude and latitude with up to 17 digits behind the point.
fn reply_place(reply: &mut Reply, place: Place) {
    reply.array(2);
    let mut text = [0; 32];
    for degrees in [place.longitude, place.latitude] {
        let mut rest = &mut text[..];
        write!(rest, "{degrees:.17}").expect("degrees have three digits before the point");
        let left = rest.len();
        let digits = str::from_utf8(&text[..text.len() - left]).expect("digits are ASCII");
        let digits = digits.trim_end_matches('0').trim_end_matches('.');
        reply.double_text(if digits == "-0" { "0" } else { digits });
    }
}

/// A distance with four digits behind the point.
fn reply_distance(reply: &mut Reply, distance: f64) {
    const FRACTION: u64 = 10_000;
    let scaled = (distance * FRACTION as f64).round_ties_even();
    // What the processor makes of a number that is too large, or none.
    let scaled = if scaled.abs() < i64::MAX as f64 { scaled as i64 } else { i64::MIN };
    let (sign, scaled) = (if scaled < 0 { "-" } else { "" }, scaled.unsigned_abs());
    let mut text = [0; 32];
    let mut rest = &mut text[..];
    write!(rest, "{sign}{}.{:04}", scaled / FRACTION, scaled % FRACTION).expect("20 digits at most");
    let left = rest.len();
    reply.bulk(&text[..text.len() - left]);
}
