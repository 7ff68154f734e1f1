//! Vectors: what SET k <value>; DUMP k answers (vectors/dump.txt): type, string, version, checksum.
mod common;

use c_compat::lzf::Compressor;
use c_compat::number::int;
use c_compat::rdb::opcode::{TYPE_STRING, VERSION_7_0, is_value_type};
use c_compat::rdb::{
    Corrupt, FOOTER_LEN, Fault, Len, RdbString, Stop, StringHead, Window, append_footer, check_footer,
    write_int, write_len, write_string,
};
use common::{Rng, bytes, cases};
use proptest::prelude::*;

fn string(value: &[u8], compressor: Option<&mut Compressor>) -> Vec<u8> {
    let mut out = Vec::new();
    write_string(&mut out, value, compressor);
    out
}

#[test]
fn a_dumped_string_has_the_bytes_that_redis_gives_it() {
    let mut compressor = Compressor::new();
    let mut forms = [0; 3];
    for case in cases(include_str!("vectors/dump.txt")) {
        let (value, payload) = (bytes(case[0]), bytes(case[1]));
        // Something stands before it, as in a file.
        let mut out = b"before".to_vec();
        out.push(TYPE_STRING);
        write_string(&mut out, &value, Some(&mut compressor));
        append_footer(&mut out, 6, VERSION_7_0);
        assert_eq!(out[6..], payload, "{case:?}");

        if let Some(number) = int::parse(&value) {
            let mut as_int = Vec::new();
            write_int(&mut as_int, number);
            assert_eq!(as_int, payload[1..payload.len() - FOOTER_LEN]);
        }

        let body = check_footer(&payload, VERSION_7_0).unwrap();
        let mut window = Window::new(body);
        assert_eq!(window.u8(), Ok(TYPE_STRING));
        let read = window.string().unwrap();
        forms[match read {
            RdbString::Raw(_) => 0,
            RdbString::Int(_) => 1,
            RdbString::Lzf { .. } => 2,
        }] += 1;
        assert_eq!(*read.bytes().unwrap(), value);
        assert!(window.is_empty());
    }
    assert!(forms.iter().all(|&count| count > 50), "{forms:?}");
}

#[test]
fn the_forms_of_a_length_and_their_borders() {
    for (len, form) in [
        (0, "00"),
        (63, "3f"),
        (64, "4040"),
        (16383, "7fff"),
        (16384, "8000004000"),
        (u64::from(u32::MAX), "80ffffffff"),
        (1 << 32, "810000000100000000"),
        (u64::MAX, "81ffffffffffffffff"),
    ] {
        let mut out = Vec::new();
        write_len(&mut out, len);
        assert_eq!(out, bytes(form));
        assert_eq!(Window::new(&out).len(), Ok(len));
    }
}

#[test]
fn a_length_needs_no_shortest_form_to_be_read() {
    for form in ["05", "4005", "8000000005", "810000000000000005"] {
        assert_eq!(Window::new(&bytes(form)).len_or_encoding(), Ok(Len::Plain(5)), "{form}");
    }
}

fn fault<T: std::fmt::Debug>(result: Result<T, Stop>) -> (usize, Fault) {
    match result.unwrap_err() {
        Stop::Corrupt(Corrupt { at, fault }) => (at, fault),
        stop => panic!("{stop:?}"),
    }
}

#[test]
fn bytes_that_no_writer_writes_are_named_with_their_place() {
    for first in 0x82..0xc0 {
        let window = [7, first];
        let mut window = Window::new(&window);
        window.u8().unwrap();
        assert_eq!(fault(window.clone().len()), (1, Fault::LengthEncoding(first)));
        assert_eq!(fault(window.string()), (1, Fault::LengthEncoding(first)));
    }
    for encoding in 4..64 {
        assert_eq!(fault(Window::new(&[0xc0 | encoding]).string()), (0, Fault::StringEncoding(encoding)));
    }
    assert_eq!(fault(Window::new(&[0xc1, 0, 0]).len()), (0, Fault::EncodedLength(1)));
    // A string inside an LZF head has to have plain lengths.
    assert_eq!(fault(Window::new(&[0xc3, 0xc0, 0]).string()), (1, Fault::EncodedLength(0)));
    // More than the address space holds, and more than the compressed bytes can give.
    let vast = bytes("81ffffffffffffffff");
    assert_eq!(fault(Window::new(&vast).string()), (0, Fault::TooLong(u64::MAX)));
    assert_eq!(fault(Window::new(&bytes("c30381000000ffffffffff")).string()), (0, Fault::Lzf));
    assert_eq!(fault(Window::new(&bytes("c3030ae0ff00")).string_bytes()), (0, Fault::Lzf));
}

