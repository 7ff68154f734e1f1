//! The payload of DUMP and RESTORE: a value out of its snapshot, which proves itself.
//!
//! ```text
//! | type 1 | value ... | version 2, little endian | crc64 of all before it 8, little endian |
//! ```

use super::header::family_of;
use super::load_value::{LoadedValue, Support, load_value, support};
use super::save_value::{save_value, type_id};
use super::writer::Writer;
use super::{VERSION, VERSION_FIELD_TIMES};
use crate::log_verbose;
use crate::value::{Limits, ValueRef};
use c_compat::rdb::{FOOTER_LEN, Stop, Window, append_footer, check_footer};

/// Why a payload was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadError {
    /// Of a newer version, or damaged: `DUMP payload version or checksum are wrong`.
    Footer,
    /// The value in it makes no sense, or is of a type that is not supported yet: `Bad data format`.
    Format,
}

/// What DUMP answers for a value; `compression` is `rdbcompression`.
#[must_use]
pub fn dump(value: ValueRef<'_>, compression: bool) -> Vec<u8> {
    let mut out = Writer::in_memory(compression);
    let version = version_of(value);
    let type_id = type_id(value, version);
    let written = out.byte(type_id).and_then(|()| save_value(&mut out, value, type_id));
    written.expect("memory takes all bytes");
    let mut payload = out.into_bytes();
    append_footer(&mut payload, 0, version);
    payload
}

/// The value that a payload holds. `skip_checksum` is `DEBUG SET-SKIP-CHECKSUM-VALIDATION`.
///
/// # Errors
/// [`PayloadError`].
pub fn restore<'p>(
    payload: &'p [u8],
    skip_checksum: bool,
    limits: &Limits,
) -> Result<LoadedValue<'p>, PayloadError> {
    let family = family_of(version_in(payload).ok_or(PayloadError::Footer)?).ok_or(PayloadError::Footer)?;
    let body = match check_footer(payload, u16::MAX) {
        Some(body) => body,
        None if skip_checksum => &payload[..payload.len() - FOOTER_LEN],
        None => return Err(PayloadError::Footer),
    };
    let mut window = Window::new(body);
    match window.u8() {
        Ok(type_id) if support(type_id, family) == Support::Yes => {
            match load_value(&mut window, type_id, limits) {
                Ok(LoadedValue::Empty) => Err(PayloadError::Format),
                Ok(value) => Ok(value),
                Err(stop) => {
                    log_reason(stop);
                    Err(PayloadError::Format)
                }
            }
        }
        _ => Err(PayloadError::Format),
    }
}

/// The lowest version that can hold a value.
fn version_of(value: ValueRef<'_>) -> u16 {
    match value {
        ValueRef::Hash(hash) if hash.next_expires().is_some() => VERSION_FIELD_TIMES,
        _ => VERSION,
    }
}

/// The version in a payload's footer.
fn version_in(payload: &[u8]) -> Option<u16> {
    let (_, footer) = payload.split_last_chunk::<FOOTER_LEN>()?;
    Some(u16::from_le_bytes([footer[0], footer[1]]))
}

fn log_reason(stop: Stop) {
    match stop {
        Stop::NeedMore(_) => log_verbose!("Internal error in RDB reading a payload -> it ends too early"),
        Stop::Corrupt(corrupt) => log_verbose!("Internal error in RDB reading a payload -> {corrupt}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::persist::rdb::VERSION_MAX;
    use crate::value::{NewValue, StrRef};

    fn restored(payload: &[u8], skip_checksum: bool) -> Result<LoadedValue<'_>, PayloadError> {
        restore(payload, skip_checksum, &Limits::default())
    }

    // `DUMP` of a real redis-server 7.0.15 for these values.
    const TEN: &[u8] = b"\x00\xc0\n\n\x00n\x9fWE\x0e\xaec\xbb";

    #[test]
    fn a_payload_is_what_redis_makes_of_the_same_value() {
        assert_eq!(dump(ValueRef::Str(StrRef::Int(10)), true), TEN);
        assert_eq!(
            dump(ValueRef::Str(StrRef::Bytes(b"10")), true),
            TEN,
            "the encoding in memory does not show"
        );
    }

    #[test]
    fn a_payload_gives_its_value_back() {
        for value in [&b""[..], b"a", b"2147483648", b"-129", &b"abc".repeat(100), &[0xff; 20_000]] {
            for compression in [true, false] {
                let payload = dump(ValueRef::Str(StrRef::Bytes(value)), compression);
                let mut restored = restored(&payload, false).expect("our own payload");
                let expected = NewValue::Encode(value).stored();
                let found = restored.as_new().map(NewValue::stored);
                assert_eq!(format!("{found:?}"), format!("{:?}", Some(expected)));
            }
        }
    }

    #[test]
    fn a_damaged_or_newer_payload_is_refused() {
        let good = dump(ValueRef::Str(StrRef::Bytes(b"some value")), true);
        for cut in 0..good.len() {
            assert_eq!(restored(&good[..cut], false).err(), Some(PayloadError::Footer), "cut at {cut}");
        }
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(restored(&bad, false).err(), Some(PayloadError::Footer), "bit {bit}");
        }
        let mut newer = good[..good.len() - FOOTER_LEN].to_vec();
        append_footer(&mut newer, 0, VERSION_MAX + 1);
        assert_eq!(restored(&newer, false).err(), Some(PayloadError::Footer));
        assert_eq!(restored(&newer, true).err(), Some(PayloadError::Footer), "not even without a checksum");
    }

    #[test]
    fn without_the_checksum_the_value_must_still_make_sense() {
        let mut payload = dump(ValueRef::Str(StrRef::Bytes(b"some value")), true);
        *payload.last_mut().expect("not empty") ^= 1;
        assert!(restored(&payload, true).is_ok());
        payload[1] = 63; // a length beyond the end
        assert_eq!(restored(&payload, true).err(), Some(PayloadError::Format));
        payload[0] = 250; // no type of a value
        assert_eq!(restored(&payload, true).err(), Some(PayloadError::Format));
    }
}