#[test]
fn a_vast_length_asks_for_more_and_makes_no_room() {
    let claim = bytes("8100ffffffffffffff");
    assert_eq!(Window::new(&claim).string(), Err(Stop::NeedMore(0x00ff_ffff_ffff_ffff + 9)));
    assert_eq!(Window::new(&claim).string_head(), Ok(StringHead::Raw { len: 0x00ff_ffff_ffff_ffff }));
    let largest = bytes("817fffffffffffffff");
    assert_eq!(Window::new(&largest).string(), Err(Stop::NeedMore(0x7fff_ffff_ffff_ffff + 9)));
}

#[test]
fn every_cut_of_an_item_asks_for_more_and_never_for_too_much() {
    for value in [&b""[..], b"-5", b"300", b"-70000", b"hello", &[b'a'; 100], &[b'x'; 20_000]] {
        for mut compressor in [None, Some(Compressor::new())] {
            let whole = string(value, compressor.as_mut());
            for cut in 0..whole.len() {
                match Window::new(&whole[..cut]).string() {
                    Err(Stop::NeedMore(n)) => {
                        assert!(n > cut && n <= whole.len(), "{cut} of {}: {n}", whole.len())
                    }
                    other => panic!("{other:?}"),
                }
            }
            let mut window = Window::new(&whole);
            assert_eq!(*window.string_bytes().unwrap(), *value);
            assert_eq!(window.pos(), whole.len());
            let mut window = Window::new(&whole);
            let follows = window.string_head().unwrap().follows();
            assert_eq!(window.pos() + follows, whole.len());
        }
    }
}

#[test]
fn times_are_little_endian_and_signed() {
    assert_eq!(Window::new(&[0xff; 8]).milliseconds(), Ok(-1));
    assert_eq!(Window::new(&[1, 2, 0, 0, 0, 0, 0, 0]).milliseconds(), Ok(0x201));
    assert_eq!(Window::new(&[1, 0, 0, 0x80]).seconds(), Ok(i32::MIN + 1));
    assert_eq!(Window::new(&[0; 7]).milliseconds(), Err(Stop::NeedMore(8)));
}

#[test]
fn a_payload_of_a_newer_version_or_with_one_bit_changed_is_refused() {
    let mut payload = vec![TYPE_STRING, 2, b'h', b'i'];
    append_footer(&mut payload, 0, VERSION_7_0);
    assert_eq!(check_footer(&payload, VERSION_7_0), Some(&payload[..4]));
    assert_eq!(check_footer(&payload, VERSION_7_0 - 1), None);
    for bit in 0..payload.len() * 8 {
        let mut changed = payload.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(check_footer(&changed, u16::MAX), None, "bit {bit}");
    }
    for len in 0..payload.len() {
        assert_eq!(check_footer(&payload[..len], VERSION_7_0), None, "{len}");
    }
}

#[test]
fn opcodes_are_no_types() {
    let types: Vec<u8> = (0..=255).filter(|&byte| is_value_type(byte)).collect();
    assert_eq!(types, [0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
}

proptest! {
    #![proptest_config(common::seeded())]

    #[test]
    fn any_length_comes_back(len: u64, bits in 0u32..64) {
        let len = len >> bits;
        let mut out = Vec::new();
        write_len(&mut out, len);
        out.push(0xee);
        let mut window = Window::new(&out);
        prop_assert_eq!(window.len(), Ok(len));
        prop_assert_eq!(window.rest(), &[0xee]);
    }

    #[test]
    fn any_string_comes_back(value in prop::collection::vec(prop_oneof![Just(b'a'), any::<u8>()], 0..300)) {
        let plain = string(&value, None);
        let small = string(&value, Some(&mut Compressor::new()));
        prop_assert!(small.len() <= plain.len());
        prop_assert_eq!(&*Window::new(&plain).string_bytes().unwrap(), &*value);
        prop_assert_eq!(&*Window::new(&small).string_bytes().unwrap(), &*value);
    }

    #[test]
    fn any_integer_is_written_as_its_text_would_be(value: i64, bits in 0u32..64) {
        let value = value >> bits;
        let mut out = Vec::new();
        write_int(&mut out, value);
        prop_assert_eq!(out, string(value.to_string().as_bytes(), None));
    }
}

#[test]
fn hostile_bytes_never_panic_and_never_read_beyond_the_window() {
    let mut rng = Rng(5);
    for _ in 0..200_000 {
        let len = rng.below(40);
        let mut input = rng.bytes(len);
        if let Some(first) = input.first_mut()
            && rng.below(2) == 0
        {
            *first = [0xc3, 0x80, 0x81, 0xc0, 0xc2][rng.below(5)];
        }
        let mut window = Window::new(&input);
        while let Ok(string) = window.string_bytes() {
            assert!(string.len() <= input.len() * 88);
            assert!(window.pos() <= input.len());
            if window.is_empty() {
                break;
            }
        }
    }
}
